//! From a lowered document to Rust: the generator's settings, in one place.

use anyhow::{Context, Result};
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle, TypeImpl};
use schemars::schema::{InstanceType, SchemaObject};
use serde_json::Value;

use super::enums::OpenEnum;

/// The hand-written types that stand for a JSON type with a format.
const CONVERSIONS: [(InstanceType, &str, &str); 4] = [
    (InstanceType::Number, "decimal", "crate::Amount"),
    (InstanceType::String, "decimal", "crate::AmountText"),
    (InstanceType::String, "secret", "crate::Secret"),
    (InstanceType::String, "date-time", "crate::Timestamp"),
];

/// Generates the client as one file of syntax.
pub(super) fn generate(document: &Value, enums: &[OpenEnum]) -> Result<syn::File> {
    let spec = serde_json::from_value(document.clone()).context("the lowered document is not OpenAPI 3.0")?;
    let mut settings = GenerationSettings::default();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_tag(TagStyle::Merged)
        .with_hooks(HooksMode::Expected)
        .with_inner_type("crate::Transport".parse().expect("the path of a type is Rust"))
        .with_map_type("::std::collections::BTreeMap");
    for (kind, format, rust) in CONVERSIONS {
        let schema = SchemaObject {
            instance_type: Some(kind.into()),
            format: Some(format.into()),
            ..SchemaObject::default()
        };
        // A secret has no text form to show, so it must not be asked for one.
        let shown = (format != "secret").then_some(TypeImpl::Display);
        settings.with_conversion(schema, rust, shown.into_iter());
    }
    for item in enums {
        let rust = format!("crate::enums::{}", item.name);
        settings.with_replacement(&item.name, rust, [TypeImpl::Display, TypeImpl::FromStr].into_iter());
    }
    let tokens =
        Generator::new(&settings).generate_tokens(&spec).context("the generator refused the spec")?;
    syn::parse2(tokens).context("the generator wrote something that is not Rust")
}
