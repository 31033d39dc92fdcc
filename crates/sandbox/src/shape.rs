//! Checks a request against `openapi.json` the way FastAPI does: everything that is wrong is listed, each error with
//! where it is. The published document is the only description of a request there is, so the two cannot drift.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::{Value, json};

use crate::problem::{FieldError, Problem};

/// The Dollr Open API as published.
static SPEC: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../openapi.json")).expect("openapi.json is valid JSON")
});

/// The operations of the document, by `METHOD /v1/path`.
static OPERATIONS: LazyLock<HashMap<String, &'static Value>> = LazyLock::new(|| {
    let mut operations = HashMap::new();
    for (path, methods) in SPEC["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let path = path.replace("{version}", "v1");
            operations.insert(format!("{} {path}", method.to_uppercase()), operation);
        }
    }
    operations
});

/// Whether the document has this operation, written as `POST /v1/sessions/payout`.
pub(crate) fn knows(operation: &str) -> bool {
    OPERATIONS.contains_key(operation)
}

/// The JSON body of a request, if it is what the document asks for.
pub(crate) fn body(operation: &str, bytes: &[u8]) -> Result<(), Problem> {
    let at_body = |msg, kind| Problem::fields(vec![error(&[json!("body")], msg, kind)]);
    if bytes.is_empty() {
        return Err(at_body("field required", "value_error.missing"));
    }
    let value: Value =
        serde_json::from_slice(bytes).map_err(|_| at_body("invalid JSON", "value_error.jsondecode"))?;
    let schema = &OPERATIONS.get(operation).expect("every served operation is in the document")["requestBody"]
        ["content"]["application/json"]["schema"];
    let mut errors = Vec::new();
    check(schema, &value, &mut vec![json!("body")], &mut errors);
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}

/// The query of a request, each value read as its schema wants it.
pub(crate) fn query(operation: &str, query: &HashMap<String, String>) -> Result<(), Problem> {
    let mut errors = Vec::new();
    let parameters = OPERATIONS
        .get(operation)
        .and_then(|operation| operation["parameters"].as_array())
        .expect("every served operation is in the document and has parameters");
    for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
        let name = parameter["name"].as_str().unwrap_or_default();
        let mut loc = vec![json!("query"), json!(name)];
        match query.get(name) {
            Some(text) => {
                let numeric = is_numeric(&parameter["schema"]);
                let value = text.parse::<serde_json::Number>().ok().filter(|_| numeric).map(Value::Number);
                check(&parameter["schema"], &value.unwrap_or_else(|| json!(text)), &mut loc, &mut errors);
            }
            None if parameter["required"] == true => {
                errors.push(error(&loc, "field required", "value_error.missing"));
            }
            None => {}
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}

/// Whether a parameter is, or may be, a number.
fn is_numeric(schema: &Value) -> bool {
    matches!(schema["type"].as_str(), Some("integer" | "number"))
        || schema["anyOf"].as_array().is_some_and(|branches| branches.iter().any(is_numeric))
}

fn check(schema: &'static Value, value: &Value, loc: &mut Vec<Value>, errors: &mut Vec<FieldError>) {
    let schema = resolve(schema);
    if let Some(branches) = schema["anyOf"].as_array() {
        return check_any(branches, value, loc, errors);
    }
    if let Some(allowed) = schema["enum"].as_array() {
        if !allowed.contains(value) {
            errors.push(error(loc, "invalid enum", "type_error.enum"));
        }
        return;
    }
    if let Some(constant) = schema.get("const") {
        if constant != value {
            errors.push(error(loc, "unexpected value", "value_error.const"));
        }
        return;
    }
    let wrong = match schema["type"].as_str() {
        Some("object") => return check_object(schema, value, loc, errors),
        Some("array") => return check_array(schema, value, loc, errors),
        Some("string") => string(schema, value),
        Some("integer") if value.is_i64() || value.is_u64() => number(schema, value),
        Some("integer") => Some(("value is not a valid integer", "type_error.integer")),
        Some("number") if value.is_number() => number(schema, value),
        Some("number") => Some(("value is not a valid number", "type_error.float")),
        Some("boolean") if !value.is_boolean() => {
            Some(("value could not be parsed to a boolean", "type_error.bool"))
        }
        Some("null") if !value.is_null() => Some(("none is required", "type_error.none.required")),
        _ => None,
    };
    errors.extend(wrong.map(|(msg, kind)| error(loc, msg, kind)));
}

fn check_object(schema: &'static Value, value: &Value, loc: &mut Vec<Value>, errors: &mut Vec<FieldError>) {
    let Some(object) = value.as_object() else {
        return errors.push(error(loc, "value is not a valid dict", "type_error.dict"));
    };
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        loc.push(json!(name));
        match object.get(name) {
            Some(value) => check(schema, value, loc, errors),
            None if required.iter().any(|required| required == name) => {
                errors.push(error(loc, "field required", "value_error.missing"));
            }
            None => {}
        }
        loc.pop();
    }
}

fn check_array(schema: &'static Value, value: &Value, loc: &mut Vec<Value>, errors: &mut Vec<FieldError>) {
    let Some(items) = value.as_array() else {
        return errors.push(error(loc, "value is not a valid list", "type_error.list"));
    };
    for (index, item) in items.iter().enumerate() {
        loc.push(json!(index));
        check(&schema["items"], item, loc, errors);
        loc.pop();
    }
}

/// A value that fits no branch is told what the first branch has against it, as that is the usual form.
fn check_any(branches: &'static [Value], value: &Value, loc: &mut Vec<Value>, errors: &mut Vec<FieldError>) {
    let mut first = None;
    for branch in branches {
        let mut wrong = Vec::new();
        check(branch, value, loc, &mut wrong);
        if wrong.is_empty() {
            return;
        }
        first.get_or_insert(wrong);
    }
    errors.extend(first.into_iter().flatten());
}

/// The patterns of the document, each compiled once.
static PATTERNS: LazyLock<HashMap<String, Regex>> = LazyLock::new(|| {
    let mut patterns = HashMap::new();
    collect_patterns(&SPEC, &mut patterns);
    patterns
});

fn collect_patterns(value: &Value, patterns: &mut HashMap<String, Regex>) {
    if let Some(pattern) = value["pattern"].as_str() {
        let compiled = Regex::new(pattern).expect("the patterns of the document are regular expressions");
        patterns.insert(pattern.to_owned(), compiled);
    }
    match value {
        Value::Object(members) => members.values().for_each(|value| collect_patterns(value, patterns)),
        Value::Array(items) => items.iter().for_each(|value| collect_patterns(value, patterns)),
        _ => {}
    }
}

fn pattern_of(pattern: &str) -> &'static Regex {
    PATTERNS.get(pattern).expect("every pattern of the document has been collected")
}

type Wrong = Option<(&'static str, &'static str)>;

fn string(schema: &Value, value: &Value) -> Wrong {
    let Some(text) = value.as_str() else { return Some(("str type expected", "type_error.str")) };
    let length = text.chars().count() as u64;
    if schema["minLength"].as_u64().is_some_and(|min| length < min) {
        return Some(("value is too short", "value_error.any_str.min_length"));
    }
    if schema["maxLength"].as_u64().is_some_and(|max| length > max) {
        return Some(("value is too long", "value_error.any_str.max_length"));
    }
    if schema["pattern"].as_str().is_some_and(|pattern| !pattern_of(pattern).is_match(text)) {
        let phone = schema["title"] == "Phone number";
        let msg = if phone { "invalid phone" } else { "string does not match regex" };
        return Some((msg, "value_error.str.regex"));
    }
    if schema["format"] == "date-time" && chrono::DateTime::parse_from_rfc3339(text).is_err() {
        let naive = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f");
        return naive.is_err().then_some(("invalid datetime format", "value_error.datetime"));
    }
    None
}

fn number(schema: &Value, value: &Value) -> Wrong {
    // Both numbers are written in decimal; comparing the nearest doubles is exact enough for bounds like 0.01 and 1.
    let below = schema["minimum"].as_f64().zip(value.as_f64()).is_some_and(|(min, value)| value < min);
    below.then_some(("less than minimum", "value_error.number.not_ge"))
}

fn resolve(schema: &'static Value) -> &'static Value {
    match schema["$ref"].as_str() {
        Some(reference) => SPEC
            .pointer(reference.trim_start_matches('#'))
            .map(resolve)
            .expect("every reference of the document leads somewhere"),
        None => schema,
    }
}

fn error(loc: &[Value], msg: &'static str, kind: &'static str) -> FieldError {
    FieldError { loc: loc.to_vec(), msg: msg.into(), kind }
}
