//! The spec's sets of values, written as open enums: a value added by the provider is kept, not refused.
//!
//! The generator's own enums are closed, so a new status would make a paid payout unreadable. Every set of values
//! must therefore be a named component, which the generator is told to replace by the enum rendered here.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Result, bail};
use serde_json::Value;

/// A named set of values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OpenEnum {
    /// The component's name and the Rust type's.
    pub(super) name: String,
    /// Each variant's name and its value on the wire, in the order of the spec.
    variants: Vec<(String, String)>,
}

/// Finds every set of values in a lowered document, and fails on one that has no name of its own.
pub(super) fn find(document: &Value) -> Result<Vec<OpenEnum>> {
    let mut enums = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        match schema.get("enum") {
            Some(values) => enums.push(OpenEnum { name: name.clone(), variants: variants(name, values)? }),
            None => no_inline(schema, &format!("schema {name}"))?,
        }
    }
    no_inline(&document["paths"], "paths")?;
    Ok(enums)
}

fn variants(name: &str, values: &Value) -> Result<Vec<(String, String)>> {
    let mut seen = BTreeSet::from(["Unknown".to_owned()]);
    let mut variants = Vec::new();
    for value in values.as_array().into_iter().flatten() {
        let Some(value) = value.as_str() else {
            bail!("enum {name} has a value that is not a string: {value}")
        };
        let variant = match pascal_case(value).as_str() {
            // The one keyword that is written like a variant.
            "Self" => "Self_".to_owned(),
            other => other.to_owned(),
        };
        if !variant.starts_with(|c: char| c.is_ascii_uppercase()) || !seen.insert(variant.clone()) {
            bail!("enum {name}: value {value:?} has no variant name of its own");
        }
        variants.push((variant, value.to_owned()));
    }
    Ok(variants)
}

fn pascal_case(value: &str) -> String {
    let words = value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..].to_ascii_lowercase()).collect()
}

fn no_inline(value: &Value, at: &str) -> Result<()> {
    match value {
        Value::Object(map) => {
            if map.get("enum").is_some_and(Value::is_array) {
                bail!("{at} lists its values inline; name the set under `enums` in the overlay");
            }
            map.iter().try_for_each(|(key, value)| no_inline(value, &format!("{at}/{key}")))
        }
        Value::Array(values) => values.iter().try_for_each(|value| no_inline(value, at)),
        _ => Ok(()),
    }
}

/// Renders the module of open enums.
pub(super) fn render(enums: &[OpenEnum]) -> String {
    let mut text = String::from("use payonce_wire::open_enum;\n");
    for item in enums {
        write!(text, "\nopen_enum! {{\n    {} {{\n", item.name).expect("writing to a string cannot fail");
        for (variant, value) in &item.variants {
            writeln!(text, "        {variant} = {value:?},").expect("writing to a string cannot fail");
        }
        text.push_str("    }\n}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with_values(values: Value) -> Value {
        json!({"components": {"schemas": {"Provider": {"type": "string", "enum": values}}}})
    }

    #[test]
    fn values_become_variants_in_the_order_of_the_spec() -> Result<()> {
        let text = render(&find(&with_values(json!(["PAWAPAY", "MTN_MOMO_LBR"])))?);
        assert!(
            text.contains("        Pawapay = \"PAWAPAY\",\n        MtnMomoLbr = \"MTN_MOMO_LBR\",\n"),
            "{text}"
        );
        Ok(())
    }

    #[test]
    fn values_that_would_share_a_variant_are_refused() {
        for values in [json!(["A-B", "A_B"]), json!(["UNKNOWN"]), json!(["1ST"]), json!([1])] {
            assert!(find(&with_values(values.clone())).is_err(), "{values}");
        }
    }

    #[test]
    fn a_set_of_values_without_a_name_is_refused() {
        let status = json!({"properties": {"status": {"type": "string", "enum": ["PAID"]}}});
        let error = find(&json!({"components": {"schemas": {"Invoice": status}}})).unwrap_err();
        assert!(error.to_string().contains("schema Invoice/properties/status"), "{error}");
    }
}
