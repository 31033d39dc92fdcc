//! How money moves: from bank to balance to bank, and back.

use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::{
    BALANCE, BANK, BUSINESS, BUSINESS_BALANCE, CUSTOMER, CUSTOMER_BANK, LATE_RETURNING_BANK, LATE_SHORT_BANK,
    RETURNING_BANK, SHORT_BANK, Switches, VERIFIED_BALANCE, switches::BankRemoval,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Application, transfer};

struct World {
    sandbox: DwollaSandbox,
    application: Application,
}

impl World {
    async fn new() -> Self {
        let sandbox = DwollaSandbox::start().await.unwrap();
        let application = Application::of(&sandbox).await;
        Self { sandbox, application }
    }

    async fn pay(&self, source: Uuid, destination: Uuid, value: &str) -> Uuid {
        self.application.post("/transfers", &transfer(source, destination, value)).await.made()
    }

    /// How much less than at the beginning is in a funding source.
    fn gone(&self, kind: &str, source: Uuid) -> Decimal {
        let ledger = self.sandbox.ledger();
        let account = format!("{kind}:{source}");
        let entries = ledger.entries();
        let opening =
            entries.iter().find(|entry| entry.account == account && entry.kind == "OPENING").unwrap();
        opening.amount - ledger.balance(&account)
    }

    #[track_caller]
    fn is_sound(&self, movements: usize) {
        let ledger = self.sandbox.ledger();
        assert!(ledger.is_balanced());
        assert_eq!(ledger.movements().len(), movements);
        assert!(ledger.paid_twice().is_empty());
    }
}

fn dollars(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[tokio::test]
async fn between_balances_money_arrives_at_once() {
    let world = World::new().await;
    let id = world.pay(BALANCE, VERIFIED_BALANCE, "225.00").await;
    assert_eq!(world.application.status(id).await, "processed");
    assert_eq!(world.gone("balance", BALANCE), dollars("225.00"));
    assert_eq!(world.gone("balance", VERIFIED_BALANCE), dollars("-225.00"));
    assert_eq!(world.sandbox.simulate(), 0);
    world.is_sound(1);
}

#[tokio::test]
async fn a_payment_between_banks_takes_a_simulation_for_each() {
    let world = World::new().await;
    let id = world.pay(BANK, CUSTOMER_BANK, "10.00").await;
    for (simulated, status) in [(1, "pending"), (1, "processed"), (0, "processed")] {
        let reply = world.application.post("/sandbox-simulations", &json!({})).await;
        assert_eq!((reply.status, &reply.body["total"]), (200, &json!(simulated)));
        assert_eq!(world.application.status(id).await, status);
    }
    assert_eq!(world.gone("bank", CUSTOMER_BANK), dollars("-10.00"));
    world.is_sound(1);
}

#[tokio::test]
async fn one_simulation_deals_with_five_hundred_transfers() {
    let world = World::new().await;
    for _ in 0..501 {
        world.pay(BALANCE, CUSTOMER_BANK, "0.01").await;
    }
    assert_eq!((world.sandbox.simulate(), world.sandbox.simulate(), world.sandbox.simulate()), (500, 1, 0));
    assert_eq!(world.gone("balance", BALANCE), dollars("5.01"));
    world.is_sound(501);
}

#[tokio::test]
async fn a_debit_that_a_bank_sends_back_moves_nothing() {
    let world = World::new().await;
    let id = world.pay(SHORT_BANK, CUSTOMER_BANK, "10.00").await;
    world.is_sound(1);
    world.sandbox.simulate();
    let reply = world.application.get(&format!("/transfers/{id}")).await.body;
    assert_eq!(reply["status"], "failed");
    let failure = world.application.get(&format!("/transfers/{id}/failure")).await.body;
    assert_eq!((&failure["code"], &failure["description"]), (&json!("R01"), &json!("Insufficient Funds")));
    assert!(failure["explanation"].is_string());
    let bank = failure["_links"]["failed-funding-source"]["href"].as_str().unwrap();
    assert!(bank.ends_with(&SHORT_BANK.to_string()), "{bank}");
    assert_eq!(world.gone("bank", SHORT_BANK), dollars("0"));
    // R01 keeps the bank.
    let bank = world.application.get(&format!("/funding-sources/{SHORT_BANK}")).await.body;
    assert_eq!(bank["removed"], false);
    world.is_sound(0);
}

#[tokio::test]
async fn a_credit_that_a_bank_sends_back_removes_the_bank_and_cancels_what_was_to_follow() {
    let world = World::new().await;
    let first = world.pay(BALANCE, RETURNING_BANK, "10.00").await;
    let second = world.pay(BALANCE, RETURNING_BANK, "20.00").await;
    world.sandbox.simulate();
    assert_eq!(world.application.status(first).await, "failed");
    assert_eq!(world.application.status(second).await, "cancelled");
    let bank = world.application.get(&format!("/funding-sources/{RETURNING_BANK}")).await.body;
    assert_eq!((&bank["removed"], &bank["status"]), (&json!(true), &json!("unverified")));
    assert_eq!(world.gone("balance", BALANCE), dollars("0"));
    let again = world.application.post("/transfers", &transfer(BALANCE, RETURNING_BANK, "1.00")).await;
    assert_eq!(again.refusal(), (400, "Invalid".into(), "/_links/destination/href".into()));
    world.is_sound(0);
}

#[tokio::test]
async fn a_late_return_undoes_a_processed_transfer() {
    let world = World::new().await;
    let debit = world.pay(LATE_SHORT_BANK, BALANCE, "10.00").await;
    let credit = world.pay(BALANCE, LATE_RETURNING_BANK, "20.00").await;
    world.sandbox.simulate();
    assert_eq!(world.application.status(debit).await, "processed");
    assert_eq!(world.application.status(credit).await, "processed");
    world.is_sound(2);
    world.sandbox.simulate();
    assert_eq!(world.application.status(debit).await, "failed");
    assert_eq!(world.application.status(credit).await, "failed");
    assert_eq!(world.gone("balance", BALANCE), dollars("0"));
    world.is_sound(0);
}

#[tokio::test]
async fn what_a_late_return_does_not_find_any_more_is_owed() {
    let world = World::new().await;
    world.sandbox.switches(Switches { bank_removal: BankRemoval::Table, ..Switches::default() });
    let bank = world.sandbox.seed_bank(BUSINESS, "R01-late");
    world.pay(bank, BUSINESS_BALANCE, "10.00").await;
    world.sandbox.simulate();
    // The balance holds 11.00: it had one dollar.
    world.pay(BUSINESS_BALANCE, BALANCE, "9.50").await;
    world.sandbox.simulate();
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.balance(&format!("balance:{BUSINESS_BALANCE}")), dollars("0"));
    assert_eq!(ledger.balance(&format!("owed:{BUSINESS_BALANCE}")), dollars("-8.50"));
    world.is_sound(1);
}

#[tokio::test]
async fn a_bank_that_holds_less_than_is_debited_sends_it_back() {
    let world = World::new().await;
    let added = json!({ "routingNumber": "222222226", "accountNumber": "123456789", "bankAccountType": "checking",
        "name": "Small", "_links": { "on-demand-authorization": { "href": "/on-demand-authorizations/1" } } });
    let bank = world.application.post(&format!("/customers/{BUSINESS}/funding-sources"), &added).await.made();
    let fits = world.pay(bank, BALANCE, "9000.00").await;
    world.sandbox.simulate();
    assert_eq!(world.application.status(fits).await, "processed");
    for _ in 0..110 {
        world.pay(bank, BALANCE, "9999.99").await;
        world.sandbox.simulate();
    }
    let list = format!("/customers/{BUSINESS}/transfers?status=failed");
    let failed = world.application.get(&list).await.body;
    assert_eq!(failed["total"], 11);
    assert!(world.sandbox.ledger().is_balanced());
}

async fn charged(world: &World, payer: &str, source: Uuid, destination: Uuid) -> (Uuid, Value) {
    let mut body = transfer(source, destination, "100.00");
    let fee = |value: &str| {
        json!({ "_links": { "charge-to": { "href": format!("http://any/{payer}") } },
        "amount": { "value": value, "currency": "USD" } })
    };
    body["fees"] = json!([fee("4.00"), fee("1.50")]);
    let id = world.application.post("/transfers", &body).await.made();
    let fees = world.application.get(&format!("/transfers/{id}/fees")).await.body;
    assert_eq!(fees["total"], 2);
    (id, fees)
}

#[tokio::test]
async fn fees_are_charged_when_the_payment_is_processed_and_not_before() {
    let world = World::new().await;
    // By the payee, out of what it receives.
    let customer = format!("customers/{BUSINESS}");
    let bank = world.sandbox.seed_bank(BUSINESS, "Operating");
    let (id, fees) = charged(&world, &customer, BANK, bank).await;
    assert!(fees["transactions"].as_array().unwrap().iter().all(|fee| fee["status"] == "pending"));
    assert_eq!(world.gone("balance", BALANCE), dollars("0"));
    world.sandbox.simulate();
    world.sandbox.simulate();
    let fees = world.application.get(&format!("/transfers/{id}/fees")).await.body;
    assert!(fees["transactions"].as_array().unwrap().iter().all(|fee| fee["status"] == "processed"));
    assert_eq!(world.gone("balance", BALANCE), dollars("-5.50"));
    assert_eq!(world.gone("bank", bank), dollars("-94.50"));
    // By the payer, beside what it sends.
    let account = format!("accounts/{}", payonce_sandbox::dwolla::ACCOUNT);
    charged(&world, &account, BANK, CUSTOMER_BANK).await;
    assert_eq!(world.gone("bank", BANK), dollars("205.50"));
    assert_eq!(world.gone("balance", BALANCE), dollars("-5.50"));
    world.sandbox.simulate();
    world.sandbox.simulate();
    assert_eq!(world.gone("bank", BANK), dollars("205.50"));
    assert_eq!(world.gone("balance", BALANCE), dollars("-11.00"));
    assert_eq!(world.sandbox.ledger().balance("transit"), dollars("0"));
    world.is_sound(2);
}

#[tokio::test]
async fn a_payment_that_fails_or_is_cancelled_charges_no_fee() {
    let world = World::new().await;
    let customer = format!("customers/{CUSTOMER}");
    let (cancelled, _) = charged(&world, &customer, BANK, CUSTOMER_BANK).await;
    assert_eq!(world.application.cancel(cancelled).await.status, 200);
    let (failed, _) = charged(&world, &customer, SHORT_BANK, CUSTOMER_BANK).await;
    world.sandbox.simulate();
    for payment in [cancelled, failed] {
        let fees = world.application.get(&format!("/transfers/{payment}/fees")).await.body;
        assert!(fees["transactions"].as_array().unwrap().iter().all(|fee| fee["status"] == "cancelled"));
    }
    assert_eq!(world.gone("balance", BALANCE), dollars("0"));
    world.is_sound(0);
}
