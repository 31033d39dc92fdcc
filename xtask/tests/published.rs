//! The checked-in specs against what is known of the providers.

use std::fs;
use std::path::Path;

use serde_json::Value;

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = fs::read_to_string(path).expect("the file is checked in");
    serde_json::from_str(&text).expect("the file is JSON")
}

/// The fixture is the provider's own reference page of one operation, converted from YAML and otherwise untouched.
#[test]
fn the_operation_that_was_seen_whole_is_contained_unchanged() {
    let seen = read("tests/fixtures/create_refund_session.json");
    let spec = read("../openapi.json");
    let path = "/{version}/sessions/refund";
    assert_eq!(spec["openapi"], seen["openapi"]);
    assert_eq!(spec["info"], seen["info"]);
    assert_eq!(spec["paths"][path], seen["paths"][path]);
    assert_eq!(spec["components"]["securitySchemes"], seen["components"]["securitySchemes"]);
    let schemas = seen["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas.len(), 4);
    for (name, schema) in schemas {
        assert_eq!(&spec["components"]["schemas"][name], schema, "{name}");
    }
}

#[test]
fn every_operation_is_there_and_answers_200_or_422_only() {
    let spec = read("../openapi.json");
    let mut operations = 0;
    for (path, item) in spec["paths"].as_object().unwrap() {
        assert!(path.starts_with("/{version}/"), "{path}");
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
            assert_eq!(statuses, ["200", "422"], "{method} {path}");
        }
    }
    assert_eq!(operations, 59);
}

/// Every operation of a document, as method, path and what is said of it.
fn operations(spec: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = spec["paths"].as_object().into_iter().flatten();
    let items = paths.flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, operation)| (method, path, operation))
    });
    items.map(|(method, path, operation)| (method.as_str(), path.as_str(), operation)).collect()
}

/// Whether an operation takes the parameter of that name from the components.
fn takes(operation: &Value, parameter: &str) -> bool {
    let reference = format!("#/components/parameters/{parameter}");
    operation["parameters"].as_array().into_iter().flatten().any(|taken| taken["$ref"] == reference.as_str())
}

#[test]
fn each_call_of_dwolla_names_its_version_and_each_creation_may_have_a_key() {
    let spec = read("../openapi.dwolla.json");
    for (method, path, operation) in operations(&spec) {
        let token = path == "/token";
        assert_eq!(takes(operation, "Accept"), !token, "{method} {path}");
        assert_eq!(takes(operation, "IdempotencyKey"), method == "post" && !token, "{method} {path}");
        // The answer to a repeat that comes too early.
        let conflict = operation["responses"].get("409").is_some();
        assert_eq!(conflict, takes(operation, "IdempotencyKey"), "{method} {path}");
        let scheme = if token { "basic" } else { "bearer" };
        assert_eq!(operation["security"], serde_json::json!([{scheme: []}]), "{method} {path}");
        for status in ["401", "429", "500"] {
            assert!(operation["responses"].get(status).is_some(), "{method} {path} {status}");
        }
    }
    assert_eq!(operations(&spec).len(), 20);
}

#[test]
fn what_is_said_of_dwolla_says_how_it_is_known() {
    let spec = read("../openapi.dwolla.json");
    let sure = |fact: &Value| {
        let known = fact["x-known"].as_str().unwrap_or_default();
        ["SEED", "DOCS", "SDK", "ASSUMED"].iter().any(|mark| known.contains(mark))
    };
    for (method, path, operation) in operations(&spec) {
        assert!(sure(operation), "{method} {path}");
    }
    for (name, schema) in spec["components"]["schemas"].as_object().unwrap() {
        assert!(sure(schema), "{name}");
    }
    assert!(spec["info"]["description"].as_str().unwrap().contains("not by the provider"));
}
