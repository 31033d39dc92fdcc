//! What the tests on the wire share: a client of a local server, an order, and the words for what the rail makes of it.

use std::time::Duration;

use dwolla::{Builder, Dwolla, Expect, Operation, Pace, ReferenceId, Secret, usd};
use httpmock::{Method, Mock, MockServer};
use payonce::rail::{LookUp, Order, Report, Setback, Submission};

pub(crate) const REFERENCE: &str = "550e8400-e29b-41d4-a716-446655440000";
pub(crate) const SOURCE: &str = "707177c3-bf15-4e7e-b37c-55c3898d9bf4";
pub(crate) const CUSTOMER: &str = "07d59716-ef22-4fe6-98e8-f3190233dfb8";
pub(crate) const ACCOUNT: &str = "ca32853c-48fa-40be-ae75-77b37504581b";
pub(crate) const TRANSFER: &str = "74c9129b-d14a-e511-80da-0aa34a9b2388";
pub(crate) const OTHER: &str = "416a2857-c887-4cca-bd02-8c3f75c4bb0e";
pub(crate) const SECRET: &str = "canary-secret";
pub(crate) const TOKEN: &str = "canary-access-token";
pub(crate) const HAL: &str = "application/vnd.dwolla.v1.hal+json";
/// A journaled body, written as nothing here would write it: what is sent is this and nothing like it.
pub(crate) const BODY: &str = "{ \"metadata\" : {\"b\":\"\\u00e9\",\"a\":\"1\"},\n\"correlationId\":\"550e8400-e29b-41d4-a716-446655440000\" }";
pub(crate) const DATE: &str = "Fri, 20 Nov 2026 12:00:00 GMT";

pub(crate) fn builder(url: &str) -> Builder {
    Dwolla::builder().key("key-1").secret(Secret::new(SECRET)).base_url(url).journal_in_memory().pace(fast())
}

/// A pace for tests: everything within milliseconds.
fn fast() -> Pace {
    let short = Duration::from_millis(5);
    Pace { first_poll: (short, short), slowest_poll: short, first_retry: short, slowest_retry: short }
}

pub(crate) fn reference() -> ReferenceId {
    REFERENCE.parse().unwrap()
}

pub(crate) fn order() -> Order {
    Order {
        operation: Operation::new("transfer").unwrap(),
        name: "invoice/4711".parse().unwrap(),
        reference_id: reference(),
        contents: format!(
            r#"{{"source":"{SOURCE}","destination":{{"customer":"{CUSTOMER}"}},"amount":{{"amount":"225.00","currency":"USD"}}}}"#
        ),
        expect: Expect::Amount(usd("225.00").unwrap()),
    }
}

/// A server that gives out a token.
pub(crate) async fn server() -> MockServer {
    let server = MockServer::start_async().await;
    gives_token(&server, TOKEN, 3600).await;
    server
}

/// Has the server give out a token.
pub(crate) async fn gives_token<'a>(server: &'a MockServer, token: &str, seconds: i64) -> Mock<'a> {
    server
        .mock_async(|when, then| {
            when.method(Method::POST).path("/token");
            then.status(200).body(format!(
                r#"{{"access_token":"{token}","token_type":"bearer","expires_in":{seconds}}}"#
            ));
        })
        .await
}

/// Has the server answer a question so.
pub(crate) async fn says<'a>(server: &'a MockServer, path: &str, (status, body): (u16, String)) -> Mock<'a> {
    let path = path.to_owned();
    server
        .mock_async(|when, then| {
            when.method(Method::GET).path(path);
            then.status(status).header("date", DATE).body(body);
        })
        .await
}

/// A refusal in the provider's own shape.
pub(crate) fn problem(code: &str, message: &str) -> String {
    format!(r#"{{"code":"{code}","message":"{message}"}}"#)
}

/// Has the server know the source as that customer's.
pub(crate) async fn has_source(server: &MockServer) {
    let href = format!("{}/customers/{}", server.base_url(), CUSTOMER.to_uppercase());
    let body = format!(
        r#"{{"id":"{SOURCE}","status":"verified","type":"bank","_links":{{"customer":{{"href":"{href}"}}}}}}"#
    );
    says(server, &format!("/funding-sources/{SOURCE}"), (200, body)).await;
}

/// A transfer, with more members at the end.
pub(crate) fn transfer(id: &str, status: &str, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","status":"{status}","amount":{{"value":"225.00","currency":"USD"}},
            "created":"2026-11-20T12:00:00.000Z"{more}}}"#
    )
}

/// The payment, as the provider has it.
pub(crate) fn payment(id: &str, status: &str) -> String {
    transfer(id, status, &format!(r#","_links":{{}},"correlationId":"{REFERENCE}""#))
}

/// A page of the list in which there are so many in all.
pub(crate) fn page(transfers: &[String], total: usize) -> String {
    format!(r#"{{"_links":{{}},"_embedded":{{"transfers":[{}]}},"total":{total}}}"#, transfers.join(","))
}

/// A setback in words.
pub(crate) fn told(setback: &Setback) -> String {
    format!("{:?} {:?}", setback.error.kind(), setback.then)
}

fn reported(report: &Report) -> String {
    match report {
        Report::Pending { .. } => "pending".to_owned(),
        Report::Completed(receipt) => format!(
            "completed {} {} as {}",
            receipt.payer_amount,
            receipt.payee_amount,
            receipt.provider_transaction_id.as_deref().unwrap_or("nothing")
        ),
        Report::Failed(failure) => format!("failed recorded={} {}", failure.recorded, failure.reason),
    }
}

pub(crate) fn submitted(submission: &Submission) -> String {
    match submission {
        Submission::Accepted(report) => reported(report),
        Submission::Known => "known".to_owned(),
        Submission::NotSent(setback) => format!("not sent: {}", told(setback)),
        Submission::Refused(about, refusal) => format!("refused {about:?}: {}", refusal.reason),
        Submission::Unknown(setback) => format!("unknown: {}", told(setback)),
    }
}

pub(crate) fn looked_up(look_up: &LookUp) -> String {
    match look_up {
        LookUp::Found(report) => reported(report),
        LookUp::NotFound(at) => {
            format!("not found{}", at.map(|at| format!(" at {}", at.timestamp())).unwrap_or_default())
        }
        LookUp::Setback(setback) => told(setback),
    }
}
