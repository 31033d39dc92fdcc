//! The table of operations, so that a test can walk everything the API offers.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;

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
            let auth = if operation["security"].as_array().is_some_and(|schemes| !schemes.is_empty()) {
                "Auth::Bearer"
            } else {
                "Auth::None"
            };
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

/// How many operations a document has.
pub(super) fn count(document: &Value) -> usize {
    document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, item)| item.as_object())
        .map(|item| item.len())
        .sum()
}
