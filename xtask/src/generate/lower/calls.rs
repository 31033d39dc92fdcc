//! Lowering of calls: what is sent, with which headers, and what a success answers.
//!
//! The generator speaks JSON only, under its own media type and with its own headers. A provider that gives its JSON
//! another media type, or wants a header with one value, has both noted beside the operation under [`HEADERS`], and
//! they are put into the generated call afterwards.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{HEADERS, LowerError, METHODS, Result, Use, VERSION, object, operation_name, schema, sorted};

/// The media type that the generator takes for JSON.
const JSON: &str = "application/json";

/// The media type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// Headers that are no parameters, whatever a document says.
const NO_PARAMETERS: [&str; 3] = ["accept", "authorization", "content-type"];

/// Lowers the operations of one path, and notes their names, which must all differ.
pub(super) fn path_item(
    document: &Value,
    path: &str,
    item: &Value,
    names: &mut BTreeSet<String>,
) -> Result<Value> {
    let mut lowered = Map::new();
    for (method, value) in sorted(object(item, path)?) {
        let at = format!("{method} {path}");
        if !METHODS.contains(&method.as_str()) {
            return Err(LowerError::Keyword { at: path.into(), keyword: method.clone() });
        }
        let id = value["operationId"].as_str().unwrap_or_default();
        let name = operation_name(id, path, method)
            .ok_or_else(|| LowerError::OperationId { at: at.clone(), id: id.into() })?;
        if !names.insert(name.into()) {
            return Err(LowerError::DuplicateOperation(name.into()));
        }
        lowered.insert(method.clone(), Call { document, path, at: &at }.lower(value, name)?);
    }
    Ok(Value::Object(lowered))
}

/// One operation while it is lowered.
struct Call<'a> {
    document: &'a Value,
    path: &'a str,
    at: &'a str,
}

impl Call<'_> {
    fn lower(&self, value: &Value, name: &str) -> Result<Value> {
        let mut lowered = Map::new();
        lowered.insert("operationId".into(), json!(name));
        for keyword in ["tags", "summary", "description", "security"] {
            if let Some(kept) = value.get(keyword) {
                lowered.insert(keyword.into(), kept.clone());
            }
        }
        let mut headers = Map::new();
        lowered.insert("parameters".into(), self.parameters(value, &mut headers)?);
        if let Some(body) = value.get("requestBody") {
            let content = self.body(self.resolved(body)?, &mut headers)?;
            lowered.insert("requestBody".into(), json!({"required": true, "content": content}));
        }
        lowered.insert("responses".into(), self.responses(&value["responses"], &mut headers)?);
        if !headers.is_empty() {
            lowered.insert(HEADERS.into(), Value::Object(headers));
        }
        Ok(Value::Object(lowered))
    }

    /// Parameters without the version, which becomes a part of the path, and without headers of one value.
    fn parameters(&self, operation: &Value, headers: &mut Map<String, Value>) -> Result<Value> {
        let mut lowered = Vec::new();
        let mut versioned = false;
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = self.resolved(parameter)?;
            let name = parameter["name"].as_str().unwrap_or_default();
            if name == "version" && parameter["in"] == "path" && self.path.starts_with(VERSION.0) {
                if parameter["schema"]["const"] != "v1" {
                    return Err(LowerError::PathVersion { at: self.at.into() });
                }
                versioned = true;
                continue;
            }
            if parameter["in"] == "header" {
                let lower_case = name.to_ascii_lowercase();
                if let Some(value @ Value::String(_)) = parameter["schema"].get("const") {
                    headers.insert(lower_case, value.clone());
                    continue;
                }
                if NO_PARAMETERS.contains(&lower_case.as_str()) {
                    return Err(LowerError::Header { at: self.at.into(), header: name.into() });
                }
            }
            lowered.push(self.parameter(parameter, name)?);
        }
        if versioned != self.path.starts_with(VERSION.0) {
            return Err(LowerError::PathVersion { at: self.at.into() });
        }
        Ok(Value::Array(lowered))
    }

    fn parameter(&self, parameter: &Value, name: &str) -> Result<Value> {
        let at = format!("{} parameter {name}", self.at);
        let mut schema = schema(&parameter["schema"], &at, Use::Parameter)?;
        if let Some(schema) = schema.as_object_mut() {
            // An absent parameter is left to the server's own default; `null` cannot be sent in a query.
            schema.shift_remove("default");
            schema.shift_remove("nullable");
            if schema.len() == 1
                && let Some(reference) = schema.get("allOf").and_then(|all| all.get(0)).cloned()
            {
                *schema = reference.as_object().cloned().unwrap_or_default();
            }
        }
        let mut kept = Map::new();
        for keyword in ["name", "in", "required", "description"] {
            if let Some(value) = parameter.get(keyword) {
                kept.insert(keyword.into(), value.clone());
            }
        }
        kept.insert("schema".into(), schema);
        Ok(Value::Object(kept))
    }

    /// The body under the first of its media types, which is the one that is sent. All must describe the same body.
    fn body(&self, body: &Value, headers: &mut Map<String, Value>) -> Result<Value> {
        let at = format!("{} body", self.at);
        let content = object(&body["content"], &at)?;
        let mut media = content.iter();
        let (sent, described) =
            media.next().ok_or_else(|| LowerError::Shape(format!("{at} without content")))?;
        let same = media.all(|(_, other)| other["schema"] == described["schema"]);
        if !same || !(is_json(sent) || sent == FORM) {
            return Err(other_content(&at));
        }
        let schema = schema(&described["schema"], &at, Use::Json)?;
        if sent == FORM {
            return Ok(json!({FORM: {"schema": schema}}));
        }
        if sent != JSON {
            headers.insert("content-type".into(), json!(sent));
        }
        Ok(json!({JSON: {"schema": schema}}))
    }

    /// Successes only: one typed failure would lose the status of every failure that does not match its type.
    fn responses(&self, value: &Value, headers: &mut Map<String, Value>) -> Result<Value> {
        let mut lowered = Map::new();
        for (status, response) in object(value, &format!("{} responses", self.at))? {
            if !status.starts_with('2') {
                continue;
            }
            let response = self.resolved(response)?;
            let mut kept = json!({"description": response["description"]});
            if response.get("content").is_some() {
                kept["content"] = self.reply(response, status, headers)?;
            }
            lowered.insert(status.clone(), kept);
        }
        if lowered.len() != 1 {
            let found = format!("{} kinds of success", lowered.len());
            return Err(LowerError::Type { at: self.at.into(), found });
        }
        Ok(Value::Object(lowered))
    }

    /// What a success answers, under its only media type, which is asked for unless a header asks for another.
    fn reply(&self, response: &Value, status: &str, headers: &mut Map<String, Value>) -> Result<Value> {
        let at = format!("{} {status}", self.at);
        let content = object(&response["content"], &at)?;
        let mut media = content.iter();
        match (media.next(), media.next()) {
            (Some((kind, described)), None) if is_json(kind) => {
                if kind != JSON {
                    headers.entry("accept").or_insert_with(|| json!(kind));
                }
                Ok(json!({JSON: {"schema": schema(&described["schema"], &at, Use::Json)?}}))
            }
            _ => Err(other_content(&at)),
        }
    }

    /// What a reference into the document stands for, or the value itself.
    fn resolved<'v>(&'v self, value: &'v Value) -> Result<&'v Value> {
        let Some(target) = value.get("$ref") else { return Ok(value) };
        let path = target.as_str().and_then(|target| target.strip_prefix('#'));
        path.and_then(|path| self.document.pointer(path))
            .ok_or_else(|| LowerError::Shape(format!("{} reference {target}", self.at)))
    }
}

/// Whether a media type is JSON: by that name, or by the suffix that says so.
fn is_json(media: &str) -> bool {
    media == JSON || (media.starts_with("application/") && media.ends_with("+json"))
}

fn other_content(at: &str) -> LowerError {
    LowerError::Type { at: at.into(), found: "content other than one JSON or, in a body, one form".into() }
}
