//! The requests of the provider's document of 2018, sent as they stand there but for the host and the token, get the
//! answers that stand there.

use std::collections::BTreeSet;

use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::switches::Output;
use payonce_sandbox::dwolla::{CUSTOMER_BANK, Switches};
use reqwest::Method;
use serde_json::Value;

use super::{Application, Reply};

/// The host of the document.
const HOST: &str = "https://api-sandbox.dwolla.com";
/// What stands there instead of a token.
const TOKEN: &str = "pBA9fVDBEyYZCEsLf/wKehyh1RTpzjUj5KzIRfDi0wKTii7DqY";

const INITIATE: &str = concat!(
    "POST https://api-sandbox.dwolla.com/transfers\n\
     Accept: application/vnd.dwolla.v1.hal+json\n\
     Content-Type: application/vnd.dwolla.v1.hal+json\n\
     Authorization: Bearer pBA9fVDBEyYZCEsLf/wKehyh1RTpzjUj5KzIRfDi0wKTii7DqY\n\
     Idempotency-Key: 19051a62-3403-11e6-ac61-9e71128cae77\n\n",
    include_str!("../../../../dwolla-raw/tests/samples/initiate.json")
);

const RETRIEVE: &str = "GET https://api-sandbox.dwolla.com/transfers/4C8AD8B8-3D69-E511-80DB-0AA34A9B2388\n\
     Accept: application/vnd.dwolla.v1.hal+json\n\
     Authorization: Bearer pBA9fVDBEyYZCEsLf/wKehyh1RTpzjUj5KzIRfDi0wKTii7DqY\n\n";

const FEES: &str = "GET https://api-sandbox.dwolla.com/transfers/83eb4b5e-a5d9-e511-80de-0aa34a9b2388/fees\n\
     Accept: application/vnd.dwolla.v1.hal+json\n\
     Authorization: Bearer pBA9fVDBEyYZCEsLf/wKehyh1RTpzjUj5KzIRfDi0wKTii7DqY\n\n";

const FAILURE: &str = "GET https://api-sandbox.dwolla.com/transfers/e6d9a950-ac9e-e511-80dc-0aa34a9b2388/failure\n\
     Accept: application/vnd.dwolla.v1.hal+json\n\
     Authorization: Bearer pBA9fVDBEyYZCEsLf/wKehyh1RTpzjUj5KzIRfDi0wKTii7DqY\n\n";

const CANCEL: &str = concat!(
    "POST https://api-sandbox.dwolla.com/transfers/3d48c13a-0fc6-e511-80de-0aa34a9b2388\n\
     Content-Type: application/vnd.dwolla.v1.hal+json\n\
     Accept: application/vnd.dwolla.v1.hal+json\n\
     Authorization: Bearer pBA9fVDBEyYZCEsLf/wKehyh1RTpzjUj5KzIRfDi0wKTii7DqY\n\n",
    include_str!("../../../../dwolla-raw/tests/samples/cancel.json")
);

/// Sends a request as it is written down, to the sandbox and with a token of it. The body keeps its bytes, the links in
/// it included.
async fn send(application: &Application, written: &str) -> Reply {
    let (head, body) = written.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let (method, url) = lines.next().unwrap().split_once(' ').unwrap();
    let url = url.replace(HOST, &application.url);
    let mut request = application.http.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value.replace(TOKEN, &application.token));
    }
    Reply::of(request.body(body.to_owned()).send().await.unwrap()).await.unwrap()
}

/// A reply of the document, at the sandbox's address.
fn answer(application: &Application, written: &str) -> Value {
    serde_json::from_str(&written.replace(HOST, &application.url)).unwrap()
}

async fn seed_exact() -> (DwollaSandbox, Application) {
    let switches = Switches { output: Output::SeedExact, ..Switches::default() };
    let sandbox = DwollaSandbox::builder().switches(switches).start().await.unwrap();
    let application = Application::of(&sandbox).await;
    (sandbox, application)
}

#[tokio::test]
async fn the_requests_of_the_document_get_its_answers() {
    let (sandbox, application) = seed_exact().await;

    let initiated = send(&application, INITIATE).await;
    let location = format!("{}/transfers/74c9129b-d14a-e511-80da-0aa34a9b2388", application.url);
    assert_eq!((initiated.status, initiated.location), (201, Some(location)));
    assert_eq!(initiated.body, Value::Null);
    assert_eq!(sandbox.ledger().payments("19051a62-3403-11e6-ac61-9e71128cae77"), 1);

    for (request, expected) in [
        (RETRIEVE, include_str!("../../../../dwolla-raw/tests/samples/transfer.json")),
        (FEES, include_str!("../../../../dwolla-raw/tests/samples/fees.json")),
        (FAILURE, include_str!("../../../../dwolla-raw/tests/samples/failure.json")),
        (CANCEL, include_str!("../../../../dwolla-raw/tests/samples/cancelled.json")),
    ] {
        let reply = send(&application, request).await;
        assert_eq!(reply.status, 200, "{request}");
        assert_eq!(reply.body, answer(&application, expected), "{request}");
    }
    assert!(sandbox.ledger().is_balanced());
    assert!(sandbox.ledger().paid_twice().is_empty());
}

#[tokio::test]
async fn what_the_document_makes_reads_like_its_other_transfers() {
    let (_sandbox, application) = seed_exact().await;
    let made = send(&application, INITIATE).await.made();
    let transfer = application.get(&format!("/transfers/{made}")).await.body;
    let links = transfer["_links"].as_object().unwrap();
    let relations: BTreeSet<&str> = links.keys().map(String::as_str).collect();
    assert_eq!(relations, BTreeSet::from(["cancel", "destination", "self", "source"]));
    assert!(links.values().all(|link| link.as_object().unwrap().len() == 1), "{links:?}");
    let destination = format!("{}/customers/07D59716-EF22-4FE6-98E8-F3190233DFB8", application.url);
    assert_eq!(links["destination"]["href"], destination);
    assert_eq!(transfer["amount"]["currency"], "USD");
    assert_eq!(transfer["clearing"]["destination"], "next-available");
    assert_eq!(transfer["metadata"]["paymentId"], "12345678");
}

#[tokio::test]
async fn today_the_same_requests_read_as_they_do_today() {
    let sandbox = DwollaSandbox::start().await.unwrap();
    let application = Application::of(&sandbox).await;
    let made = send(&application, INITIATE).await.made();
    let transfer = application.get(&format!("/transfers/{made}")).await.body;
    let own = &transfer["_links"]["self"];
    assert_eq!((&own["type"], &own["resource-type"]), (&super::HAL.into(), &"transfer".into()));
    let source = format!("{}/funding-sources/{CUSTOMER_BANK}", application.url);
    assert_eq!(transfer["_links"]["destination-funding-source"]["href"], source);
    let cancelled = application.cancel(made).await.body;
    assert_eq!(
        (&cancelled["status"], &cancelled["amount"]["currency"]),
        (&"cancelled".into(), &"USD".into())
    );
    assert_eq!(cancelled["_links"].get("cancel"), None);
    // The transfers of the examples are there only where their mode is on.
    assert_eq!(send(&application, RETRIEVE).await.status, 404);
}
