//! What the client really puts on the wire and makes of what comes back.

use std::error::Error;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use dwolla_raw::{
    Auth, Client, Direct, HttpTransport, OPERATIONS, OperationMeta, Reply, ResponseValue, Secret, enums,
    types,
};
use httpmock::{Method, MockServer};
use proptest::prelude::*;
use reqwest::Request;
use reqwest::header::{HeaderMap, LOCATION};

const HAL: &str = "application/vnd.dwolla.v1.hal+json";
const KEY: &str = "19051a62-3403-11e6-ac61-9e71128cae77";
const LOCATED: &str = "https://api-sandbox.dwolla.com/transfers/74c9129b-d14a-e511-80da-0aa34a9b2388";

/// A client of the way a test needs. Whichever crate is built beside this one may have asked reqwest for TLS without
/// saying by what; then a provider has to be there, although nothing here uses it.
fn client(base: &str, transport: impl HttpTransport) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new_with_client(base, reqwest::Client::new(), Arc::new(transport))
}

fn request() -> types::InitiateTransfer {
    serde_json::from_str(include_str!("samples/initiate.json")).expect("the sample is a request")
}

fn cancel() -> types::CancelTransfer {
    types::CancelTransfer { status: enums::CancelStatus::Cancelled }
}

fn customer() -> types::CreateCustomer {
    types::CreateCustomer {
        first_name: "Ama".into(),
        last_name: "Doe".into(),
        email: "ama@example.com".into(),
        type_: Some(enums::CustomerType::ReceiveOnly),
    }
}

fn bank() -> types::CreateFundingSource {
    types::CreateFundingSource {
        links: None,
        routing_number: "222222226".into(),
        account_number: Secret::from("123456789"),
        bank_account_type: enums::BankAccountType::Checking,
        name: "Ama's".into(),
    }
}

fn credentials() -> types::TokenRequest {
    types::TokenRequest {
        grant_type: enums::GrantType::ClientCredentials,
        client_id: None,
        client_secret: None,
    }
}

/// Makes the call of that name with everything optional left out but the key.
async fn call(client: &Client, id: &str) -> Result<(), dwolla_raw::Error<()>> {
    let key = Some(KEY);
    match id {
        "retrieve_root" => client.retrieve_root().await.map(drop),
        "retrieve_account" => client.retrieve_account("7").await.map(drop),
        "list_account_funding_sources" => client.list_account_funding_sources("7", None).await.map(drop),
        "list_account_transfers" => client
            .list_account_transfers("7", None, None, None, None, None, None, None, None, None)
            .await
            .map(drop),
        "create_customer" => client.create_customer(key, &customer()).await.map(drop),
        "retrieve_customer" => client.retrieve_customer("7").await.map(drop),
        "list_customer_funding_sources" => client.list_customer_funding_sources("7", None).await.map(drop),
        "create_customer_funding_source" => {
            client.create_customer_funding_source("7", key, &bank()).await.map(drop)
        }
        "list_customer_transfers" => client
            .list_customer_transfers("7", None, None, None, None, None, None, None, None, None)
            .await
            .map(drop),
        "retrieve_funding_source" => client.retrieve_funding_source("7").await.map(drop),
        "update_funding_source" => {
            let removal = types::UpdateFundingSource { name: None, removed: Some(true) };
            client.update_funding_source("7", key, &removal).await.map(drop)
        }
        "retrieve_funding_source_balance" => client.retrieve_funding_source_balance("7").await.map(drop),
        "create_on_demand_authorization" => client.create_on_demand_authorization(key).await.map(drop),
        "simulate_bank_transfers" => client.simulate_bank_transfers(key).await.map(drop),
        "obtain_token" => client.obtain_token(&credentials()).await.map(drop),
        "initiate_transfer" => client.initiate_transfer(key, &request()).await.map(drop),
        "retrieve_transfer" => client.retrieve_transfer("7").await.map(drop),
        "cancel_transfer" => client.cancel_transfer("7", key, &cancel()).await.map(drop),
        "retrieve_transfer_failure" => client.retrieve_transfer_failure("7").await.map(drop),
        "list_transfer_fees" => client.list_transfer_fees("7").await.map(drop),
        other => panic!("{other} is not called"),
    }
}

/// What a call must have sent to be answered, to the header.
async fn answers(server: &MockServer, operation: &OperationMeta) {
    let token = operation.auth == Auth::Basic;
    let post = operation.method == "POST";
    let with_body =
        post && !["create_on_demand_authorization", "simulate_bank_transfers"].contains(&operation.id);
    server
        .mock_async(|mut when, then| {
            when = when
                .method(if post { Method::POST } else { Method::GET })
                .path(operation.path.replace("{id}", "7"))
                .header("accept", if token { "application/json" } else { HAL })
                .header_missing("api-version")
                .header_missing("authorization");
            when = if post && !token {
                when.header("idempotency-key", KEY)
            } else {
                when.header_missing("idempotency-key")
            };
            when = match (with_body, token) {
                (true, false) => when.header("content-type", HAL),
                (true, true) => when
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body("grant_type=client_credentials"),
                (false, _) => when.header_missing("content-type"),
            };
            drop(when);
            then.status(418).header("retry-after", "7").body(operation.id);
        })
        .await;
}

#[tokio::test]
async fn every_call_sends_its_headers_and_keeps_a_failure_whole() -> Result<(), Box<dyn Error>> {
    let server = MockServer::start_async().await;
    for operation in OPERATIONS {
        answers(&server, operation).await;
    }
    let client = client(&server.base_url(), Direct);
    for operation in OPERATIONS {
        let error = call(&client, operation.id).await.expect_err("418 is no success");
        let dwolla_raw::Error::UnexpectedResponse(response) = error else { panic!("{error:?}") };
        assert_eq!(response.status().as_u16(), 418, "{} was sent in another way", operation.id);
        assert_eq!(response.headers()["retry-after"], "7");
        assert_eq!(response.text().await?, operation.id);
    }
    Ok(())
}

#[tokio::test]
async fn the_bytes_that_were_written_down_are_the_bytes_that_are_sent() -> Result<(), Box<dyn Error>> {
    // No request that anybody would write anew: order, spaces and an escape that another writer would not choose.
    let body = "{ \"metadata\":{\"z\":\"\\u0041\",\"a\":\"1\"},\n\t\"amount\" : {\"value\":\"1.0\"} }";
    let server = MockServer::start_async().await;
    let sent = server
        .mock_async(|when, then| {
            when.method(Method::POST)
                .path("/transfers")
                .header("idempotency-key", KEY)
                .header("content-type", HAL)
                .body(body);
            then.status(201).header("location", LOCATED);
        })
        .await;
    let client = client(&server.base_url(), Direct);
    for _ in 0..2 {
        let made: ResponseValue<()> = client.initiate_transfer_exact(KEY, Bytes::from(body)).await?;
        assert_eq!(made.headers()[LOCATION], LOCATED);
    }
    assert_eq!(sent.calls_async().await, 2);
    Ok(())
}

#[tokio::test]
async fn another_success_than_a_201_is_none() -> Result<(), Box<dyn Error>> {
    let server = MockServer::start_async().await;
    let other = server.mock_async(|when, then| drop((when.any_request(), then.status(202)))).await;
    let client = client(&server.base_url(), Direct);
    let body = serde_json::to_vec(&request())?;
    for error in [
        client.initiate_transfer_exact(KEY, body.into()).await.unwrap_err(),
        client.initiate_transfer(Some(KEY), &request()).await.unwrap_err(),
    ] {
        assert!(matches!(error, dwolla_raw::Error::UnexpectedResponse(reply) if reply.status() == 202));
    }
    assert_eq!(other.calls_async().await, 2);
    Ok(())
}

/// Answers every request with 201, and keeps what was asked.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<(&'static str, Request)>>);

impl HttpTransport for Kept {
    fn execute<'a>(&'a self, _: &'a reqwest::Client, request: Request, operation: &'static str) -> Reply<'a> {
        self.0.lock().expect("no holder of the lock panics").push((operation, request));
        let made = http::Response::builder().status(201).body("").expect("a status makes a response");
        Box::pin(async move { Ok(made.into()) })
    }
}

#[derive(Debug)]
struct Shared(Arc<Kept>);

impl HttpTransport for Shared {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: Request,
        operation: &'static str,
    ) -> Reply<'a> {
        self.0.execute(http, request, operation)
    }
}

#[tokio::test]
async fn the_call_written_by_hand_is_the_generated_one() -> Result<(), Box<dyn Error>> {
    let kept = Arc::new(Kept::default());
    let client = client("https://api.example.com", Shared(kept.clone()));
    client.initiate_transfer(Some(KEY), &request()).await?;
    client.initiate_transfer_exact(KEY, serde_json::to_vec(&request())?.into()).await?;
    let requests = std::mem::take(&mut *kept.0.lock().unwrap());
    let seen: Vec<_> = requests
        .iter()
        .map(|(operation, request)| {
            let body = request.body().and_then(|body| body.as_bytes());
            let headers: HeaderMap = request.headers().clone();
            (*operation, request.method(), request.url(), headers, body)
        })
        .collect();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0], seen[1]);
    Ok(())
}

#[tokio::test]
async fn a_search_asks_for_what_is_given_and_for_nothing_else() -> Result<(), Box<dyn Error>> {
    let server = MockServer::start_async().await;
    let asked = server
        .mock_async(|when, then| {
            when.path("/customers/7%2F..%2F8/transfers")
                .query_param("correlationId", KEY)
                .query_param("startAmount", "1.50")
                .query_param("status", "processed")
                .query_param("limit", "25")
                .query_param_missing("offset")
                .query_param_missing("search");
            then.status(200).body(r#"{"_links":{},"_embedded":{"transfers":[]},"total":0}"#);
        })
        .await;
    let list = client(&server.base_url(), Direct)
        .list_customer_transfers(
            "7/../8",
            Some(KEY),
            None,
            None,
            Some(25),
            None,
            None,
            Some("1.50"),
            None,
            Some(&enums::TransferStatus::Processed),
        )
        .await?;
    asked.assert_async().await;
    assert_eq!((list.total, list.embedded.transfers.len()), (0, 0));
    Ok(())
}

proptest! {
    #[test]
    fn metadata_is_the_same_bytes_in_whatever_order_it_came(
        pairs in proptest::collection::btree_map(".{0,20}", ".{0,40}", 0..10),
        seed in any::<prop::sample::Index>(),
    ) {
        let mut shuffled: Vec<_> = pairs.clone().into_iter().collect();
        if !shuffled.is_empty() {
            let middle = seed.index(shuffled.len());
            shuffled.rotate_left(middle);
            shuffled.reverse();
        }
        let with = |pairs: Vec<(String, String)>| {
            let map: std::collections::BTreeMap<_, _> = pairs.into_iter().collect();
            types::InitiateTransfer { metadata: Some(map.into()), ..request() }
        };
        let written = serde_json::to_vec(&with(pairs.clone().into_iter().collect()))?;
        prop_assert_eq!(&written, &serde_json::to_vec(&with(shuffled))?);
        // Read and written again, too: not one byte is another.
        let read: types::InitiateTransfer = serde_json::from_slice(&written)?;
        prop_assert_eq!(read.metadata.as_deref(), Some(&pairs));
        prop_assert_eq!(&written, &serde_json::to_vec(&read)?);
    }
}
