//! Reviewed fixes to a published spec, applied before it is lowered.
//!
//! The published file stays exactly as the provider wrote it; what it says less precisely than we know is fixed here,
//! each fix with a reason. A fix that no longer applies is an error, so that a better spec removes its fixes.
//!
//! A place is named `Schema.property` or `operation.parameter`, by the published schema name and by the short name of
//! the operation (its function name). A fix looks through `anyOf [X, null]` and changes `X`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::lower::{METHODS, operation_name};

/// The content of an overlay file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Overlay {
    rename_operations: Vec<Rename>,
    rename_schemas: Vec<Rename>,
    enums: Vec<Enum>,
    formats: Vec<Format>,
    unpublished: Vec<Unpublished>,
    integers: Vec<Places>,
    empty_responses: Vec<Places>,
}

/// Gives published names other ones.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    names: BTreeMap<String, String>,
    reason: String,
}

/// Declares a set of values that the spec calls a plain string, or repeats inline, and refers to it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Enum {
    name: String,
    values: Vec<String>,
    at: Vec<String>,
    reason: String,
}

/// Gives a plain string its format.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Format {
    format: String,
    at: Vec<String>,
    reason: String,
}

/// Adds a property that the provider is said to send, though the spec does not publish it. It is optional.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unpublished {
    property: String,
    schema: Value,
    at: Vec<String>,
    reason: String,
}

/// Places that one fix without further data changes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Places {
    at: Vec<String>,
    reason: String,
}

/// Why an overlay does not fit the spec.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum OverlayError {
    #[error("{0} is not in the published spec")]
    Missing(String),
    #[error("{0} is already so in the published spec; remove the fix")]
    Settled(String),
    #[error("{place} is published as {found}, which this fix does not expect")]
    Unexpected { place: String, found: String },
    #[error("{place} is published with the value {value:?}, which the enum lacks")]
    Value { place: String, value: String },
    #[error("{0} is fixed without a reason")]
    Reason(String),
}

/// Applies every fix to `document`, or says which one does not fit.
pub(super) fn apply(document: &mut Value, overlay: &Overlay) -> Result<(), OverlayError> {
    for fix in &overlay.unpublished {
        reasoned(&fix.at, &fix.reason)?;
        for schema in &fix.at {
            add_property(document, schema, fix)?;
        }
    }
    for fix in &overlay.integers {
        each_place(document, &fix.at, &fix.reason, integer)?;
    }
    for fix in &overlay.formats {
        each_place(document, &fix.at, &fix.reason, |place, core| format(place, core, &fix.format))?;
    }
    for fix in &overlay.enums {
        each_place(document, &fix.at, &fix.reason, |place, core| reference(place, core, fix))?;
        declare(document, fix)?;
    }
    for fix in &overlay.empty_responses {
        reasoned(&fix.at, &fix.reason)?;
        for name in &fix.at {
            empty_response(document, name)?;
        }
    }
    for fix in &overlay.rename_schemas {
        for (from, to) in &fix.names {
            reasoned(std::slice::from_ref(from), &fix.reason)?;
            rename_schema(document, from, to)?;
        }
    }
    // Last, because every other fix names operations as they are published.
    for fix in &overlay.rename_operations {
        for (from, to) in &fix.names {
            reasoned(std::slice::from_ref(from), &fix.reason)?;
            rename_operation(document, from, to)?;
        }
    }
    Ok(())
}

fn reasoned(places: &[String], reason: &str) -> Result<(), OverlayError> {
    if reason.trim().is_empty() { Err(OverlayError::Reason(places.join(", "))) } else { Ok(()) }
}

fn each_place(
    document: &mut Value,
    places: &[String],
    reason: &str,
    fix: impl Fn(&str, &mut Map<String, Value>) -> Result<(), OverlayError>,
) -> Result<(), OverlayError> {
    reasoned(places, reason)?;
    for place in places {
        fix(place, find(document, place).ok_or_else(|| OverlayError::Missing(place.clone()))?)?;
    }
    Ok(())
}

/// The schema at a place, or the branch that is not `null` where it is `anyOf [X, null]`.
fn find<'a>(document: &'a mut Value, place: &str) -> Option<&'a mut Map<String, Value>> {
    let (owner, field) = place.split_once('.')?;
    let schema = if owner.starts_with(char::is_uppercase) {
        document.pointer_mut(&format!("/components/schemas/{owner}/properties/{field}"))?
    } else {
        let parameters = operation(document, owner)?.get_mut("parameters")?.as_array_mut()?;
        parameters.iter_mut().find(|parameter| parameter["name"] == field)?.get_mut("schema")?
    };
    if is_nullable_of_one(schema) {
        schema.pointer_mut("/anyOf/0")?.as_object_mut()
    } else {
        schema.as_object_mut()
    }
}

fn is_nullable_of_one(schema: &Value) -> bool {
    schema["anyOf"]
        .as_array()
        .is_some_and(|branches| branches.len() == 2 && branches[1] == json!({"type": "null"}))
}

fn operation<'a>(document: &'a mut Value, name: &str) -> Option<&'a mut Map<String, Value>> {
    for (path, item) in document.get_mut("paths")?.as_object_mut()? {
        for (method, operation) in item.as_object_mut()? {
            let published = operation["operationId"].as_str().unwrap_or_default();
            if METHODS.contains(&method.as_str()) && operation_name(published, path, method) == Some(name) {
                return operation.as_object_mut();
            }
        }
    }
    None
}

fn unexpected(place: &str, found: &Map<String, Value>) -> OverlayError {
    OverlayError::Unexpected { place: place.into(), found: Value::Object(found.clone()).to_string() }
}

fn add_property(document: &mut Value, schema: &str, fix: &Unpublished) -> Result<(), OverlayError> {
    let properties = document.pointer_mut(&format!("/components/schemas/{schema}/properties"));
    let properties =
        properties.and_then(Value::as_object_mut).ok_or_else(|| OverlayError::Missing(schema.to_owned()))?;
    if properties.contains_key(&fix.property) {
        return Err(OverlayError::Settled(format!("{schema}.{}", fix.property)));
    }
    properties.insert(fix.property.clone(), json!({"anyOf": [fix.schema, {"type": "null"}]}));
    Ok(())
}

fn integer(place: &str, core: &mut Map<String, Value>) -> Result<(), OverlayError> {
    if core.get("type") == Some(&json!("integer")) {
        return Err(OverlayError::Settled(place.into()));
    }
    let branches = core.get_mut("anyOf").and_then(Value::as_array_mut);
    match branches {
        Some(branches) if branches.contains(&json!({"type": "number"})) => {
            branches.retain(|branch| *branch != json!({"type": "number"}));
            Ok(())
        }
        Some(_) => Err(OverlayError::Settled(place.into())),
        None => Err(unexpected(place, core)),
    }
}

fn format(place: &str, core: &mut Map<String, Value>, format: &str) -> Result<(), OverlayError> {
    if core.get("type") != Some(&json!("string")) || core.contains_key("enum") {
        return Err(unexpected(place, core));
    }
    match core.insert("format".into(), json!(format)) {
        Some(old) if old == json!(format) => Err(OverlayError::Settled(place.into())),
        _ => Ok(()),
    }
}

/// Replaces a string by a reference to the enum, after checking that no published value is lost.
fn reference(place: &str, core: &mut Map<String, Value>, fix: &Enum) -> Result<(), OverlayError> {
    if core.contains_key("$ref") {
        return Err(OverlayError::Settled(place.into()));
    }
    let branches = match core.get("anyOf").and_then(Value::as_array) {
        Some(branches) => branches.clone(),
        None => vec![Value::Object(core.clone())],
    };
    for branch in &branches {
        if branch["type"] == "null" {
            continue;
        }
        if branch["type"] != "string" || branch.get("format").is_some() {
            return Err(unexpected(place, core));
        }
        let published = branch["enum"].as_array().into_iter().flatten().chain(branch.get("const"));
        for value in published.filter_map(Value::as_str) {
            if !fix.values.iter().any(|known| known == value) {
                return Err(OverlayError::Value { place: place.into(), value: value.into() });
            }
        }
    }
    let reference = json!({"$ref": format!("#/components/schemas/{}", fix.name)});
    for keyword in ["type", "enum", "const", "anyOf", "minLength", "maxLength", "pattern"] {
        core.shift_remove(keyword);
    }
    if branches.iter().any(|branch| branch["type"] == "null") {
        core.insert("anyOf".into(), json!([reference, {"type": "null"}]));
    } else {
        core.insert("$ref".into(), reference["$ref"].clone());
    }
    Ok(())
}

fn declare(document: &mut Value, fix: &Enum) -> Result<(), OverlayError> {
    let schemas = &mut document["components"]["schemas"];
    if schemas.get(&fix.name).is_some() {
        return Err(OverlayError::Settled(fix.name.clone()));
    }
    schemas[&fix.name] = json!({"type": "string", "enum": fix.values});
    Ok(())
}

/// Says that a success has no content worth reading, where the spec says it may be anything.
fn empty_response(document: &mut Value, name: &str) -> Result<(), OverlayError> {
    let missing = || OverlayError::Missing(name.into());
    let responses =
        operation(document, name).ok_or_else(missing)?.get_mut("responses").ok_or_else(missing)?;
    let response = responses["200"].as_object_mut().ok_or_else(missing)?;
    match response.get("content").map(|content| &content["application/json"]["schema"]) {
        Some(schema) if *schema == json!({}) => {
            response.shift_remove("content");
            Ok(())
        }
        Some(schema) => Err(OverlayError::Unexpected { place: name.into(), found: schema.to_string() }),
        None => Err(OverlayError::Settled(name.into())),
    }
}

fn rename_schema(document: &mut Value, from: &str, to: &str) -> Result<(), OverlayError> {
    let schemas = document["components"]["schemas"]
        .as_object_mut()
        .ok_or_else(|| OverlayError::Missing(from.into()))?;
    if schemas.contains_key(to) {
        return Err(OverlayError::Settled(to.into()));
    }
    let mut schema = schemas.shift_remove(from).ok_or_else(|| OverlayError::Missing(from.into()))?;
    // A description that only repeats a name would contradict the new one.
    if let Some(schema) = schema.as_object_mut()
        && schema.get("description") == schema.get("title")
    {
        schema.shift_remove("description");
    }
    schemas.insert(to.into(), schema);
    refer(document, &format!("#/components/schemas/{from}"), &format!("#/components/schemas/{to}"));
    Ok(())
}

fn refer(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Object(map) => {
            if map.get("$ref").is_some_and(|target| target == from) {
                map.insert("$ref".into(), json!(to));
            }
            map.values_mut().for_each(|value| refer(value, from, to));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| refer(value, from, to)),
        _ => {}
    }
}

fn rename_operation(document: &mut Value, from: &str, to: &str) -> Result<(), OverlayError> {
    if operation(document, to).is_some() {
        return Err(OverlayError::Settled(to.into()));
    }
    let operation = operation(document, from).ok_or_else(|| OverlayError::Missing(from.into()))?;
    operation.insert("operationId".into(), json!(to));
    Ok(())
}

#[cfg(test)]
mod tests;
