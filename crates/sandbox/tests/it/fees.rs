//! What is predicted is what is settled, to the hundredth, and every currency by itself sums to zero.

use std::time::Duration;

use payonce_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::merchant::Merchant;

/// Amounts in hundredths at which roundings go up, down and to nothing.
const CENTS: [i64; 6] = [1, 33, 101, 4_999, 25_000, 123_456_789];

/// Method, provider, number of an account that pays at once, and the currencies it pays in.
const METHODS: [(&str, &str, Option<&str>, &[&str]); 6] = [
    ("MTN_MOMO_LBR", "MTN_MOMO_LBR", Some("231770000006"), &["USD", "LRD"]),
    ("ORANGE_MONEY_LBR", "PAWAPAY", Some("231770000006"), &["USD", "LRD"]),
    ("AIRTEL_RWA", "PAWAPAY", Some("231770000006"), &["RWF"]),
    ("MTN_MOMO_RWA", "PAWAPAY", Some("231770000006"), &["RWF"]),
    ("ORANGE_MONEY_RWA", "PAWAPAY", Some("231770000006"), &["RWF"]),
    ("CREDIT_CARD", "STRIPE", None, &["USD", "LRD"]),
];

/// A decimal as JSON has it, from hundredths.
fn amount(cents: i64) -> Value {
    Value::Number(format!("{}.{:02}", cents / 100, cents % 100).parse().unwrap())
}

/// A number or a text that holds one, in hundredths.
fn cents(value: &Value) -> i64 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = format!("{part:0<2}");
    whole.parse::<i64>().unwrap() * 100 + part[..2].parse::<i64>().unwrap()
}

struct Till {
    sandbox: Sandbox,
    merchant: Merchant,
}

impl Till {
    async fn open() -> Self {
        let sandbox = Sandbox::builder().settle_after(Duration::ZERO).start().await.unwrap();
        let merchant = Merchant::of(&sandbox).await;
        Self { sandbox, merchant }
    }

    async fn invoice(&self, currency: &str, bearer: &str, total: i64) -> i64 {
        let body = json!({ "counterparty_id": 15, "currency": currency, "note": "", "fee_bearer": bearer,
            "as_payment_link": false });
        let (_, invoice) = self.merchant.post("/v1/invoices/create", body).await.unwrap();
        let id = invoice["id"].as_i64().unwrap();
        let item = json!({ "name": "Odd", "currency": currency, "qty": 1, "amount": amount(total) });
        self.merchant.post(&format!("/v1/invoices/{id}/items/add"), item).await.unwrap();
        assert_eq!(self.merchant.call(Method::PUT, &format!("/v1/invoices/publish/{id}"), None).await.0, 200);
        id
    }

    async fn account(&self, (method, provider, number, _): (&str, &str, Option<&str>, &[&str])) -> i64 {
        let body = json!({ "account_name": "Ama", "method": method, "provider": provider, "party_id": 42,
            "insensitive_account_number": number });
        let path = "/v1/payment-accounts/create?operation_type=COLLECTION";
        self.merchant.post(path, body).await.unwrap().1["id"].as_i64().unwrap()
    }

    /// Pays an invoice and returns its receipt.
    async fn receipt(&self, invoice: i64, account: i64, currency: &str) -> Value {
        let session = json!({ "source_id": invoice, "source_type": "INVOICE" });
        let session = self.merchant.session("checkout", session).await;
        let reference = Uuid::new_v4();
        let body = json!({ "session_id": session, "payment_account_id": account.to_string(), "currency": currency,
            "reference_id": reference });
        let (status, execution) = self.merchant.post("/v1/executions/collection", body).await.unwrap();
        assert_eq!(status, 200, "{execution}");
        self.sandbox.confirm_card(reference);
        let (_, execution) = self.merchant.get(&format!("/v1/status/collection/{reference}")).await.unwrap();
        let (_, receipt) = self.merchant.get(&format!("/v1/invoices/receipt/{invoice}")).await.unwrap();
        for side in ["payer", "payee"] {
            let (amount, currency) = (format!("{side}_amount"), format!("{side}_currency"));
            assert_eq!(execution[&currency], receipt[&currency]);
            assert_eq!(cents(&execution[&amount]), receipt.get(&amount).map_or(0, cents));
        }
        receipt
    }
}

#[tokio::test]
async fn a_prediction_is_settled_to_the_hundredth_whoever_bears_the_fees_and_whatever_is_paid_in() {
    let till = Till::open().await;
    let mut compared = 0;
    for method in METHODS {
        let (name, provider, _, currencies) = method;
        for base in ["USD", "LRD", "RWF"] {
            for &target in currencies {
                for bearer in ["PAYER", "PAYEE"] {
                    for total in CENTS {
                        let invoice = till.invoice(base, bearer, total).await;
                        let by_amount = format!(
                            "/v1/predictions/amount-and-fees?base_amount={}&base_currency={base}&fee_bearer={bearer}\
                             &operation_type=COLLECTION&target_currency={target}&payment_method={name}&provider={provider}",
                            amount(total)
                        );
                        let by_source = format!(
                            "/v1/predictions/payment-source/amount-and-fees?source_type=INVOICE&source_id={invoice}\
                             &target_currency={target}&payment_method={name}&provider={provider}"
                        );
                        let (_, predicted) = till.merchant.get(&by_amount).await.unwrap();
                        assert_eq!(till.merchant.get(&by_source).await.unwrap(), (200, predicted.clone()));
                        let receipt = till.receipt(invoice, till.account(method).await, target).await;
                        for field in ["payer_amount", "payee_amount", "platform_fee", "gateway_fee", "fx_fee"]
                        {
                            let settled = receipt.get(field).map_or(0, cents);
                            let said = predicted.get(field).map_or(0, cents);
                            assert_eq!(
                                settled, said,
                                "{field} of {total} {base} by {name} in {target}, {bearer}"
                            );
                        }
                        for field in
                            ["payer_currency", "payee_currency", "platform_currency", "gateway_currency"]
                        {
                            assert_eq!(receipt[field], predicted[field], "{field}");
                        }
                        assert_eq!(receipt["fx_rate"].is_string(), base != target);
                        compared += 1;
                    }
                }
            }
        }
    }
    assert_eq!(compared, (3 * 2 + 3) * 3 * 2 * 6);
    assert_eq!(till.sandbox.ledger().movements().len(), compared);
    assert!(till.sandbox.ledger().is_balanced());
}

#[tokio::test]
async fn paid_in_another_currency_the_exchange_stands_between_payer_and_wallet() {
    let till = Till::open().await;
    let ledger = till.sandbox.ledger();
    let wallet = ledger.balance("wallet:3", "USD");
    let receipt = till.receipt(101, 26, "LRD").await;
    // 250.00 + 1 % + 1.5 % + 1 % for the exchange, at 190.
    assert_eq!(cents(&receipt["payer_amount"]), 4_916_250);
    assert_eq!((&receipt["fx_rate"], cents(&receipt["fx_fee"])), (&json!("190.00000000"), 250));
    assert_eq!((&receipt["fx_currency_from"], &receipt["fx_currency_to"]), (&json!("USD"), &json!("LRD")));
    assert_eq!(ledger.balance("account:26", "LRD").to_string(), "-49162.50");
    assert_eq!(ledger.balance("fx:position", "LRD").to_string(), "49162.50");
    assert_eq!(ledger.balance("fx:position", "USD").to_string(), "-258.75");
    assert_eq!(ledger.balance("fees:fx", "USD").to_string(), "2.50");
    assert_eq!((ledger.balance("wallet:3", "USD") - wallet).to_string(), "250.00");

    let intent = ledger.movements()[0].payment_intent_id;
    let refund =
        json!({ "original_payment_intent_id": intent, "amount": 100, "expires_at": "2099-01-01T00:00:00Z" });
    let session = till.merchant.session("refund", refund).await;
    let body = json!({ "session_id": session, "reference_id": Uuid::new_v4() });
    let (_, refunded) = till.merchant.post("/v1/executions/refund", body).await.unwrap();
    assert_eq!((&refunded["payer_currency"], cents(&refunded["payer_amount"])), (&json!("USD"), 10_000));
    assert_eq!((&refunded["payee_currency"], cents(&refunded["payee_amount"])), (&json!("LRD"), 1_900_000));
    assert_eq!(ledger.balance("account:26", "LRD").to_string(), "-30162.50");
    assert_eq!(ledger.balance("clearing", "USD").to_string(), "0.00");
    assert!(ledger.is_balanced());
}

#[tokio::test]
async fn a_predicted_payout_costs_the_wallet_what_was_predicted() {
    let till = Till::open().await;
    for total in CENTS {
        let path = format!(
            "/v1/predictions/amount-and-fees?base_amount={}&base_currency=USD&target_currency=USD&fee_bearer=PAYER\
             &operation_type=PAYOUT&payment_method=MTN_MOMO_LBR&provider=MTN_MOMO_LBR",
            amount(total)
        );
        let (_, predicted) = till.merchant.get(&path).await.unwrap();
        let body = json!({ "payout_account_id": 18, "amount": amount(total), "currency": "USD" });
        let session = till.merchant.session("payout", body).await;
        let before = till.sandbox.ledger().balance("wallet:3", "USD");
        let (_, paid) = till.merchant.pay_out(&session, Uuid::new_v4()).await.unwrap();
        assert_eq!(paid["status"], "COMPLETED");
        assert_eq!(cents(&paid["payer_amount"]), cents(&predicted["payer_amount"]));
        let spent = before - till.sandbox.ledger().balance("wallet:3", "USD");
        assert_eq!(spent.to_string(), predicted["payer_amount"].as_str().unwrap());
    }
}

#[tokio::test]
async fn the_fees_that_are_listed_are_the_fees_that_are_charged() {
    let till = Till::open().await;
    let (_, gateway) = till
        .merchant
        .get("/v1/fees/gateway?payment_method=CREDIT_CARD&operation_type=COLLECTION")
        .await
        .unwrap();
    let (_, tier) =
        till.merchant.get("/v1/fees/merchant-tier?owner_type=ORGANIZATION&owner_id=42").await.unwrap();
    let name = tier["tier"]["name"].as_str().unwrap();
    let platform = format!("/v1/fees/platform?operation_type=COLLECTION&fee_tier_name={name}");
    let (_, platform) = till.merchant.get(&platform).await.unwrap();
    let (_, tiers) = till.merchant.get("/v1/fees/tiers").await.unwrap();
    assert_eq!(tiers.as_array().unwrap().iter().filter(|tier| tier["is_default"] == true).count(), 1);
    let invoice = till.invoice("USD", "PAYER", 10_000).await;
    let card = till.account(METHODS[5]).await;
    let receipt = till.receipt(invoice, card, "LRD").await;
    // Of 100.00, a percentage is an amount.
    assert_eq!(cents(&receipt["platform_fee"]), cents(&platform["percentage"]));
    assert_eq!(cents(&receipt["fx_fee"]), cents(&platform["fx_percentage"]));
    assert_eq!(cents(&receipt["gateway_fee"]), cents(&gateway["percentage"]) + cents(&gateway["fixed_fee"]));
}
