//! Replies of the provider, whole: status, the headers that are read, and the body.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use dollr::raw::{HttpTransport, Reply};
use dollr::{Dollr, Expect, Operation, Passcode, Secret, usd};
use futures_util::FutureExt;
use payonce::rail::{LookUp, Order, Rail, Report, Submission};
use reqwest::ResponseBuilderExt;

const SECRETS: [&str; 4] = ["canary-client-secret", "canary-passcode", "231770009999", "canary-token"];
const KEY: &str = "550e8400-e29b-41d4-a716-446655440000";

type Headers = Vec<(&'static str, Vec<u8>)>;

#[derive(Clone, Debug)]
struct Told {
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

/// A network on which the one reply is always ready.
#[derive(Debug, Default)]
struct Ready(Mutex<Option<Told>>);

impl HttpTransport for Ready {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static str,
    ) -> Reply<'a> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let token = || {
            let body = br#"{"access_token":"canary-token","expires_in":60}"#.to_vec();
            Told { status: 200, headers: Headers::new(), body }
        };
        let told = told.filter(|_| operation != "obtain_token");
        let Told { status, headers, body } = told.unwrap_or_else(token);
        let mut reply = http::Response::builder().status(status).url(request.url().clone());
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

struct Client {
    network: Arc<Ready>,
    dollr: Dollr,
}

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let network = Arc::new(Ready::default());
    let dollr = Dollr::builder()
        .client_id("client-1")
        .client_secret(Secret::new(SECRETS[0]))
        .passcode(Passcode::of_phone(Secret::new(SECRETS[1]), SECRETS[2]))
        .base_url("http://127.0.0.1:1")
        .transport(Arc::clone(&network) as dollr::raw::Transport)
        .journal_in_memory()
        .build()
        .expect("these settings make a client");
    Client { network, dollr }
});

/// One reply to each kind of call. Two bytes are the status, then come lines with the headers, and after an empty line
/// the body.
pub fn replies(data: &[u8]) {
    let Some((status, rest)) = data.split_first_chunk::<2>() else { return };
    let status = 100 + u16::from_le_bytes(*status) % 900;
    let (head, body) = match rest.windows(2).position(|window| window == b"\n\n") {
        Some(end) => (&rest[..end], &rest[end + 2..]),
        None => (&b""[..], rest),
    };
    let names = ["retry-after", "date", "x-request-id", "content-type"];
    let headers = names.into_iter().zip(head.split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
    judge(status, headers.collect(), body);
}

/// A reply that asks for rest, in any words.
pub fn retry_after(data: &[u8]) {
    let (after, date) = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &b""[..]),
    };
    for status in [429, 503] {
        judge(status, vec![("retry-after", after.to_vec()), ("date", date.to_vec())], b"");
    }
}

fn judge(status: u16, headers: Headers, body: &[u8]) {
    let Client { network, dollr } = &*CLIENT;
    *network.0.lock().unwrap_or_else(PoisonError::into_inner) =
        Some(Told { status, headers, body: body.to_vec() });
    let order = Order {
        operation: Operation::new("payout").expect("a payout is an operation"),
        name: "fuzz".parse().expect("this is a name"),
        reference_id: KEY.parse().expect("this is a key"),
        contents: r#"{"payout":{"account":18,"amount":{"amount":"250.00","currency":"USD"}}}"#.to_owned(),
        expect: Expect::Amount(usd("250.00").expect("this is an amount")),
    };
    let sent = format!(r#"{{"payout_account_id":"18","reference_id":"{KEY}","session_id":"88"}}"#);
    let rail = dollr.rail();
    let ready = "the reply is ready";
    let prepared = rail.prepare(&order).now_or_never().expect(ready);
    let submission = rail.submit(&order, &sent).now_or_never().expect(ready);
    let look_up = rail.look_up(&order).now_or_never().expect(ready);

    let about = body.windows(KEY.len()).any(|window| window.eq_ignore_ascii_case(KEY.as_bytes()));
    match &submission {
        Submission::NotSent(_) => assert!([401, 403, 429].contains(&status), "{status} was no turning away"),
        Submission::Refused(..) | Submission::Known => {
            assert!((400..500).contains(&status), "{status} refused it")
        }
        Submission::Accepted(_) => assert!(status == 200, "{status} accepted it"),
        Submission::Unknown(_) => {}
    }
    if let Submission::Accepted(Report::Completed(receipt)) = &submission {
        assert!(about || body.contains(&b'\\'), "another payment's word was taken: {receipt:?}");
    }
    if let LookUp::NotFound(_) = &look_up {
        assert_eq!(status, 404, "it was taken for unknown");
    }
    // What was not told cannot be given away, and what was must not be.
    let shown = format!("{prepared:?} {submission:?} {look_up:?}");
    if let Some(secret) = SECRETS.iter().find(|secret| shown.contains(**secret)) {
        panic!("{secret} was given away: {shown}");
    }
}
