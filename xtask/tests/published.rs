//! The checked-in spec against what is known of the published one.

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
