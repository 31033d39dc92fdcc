//! Replies of a provider whose replies are HAL: status, the headers that are read, and the body with its links.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use dwolla::raw::{HttpTransport, Reply, Transport};
use dwolla::{Dwolla, Expect, Operation, Secret, usd};
use futures_util::FutureExt;
use payonce::rail::{LookUp, Order, Rail, Report, Submission};
use reqwest::ResponseBuilderExt;

const SECRETS: [&str; 2] = ["canary-secret", "canary-token"];
const KEY: &str = "550e8400-e29b-41d4-a716-446655440000";
const ID: &str = "707177c3-bf15-4e7e-b37c-55c3898d9bf4";

type Headers = Vec<(&'static str, Vec<u8>)>;

#[derive(Clone, Debug)]
struct Told {
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

/// A network on which the one reply is always ready. Whom it is asked for is looked at.
#[derive(Debug, Default)]
struct Ready(Mutex<Option<Told>>);

impl HttpTransport for Ready {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static str,
    ) -> Reply<'a> {
        let url = request.url();
        assert!(url.as_str().starts_with("http://127.0.0.1:1/"), "a request for {url}");
        assert!(url.as_str().len() < 1000 && url.path().matches('/').count() <= 3, "a request for {url}");
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let honest = |body: String| Told { status: 200, headers: Headers::new(), body: body.into_bytes() };
        let told = match operation {
            "obtain_token" => honest(
                r#"{"access_token":"canary-token","token_type":"bearer","expires_in":3600}"#.to_owned(),
            ),
            // Whoever owns it: the transfers are in a list.
            "retrieve_funding_source" if told.is_some() && !url.path().ends_with(KEY) => honest(format!(
                r#"{{"id":"{ID}","status":"verified","type":"bank","_links":{{"account":{{"href":"http://127.0.0.1:1/accounts/{ID}"}}}}}}"#
            )),
            _ => told.expect("it is told what to say before it is asked"),
        };
        let Told { status, headers, body } = told;
        let mut reply = http::Response::builder().status(status).url(url.clone());
        for (name, value) in headers {
            // What no header may hold, HTTP has refused before.
            if let Ok(value) = http::HeaderValue::from_bytes(&value) {
                reply = reply.header(name, value);
            }
        }
        let reply = reply.body(body).expect("a status and headers that were checked make a reply");
        Box::pin(async move { Ok(reply.into()) })
    }
}

fn client(network: &Arc<Ready>) -> Dwolla {
    Dwolla::builder()
        .key("key-1")
        .secret(Secret::new(SECRETS[0]))
        .base_url("http://127.0.0.1:1")
        .transport(Arc::clone(network) as Transport)
        .journal_in_memory()
        .build()
        .expect("these settings make a client")
}

static CLIENT: LazyLock<(Arc<Ready>, Dwolla)> = LazyLock::new(|| {
    let network = Arc::new(Ready::default());
    (Arc::clone(&network), client(&network))
});

fn order(source: &str) -> Order {
    let contents = serde_json::json!({
        "source": source, "destination": { "customer": ID },
        "amount": { "amount": "250.00", "currency": "USD" },
    });
    Order {
        operation: Operation::new("transfer").expect("a transfer is an operation"),
        name: "fuzz".parse().expect("this is a name"),
        reference_id: KEY.parse().expect("this is a key"),
        contents: contents.to_string(),
        expect: Expect::Amount(usd("250.00").expect("this is an amount")),
    }
}

/// One reply to each kind of call, with links in its headers and in its body. Two bytes are the status, then come lines
/// with the headers, and after an empty line the body.
pub fn hal(data: &[u8]) {
    let Some((status, rest)) = data.split_first_chunk::<2>() else { return };
    let status = 100 + u16::from_le_bytes(*status) % 900;
    let (head, body) = match rest.windows(2).position(|window| window == b"\n\n") {
        Some(end) => (&rest[..end], &rest[end + 2..]),
        None => (&b""[..], rest),
    };
    let names = ["location", "retry-after", "date", "x-request-id"];
    let headers = names.into_iter().zip(head.split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
    let (network, dwolla) = &*CLIENT;
    *network.0.lock().unwrap_or_else(PoisonError::into_inner) =
        Some(Told { status, headers: headers.collect(), body: body.to_vec() });
    let (rail, ready) = (dwolla.rail(), "the reply is ready");
    let order_to = order(ID);
    let prepared = rail.prepare(&order_to).now_or_never().expect(ready);
    let submission =
        rail.submit(&order_to, &format!(r#"{{"correlationId":"{KEY}"}}"#)).now_or_never().expect(ready);
    // By its place, if that was taken for one; then in the list.
    let place = rail.look_up(&order_to).now_or_never().expect(ready);
    let list = rail.look_up(&order_to).now_or_never().expect(ready);
    // And where this reply is what is said of the source itself.
    let source = rail.look_up(&order(KEY)).now_or_never().expect(ready);

    match &submission {
        Submission::NotSent(_) => assert!([401, 403, 429].contains(&status), "{status} was no turning away"),
        Submission::Refused(..) => assert!((400..500).contains(&status), "{status} refused it"),
        Submission::Accepted(report) => {
            let pending = matches!(report, Report::Pending { action: None });
            assert!(status == 201 && pending, "{status} accepted it");
        }
        Submission::Known => panic!("{status} said that it is known"),
        Submission::Unknown(_) => {}
    }
    let named =
        |text: &str| body.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()));
    for look_up in [&place, &list, &source] {
        match look_up {
            LookUp::NotFound(_) => assert_eq!(status, 200, "it was taken for unknown"),
            LookUp::Found(Report::Completed(receipt)) => {
                let told = named(KEY) || named("\"id\"") || body.contains(&b'\\');
                assert!(status == 200 && told, "another payment's word was taken: {receipt:?}");
            }
            _ => {}
        }
    }
    // What was not told cannot be given away, and what was must not be.
    let shown = format!("{prepared:?} {submission:?} {place:?} {list:?} {source:?}");
    if let Some(secret) = SECRETS.iter().find(|secret| shown.contains(**secret)) {
        panic!("{secret} was given away: {shown}");
    }
}
