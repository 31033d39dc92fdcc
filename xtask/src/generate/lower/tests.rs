//! One test for each rule of the lowering, each on the smallest schema that shows it.

use super::*;

fn json_schema(value: Value) -> Result<Value> {
    schema(&value, "schema", Use::Json)
}

fn query_schema(value: Value) -> Result<Value> {
    schema(&value, "schema", Use::Parameter)
}

/// A document of one operation, to be changed by the test.
fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Pay", "version": "1.0.0", "summary": "dropped"},
        "jsonSchemaDialect": "dropped",
        "paths": {"/{version}/status/{id}": {"get": {
            "tags": ["status"],
            "summary": "Read Status",
            "operationId": "read_status__version__status__id__get",
            "security": [{"HTTPBearer": []}],
            "parameters": [
                {"name": "version", "in": "path", "required": true, "schema": {"const": "v1", "type": "string"}},
                {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "title": "Id"}},
            ],
            "responses": {
                "200": {"description": "Ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Reply"}}}},
                "422": {"description": "No", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
            },
        }}},
        "components": {
            "schemas": {"Reply": {"type": "object", "properties": {"id": {"type": "integer"}}}},
            "securitySchemes": {"HTTPBearer": {"type": "http", "scheme": "bearer"}},
        },
    })
}

const PATH: &str = "/{version}/status/{id}";

fn operation_of(document: &mut Value) -> &mut Value {
    &mut document["paths"][PATH]["get"]
}

#[test]
fn only_openapi_3_1_is_read() {
    let mut other = document();
    other["openapi"] = json!("3.0.3");
    assert_eq!(lower(&other), Err(LowerError::Version("3.0.3".into())));
}

#[test]
fn the_result_is_openapi_3_0_and_holds_nothing_unread() -> Result<()> {
    let lowered = lower(&document())?;
    assert_eq!(lowered["openapi"], "3.0.3");
    assert_eq!(lowered["info"], json!({"title": "Pay", "version": "1.0.0"}));
    assert!(lowered.get("jsonSchemaDialect").is_none());
    Ok(())
}

#[test]
fn the_version_becomes_a_part_of_the_path() -> Result<()> {
    let lowered = lower(&document())?;
    let parameters = &lowered["paths"]["/v1/status/{id}"]["get"]["parameters"];
    assert_eq!(
        parameters,
        &json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}])
    );
    Ok(())
}

#[test]
fn another_version_or_none_is_refused() {
    let at = format!("get {PATH}");
    let mut other = document();
    operation_of(&mut other)["parameters"][0]["schema"]["const"] = json!("v2");
    assert_eq!(lower(&other), Err(LowerError::PathVersion { at: at.clone() }));
    let mut without = document();
    operation_of(&mut without)["parameters"] = json!([]);
    assert_eq!(lower(&without), Err(LowerError::PathVersion { at }));
}

#[test]
fn operation_ids_lose_exactly_the_suffix_made_from_their_path() {
    let path = "/{version}/fees/merchant-tier";
    let name = |id| operation_name(id, path, "get");
    assert_eq!(name("get_merchant_fee_tier__version__fees_merchant_tier_get"), Some("get_merchant_fee_tier"));
    assert_eq!(name("execute_payout"), Some("execute_payout"));
    assert_eq!(name("get_merchant_fee_tier__version__fees_get"), None);
    assert_eq!(name("getMerchantFeeTier"), None);
    assert_eq!(name(""), None);
}

#[test]
fn an_operation_without_a_name_of_its_own_is_refused() {
    let mut nameless = document();
    operation_of(&mut nameless)["operationId"] = json!("Read-Status");
    assert!(matches!(lower(&nameless), Err(LowerError::OperationId { .. })));

    let mut twice = document();
    operation_of(&mut twice)["operationId"] = json!("read_status");
    let item = twice["paths"][PATH]["get"].clone();
    twice["paths"][PATH]["post"] = item;
    assert_eq!(lower(&twice), Err(LowerError::DuplicateOperation("read_status".into())));
}

#[test]
fn only_the_success_is_described() -> Result<()> {
    let lowered = lower(&document())?;
    let responses = lowered["paths"]["/v1/status/{id}"]["get"]["responses"].as_object().unwrap();
    assert_eq!(responses.keys().collect::<Vec<_>>(), ["200"]);
    Ok(())
}

#[test]
fn two_kinds_of_success_or_content_that_is_not_json_are_refused() {
    let mut two = document();
    operation_of(&mut two)["responses"]["201"] = json!({"description": "Made"});
    assert!(matches!(lower(&two), Err(LowerError::Type { .. })));
    let mut form = document();
    operation_of(&mut form)["requestBody"] = json!({"content": {"multipart/form-data": {"schema": {}}}});
    assert!(matches!(lower(&form), Err(LowerError::Type { .. })));
}

#[test]
fn paths_and_schemas_are_sorted() -> Result<()> {
    let mut unsorted = document();
    unsorted["components"]["schemas"]["Account"] = json!({"type": "string"});
    let lowered = lower(&unsorted)?;
    let names: Vec<_> = lowered["components"]["schemas"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["Account", "Reply"]);
    Ok(())
}

#[test]
fn documentation_and_validation_are_dropped() -> Result<()> {
    let published = json!({"type": "string", "title": "Phone number", "minLength": 8, "maxLength": 15,
        "pattern": "^[1-9]", "examples": ["231"], "writeOnly": true, "description": "Digits only."});
    assert_eq!(json_schema(published)?, json!({"type": "string", "description": "Digits only."}));
    Ok(())
}

#[test]
fn a_description_that_repeats_the_title_is_dropped() -> Result<()> {
    let repeated = json!({"type": "string", "title": "Reply", "description": "Reply"});
    assert_eq!(json_schema(repeated)?, json!({"type": "string"}));
    Ok(())
}

#[test]
fn null_becomes_nullable_in_each_of_its_spellings() -> Result<()> {
    let expected = json!({"type": "string", "nullable": true});
    assert_eq!(json_schema(json!({"anyOf": [{"type": "string"}, {"type": "null"}]}))?, expected);
    assert_eq!(json_schema(json!({"oneOf": [{"type": "null"}, {"type": "string"}]}))?, expected);
    assert_eq!(json_schema(json!({"type": ["string", "null"]}))?, expected);
    Ok(())
}

#[test]
fn a_reference_with_company_moves_into_all_of() -> Result<()> {
    let reference = json!({"$ref": "#/components/schemas/FeeTier"});
    assert_eq!(json_schema(reference.clone())?, reference);
    assert_eq!(
        json_schema(json!({"anyOf": [reference, {"type": "null"}]}))?,
        json!({"allOf": [reference], "nullable": true})
    );
    Ok(())
}

#[test]
fn every_number_is_an_exact_decimal() -> Result<()> {
    let exact = json!({"type": "number", "format": "decimal"});
    let with_minimum =
        json!({"anyOf": [{"type": "number", "minimum": 0.01}, {"type": "integer", "minimum": 1}]});
    for number in [json!({"type": "number"}), json!({"type": "number", "format": "double"}), with_minimum] {
        assert_eq!(json_schema(number)?, exact);
    }
    let nullable = json!({"anyOf": [{"type": "number"}, {"type": "integer"}, {"type": "null"}]});
    assert_eq!(json_schema(nullable)?, json!({"type": "number", "format": "decimal", "nullable": true}));
    assert_eq!(query_schema(json!({"type": "number"}))?, json!({"type": "string", "format": "decimal"}));
    Ok(())
}

#[test]
fn a_constant_and_alternatives_of_strings_become_one_set_of_values() -> Result<()> {
    assert_eq!(
        json_schema(json!({"const": "A", "type": "string"}))?,
        json!({"type": "string", "enum": ["A"]})
    );
    let spread = json!({"anyOf": [{"enum": ["A", "B"], "type": "string"}, {"const": "C", "type": "string"}]});
    assert_eq!(json_schema(spread)?, json!({"type": "string", "enum": ["A", "B", "C"]}));
    let nested = json!({"anyOf": [{"anyOf": [{"const": "A", "type": "string"}, {"type": "null"}]}, {"const": "B", "type": "string"}]});
    assert_eq!(json_schema(nested)?, json!({"type": "string", "enum": ["A", "B"], "nullable": true}));
    Ok(())
}

#[test]
fn alternatives_that_are_not_one_type_are_refused() {
    let reference = json!({"$ref": "#/components/schemas/FeeTier"});
    for union in [
        json!({"anyOf": [{"type": "string"}, {"type": "boolean"}]}),
        json!({"anyOf": [reference, {"type": "string"}]}),
        json!({"anyOf": [{"type": "string"}, {"const": "A", "type": "string"}]}),
        json!({"type": "string", "anyOf": [{"type": "string"}]}),
        json!({"type": ["string", "integer"]}),
    ] {
        assert!(matches!(json_schema(union.clone()), Err(LowerError::Type { .. })), "{union}");
    }
}

#[test]
fn formats_that_select_a_type_stay_and_others_go() -> Result<()> {
    let lowered = |format: &str| json_schema(json!({"type": "string", "format": format}));
    for (published, expected) in [
        ("date-time", "date-time"),
        ("uuid", "uuid"),
        ("uuid4", "uuid"),
        ("password", "secret"),
        ("secret", "secret"),
    ] {
        assert_eq!(lowered(published)?["format"], expected);
    }
    assert_eq!(lowered("email")?, json!({"type": "string"}));
    Ok(())
}

#[test]
fn members_of_objects_and_lists_are_lowered_too() -> Result<()> {
    let published = json!({"type": "object", "required": ["items"], "additionalProperties": false, "properties": {
        "items": {"type": "array", "title": "Items", "default": [], "items": {"type": "number"}},
    }});
    let expected = json!({"type": "object", "required": ["items"], "properties": {
        "items": {"type": "array", "default": [], "items": {"type": "number", "format": "decimal"}},
    }});
    assert_eq!(json_schema(published)?, expected);
    Ok(())
}

#[test]
fn a_default_of_a_parameter_is_left_to_the_server() -> Result<()> {
    let mut with_default = document();
    let optional = json!({"name": "provider", "in": "query", "required": false, "schema": {
        "anyOf": [{"$ref": "#/components/schemas/Reply"}, {"type": "null"}], "default": "STRIPE"}});
    operation_of(&mut with_default)["parameters"].as_array_mut().unwrap().push(optional);
    let lowered = lower(&with_default)?;
    let parameter = &lowered["paths"]["/v1/status/{id}"]["get"]["parameters"][1];
    assert_eq!(parameter["schema"], json!({"$ref": "#/components/schemas/Reply"}));
    Ok(())
}

#[test]
fn unsupported_keywords_are_refused_with_their_place() {
    for keyword in [
        "prefixItems",
        "if",
        "then",
        "else",
        "$defs",
        "patternProperties",
        "unevaluatedProperties",
        "contains",
        "discriminator",
        "not",
        "nullable-in-3.1",
    ] {
        let published = json!({"type": "object", "properties": {"deep": {"type": "array", keyword: {}}}});
        let expected = LowerError::Keyword { at: "schema/deep".into(), keyword: keyword.into() };
        assert_eq!(json_schema(published), Err(expected));
    }
}

#[test]
fn a_parameter_in_the_components_is_found() -> Result<()> {
    let mut referring = document();
    referring["components"]["parameters"]["Limit"] =
        json!({"name": "limit", "in": "query", "required": false, "schema": {"type": "integer"}});
    let parameters = operation_of(&mut referring)["parameters"].as_array_mut().unwrap();
    parameters.push(json!({"$ref": "#/components/parameters/Limit"}));
    let lowered = lower(&referring)?;
    assert_eq!(lowered["paths"]["/v1/status/{id}"]["get"]["parameters"][1]["name"], "limit");

    referring["components"]["parameters"] = json!({});
    assert!(matches!(lower(&referring), Err(LowerError::Shape(_))));
    Ok(())
}

/// The operation after a header parameter was added to it.
fn with_header(parameter: Value) -> Result<Value> {
    let mut with = document();
    operation_of(&mut with)["parameters"].as_array_mut().unwrap().push(parameter);
    Ok(lower(&with)?["paths"]["/v1/status/{id}"]["get"].clone())
}

#[test]
fn a_header_of_one_value_is_a_constant_and_any_other_a_parameter() -> Result<()> {
    let constant = json!({"name": "Accept", "in": "header", "required": true,
        "schema": {"type": "string", "const": "application/vnd.pay+json"}});
    let operation = with_header(constant)?;
    assert_eq!(operation[HEADERS], json!({"accept": "application/vnd.pay+json"}));
    assert_eq!(operation["parameters"].as_array().map(Vec::len), Some(1));

    let key =
        json!({"name": "Idempotency-Key", "in": "header", "required": false, "schema": {"type": "string"}});
    let operation = with_header(key.clone())?;
    assert!(operation.get(HEADERS).is_none());
    assert_eq!(operation["parameters"][1], key);
    Ok(())
}

#[test]
fn a_header_that_openapi_ignores_as_a_parameter_is_refused() {
    for name in ["Accept", "content-type", "Authorization"] {
        let free = json!({"name": name, "in": "header", "required": true, "schema": {"type": "string"}});
        assert!(matches!(with_header(free), Err(LowerError::Header { .. })), "{name}");
    }
}

#[test]
fn json_by_another_name_is_json_and_its_name_a_header() -> Result<()> {
    let mut hal = document();
    let reply = json!({"schema": {"$ref": "#/components/schemas/Reply"}});
    let operation = operation_of(&mut hal);
    operation["responses"]["200"]["content"] = json!({"application/hal+json": reply});
    operation["requestBody"] =
        json!({"content": {"application/vnd.pay+json": reply, "application/json": reply}});
    let lowered = lower(&hal)?;
    let operation = &lowered["paths"]["/v1/status/{id}"]["get"];
    assert_eq!(operation["responses"]["200"]["content"], json!({"application/json": reply}));
    assert_eq!(operation["requestBody"]["content"], json!({"application/json": reply}));
    let sent = json!({"accept": "application/hal+json", "content-type": "application/vnd.pay+json"});
    assert_eq!(operation[HEADERS], sent, "the first media type of a body is the one that is sent");
    Ok(())
}

#[test]
fn a_form_is_sent_as_one_and_two_kinds_of_body_are_refused() -> Result<()> {
    let mut form = document();
    let body = |schema: &str| json!({"schema": {"$ref": format!("#/components/schemas/{schema}")}});
    operation_of(&mut form)["requestBody"] =
        json!({"content": {"application/x-www-form-urlencoded": body("Reply")}});
    let lowered = lower(&form)?;
    let operation = &lowered["paths"]["/v1/status/{id}"]["get"];
    assert_eq!(
        operation["requestBody"]["content"],
        json!({"application/x-www-form-urlencoded": body("Reply")})
    );
    assert!(operation.get(HEADERS).is_none());

    for content in
        [json!({"application/json": body("Reply"), "application/hal+json": body("Other")}), json!({})]
    {
        operation_of(&mut form)["requestBody"] = json!({"content": content});
        assert!(lower(&form).is_err(), "{content}");
    }
    operation_of(&mut form)["requestBody"] = Value::Null;
    let reply = json!({"application/json": body("Reply"), "application/hal+json": body("Reply")});
    operation_of(&mut form)["responses"]["200"]["content"] = reply;
    assert!(lower(&form).is_err(), "which of two would be asked for");
    Ok(())
}

#[test]
fn a_success_without_a_body_has_none() -> Result<()> {
    let mut made = document();
    let location = json!({"Location": {"schema": {"type": "string"}}});
    operation_of(&mut made)["responses"] = json!({"201": {"description": "Made", "headers": location}});
    let responses = &lower(&made)?["paths"]["/v1/status/{id}"]["get"]["responses"];
    assert_eq!(*responses, json!({"201": {"description": "Made"}}));
    Ok(())
}

#[test]
fn notes_to_a_reader_are_dropped() -> Result<()> {
    let noted = json!({"type": "object", "x-known": "seen", "properties": {"x-ray": {"type": "string", "x-known": "guessed"}}});
    assert_eq!(json_schema(noted)?, json!({"type": "object", "properties": {"x-ray": {"type": "string"}}}));
    Ok(())
}
