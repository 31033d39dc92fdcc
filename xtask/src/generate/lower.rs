//! From OpenAPI 3.1 as it is published to the part of OpenAPI 3.0 that the generator reads without loss.
//!
//! [`lower`] is pure and total: it either returns a document whose every keyword the generator understands, or an
//! error that names the place. Nothing unknown is passed on, because the generator would turn it into a wrong type
//! without a word. Two things must stay true: every `number` leaves here as an exact decimal, and every failure of
//! the API reaches the caller with status, headers and body (so only successes are described).

// By their paths, so that the fuzzers can borrow this file.
#[path = "lower/calls.rs"]
mod calls;
#[cfg(test)]
#[path = "lower/tests.rs"]
mod tests;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The methods of a path item that are operations.
pub(super) const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Where a lowered operation says which headers have one value: an object from lower-case name to value.
pub(super) const HEADERS: &str = "x-headers";

/// The path prefix of a version parameter and what is baked in for it.
const VERSION: (&str, &str) = ("/{version}/", "/v1/");

/// Keywords that only document or validate. The facade validates; a generated check would be a second opinion.
const DROPPED: [&str; 23] = [
    "$schema",
    "contentMediaType",
    "deprecated",
    "example",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "propertyNames",
    "readOnly",
    "title",
    "uniqueItems",
    "writeOnly",
    "$comment",
];

/// Whether a keyword says nothing about the type. What begins with `x-` is a note to a reader.
fn dropped(keyword: &str) -> bool {
    DROPPED.contains(&keyword) || keyword.starts_with("x-")
}

/// Keywords that a lowered schema may contain.
const KEPT: [&str; 12] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "nullable",
    "properties",
    "required",
];

/// What the generator could not be told.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum LowerError {
    #[error("expected OpenAPI 3.1, found {0}")]
    Version(String),
    #[error("{0} is missing or has the wrong JSON type")]
    Shape(String),
    #[error("{at}: `{keyword}` is not supported")]
    Keyword { at: String, keyword: String },
    #[error("{at}: {found} cannot be lowered to one type")]
    Type { at: String, found: String },
    #[error("{at}: {header} can only be a constant, because OpenAPI ignores it as a parameter")]
    Header { at: String, header: String },
    #[error("{at}: the version parameter must be the constant \"v1\"")]
    PathVersion { at: String },
    #[error("{at}: operationId {id:?} is neither FastAPI's name for this path nor a plain snake_case name")]
    OperationId { at: String, id: String },
    #[error("operation {0} is defined twice")]
    DuplicateOperation(String),
}

type Result<T> = std::result::Result<T, LowerError>;

/// Where a schema is used, which decides how an exact number is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// In a JSON document, where a number is a bare number.
    Json,
    /// In a path or query, where everything is text.
    Parameter,
}

/// Lowers a whole document.
pub(super) fn lower(document: &Value) -> Result<Value> {
    let version = document["openapi"].as_str().unwrap_or_default();
    if !version.starts_with("3.1.") {
        return Err(LowerError::Version(version.into()));
    }
    let info = &document["info"];
    let mut names = BTreeSet::new();
    let mut paths = Map::new();
    for (path, item) in sorted(object(&document["paths"], "/paths")?) {
        let lowered = calls::path_item(document, path, item, &mut names)?;
        paths.insert(path.replacen(VERSION.0, VERSION.1, 1), lowered);
    }
    let mut schemas = Map::new();
    for (name, value) in sorted(object(&document["components"]["schemas"], "/components/schemas")?) {
        let mut lowered = schema(value, &format!("/components/schemas/{name}"), Use::Json)?;
        if let Some(lowered) = lowered.as_object_mut()
            && lowered.get("description").is_some_and(|description| description == name.as_str())
        {
            lowered.shift_remove("description");
        }
        schemas.insert(name.clone(), lowered);
    }
    let mut components = Map::from_iter([("schemas".into(), Value::Object(schemas))]);
    if let Some(schemes) = document["components"].get("securitySchemes") {
        components.insert("securitySchemes".into(), schemes.clone());
    }
    Ok(json!({
        "openapi": "3.0.3",
        "info": {"title": info["title"], "version": info["version"]},
        "paths": paths,
        "components": components,
    }))
}

/// The short name of an operation: FastAPI's suffix, made from path and method, is cut off exactly.
///
/// A plain snake_case id is its own short name. Anything else has none, rather than a guessed one.
pub(super) fn operation_name<'a>(id: &'a str, path: &str, method: &str) -> Option<&'a str> {
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let suffix: String = path.chars().map(word).chain(['_']).chain(method.chars()).collect();
    let name = id.strip_suffix(suffix.as_str()).unwrap_or(id);
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !name.contains("__");
    plain.then_some(name)
}

/// Lowers one schema and all schemas inside it.
fn schema(value: &Value, at: &str, used: Use) -> Result<Value> {
    let mut map = object(value, at)?.clone();
    if map.contains_key("title") && map.get("title") == map.get("description") {
        map.shift_remove("description");
    }
    map.retain(|keyword, _| !dropped(keyword));
    if let Some(value) = map.shift_remove("const") {
        map.insert("enum".into(), json!([value]));
    }
    let mut nullable = take_null(&mut map, at)?;
    nullable |= merge_branches(&mut map, at, used)?;

    if map.get("type").is_some_and(|kind| kind == "number") {
        let kind = if used == Use::Json { "number" } else { "string" };
        map.insert("type".into(), json!(kind));
        map.insert("format".into(), json!("decimal"));
    } else {
        lower_format(&mut map);
    }
    lower_children(&mut map, at, used)?;

    let extra = map.keys().find(|keyword| !KEPT.contains(&keyword.as_str()) && *keyword != "type");
    if let Some(keyword) = extra {
        return Err(LowerError::Keyword { at: at.into(), keyword: keyword.clone() });
    }
    if nullable {
        map.insert("nullable".into(), json!(true));
    }
    Ok(Value::Object(reference_alone(map)))
}

/// Removes `null` from a list of types and says whether it was there.
fn take_null(map: &mut Map<String, Value>, at: &str) -> Result<bool> {
    let Some(Value::Array(types)) = map.get("type") else { return Ok(false) };
    let others: Vec<&Value> = types.iter().filter(|kind| **kind != "null").collect();
    let [kind] = others[..] else {
        return Err(LowerError::Type { at: at.into(), found: Value::Array(types.clone()).to_string() });
    };
    let nullable = types.len() > 1;
    let kind = kind.clone();
    map.insert("type".into(), kind);
    Ok(nullable)
}

/// Turns `anyOf`/`oneOf` into one type where that loses nothing, and says whether `null` was a branch.
fn merge_branches(map: &mut Map<String, Value>, at: &str, used: Use) -> Result<bool> {
    let Some(branches) = map.shift_remove("anyOf").or_else(|| map.shift_remove("oneOf")) else {
        return Ok(false);
    };
    if map.contains_key("type") || map.contains_key("$ref") || map.contains_key("oneOf") {
        return Err(LowerError::Type { at: at.into(), found: "a type beside its alternatives".into() });
    }
    let mut flat = Vec::new();
    flatten(&branches, &mut flat);
    let nullable = flat.iter().any(|branch| branch["type"] == "null");
    flat.retain(|branch| branch["type"] != "null");

    let kinds: BTreeSet<&str> =
        flat.iter().map(|branch| branch["type"].as_str().unwrap_or("other")).collect();
    let merged = if let [only] = &flat[..] {
        only.clone()
    } else if kinds == BTreeSet::from(["integer", "number"]) {
        json!({"type": "number"})
    } else if kinds == BTreeSet::from(["string"]) {
        json!({"type": "string", "enum": all_values(&flat, at)?})
    } else if kinds == BTreeSet::from(["integer", "string"]) {
        let branches: Result<Vec<Value>> = flat.iter().map(|branch| schema(branch, at, used)).collect();
        json!({"anyOf": branches?})
    } else {
        return Err(LowerError::Type { at: at.into(), found: branches.to_string() });
    };
    for (keyword, value) in object(&merged, at)?.clone() {
        if keyword == "const" {
            map.insert("enum".into(), json!([value]));
        } else if !dropped(&keyword) {
            map.entry(keyword).or_insert(value);
        }
    }
    Ok(nullable)
}

fn flatten(branches: &Value, flat: &mut Vec<Value>) {
    for branch in branches.as_array().into_iter().flatten() {
        match branch.get("anyOf").or_else(|| branch.get("oneOf")) {
            Some(inner) => flatten(inner, flat),
            None => flat.push(branch.clone()),
        }
    }
}

fn all_values(branches: &[Value], at: &str) -> Result<Vec<Value>> {
    let mut values = Vec::new();
    for branch in branches {
        match (branch.get("enum").and_then(Value::as_array), branch.get("const")) {
            (Some(list), None) => values.extend(list.iter().cloned()),
            (None, Some(value)) => values.push(value.clone()),
            _ => return Err(LowerError::Type { at: at.into(), found: branch.to_string() }),
        }
    }
    Ok(values)
}

/// Keeps the formats that select a Rust type; any other would only make a validated wrapper.
fn lower_format(map: &mut Map<String, Value>) {
    let format = map.get("format").and_then(Value::as_str).unwrap_or_default();
    match format {
        "date-time" | "decimal" | "int32" | "int64" | "secret" | "uuid" => {}
        "uuid4" => {
            map.insert("format".into(), json!("uuid"));
        }
        "password" => {
            map.insert("format".into(), json!("secret"));
        }
        _ => {
            map.shift_remove("format");
        }
    }
}

fn lower_children(map: &mut Map<String, Value>, at: &str, used: Use) -> Result<()> {
    if let Some(properties) = map.get_mut("properties") {
        let properties =
            properties.as_object_mut().ok_or_else(|| LowerError::Shape(format!("{at}/properties")))?;
        for (name, property) in properties.iter_mut() {
            *property = schema(property, &format!("{at}/{name}"), used)?;
        }
    }
    if let Some(items) = map.get_mut("items") {
        *items = schema(items, &format!("{at}/items"), used)?;
    }
    if let Some(parts) = map.get_mut("allOf") {
        let parts = parts.as_array_mut().ok_or_else(|| LowerError::Shape(format!("{at}/allOf")))?;
        for part in parts {
            *part = schema(part, &format!("{at}/allOf"), used)?;
        }
    }
    // Beside properties, extra members are neither refused (a provider may add a field any day) nor collected.
    if map.contains_key("properties") {
        map.shift_remove("additionalProperties");
    } else if let Some(extra @ Value::Object(_)) = map.get_mut("additionalProperties") {
        *extra = schema(extra, &format!("{at}/additionalProperties"), used)?;
    }
    Ok(())
}

/// OpenAPI 3.0 ignores what stands beside `$ref`, so a reference with company moves into `allOf`.
fn reference_alone(mut map: Map<String, Value>) -> Map<String, Value> {
    if map.len() > 1
        && let Some(reference) = map.shift_remove("$ref")
    {
        map.insert("allOf".into(), json!([{"$ref": reference}]));
    }
    map
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| LowerError::Shape(at.into()))
}

fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}
