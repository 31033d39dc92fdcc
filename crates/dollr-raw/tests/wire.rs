//! What the client really puts on the wire and makes of what comes back, against a local HTTP server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dollr_raw::types::{CreatePayoutSessionPayload, ExecutionResponse};
use dollr_raw::{AmountText, Client, Direct, Error, HttpTransport, Reply, ResponseValue, enums};
use httpmock::{Method, MockServer};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Request, StatusCode};
use uuid::Uuid;

const REFERENCE: &str = "550e8400-e29b-41d4-a716-446655440000";

/// A client of the way a test needs. Whichever crate is built beside this one may have asked reqwest for TLS without
/// saying by what; then a provider has to be there, although nothing here uses it.
fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

fn client(server: &MockServer, transport: impl HttpTransport) -> Client {
    Client::new_with_client(&server.base_url(), http(), Arc::new(transport))
}

fn execution(status: &str) -> String {
    format!(
        r#"{{"reference_id":"{REFERENCE}","status":"{status}","payer_amount":500.00,"payer_currency":"USD",
            "payee_currency":"USD","payee_amount":12345678901234.56,"operation_type":"PAYOUT","added_later":{{}}}}"#
    )
}

#[tokio::test]
async fn an_amount_is_sent_with_the_digits_it_was_given() -> Result<(), Box<dyn std::error::Error>> {
    let server = MockServer::start_async().await;
    let sent = server
        .mock_async(|when, then| {
            when.method(Method::POST)
                .path("/v1/sessions/payout")
                .header_missing("api-version")
                .body(r#"{"amount":500.00,"currency":"USD","payout_account_id":18}"#);
            then.status(200).body(
                r#"{"id":88,"wallet_id":3,"payout_account_id":18,"amount":"500.00","currency":"USD","status":"HELD",
                    "expires_at":"2026-01-01T00:00:00","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}"#,
            );
        })
        .await;
    let payload = CreatePayoutSessionPayload {
        amount: "500.00".parse()?,
        currency: "USD".into(),
        payout_account_id: 18,
    };
    let session = client(&server, Direct).create_payout_session(&payload).await?.into_inner();
    sent.assert_async().await;
    assert_eq!(session.amount.to_string(), "500.00");
    assert_eq!(session.status, enums::SessionStatus::Unknown("HELD".into()));
    Ok(())
}

#[tokio::test]
async fn an_amount_in_a_query_is_plain_text() -> Result<(), Box<dyn std::error::Error>> {
    let server = MockServer::start_async().await;
    let asked = server
        .mock_async(|when, then| {
            when.path("/v1/predictions/amount-and-fees")
                .query_param("base_amount", "1.50")
                .query_param("payment_method", "MTN_MOMO_LBR")
                .query_param_missing("owner_id");
            then.status(200).body(
                r#"{"payer_amount":"1.60","payer_currency":"USD","payee_amount":"1.50","payee_currency":"USD",
                    "platform_fee":"0.10","platform_currency":"USD"}"#,
            );
        })
        .await;
    let amount: AmountText = "1.50".parse()?;
    let prediction = client(&server, Direct)
        .predict_amount_and_fee(
            &amount,
            "USD",
            &enums::FeeBearer::Payer,
            &enums::OperationType::Collection,
            None,
            None,
            &enums::PaymentMethod::MtnMomoLbr,
            &enums::PaymentProvider::Pawapay,
            "USD",
        )
        .await?;
    asked.assert_async().await;
    assert_eq!(prediction.platform_fee.to_string(), "0.10");
    Ok(())
}

#[tokio::test]
async fn a_status_is_asked_for_by_uuid_and_read_exactly() -> Result<(), Box<dyn std::error::Error>> {
    let server = MockServer::start_async().await;
    let asked = server
        .mock_async(|when, then| {
            when.method(Method::GET).path(format!("/v1/status/payout/{REFERENCE}"));
            then.status(200).header("x-request-id", "r-1").body(execution("REVERSED"));
        })
        .await;
    let reference: Uuid = REFERENCE.parse()?;
    let reply: ResponseValue<ExecutionResponse> =
        client(&server, Direct).get_payout_status(&reference).await?;
    asked.assert_async().await;
    assert_eq!(reply.headers()["x-request-id"], "r-1");
    assert_eq!(reply.reference_id, reference);
    assert_eq!(reply.status, enums::ExecutionStatus::Unknown("REVERSED".into()));
    assert_eq!(reply.payer_amount.to_string(), "500.00");
    assert_eq!(reply.payee_amount.to_string(), "12345678901234.56");
    Ok(())
}

#[tokio::test]
async fn every_failure_keeps_its_status_headers_and_body() -> Result<(), Box<dyn std::error::Error>> {
    let failures = [
        (401, r#"{"detail":"Could not validate credentials"}"#),
        (403, r#"{"detail":"Forbidden"}"#),
        (404, r#"{"detail":"Not Found"}"#),
        (422, r#"{"detail":[{"loc":["body","session_id"],"msg":"session not found","type":"value_error"}]}"#),
        (422, r#"{"detail":"Session expired"}"#),
        (429, ""),
        (502, "<html>Bad Gateway</html>"),
    ];
    for (status, body) in failures {
        let server = MockServer::start_async().await;
        server
            .mock_async(|when, then| {
                when.any_request();
                then.status(status).header("retry-after", "7").body(body);
            })
            .await;
        let error = client(&server, Direct).get_payout_status(&REFERENCE.parse()?).await.unwrap_err();
        let Error::UnexpectedResponse(response) = error else { panic!("{status} is {error:?}") };
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers()[RETRY_AFTER], "7");
        assert_eq!(response.text().await?, body);
    }
    Ok(())
}

/// What a facade does per call, without touching the generated code.
#[derive(Debug, Default)]
struct PerCall {
    seen: Mutex<Option<(&'static str, StatusCode, HeaderMap)>>,
}

const LARGEST_BODY: usize = 1024;

fn received(status: u16, body: Vec<u8>) -> reqwest::Response {
    http::Response::builder().status(status).body(body).expect("a status and a body make a response").into()
}

impl HttpTransport for PerCall {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        mut request: Request,
        operation: &'static str,
    ) -> Reply<'a> {
        Box::pin(async move {
            request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer of-this-call"));
            *request.timeout_mut() = Some(Duration::from_secs(10));
            let mut response = http.execute(request).await?;
            let seen = (operation, response.status(), response.headers().clone());
            *self.seen.lock().expect("no holder of the lock panics") = Some(seen);
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await? {
                if body.len() + chunk.len() > LARGEST_BODY {
                    return Ok(received(599, Vec::new()));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(received(response.status().as_u16(), body))
        })
    }
}

#[tokio::test]
async fn a_transport_sets_headers_and_sees_the_status_of_a_reply_that_does_not_parse()
-> Result<(), Box<dyn std::error::Error>> {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.header("authorization", "Bearer of-this-call");
            then.status(200).header("x-request-id", "r-9").body("{");
        })
        .await;
    let transport = Arc::new(PerCall::default());
    let client = Client::new_with_client(&server.base_url(), http(), transport.clone());
    let error = client.get_payout_status(&REFERENCE.parse()?).await.unwrap_err();
    assert!(matches!(error, Error::InvalidResponsePayload(..)));
    assert_eq!(error.status(), None, "the error alone forgets that the provider said yes");
    let (operation, status, headers) = transport.seen.lock().unwrap().take().unwrap();
    assert_eq!((operation, status), ("get_payout_status", StatusCode::OK));
    assert_eq!(headers["x-request-id"], "r-9");
    Ok(())
}

#[tokio::test]
async fn a_transport_can_refuse_a_reply_that_is_too_large() -> Result<(), Box<dyn std::error::Error>> {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.any_request();
            then.status(200).body(" ".repeat(LARGEST_BODY) + &execution("COMPLETED"));
        })
        .await;
    let error = client(&server, PerCall::default()).get_payout_status(&REFERENCE.parse()?).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(599));
    Ok(())
}

#[tokio::test]
async fn a_removal_succeeds_whatever_its_body_says() -> Result<(), Box<dyn std::error::Error>> {
    let server = MockServer::start_async().await;
    let removed = server
        .mock_async(|when, then| {
            when.method(Method::DELETE).path("/v1/invoices/101/items/7/remove");
            then.status(200).body("{}");
        })
        .await;
    client(&server, Direct).remove_invoice_item("101", "7").await?;
    removed.assert_async().await;
    Ok(())
}
