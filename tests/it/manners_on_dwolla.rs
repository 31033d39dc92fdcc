//! How Dwolla's client behaves in other people's programs: plain threads, payments as data, JSON schemas.

use std::sync::Arc;

use dwolla::{
    CustomerId, Dwolla, ErrorKind, FundingSourceId, Instruction, ReturnCode, Settlement, blocking, usd,
};
use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::{BALANCE, LATE_RETURNING_BANK, VERIFIED_BALANCE, VERIFIED_CUSTOMER};

/// A sandbox whose time runs fast, and a client that lives in it.
async fn world() -> (DwollaSandbox, Dwolla) {
    let sandbox = DwollaSandbox::builder().speed(600).start().await.unwrap();
    let builder = dwolla::Builder::from_variables(sandbox.env()).unwrap();
    let dwolla = builder.clock(Arc::new(sandbox.clock())).journal_in_memory().build().unwrap();
    (sandbox, dwolla)
}

fn source(id: impl ToString) -> FundingSourceId {
    FundingSourceId::new(id.to_string())
}

#[test]
fn a_plain_thread_pays_notes_charges_and_asks_what_came_back() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (sandbox, client) = runtime.block_on(world());
    let dwolla = blocking::Dwolla::new(client).unwrap();
    let jane = CustomerId::new(VERIFIED_CUSTOMER.to_string());
    let order = dwolla.transfer("invoice/1", source(BALANCE), jane.clone(), usd("225.00").unwrap());
    let payment = order.metadata("note", "work").fee(jane, usd("4.00").unwrap()).send().unwrap();
    assert!(matches!(payment.settled().unwrap(), Settlement::Completed(_)));

    let order =
        dwolla.transfer("invoice/2", source(BALANCE), source(LATE_RETURNING_BANK), usd("1.00").unwrap());
    let late = order.send().unwrap();
    sandbox.simulate();
    assert!(matches!(late.settled().unwrap(), Settlement::Completed(_)));
    sandbox.simulate();
    let returned = dwolla.wait(dwolla.client().returned(late.payment())).unwrap().unwrap().unwrap();
    assert_eq!(returned.failure.unwrap().code, ReturnCode::R03);

    let found = dwolla.find("invoice/1").unwrap().unwrap();
    assert_eq!((found.reference_id(), dwolla.resume().unwrap()), (payment.reference_id(), 0));
    let movements = sandbox.ledger().movements();
    assert_eq!(movements.len(), 1);
    assert_eq!(movements[0].idempotency_key, Some(payment.reference_id().to_string()));
    assert_eq!(sandbox.ledger().payments(&late.reference_id().to_string()), 0);
}

#[tokio::test]
async fn the_blocking_client_inside_a_runtime_is_an_error_and_never_a_panic() {
    let (sandbox, client) = world().await;
    let error = blocking::Dwolla::new(client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("dwolla::blocking was called inside a Tokio runtime"), "{error}");
    assert_eq!(sandbox.request_count(), 0);
}

#[tokio::test]
async fn a_written_instruction_is_the_same_payment_as_the_call() {
    let (sandbox, dwolla) = world().await;
    let jane = CustomerId::new(VERIFIED_CUSTOMER.to_string());
    let order = dwolla.transfer("invoice/1", source(BALANCE), jane.clone(), usd("225.00").unwrap());
    let order =
        order.metadata("note", "work").fee(jane.clone(), usd("4.00").unwrap()).clearing_next_available();
    let called = order.source_clearing_standard().send().await.unwrap();
    let written = format!(
        r#"{{ "operation": "transfer", "name": "invoice/1", "source": "{BALANCE}",
            "destination": {{ "customer": "{jane}" }}, "amount": {{ "amount": "225.00", "currency": "USD" }},
            "metadata": {{ "note": "work" }},
            "fees": [{{ "charge_to": {{ "customer": "{jane}" }}, "amount": {{ "amount": "4.00", "currency": "USD" }} }}],
            "source_clearing": "standard", "destination_clearing": "next-available" }}"#
    );
    let instruction: Instruction = serde_json::from_str(&written).unwrap();
    let again: Instruction = serde_json::from_str(&serde_json::to_string(&instruction).unwrap()).unwrap();
    assert_eq!(again, instruction);
    let ordered = dwolla.order(instruction).send().await.unwrap();
    assert_eq!(ordered.reference_id(), called.reference_id());
    assert!(matches!(ordered.settled().await.unwrap(), Settlement::Completed(_)));
    assert!(serde_json::from_str::<Instruction>(&written.replace("fees", "fee")).is_err());
    let plain = format!(
        r#"{{ "operation": "transfer", "name": "invoice/2", "source": "{BALANCE}",
            "destination": {{ "funding_source": "{VERIFIED_BALANCE}" }},
            "amount": {{ "amount": "1.00", "currency": "USD" }} }}"#
    );
    let plain = dwolla.order(serde_json::from_str(&plain).unwrap()).send().await.unwrap();
    assert!(matches!(plain.settled().await.unwrap(), Settlement::Completed(_)));
    assert_eq!(sandbox.ledger().movements().len(), 2);
}

#[test]
fn settings_and_instructions_have_schemas_without_a_place_for_secrets() {
    let config = serde_json::to_value(schemars::schema_for!(dwolla::Config)).unwrap();
    assert_eq!(config["additionalProperties"], false);
    let names: Vec<_> = config["properties"].as_object().unwrap().keys().cloned().collect();
    assert!(
        names.contains(&"key".to_owned()) && names.iter().all(|name| !name.contains("secret")),
        "{names:?}"
    );
    let instruction = serde_json::to_value(schemars::schema_for!(Instruction)).unwrap();
    let transfer = &instruction["oneOf"][0]["properties"];
    assert_eq!(transfer["operation"]["const"], "transfer", "{instruction}");
    assert_eq!(transfer["amount"]["$ref"], "#/$defs/Money");
    let id = &instruction["$defs"]["FundingSourceId"];
    assert_eq!((&id["type"], &id["format"]), (&"string".into(), &"uuid".into()), "{instruction}");
    let destinations = instruction["$defs"]["Destination"]["oneOf"].as_array().unwrap();
    assert_eq!(destinations.len(), 4, "{instruction}");
}
