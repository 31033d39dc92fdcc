//! Every operation of the published document, called once as it should be and once as it should not. The walk over
//! `openapi.json` and the calls are the same thing, so an operation without a route, a happy path or a refusal fails here.

use std::collections::BTreeSet;

use dollr_raw::types;
use payonce_sandbox::{CLIENT_ID, CLIENT_SECRET, Sandbox};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::merchant::{Merchant, payout};

const LATER: &str = "2099-01-01T00:00:00Z";
const KEY: &str = "550e8400-e29b-41d4-a716-446655440000";

/// One call: a method and a path with its query, and a body if there is one.
#[derive(Clone)]
struct Call(&'static str, String, Option<Value>);

/// What is refused, and what the refusal names: a place in a 422, or the text of any other.
struct Refusal(Call, u16, Value);

struct Case {
    /// The operation as in the document.
    operation: String,
    /// What has to be there before.
    before: Vec<Call>,
    happy: Call,
    decodes: fn(Value) -> Result<(), serde_json::Error>,
    refusal: Refusal,
}

fn decodes<T: DeserializeOwned>(reply: Value) -> Result<(), serde_json::Error> {
    // From text, because an amount is read from the text of its number.
    serde_json::from_str::<T>(&reply.to_string()).map(drop)
}

fn get(path: impl Into<String>) -> Call {
    Call("GET", path.into(), None)
}

fn post(path: impl Into<String>, body: Value) -> Call {
    Call("POST", path.into(), Some(body))
}

fn put(path: impl Into<String>, body: Value) -> Call {
    Call("PUT", path.into(), Some(body))
}

fn case<T: DeserializeOwned>(operation: impl Into<String>, happy: Call, refusal: Refusal) -> Case {
    Case { operation: operation.into(), before: Vec::new(), happy, decodes: decodes::<T>, refusal }
}

impl Case {
    fn after(mut self, before: Vec<Call>) -> Self {
        self.before = before;
        self
    }
}

fn with(mut body: Value, member: &str, value: Value) -> Value {
    body[member] = value;
    body
}

/// The twelve operations of invoices or of orders.
fn sources<S, D, I, R>(tag: &str, one: &str) -> Vec<Case>
where
    S: DeserializeOwned,
    D: DeserializeOwned,
    I: DeserializeOwned,
    R: DeserializeOwned,
{
    let create = json!({ "counterparty_id": 15, "currency": "USD", "note": "Strategy Session",
        "fee_bearer": "PAYER", "as_payment_link": true });
    let item = json!({ "name": "Strategy Session", "currency": "USD", "qty": 2, "amount": 12.50 });
    let (new, number) = match tag {
        "invoices" => (9051, "INV-2025-00042"),
        _ => (202, "ORD-2025-00201"),
    };
    let (active, kind) = if tag == "invoices" { (101, "INVOICE") } else { (201, "ORDER") };
    let unknown = json!(if tag == "invoices" { "Invoice not found" } else { "Order not found" });
    let path = |rest: &str| format!("/v1/{tag}/{rest}");
    let made = || post(path("create"), create.clone());
    let with_item = || vec![made(), post(path(&format!("{new}/items/add")), item.clone())];
    // The first item that is added to a fresh sandbox.
    let first_item = 1001;
    let paid = vec![
        post("/v1/sessions/checkout", json!({ "source_id": active, "source_type": kind })),
        post(
            "/v1/executions/collection",
            json!({ "session_id": "55", "payment_account_id": "26",
            "currency": "USD", "reference_id": KEY }),
        ),
    ];
    let idle_only = |parameter: &str| json!(["path", parameter]);
    let id = format!("{one}_id");
    vec![
        case::<S>(
            format!("POST {}", path("create")),
            made(),
            Refusal(
                post(path("create"), with(create.clone(), "counterparty_id", json!(999))),
                422,
                json!(["body", "counterparty_id"]),
            ),
        ),
        case::<Vec<S>>(
            format!("GET {}", path("list")),
            get(path("list?currency=USD&status=ACTIVE")),
            Refusal(get(path("list?status=LATE")), 422, json!(["query", "status"])),
        ),
        case::<D>(
            format!("GET {}", path("retrieve/{id}")),
            get(path(&format!("retrieve/{active}"))),
            Refusal(get(path("retrieve/77777")), 404, unknown.clone()),
        ),
        case::<D>(
            format!("GET {}", path(&format!("retrieve/number/{{{one}_number}}"))),
            get(path(&format!("retrieve/number/{number}"))),
            Refusal(get(path("retrieve/number/INV-0")), 404, unknown.clone()),
        ),
        case::<S>(
            format!("PUT {}", path("update/{id}")),
            put(path(&format!("update/{new}")), json!({ "note": "Two Sessions", "fee_bearer": "PAYEE" })),
            Refusal(
                put(path(&format!("update/{active}")), json!({ "note": "Too late" })),
                422,
                idle_only("id"),
            ),
        )
        .after(vec![made()]),
        case::<S>(
            format!("PUT {}", path("publish/{id}")),
            Call("PUT", path(&format!("publish/{new}")), None),
            Refusal(Call("PUT", path(&format!("publish/{active}")), None), 422, idle_only("id")),
        )
        .after(with_item()),
        case::<S>(
            format!("DELETE {}", path("cancel/{id}")),
            Call("DELETE", path(&format!("cancel/{active}")), None),
            // Once it is canceled it cannot be canceled again.
            Refusal(Call("DELETE", path(&format!("cancel/{active}")), None), 422, idle_only("id")),
        ),
        case::<I>(
            format!("POST {}", path(&format!("{{{id}}}/items/add"))),
            post(path(&format!("{new}/items/add")), item.clone()),
            Refusal(post(path(&format!("{active}/items/add")), item.clone()), 422, idle_only(&id)),
        )
        .after(vec![made()]),
        case::<I>(
            format!("PUT {}", path(&format!("{{{id}}}/items/{{id}}/update"))),
            put(path(&format!("{new}/items/{first_item}/update")), json!({ "qty": 3 })),
            Refusal(
                put(path(&format!("{new}/items/{first_item}/update")), json!({ "qty": 0 })),
                422,
                json!(["body", "qty"]),
            ),
        )
        .after(with_item()),
        case::<Value>(
            format!("DELETE {}", path(&format!("{{{id}}}/items/{{id}}/remove"))),
            Call("DELETE", path(&format!("{new}/items/{first_item}/remove")), None),
            Refusal(
                Call("DELETE", path(&format!("{new}/items/{first_item}/remove")), None),
                404,
                json!("Item not found"),
            ),
        )
        .after(with_item()),
        case::<R>(
            format!("GET {}", path("receipt/{id}")),
            get(path(&format!("receipt/{active}"))),
            Refusal(get(path(&format!("receipt/{new}"))), 422, json!(["path", "id"])),
        )
        .after([paid.clone(), vec![made()]].concat()),
        case::<R>(
            format!("GET {}", path(&format!("receipt/number/{{{one}_number}}"))),
            get(path(&format!("receipt/number/{number}"))),
            Refusal(get(path("receipt/number/INV-0")), 404, unknown),
        )
        .after(paid),
    ]
}

fn people() -> Vec<Case> {
    let party = json!({ "fullname": "Ama Mensah", "phone": "231774567890", "email": "ama@example.com",
        "country_code": "LR" });
    let account = json!({ "account_name": "Amara Kamara", "provider": "MTN_MOMO_LBR", "method": "MTN_MOMO_LBR",
        "party_id": 42, "country_code": "LR", "insensitive_account_number": "231771234567" });
    vec![
        case::<types::PartyResponse>(
            "POST /v1/parties/create",
            post("/v1/parties/create", party.clone()),
            Refusal(
                post("/v1/parties/create", with(party, "phone", json!("+231774567890"))),
                422,
                json!(["body", "phone"]),
            ),
        ),
        case::<Vec<types::PartyResponse>>(
            "GET /v1/parties/list",
            get("/v1/parties/list?fullname=amara"),
            Refusal(Call("ANON", "/v1/parties/list".to_owned(), None), 401, json!("Not authenticated")),
        ),
        case::<types::PartyResponse>(
            "GET /v1/parties/retrieve/{id}",
            get("/v1/parties/retrieve/42"),
            Refusal(get("/v1/parties/retrieve/x"), 404, json!("Party not found")),
        ),
        case::<types::CounterPartyResponse>(
            "POST /v1/counterparties/create",
            post("/v1/counterparties/create", json!({ "relationship_type": "EMPLOYEE", "party_id": 42 })),
            Refusal(
                post("/v1/counterparties/create", json!({ "relationship_type": "OTHER", "party_id": 42 })),
                422,
                json!(["body", "relationship_type"]),
            ),
        ),
        case::<Vec<types::CounterPartyWithPartyResponse>>(
            "GET /v1/counterparties/list",
            get("/v1/counterparties/list?relationship_type=CUSTOMER&fullname=AMARA"),
            Refusal(
                get("/v1/counterparties/list?relationship_type=OTHER"),
                422,
                json!(["query", "relationship_type"]),
            ),
        ),
        case::<types::CounterPartyWithPartyResponse>(
            "GET /v1/counterparties/retrieve/{id}",
            get("/v1/counterparties/retrieve/15"),
            Refusal(get("/v1/counterparties/retrieve/12"), 404, json!("Counterparty not found")),
        ),
        case::<types::CounterPartyResponse>(
            "PUT /v1/counterparties/update/{id}",
            put("/v1/counterparties/update/15", json!({ "relationship_type": "PARTNER" })),
            Refusal(
                put("/v1/counterparties/update/15", json!({ "party_id": 999 })),
                422,
                json!(["body", "party_id"]),
            ),
        ),
        case::<types::PaymentAccountResponse>(
            "POST /v1/payment-accounts/create",
            post("/v1/payment-accounts/create?operation_type=PAYOUT", account.clone()),
            Refusal(
                post(
                    "/v1/payment-accounts/create?operation_type=PAYOUT",
                    with(account, "provider", json!("STRIPE")),
                ),
                422,
                json!(["body", "method"]),
            ),
        ),
    ]
}

fn payments() -> Vec<Case> {
    let checkout = json!({ "mode": "HOSTED", "source_kind": "INVOICE", "party_name": "Ama Mensah",
        "party_phone": "231774567890", "currency": "USD", "success_url": "https://shop.example/thanks",
        "items": [{ "name": "Shoes", "currency": "USD", "amount": 40.00 }] });
    let session = |kind: &str| format!("/v1/sessions/{kind}");
    let open = [
        ("checkout", json!({ "source_id": 101, "source_type": "INVOICE" })),
        ("payout", json!({ "payout_account_id": 18, "amount": 500.00, "currency": "USD" })),
        (
            "transfer",
            json!({ "from_wallet_id": 3, "to_counterparty_id": 15, "amount": 900, "currency": "USD",
            "expires_at": LATER }),
        ),
        ("refund", json!({ "original_payment_intent_id": 9001, "amount": 10.25, "expires_at": LATER })),
    ];
    let opened = |index: usize| post(session(open[index].0), open[index].1.clone());
    let key: Uuid = KEY.parse().unwrap();
    let plain = |session: &str| json!({ "session_id": session, "reference_id": KEY });
    let collect = json!({ "session_id": "55", "payment_account_id": "18", "currency": "USD",
        "reference_id": KEY });
    let executed = [
        ("collection", collect.clone()),
        ("payout", payout("55", 18, key)),
        ("transfer", plain("55")),
        ("refund", plain("55")),
    ];
    let refused_sessions = [
        with(open[0].1.clone(), "source_id", json!(104)),
        with(open[1].1.clone(), "payout_account_id", json!(25)),
        with(open[2].1.clone(), "currency", json!("LRD")),
        with(open[3].1.clone(), "amount", json!(250.01)),
    ];
    let fields = ["source_id", "payout_account_id", "currency", "amount"];
    let decoders: [fn(Value) -> Result<(), serde_json::Error>; 4] = [
        decodes::<types::CheckoutSessionResponse>,
        decodes::<types::PayoutSessionResponse>,
        decodes::<types::TransferSessionResponse>,
        decodes::<types::RefundSessionResponse>,
    ];
    let mut cases = vec![
        case::<types::CreateCheckoutSourceLinkResponse>(
            "POST /v1/checkouts/create",
            post("/v1/checkouts/create", checkout.clone()),
            Refusal(
                post("/v1/checkouts/create", with(checkout, "success_url", json!("javascript:alert(1)"))),
                422,
                json!(["body", "success_url"]),
            ),
        ),
        case::<types::RealtimeTokenResponse>(
            "POST /v1/realtime-keys/collection",
            post(
                "/v1/realtime-keys/collection",
                json!({ "session_id": 55, "source_type": "INVOICE", "reference_id": KEY }),
            ),
            Refusal(
                post(
                    "/v1/realtime-keys/collection",
                    json!({ "session_id": 54, "source_type": "INVOICE", "reference_id": KEY }),
                ),
                422,
                json!(["body", "session_id"]),
            ),
        )
        .after(vec![opened(0)]),
        case::<types::PaymentSourceStatusResponse>(
            "GET /v1/status/source",
            get("/v1/status/source?source_type=INVOICE&source_id=101"),
            Refusal(
                get("/v1/status/source?source_type=SUBSCRIPTION&source_id=1"),
                422,
                json!(["query", "source_type"]),
            ),
        ),
    ];
    for (index, (kind, body)) in executed.into_iter().enumerate() {
        cases.push(Case {
            operation: format!("POST {}", session(kind).replace("collection", "checkout")),
            before: Vec::new(),
            happy: opened(index),
            decodes: decoders[index],
            refusal: Refusal(
                post(session(open[index].0), refused_sessions[index].clone()),
                422,
                json!(["body", fields[index]]),
            ),
        });
        let execution = format!("/v1/executions/{kind}");
        let other_key = with(body.clone(), "reference_id", json!(Uuid::new_v4()));
        cases.push(
            case::<types::ExecutionResponse>(
                format!("POST {execution}"),
                post(execution.clone(), body.clone()),
                // The session is spent.
                Refusal(post(execution.clone(), other_key), 422, json!(["body", "session_id"])),
            )
            .after(vec![opened(index)]),
        );
        cases.push(
            case::<types::ExecutionResponse>(
                format!("GET /v1/status/{kind}/{{reference_id}}"),
                get(format!("/v1/status/{kind}/{KEY}")),
                Refusal(
                    get(format!("/v1/status/{kind}/{}", Uuid::new_v4())),
                    404,
                    json!("Transaction not found"),
                ),
            )
            .after(vec![opened(index), post(execution, body)]),
        );
    }
    cases
}

fn facts() -> Vec<Case> {
    let predict = "/v1/predictions/amount-and-fees?base_amount=250.00&base_currency=USD&payment_method=MTN_MOMO_LBR\
        &operation_type=COLLECTION&provider=MTN_MOMO_LBR&fee_bearer=PAYER";
    let source = "/v1/predictions/payment-source/amount-and-fees?target_currency=LRD&payment_method=CREDIT_CARD\
        &source_type=INVOICE&source_id=101";
    let credentials = json!({ "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
    vec![
        case::<types::ObtainTokenResponse>(
            "POST /v1/jwt/client/obtain/token",
            post("/v1/jwt/client/obtain/token", credentials.clone()),
            Refusal(
                post("/v1/jwt/client/obtain/token", with(credentials, "client_secret", json!("guess"))),
                401,
                json!("Could not validate credentials"),
            ),
        ),
        case::<types::AmountAndFeePredictionResponse>(
            "GET /v1/predictions/amount-and-fees",
            get(format!("{predict}&target_currency=LRD&owner_type=ORGANIZATION&owner_id=42")),
            Refusal(get(format!("{predict}&target_currency=RWF")), 422, json!(["query", "target_currency"])),
        ),
        case::<types::AmountAndFeePredictionResponse>(
            "GET /v1/predictions/payment-source/amount-and-fees",
            get(format!("{source}&provider=STRIPE")),
            Refusal(get(format!("{source}&provider=PAWAPAY")), 422, json!(["query", "provider"])),
        ),
        case::<types::PredictPhonePaymentInfoResponse>(
            "GET /v1/predictions/mmo-provider-info",
            get("/v1/predictions/mmo-provider-info?phone=231771234567&operation_type=COLLECTION"),
            Refusal(
                get("/v1/predictions/mmo-provider-info?phone=4915112345678&operation_type=COLLECTION"),
                422,
                json!(["query", "phone"]),
            ),
        ),
        case::<types::PredictCardPaymentInfoResponse>(
            "GET /v1/predictions/card-provider-info",
            get(
                "/v1/predictions/card-provider-info?payment_method_id=pm_card_visa&operation_type=COLLECTION",
            ),
            Refusal(
                get("/v1/predictions/card-provider-info?payment_method_id=pm_1&operation_type=TRANSFER"),
                422,
                json!(["query", "operation_type"]),
            ),
        ),
        case::<types::FeeWithProviderResponse>(
            "GET /v1/fees/gateway",
            get("/v1/fees/gateway?payment_method=CREDIT_CARD&operation_type=COLLECTION"),
            Refusal(
                get("/v1/fees/gateway?payment_method=CREDIT_CARD&operation_type=TRANSFER"),
                404,
                json!("Fee not found"),
            ),
        ),
        case::<types::FeeTierRateResponse>(
            "GET /v1/fees/platform",
            get("/v1/fees/platform?operation_type=PAYOUT&fee_tier_name=default"),
            Refusal(
                get("/v1/fees/platform?operation_type=PAYOUT&fee_tier_name=none"),
                404,
                json!("Fee tier not found"),
            ),
        ),
        case::<types::MerchantFeeResponse>(
            "GET /v1/fees/merchant-tier",
            get("/v1/fees/merchant-tier?owner_type=ORGANIZATION&owner_id=42"),
            Refusal(
                get("/v1/fees/merchant-tier?owner_type=USER&owner_id=42"),
                404,
                json!("Merchant not found"),
            ),
        ),
        case::<Vec<types::FeeTierResponse>>(
            "GET /v1/fees/tiers",
            get("/v1/fees/tiers"),
            Refusal(Call("ANON", "/v1/fees/tiers".to_owned(), None), 401, json!("Not authenticated")),
        ),
        case::<types::LinkResponse>(
            "GET /v1/links/pay",
            get("/v1/links/pay?source_type=INVOICE&source_number=INV-2025-00042"),
            Refusal(
                get("/v1/links/pay?source_type=INVOICE&source_number=INV-2025-00045"),
                422,
                json!(["query", "source_number"]),
            ),
        ),
        case::<types::LinkResponse>(
            "GET /v1/links/receipt",
            get("/v1/links/receipt?source_type=INVOICE&source_number=INV-2024-09001"),
            Refusal(
                get("/v1/links/receipt?source_type=ORDER&source_number=INV-2024-09001"),
                404,
                json!("Source not found"),
            ),
        ),
        case::<types::MerchantInfoResponse>(
            "GET /v1/merchants/merchant-info",
            get("/v1/merchants/merchant-info?merchant_id=42&merchant_type=ORGANIZATION"),
            Refusal(
                get("/v1/merchants/merchant-info?merchant_id=5&merchant_type=MICRO_ORGANIZATION"),
                404,
                json!("Merchant not found"),
            ),
        ),
    ]
}

fn cases() -> Vec<Case> {
    let invoices = sources::<
        types::InvoiceResponse,
        types::InvoiceDetailResponse,
        types::InvoiceItemResponse,
        types::InvoiceReceiptResponse,
    >("invoices", "invoice");
    let orders = sources::<
        types::OrderResponse,
        types::OrderDetailResponse,
        types::OrderItemResponse,
        types::OrderReceiptResponse,
    >("orders", "order");
    people().into_iter().chain(invoices).chain(orders).chain(payments()).chain(facts()).collect()
}

async fn call(merchant: &Merchant, Call(method, path, body): &Call) -> (u16, Value) {
    if *method == "ANON" {
        let reply = merchant.http.get(format!("{}{path}", merchant.url)).send().await.unwrap();
        return (reply.status().as_u16(), reply.json().await.unwrap());
    }
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let reply = merchant.send(method, path, body.clone()).await.unwrap();
    (reply.status().as_u16(), reply.json().await.unwrap())
}

#[tokio::test]
async fn every_operation_of_the_document_is_served_and_refuses_what_it_should() {
    let document: Value = serde_json::from_str(include_str!("../../../../openapi.json")).unwrap();
    let mut published = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            published.insert(format!("{} {}", method.to_uppercase(), path.replace("{version}", "v1")));
        }
    }
    let cases = cases();
    let tested: BTreeSet<_> = cases.iter().map(|case| case.operation.clone()).collect();
    assert_eq!(tested.len(), cases.len(), "an operation has one case");
    assert_eq!(tested, published);

    for case in cases {
        let Case { operation, before, happy, decodes, refusal: Refusal(refused, status, named) } = case;
        let sandbox = Sandbox::start().await.unwrap();
        let merchant = Merchant::of(&sandbox).await;
        for step in &before {
            let (status, reply) = call(&merchant, step).await;
            assert_eq!(status, 200, "before {operation}: {reply}");
        }
        let (got, reply) = call(&merchant, &happy).await;
        assert_eq!(got, 200, "{operation}: {reply}");
        decodes(reply).unwrap_or_else(|error| panic!("{operation}: {error}"));
        let (got, reply) = call(&merchant, &refused).await;
        assert_eq!(got, status, "{operation}: {reply}");
        if status == 422 {
            self::decodes::<types::HttpValidationError>(reply.clone()).unwrap();
            assert_eq!(reply["detail"][0]["loc"], named, "{operation}: {reply}");
        } else {
            assert_eq!(reply["detail"], named, "{operation}");
        }
        assert!(sandbox.ledger().is_balanced(), "{operation}");
        // What was called is what is in the document, under that very name.
        let seen = sandbox.requests().iter().filter(|request| request.operation == operation).count();
        assert!(seen >= 2, "{operation} was called {seen} times");
        sandbox.stop().await;
    }
}
