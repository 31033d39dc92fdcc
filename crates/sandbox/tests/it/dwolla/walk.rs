//! A walk over every operation: a call that goes well, whose reply the raw client can read, and each refusal.

use std::collections::BTreeSet;

use dwolla_raw::types;
use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::{
    ACCOUNT, BANK, BUSINESS_BALANCE, CUSTOMER, CUSTOMER_BANK, FOREIGN_ACCOUNT, FOREIGN_CUSTOMER, KEY, SECRET,
    SHORT_BANK,
};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Application, HAL, Reply, bank, transfer};

/// Reads a reply as the raw client does.
#[track_caller]
fn read<T: DeserializeOwned>(reply: Reply) -> T {
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    serde_json::from_value(reply.body).unwrap()
}

async fn token(sandbox: &DwollaSandbox) {
    let token = format!("{}/token", sandbox.url());
    let http = crate::merchant::http().build().unwrap();
    let form = |secret: &str| {
        vec![
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", KEY.to_owned()),
            ("client_secret", secret.to_owned()),
        ]
    };
    let reply = http.post(&token).form(&form(SECRET)).send().await.unwrap();
    assert_eq!(
        (reply.status().as_u16(), &reply.headers()["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    let given: types::Token = reply.json().await.unwrap();
    assert_eq!((given.expires_in, given.token_type.to_lowercase()), (3600, "bearer".to_owned()));
    for (request, status, error) in [
        (http.post(&token).form(&form("wrong")), 401, "invalid_client"),
        (http.post(&token).basic_auth(KEY, Some("wrong")).form(&form(SECRET)), 401, "invalid_client"),
        (http.post(&token).form(&[("grant_type", "password")]), 400, "unsupported_grant_type"),
        (http.post(&token).form(&[("grant", "none")]), 400, "invalid_request"),
        (http.post(&token).body("{}"), 400, "invalid_request"),
    ] {
        let reply = request.send().await.unwrap();
        assert_eq!(reply.status(), status);
        assert_eq!(reply.json::<Value>().await.unwrap(), json!({ "error": error }));
    }
}

async fn parties(application: &Application) {
    let root: types::Root = read(application.get("/").await);
    let account = format!("{}/accounts/{ACCOUNT}", application.url);
    assert_eq!(serde_json::to_value(root).unwrap()["_links"]["account"]["href"], account);
    let own: types::Account = read(application.get(&format!("/accounts/{ACCOUNT}")).await);
    assert_eq!(own.id, ACCOUNT.to_string());
    let sources: types::FundingSourceList =
        read(application.get(&format!("/accounts/{ACCOUNT}/funding-sources")).await);
    assert_eq!(sources.embedded.funding_sources.len(), 5);

    let asked =
        json!({ "firstName": "Esi", "lastName": "Owusu", "email": "esi@example.com", "type": "personal" });
    let made = application.post("/customers", &asked).await.made();
    let customer: types::Customer = read(application.get(&format!("/customers/{made}")).await);
    assert_eq!(customer.status.unwrap().to_string(), "verified");
    let path = format!("/customers/{made}/funding-sources");
    let added = application.post(&path, &bank()).await.made();
    let again = application.post(&path, &bank()).await;
    assert_eq!(again.refusal(), (400, "DuplicateResource".into(), String::new()));
    let about = format!("{}/funding-sources/{added}", application.url);
    assert_eq!(again.body["_links"]["about"]["href"], about);
    let own: types::FundingSourceList = read(application.get(&path).await);
    assert_eq!(own.embedded.funding_sources.len(), 2, "a verified customer has a balance, too");

    let path = format!("/funding-sources/{added}");
    let source: types::FundingSource = read(application.get(&path).await);
    assert_eq!(source.status.to_string(), "unverified");
    let renamed: types::FundingSource = read(application.post(&path, &json!({ "name": "R03" })).await);
    assert_eq!(renamed.name.as_deref(), Some("R03"));
    let removed: types::FundingSource = read(application.post(&path, &json!({ "removed": true })).await);
    assert_eq!(removed.removed, Some(true));
    assert_eq!(application.post(&path, &json!({ "name": "R01" })).await.refusal().1, "InvalidResourceState");
    let left = format!("/customers/{made}/funding-sources?removed=false");
    let left: types::FundingSourceList = read(application.get(&left).await);
    assert_eq!(left.embedded.funding_sources.len(), 1);
    let balance: types::FundingSourceBalance =
        read(application.get(&format!("/funding-sources/{BUSINESS_BALANCE}/balance")).await);
    assert_eq!((balance.balance.value.as_str(), balance.balance.currency.as_str()), ("1.00", "USD"));

    let agreed: types::OnDemandAuthorization =
        read(application.post("/on-demand-authorizations", &json!({})).await);
    let mut with_agreement = bank();
    with_agreement["accountNumber"] = json!("987654321");
    with_agreement["_links"] =
        json!({ "on-demand-authorization": serde_json::to_value(&agreed).unwrap()["_links"]["self"] });
    let added = application.post(&format!("/customers/{made}/funding-sources"), &with_agreement).await.made();
    let source: types::FundingSource = read(application.get(&format!("/funding-sources/{added}")).await);
    assert_eq!(source.status.to_string(), "verified");
}

async fn transfers(application: &Application) {
    let mut body = transfer(SHORT_BANK, CUSTOMER_BANK, "22.00");
    body["metadata"] = json!({ "note": "a", "invoice": "b" });
    body["clearing"] = json!({ "source": "standard", "destination": "next-available" });
    body["correlationId"] = json!("invoice.4711_a-b");
    body["fees"] = json!([{ "_links": { "charge-to": { "href": format!("x/customers/{CUSTOMER}") } },
        "amount": { "value": "1.00", "currency": "usd" } }]);
    let made = application.post("/transfers", &body).await.made();
    let own: types::Transfer = read(application.get(&format!("/transfers/{made}")).await);
    assert_eq!(own.correlation_id.as_deref(), Some("invoice.4711_a-b"));
    // In whatever case its id is written.
    let shouted = made.to_string().to_uppercase();
    let _: types::Transfer = read(application.get(&format!("/transfers/{shouted}")).await);
    let fees: types::FeeList = read(application.get(&format!("/transfers/{made}/fees")).await);
    assert_eq!(fees.total, 1);
    let fee: Uuid = fees.transactions[0].id.parse().unwrap();
    let alone: types::Transfer = read(application.get(&format!("/transfers/{fee}")).await);
    let alone = serde_json::to_value(alone).unwrap();
    assert!(alone["_links"]["created-from-transfer"]["href"].as_str().unwrap().ends_with(&made.to_string()));
    for owner in [format!("accounts/{ACCOUNT}"), format!("customers/{CUSTOMER}")] {
        let list: types::TransferList = read(application.get(&format!("/{owner}/transfers")).await);
        assert_eq!(list.total, 2, "the payment and its fee are in the list of {owner}");
    }
    let simulation: types::Simulation = read(application.post("/sandbox-simulations", &json!({})).await);
    assert_eq!(serde_json::to_value(simulation).unwrap()["total"], 1);
    let failure: types::TransferFailure = read(application.get(&format!("/transfers/{made}/failure")).await);
    assert_eq!(failure.code.as_str(), "R01");

    let pending = application.post("/transfers", &transfer(BANK, CUSTOMER_BANK, "1.00")).await.made();
    let cancelled: types::Transfer = read(application.cancel(pending).await);
    assert_eq!(cancelled.status.to_string(), "cancelled");
}

/// What is refused whatever is asked for: without a token, with a wrong one, in another version, by another method.
async fn at_the_door(application: &Application) {
    let url = |path: &str| format!("{}{path}", application.url);
    let http = &application.http;
    for operation in dwolla_raw::OPERATIONS.iter().filter(|operation| operation.path != "/token") {
        let path = operation.path.replace("{id}", &Uuid::nil().to_string());
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let asked = || http.request(method.clone(), url(&path)).body("{}");
        for (request, status, code) in [
            (asked().header("accept", HAL), 401, "InvalidCredentials"),
            (asked().header("accept", HAL).bearer_auth("none"), 401, "InvalidAccessToken"),
            (asked().bearer_auth(&application.token), 406, "InvalidVersion"),
            (
                asked().header("accept", "application/json").bearer_auth(&application.token),
                406,
                "InvalidVersion",
            ),
        ] {
            let reply = Reply::of(request.send().await.unwrap()).await.unwrap();
            assert_eq!(reply.refusal(), (status, code.into(), String::new()), "{} {path}", operation.method);
        }
        if operation.path.contains("{id}") {
            let missing = application
                .send(method.clone(), &path, None, "{\"status\":\"cancelled\",\"name\":\"x\"}")
                .await;
            assert_eq!(missing.unwrap().refusal(), (404, "NotFound".into(), String::new()), "{path}");
        }
    }
    let other = application.send(Method::DELETE, "/transfers", None, "").await.unwrap();
    assert_eq!(other.refusal(), (405, "MethodNotAllowed".into(), String::new()));
    assert_eq!(application.get("/nothing").await.refusal().0, 404);
    for foreign in
        [format!("/accounts/{FOREIGN_ACCOUNT}"), format!("/customers/{FOREIGN_CUSTOMER}/transfers")]
    {
        assert_eq!(application.get(&foreign).await.refusal(), (403, "Forbidden".into(), String::new()));
    }
}

#[tokio::test]
async fn every_operation_goes_well_and_is_refused() {
    let sandbox = DwollaSandbox::start().await.unwrap();
    let application = Application::of(&sandbox).await;
    token(&sandbox).await;
    parties(&application).await;
    transfers(&application).await;
    at_the_door(&application).await;

    let went = |well: bool| -> BTreeSet<String> {
        let requests = sandbox.requests().into_iter();
        requests
            .filter(|request| (request.status < Some(300)) == well)
            .map(|request| request.operation)
            .collect()
    };
    let (well, refused) = (went(true), went(false));
    for operation in dwolla_raw::OPERATIONS {
        let name = format!("{} {}", operation.method, operation.path);
        assert!(well.contains(&name), "{name} never went well");
        assert!(refused.contains(&name), "{name} was never refused");
    }
    assert!(sandbox.ledger().is_balanced());
}
