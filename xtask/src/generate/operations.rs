//! The table of operations, so that a test can walk everything the API offers.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;

use super::lower;

/// Renders the table in the order of the paths.
pub(super) fn render(document: &Value) -> Result<String> {
    let mut text = String::from(
        "use payonce_wire::{Auth, OperationMeta};\n\n\
         /// Every operation of the API, sorted by path and method.\n\
         pub const OPERATIONS: &[OperationMeta] = &[\n",
    );
    for (path, item) in document["paths"].as_object().context("a lowered document has paths")? {
        for (method, operation) in item.as_object().context("a path has operations")? {
            let id = operation["operationId"].as_str().context("an operation has a name")?;
            let tag = operation["tags"][0].as_str().with_context(|| format!("{id} has no tag"))?;
            let auth =
                auth(document, operation).with_context(|| format!("{id} is let in in an unknown way"))?;
            writeln!(
                text,
                "    OperationMeta {{ id: {id:?}, method: {:?}, path: {path:?}, tag: {tag:?}, auth: {auth} }},",
                method.to_ascii_uppercase()
            )
            .expect("writing to a string cannot fail");
        }
    }
    text.push_str("];\n");
    Ok(text)
}

/// What a request must carry, by the scheme that the first requirement names.
fn auth(document: &Value, operation: &Value) -> Option<&'static str> {
    let Some(required) = operation["security"].get(0) else { return Some("Auth::None") };
    let (name, _) = required.as_object()?.iter().next()?;
    let scheme = &document["components"]["securitySchemes"][name];
    match (scheme["type"].as_str()?, scheme["scheme"].as_str()?) {
        ("http", "basic") => Some("Auth::Basic"),
        ("http", "bearer") => Some("Auth::Bearer"),
        _ => None,
    }
}

/// The headers that have one value, by the name of the operation. Every operation is in it.
pub(super) fn headers(document: &Value) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
    let items = document["paths"].as_object().into_iter().flatten();
    let operations = items.flat_map(|(_, item)| item.as_object().into_iter().flatten());
    operations
        .map(|(_, operation)| {
            let id = operation["operationId"].as_str().context("an operation has a name")?;
            let headers = match operation.get(lower::HEADERS) {
                Some(headers) => serde_json::from_value(headers.clone())?,
                None => BTreeMap::new(),
            };
            Ok((id.to_owned(), headers))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(security: Value) -> Value {
        json!({
            "paths": {"/v1/pay": {"post": {"operationId": "pay", "tags": ["pay"], "security": security,
                "x-headers": {"accept": "application/hal+json"}}}},
            "components": {"securitySchemes": {
                "key": {"type": "http", "scheme": "basic"},
                "token": {"type": "http", "scheme": "bearer"},
                "door": {"type": "apiKey", "in": "header", "name": "X-Key"},
            }},
        })
    }

    #[test]
    fn how_a_request_is_let_in_is_what_its_scheme_says() -> Result<()> {
        for (security, auth) in [
            (json!([{"key": []}]), "Auth::Basic"),
            (json!([{"token": []}]), "Auth::Bearer"),
            (json!([]), "Auth::None"),
            (Value::Null, "Auth::None"),
        ] {
            assert!(render(&with(security))?.contains(auth), "{auth}");
        }
        for unknown in [json!([{"door": []}]), json!([{"window": []}]), json!([{}])] {
            assert!(render(&with(unknown.clone())).is_err(), "{unknown}");
        }
        Ok(())
    }

    #[test]
    fn every_operation_is_asked_for_its_headers() -> Result<()> {
        let accept = BTreeMap::from([("accept".to_owned(), "application/hal+json".to_owned())]);
        assert_eq!(headers(&with(Value::Null))?, BTreeMap::from([("pay".to_owned(), accept)]));
        let mut none = with(Value::Null);
        none["paths"]["/v1/pay"]["post"].as_object_mut().unwrap().shift_remove("x-headers");
        assert_eq!(headers(&none)?, BTreeMap::from([("pay".to_owned(), BTreeMap::new())]));
        Ok(())
    }
}
