//! What must never reach a raw crate, checked after the fact because each has slipped through silently before:
//! a float near money, a secret that `Debug` prints, a type that refuses what the provider adds next year.

use std::path::Path;

use anyhow::{Result, bail};
use serde_json::Value;

/// Text that generated code must not contain, with the reason.
const FORBIDDEN: [(&str, &str); 6] = [
    ("f64", "an amount would lose digits"),
    ("f32", "an amount would lose digits"),
    ("serde(flatten)", "an exact amount cannot be read through flatten"),
    ("deny_unknown_fields", "a new field of the provider would make a reply unreadable"),
    ("serde_json::Value", "a free-form value holds its numbers as floats; type it in the overlay"),
    ("regress::", "validation belongs to the facade"),
];

/// The one type that may be one of several without saying which.
const UNTAGGED: &str = "ValidationErrorLocItem";

/// Words that the name of a secret contains, whichever way its words are joined.
const SECRET_WORDS: [&str; 4] = ["passcode", "password", "secret", "token"];

/// A name that is a secret's only when it stands alone.
const SECRET_NAME: &str = "code";

/// Fails if a lowered document has a plain string where its name promises a secret.
pub(super) fn document(document: &Value) -> Result<()> {
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        for (property, value) in schema["properties"].as_object().into_iter().flatten() {
            let joined = property.replace(['_', '-'], "").to_ascii_lowercase();
            let secret = joined == SECRET_NAME || SECRET_WORDS.iter().any(|word| joined.contains(word));
            let plain = value["type"] == "string" && value["format"] != "secret";
            if secret && plain {
                bail!("{name}.{property} looks like a secret; give it `format: secret` in the overlay");
            }
        }
    }
    Ok(())
}

/// Fails if a generated file contains what it must not.
pub(super) fn code(path: &Path, text: &str) -> Result<()> {
    for (needle, reason) in FORBIDDEN {
        if text.contains(needle) {
            bail!("generated {} contains `{needle}`: {reason}", path.display());
        }
    }
    let mut lines = text.lines().map(str::trim_start);
    while let Some(line) = lines.next() {
        if line.contains("serde(untagged)") {
            let item = lines.by_ref().find(|line| line.starts_with("pub enum ")).unwrap_or_default();
            if item != format!("pub enum {UNTAGGED} {{") {
                bail!("generated {}: `{item}` is untagged; only {UNTAGGED} may be", path.display());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_forbidden_text_is_found() {
        for (needle, _) in FORBIDDEN {
            assert!(code(Path::new("types.rs"), &format!("pub x: {needle},")).is_err(), "{needle}");
        }
    }

    #[test]
    fn only_the_location_of_a_validation_error_may_be_untagged() {
        let item = |name| format!("#[serde(untagged)]\n#[derive(Debug)]\npub enum {name} {{\n}}\n");
        assert!(code(Path::new("types.rs"), &item(UNTAGGED)).is_ok());
        assert!(code(Path::new("types.rs"), &item("Amount")).is_err());
    }

    #[test]
    fn a_secret_published_as_a_plain_string_is_refused() {
        let with = |schema: Value| json!({"components": {"schemas": {"Reply": {"properties": schema}}}});
        assert!(document(&with(json!({"client_secret": {"type": "string", "nullable": true}}))).is_err());
        assert!(document(&with(json!({"client_secret": {"type": "string", "format": "secret"}}))).is_ok());
        assert!(document(&with(json!({"code": {"type": "string"}}))).is_err());
        for joined in ["clientSecret", "X-Access-Token", "CODE"] {
            assert!(document(&with(json!({joined: {"type": "string"}}))).is_err(), "{joined}");
        }
        assert!(document(&with(json!({"country_code": {"type": "string"}}))).is_ok());
    }
}
