//! Each kind of fix, and that each fails when the spec has changed under it.

use super::*;

fn document() -> Value {
    json!({
        "paths": {"/{version}/executions/payout": {"post": {
            "operationId": "payout__version__executions_payout_post",
            "parameters": [{"name": "method", "in": "query", "schema": {
                "anyOf": [{"enum": ["MOMO"], "type": "string"}, {"const": "CARD", "type": "string"}]}}],
            "responses": {"200": {"description": "Ok", "content": {"application/json": {"schema": {}}}}},
        }}},
        "components": {"schemas": {
            "Reply": {"title": "Reply", "description": "Reply", "properties": {
                "status": {"type": "string", "title": "Status"},
                "secret": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "account_id": {"anyOf": [{"type": "number"}, {"type": "integer"}, {"type": "null"}]},
                "again": {"$ref": "#/components/schemas/Reply"},
            }},
        }},
    })
}

fn fix(overlay: Value) -> Result<Value, OverlayError> {
    let overlay: Overlay = serde_json::from_value(overlay).unwrap();
    let mut fixed = document();
    apply(&mut fixed, &overlay)?;
    Ok(fixed)
}

fn properties(document: &Value) -> &Value {
    &document["components"]["schemas"]["Reply"]["properties"]
}

#[test]
fn a_string_becomes_a_reference_to_its_named_values() -> Result<(), OverlayError> {
    let fixed = fix(json!({"enums": [
        {"name": "Status", "values": ["PAID"], "at": ["Reply.status"], "reason": "documented"},
        {"name": "Method", "values": ["MOMO", "CARD", "BANK"], "at": ["payout.method"], "reason": "documented"},
    ]}))?;
    assert_eq!(
        properties(&fixed)["status"],
        json!({"title": "Status", "$ref": "#/components/schemas/Status"})
    );
    assert_eq!(fixed["components"]["schemas"]["Status"], json!({"type": "string", "enum": ["PAID"]}));
    let parameter = &fixed["paths"]["/{version}/executions/payout"]["post"]["parameters"][0];
    assert_eq!(parameter["schema"], json!({"$ref": "#/components/schemas/Method"}));
    Ok(())
}

#[test]
fn a_property_that_is_sent_but_not_published_is_optional_until_it_is_published() {
    let add = |property: &str| {
        fix(json!({"unpublished": [
            {"property": property, "schema": {"type": "integer"}, "at": ["Reply"], "reason": "the guides say so"},
        ]}))
    };
    let fixed = add("intent_id").unwrap();
    assert_eq!(properties(&fixed)["intent_id"], json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}));
    assert_eq!(add("status"), Err(OverlayError::Settled("Reply.status".into())));
}

#[test]
fn a_value_that_the_provider_added_must_be_added_to_the_enum() {
    let without =
        json!({"enums": [{"name": "Method", "values": ["MOMO"], "at": ["payout.method"], "reason": "r"}]});
    assert_eq!(
        fix(without),
        Err(OverlayError::Value { place: "payout.method".into(), value: "CARD".into() })
    );
}

#[test]
fn formats_and_integers_look_through_null() -> Result<(), OverlayError> {
    let fixed = fix(json!({
        "formats": [{"format": "secret", "at": ["Reply.secret"], "reason": "a secret"}],
        "integers": [{"at": ["Reply.account_id"], "reason": "an id"}],
    }))?;
    assert_eq!(
        properties(&fixed)["secret"],
        json!({"anyOf": [{"type": "string", "format": "secret"}, {"type": "null"}]})
    );
    assert_eq!(properties(&fixed)["account_id"], json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}));
    Ok(())
}

#[test]
fn renamed_schemas_are_found_by_what_refers_to_them() -> Result<(), OverlayError> {
    let fixed = fix(json!({"rename_schemas": [{"names": {"Reply": "Answer"}, "reason": "clearer"}]}))?;
    let answer = &fixed["components"]["schemas"]["Answer"];
    assert_eq!(answer["properties"]["again"], json!({"$ref": "#/components/schemas/Answer"}));
    assert!(answer.get("description").is_none(), "the description repeated the old name");
    Ok(())
}

#[test]
fn operations_are_renamed_after_every_other_fix() -> Result<(), OverlayError> {
    let fixed = fix(json!({
        "rename_operations": [{"names": {"payout": "execute_payout"}, "reason": "clearer"}],
        "empty_responses": [{"at": ["payout"], "reason": "always an empty object"}],
    }))?;
    let operation = &fixed["paths"]["/{version}/executions/payout"]["post"];
    assert_eq!(operation["operationId"], "execute_payout");
    assert_eq!(operation["responses"]["200"], json!({"description": "Ok"}));
    Ok(())
}

#[test]
fn a_fix_of_something_that_is_not_published_is_refused() {
    let missing = |place: &str| Err(OverlayError::Missing(place.into()));
    let format = |at: &str| fix(json!({"formats": [{"format": "uuid", "at": [at], "reason": "r"}]}));
    for place in ["Reply.gone", "Gone.status", "payout.gone", "gone.method", "Reply"] {
        assert_eq!(format(place), missing(place));
    }
    let rename = |kind: &str| fix(json!({kind: [{"names": {"gone": "new"}, "reason": "r"}]}));
    assert_eq!(rename("rename_schemas"), missing("gone"));
    assert_eq!(rename("rename_operations"), missing("gone"));
}

#[test]
fn a_fix_that_the_spec_has_taken_over_is_refused() {
    let settled = |place: &str| Err(OverlayError::Settled(place.into()));
    let twice = |fix: Value| json!([fix.clone(), fix]);
    let format = json!({"format": "uuid", "at": ["Reply.status"], "reason": "r"});
    assert_eq!(fix(json!({"formats": twice(format)})), settled("Reply.status"));
    let integer = json!({"at": ["Reply.account_id"], "reason": "r"});
    assert_eq!(fix(json!({"integers": twice(integer)})), settled("Reply.account_id"));
    let empty = json!({"at": ["payout"], "reason": "r"});
    assert_eq!(fix(json!({"empty_responses": twice(empty)})), settled("payout"));
    let values = json!({"name": "Status", "values": ["PAID"], "at": ["Reply.status"], "reason": "r"});
    assert_eq!(fix(json!({"enums": twice(values)})), settled("Reply.status"));
}

#[test]
fn a_fix_of_another_type_than_expected_is_refused() {
    for overlay in [
        json!({"formats": [{"format": "uuid", "at": ["Reply.account_id"], "reason": "r"}]}),
        json!({"integers": [{"at": ["Reply.status"], "reason": "r"}]}),
        json!({"enums": [{"name": "Id", "values": ["1"], "at": ["Reply.account_id"], "reason": "r"}]}),
    ] {
        assert!(matches!(fix(overlay.clone()), Err(OverlayError::Unexpected { .. })), "{overlay}");
    }
}

#[test]
fn a_fix_without_a_reason_is_refused() {
    let silent = json!({"formats": [{"format": "uuid", "at": ["Reply.status"], "reason": " "}]});
    assert_eq!(fix(silent), Err(OverlayError::Reason("Reply.status".into())));
}
