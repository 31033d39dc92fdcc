//! The JSON schemas of what is written down as checked text. They say no more than the checks do, and no less.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::money::Currency;
use crate::name::{MAX_LENGTH, Name, Namespace, Operation};

macro_rules! text {
    ($type:ty, $name:literal, $schema:expr) => {
        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

/// Printable ASCII, with no space at either end.
fn checked(what: &str) -> Schema {
    json_schema!({
        "type": "string",
        "description": what,
        "minLength": 1,
        "maxLength": MAX_LENGTH,
        "pattern": "^[!-~]([ -~]*[!-~])?$",
    })
}

text!(Name, "Name", checked("The permanent name of a payment."));
text!(Namespace, "Namespace", checked("The merchant's stable identity in the derivation of keys."));
text!(Operation, "Operation", checked("Which movement a payment is."));
text!(
    Currency,
    "Currency",
    json_schema!({ "type": "string", "description": "An ISO 4217 currency code.", "pattern": "^[A-Z]{3}$" })
);

/// An exact decimal, as text.
pub(crate) struct Amount;

text!(Amount, "Amount", json_schema!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$" }));

/// A UUID, as text.
pub(crate) struct Uuid;

text!(Uuid, "Uuid", json_schema!({ "type": "string", "format": "uuid" }));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schemas_say_what_the_types_are() {
        let money = serde_json::to_value(schemars::schema_for!(crate::Money)).unwrap();
        assert_eq!(money["properties"]["amount"]["$ref"], "#/$defs/Amount", "{money}");
        assert_eq!(money["$defs"]["Currency"]["pattern"], "^[A-Z]{3}$");
        assert_eq!(money["required"], serde_json::json!(["amount", "currency"]));
        let summary = serde_json::to_value(schemars::schema_for!(crate::journal::Summary)).unwrap();
        assert_eq!(summary["$defs"]["Name"]["maxLength"], MAX_LENGTH, "{summary}");
    }
}
