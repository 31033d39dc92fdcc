//! What a hostile or broken server can put in the place of a reply, one row each.

use super::front::{Act, Ask, End};

/// What a reply means for a payment that was being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// Nobody knows what became of it.
    Doubt,
    /// It was turned away at the door: nothing happened.
    TurnedAway,
    /// The provider said no, as far as anybody can tell.
    Refusal,
}

/// Where a row makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Anywhere,
    Token,
    Before,
    /// The send arrives, and its reply is this.
    Unanswered,
    /// The send arrives, and this is all that is heard of it.
    Deaf,
}

/// One row.
pub(super) struct Misdeed {
    pub(super) name: &'static str,
    pub(super) at: At,
    pub(super) means: Means,
    /// Whether it is one of those that could fill the memory.
    pub(super) heavy: bool,
    /// Whether what is read of it is dropped at once, so that time alone ends it.
    pub(super) fleeting: bool,
    pub(super) act: fn(&Ask) -> Act,
}

pub(super) const fn row(name: &'static str, act: fn(&Ask) -> Act) -> Misdeed {
    Misdeed { name, at: At::Anywhere, means: Means::Doubt, heavy: false, fleeting: false, act }
}

const fn heavy(name: &'static str, act: fn(&Ask) -> Act) -> Misdeed {
    Misdeed { heavy: true, ..row(name, act) }
}

impl Misdeed {
    const fn means(self, means: Means) -> Self {
        Self { means, ..self }
    }

    const fn fleeting(self) -> Self {
        Self { fleeting: true, ..self }
    }

    pub(super) const fn at(self, at: At) -> Self {
        Self { at, ..self }
    }
}

fn say(text: impl Into<Vec<u8>>) -> Act {
    Act { head: text.into(), unit: Vec::new(), times: 0, tail: Vec::new(), slowly: false, end: End::Close }
}

fn pour(head: impl Into<Vec<u8>>, unit: &[u8], times: u64, tail: &str) -> Act {
    Act { unit: unit.to_vec(), times, tail: tail.into(), ..say(head) }
}

fn endless(head: impl Into<Vec<u8>>, unit: &[u8]) -> Act {
    pour(head, unit, u64::MAX, "")
}

fn slowly(act: Act) -> Act {
    Act { slowly: true, ..act }
}

/// A whole reply of that status.
pub(super) fn whole(status: &str, headers: &str, body: &str) -> Act {
    say(format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))
}

/// A reply whose length is unknown until the connection ends.
fn open(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n\r\n")
}

fn redirect(status: &str, scheme: &str, ask: &Ask) -> Act {
    let to = format!("{scheme}//127.0.0.1:{}/v1/executions/payout", ask.elsewhere);
    whole(status, &format!("location: {to}\r\nrefresh: 0;url={to}\r\ncontent-location: {to}\r\n"), "")
}

/// What the provider would say of the payment, had it been made.
fn completed(ask: &Ask) -> String {
    format!(
        r#"{{"reference_id":"{}","status":"COMPLETED","payer_amount":1.01,"payer_currency":"USD","payee_currency":"USD","payee_amount":1.00,"operation_type":"PAYOUT"}}"#,
        ask.key
    )
}

const OK: &str = "HTTP/1.1 200 OK\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/// Spaces that unpack to sixteen MiB, from sixteen KiB.
fn bomb() -> Act {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..16 * 16 {
        packed.write_all(&[b' '; 64 << 10]).expect("a vector takes everything");
    }
    let packed = packed.finish().expect("a vector takes everything");
    let mut head =
        format!("{OK}content-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len()).into_bytes();
    head.extend(packed);
    say(head)
}

fn session(more: &str) -> Act {
    whole(
        "200 OK",
        "",
        &format!(
            r#"{{"id":4711,"wallet_id":3,"status":"ACTIVE","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z",{more}}}"#
        ),
    )
}

fn token(token: &str, minutes: &str) -> Act {
    whole("200 OK", "", &format!(r#"{{"access_token":"{token}","expires_in":{minutes}}}"#))
}

/// Every row.
#[rustfmt::skip]
pub(super) const MISDEEDS: &[Misdeed] = &[
    // Elsewhere.
    row("redirect 300", |ask| redirect("300 Multiple Choices", "http:", ask)),
    row("redirect 301", |ask| redirect("301 Moved Permanently", "http:", ask)),
    row("redirect 302", |ask| redirect("302 Found", "http:", ask)),
    row("redirect 303", |ask| redirect("303 See Other", "http:", ask)),
    row("redirect 307", |ask| redirect("307 Temporary Redirect", "http:", ask)),
    row("redirect 308", |ask| redirect("308 Permanent Redirect", "http:", ask)),
    row("redirect without a scheme", |ask| redirect("307 Temporary Redirect", "", ask)),
    row("redirect to TLS", |ask| redirect("308 Permanent Redirect", "https:", ask)),
    row("redirect of a success", |ask| redirect("200 OK", "http:", ask)),
    row("use proxy", |ask| redirect("305 Use Proxy", "http:", ask)),
    row("another service", |ask| whole("200 OK", &format!("alt-svc: h2=\":{0}\", http/1.1=\":{0}\"\r\nlink: <http://127.0.0.1:{0}/>; rel=preload\r\nset-cookie: a=b; domain=127.0.0.1\r\n", ask.elsewhere), "{}")),
    row("proxy wants a password", |_| whole("407 Proxy Authentication Required", "proxy-authenticate: Basic realm=\"x\"\r\n", "")),
    // Bodies without end, or far too large.
    heavy("endless body", |_| endless(open("200 OK"), b"                ")),
    heavy("endless JSON", |_| endless(format!("{}[", open("200 OK")), b"0,")),
    heavy("endless chunks", |_| endless(CHUNKED, b"10\r\n                \r\n")),
    heavy("endless refusal", |_| endless(format!("{}{{\"detail\":\"", open("422 Unprocessable Entity")), b"canary ")),
    heavy("endless error", |_| endless(open("500 Internal Server Error"), b"<p>sorry</p>")),
    heavy("large body", |_| pour(format!("{OK}content-length: {}\r\n\r\n", 3 << 20), b" ", 3 << 20, "")),
    row("promise of much", |_| say(format!("{OK}content-length: {}\r\n\r\n", u64::MAX))),
    heavy("gzip bomb", |_| bomb()),
    heavy("gzip bomb in a refusal", |_| { let mut act = bomb(); act.head.splice(9..15, *b"422 No"); act }),
    row("unknown coding", |_| whole("200 OK", "content-encoding: zstd, gzip, br, deflate, x\r\n", "{}")),
    // Heads without end.
    heavy("endless headers", |_| endless(OK, b"x-flood: water\r\n")),
    heavy("endless header", |_| endless(format!("{OK}x-flood: "), b"water")),
    heavy("endless status line", |_| endless("HTTP/1.1 200 ", b"OK ")),
    heavy("a thousand headers", |_| pour(OK, b"x-request-id: canary\r\n", 1000, "content-length: 2\r\n\r\n{}")),
    heavy("interim replies without end", |_| endless("", b"HTTP/1.1 100 Continue\r\n\r\n")).fleeting(),
    heavy("early hints without end", |_| endless("", b"HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n")).fleeting(),
    row("switching protocols", |_| say("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n")),
    // Slowness.
    row("silence", |_| Act { end: End::Hold, ..say("") }),
    row("a head, and silence", |_| Act { end: End::Hold, ..say(format!("{OK}content-length: 9\r\n\r\n{{")) }),
    row("a dripping head", |_| slowly(endless(OK, b"x"))),
    row("a dripping body", |_| slowly(endless(open("200 OK"), b" "))),
    row("dripping chunks", |_| slowly(endless(CHUNKED, b"1\r\n \r\n"))),
    row("a dripping refusal", |_| slowly(endless(open("422 No"), b" "))),
    // Broken connections and wrong lengths.
    row("reset", |_| Act { end: End::Reset, ..say("") }),
    row("closed", |_| say("")),
    row("closed in the status line", |_| say("HTTP/1.1 20")),
    row("closed in the head", |_| say("HTTP/1.1 200 OK\r\ncontent-le")),
    row("cut short", |ask| { let body = completed(ask); say(format!("{OK}content-length: {}\r\n\r\n{body}", body.len() + 1)) }),
    row("cut short, reset", |ask| { let body = completed(ask); Act { end: End::Reset, ..say(format!("{OK}content-length: {}\r\n\r\n{body}", body.len() + 1)) } }),
    row("length too small", |ask| { let body = completed(ask); say(format!("{OK}content-length: {}\r\n\r\n{body}", body.len() - 1)) }),
    row("length of nothing", |ask| say(format!("{OK}content-length: 0\r\n\r\n{}", completed(ask)))),
    row("length below zero", |ask| say(format!("{OK}content-length: -1\r\n\r\n{}", completed(ask)))),
    row("length with a sign", |_| say(format!("{OK}content-length: +2\r\n\r\n{{}}"))),
    row("length beyond counting", |_| say(format!("{OK}content-length: 99999999999999999999999\r\n\r\n{{}}"))),
    row("two lengths", |ask| { let body = completed(ask); say(format!("{OK}content-length: {}\r\ncontent-length: 2\r\n\r\n{body}", body.len())) }),
    row("two replies", |ask| { let body = completed(ask); say(format!("{OK}content-length: 2\r\n\r\n{{}}{OK}content-length: {}\r\n\r\n{body}", body.len())) }),
    row("length and chunks, cut short", |ask| say(format!("{OK}content-length: 500\r\ntransfer-encoding: chunked\r\n\r\n1f4\r\n{}", completed(ask)))),
    row("chunks of no size", |_| say(format!("{CHUNKED}zz\r\n{{}}\r\n0\r\n\r\n"))),
    row("a chunk below zero", |_| say(format!("{CHUNKED}-2\r\n{{}}\r\n0\r\n\r\n"))),
    row("a chunk beyond counting", |_| say(format!("{CHUNKED}fffffffffffffffff\r\n{{}}\r\n0\r\n\r\n"))),
    row("a chunk of everything", |_| say(format!("{CHUNKED}ffffffffffffffff\r\n{{}}\r\n0\r\n\r\n"))),
    row("chunks without an end", |ask| { let body = completed(ask); say(format!("{CHUNKED}{:x}\r\n{body}\r\n", body.len())) }),
    heavy("a chunk extension without end", |_| endless(format!("{CHUNKED}2;"), b"extension")),
    heavy("trailers without end", |_| endless(format!("{CHUNKED}2\r\n{{}}\r\n0\r\n"), b"x-trailer: water\r\n")),
    row("a coding of no meaning", |_| say(format!("{OK}transfer-encoding: chunked, identity\r\n\r\n{{}}"))),
    // Not HTTP/1.1.
    row("HTTP/0.9", |ask| say(completed(ask))),
    row("HTTP/2", |_| say([&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat())),
    row("HTTP/3.0", |_| say("HTTP/3.0 200 OK\r\ncontent-length: 2\r\n\r\n{}")),
    row("TLS", |_| say([0x15, 3, 3, 0, 2, 2, 40])),
    row("SMTP", |_| say("220 smtp.example ready\r\n")),
    row("zeros", |_| say([0; 4096])),
    row("status 000", |_| say("HTTP/1.1 000 \r\ncontent-length: 2\r\n\r\n{}")),
    row("status 999", |_| whole("999 Beyond", "", "{}")),
    row("status 600", |_| whole("600 Beyond", "", r#"{"detail":"no"}"#)),
    row("no content", |_| say("HTTP/1.1 204 No Content\r\n\r\n")),
    row("reset content", |_| whole("205 Reset Content", "", "")),
    row("partial content", |ask| { let body = completed(ask); whole("206 Partial Content", "content-range: bytes 0-9/10\r\n", &body) }),
    row("not modified", |_| say("HTTP/1.1 304 Not Modified\r\n\r\n")),
    // Text that is none.
    row("bytes that are no text", |_| say(*b"HTTP/1.1 200 OK\r\nx-request-id: \xff\xfe\r\ncontent-length: 4\r\n\r\n{\"\xff\"")),
    row("a reason that is no text", |_| say(*b"HTTP/1.1 500 \xff\xfe\xfd\r\ncontent-length: 0\r\n\r\n")),
    row("half a surrogate", |_| whole("200 OK", "", r#"{"status":"\ud800"}"#)),
    row("a zero in a header", |_| say(*b"HTTP/1.1 200 OK\r\nx-request-id: a\0b\r\ncontent-length: 2\r\n\r\n{}")),
    row("a refusal that is no text", |_| say(*b"HTTP/1.1 422 No\r\ncontent-length: 14\r\n\r\n{\"detail\":\"\xff\"}")),
    row("two marks of order", |_| whole("200 OK", "", "\u{feff}\u{feff}{}")),
    // JSON to choke on.
    heavy("deep lists", |_| pour(open("200 OK"), b"[", 1_000_000, "")),
    heavy("deep objects", |_| pour(open("200 OK"), b"{\"a\":", 300_000, "")),
    heavy("deep unknown member", |ask| pour(format!("{}{},\"x\":", open("200 OK"), completed(ask).trim_end_matches('}')), b"[", 1_000_000, "")),
    heavy("deep refusal", |_| pour(format!("{}{{\"detail\":", open("422 No")), b"[", 1_000_000, "")),
    heavy("wide refusal", |_| pour(format!("{}{{\"detail\":[", open("422 No")), b"0,", 1_000_000, "0]}")).means(Means::Refusal),
    heavy("refusal of many fields", |_| pour(format!("{}{{\"detail\":[", open("422 No")), br#"{"loc":["body"],"msg":""},"#, 75_000, "{}]}")).means(Means::Refusal),
    heavy("refusal with a long place", |_| pour(format!("{}{{\"detail\":[{{\"msg\":\"no\",\"loc\":[", open("422 No")), b"0,", 1_000_000, "0]}]}")).means(Means::Refusal),
    heavy("refusal of many words", |_| pour(format!("{}{{\"detail\":\"", open("422 No")), b"e ", 1_000_000, "\"}")).means(Means::Refusal),
    heavy("refusal with many members", |_| pour(format!("{}{{", open("422 No")), b"\"a\":{},", 280_000, "\"detail\":\"no\"}")).means(Means::Refusal),
    heavy("wide unknown member", |ask| pour(format!("{}{},\"x\":[", open("200 OK"), completed(ask).trim_end_matches('}')), b"0,", 1_000_000, "")),
    heavy("a number without end", |ask| pour(format!("{}{{\"reference_id\":\"{}\",\"payer_amount\":", open("200 OK"), ask.key), b"9", 2_000_000, "}")),
    row("a number beyond numbers", |ask| whole("200 OK", "", &completed(ask).replace("1.01", "1e999999999"))),
    row("an amount below nothing", |ask| whole("200 OK", "", &completed(ask).replace("1.00", "-1.0e-99999999999999999999"))),
    row("a member twice", |ask| whole("200 OK", "", &completed(ask).replace(r#""status""#, r#""status":"PENDING","status""#))),
    row("another payment", |ask| whole("200 OK", "", &completed(ask).replace(&ask.key, "00000000-0000-4000-8000-000000000000"))),
    row("another movement", |ask| whole("200 OK", "", &completed(ask).replace("PAYOUT", "REFUND"))),
    row("a list of it", |ask| whole("200 OK", "", &format!("[{}]", completed(ask)))),
    row("it, and more", |ask| whole("200 OK", "", &format!("{0}{0}", completed(ask)))),
    row("a page", |_| whole("200 OK", "content-type: text/html\r\n", "<html>Welcome to the hotel's network</html>")),
    row("a page of a proxy", |_| whole("404 Not Found", "content-type: text/html\r\n", "<html>not found</html>")),
    // Asked to rest.
    row("rest for ever", |_| whole("503 Sorry", &format!("retry-after: {}\r\n", u64::MAX), "{}")),
    row("rest below nothing", |_| whole("503 Sorry", "retry-after: -1\r\n", "{}")),
    row("rest until the year 9999", |_| whole("503 Sorry", "retry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\ndate: Mon, 01 Jan 1601 00:00:00 GMT\r\n", "{}")),
    row("turned away for ever", |_| whole("429 Slow", &format!("retry-after: {}\r\n", u64::MAX), "{}")).means(Means::TurnedAway),
    row("turned away until nonsense", |_| whole("429 Slow", "retry-after: 1e99\r\ndate: yesterday\r\n", "{}")).means(Means::TurnedAway),
    row("turned away before time", |_| whole("429 Slow", "retry-after: Mon, 01 Jan 1601 00:00:00 GMT\r\ndate: Fri, 31 Dec 9999 23:59:59 GMT\r\n", "")).means(Means::TurnedAway),
    row("a token is refused", |_| whole("401 No", "www-authenticate: Basic realm=\"x\"\r\n", "")).means(Means::TurnedAway),
    row("a gate", |_| whole("403 No", "", "<html>")).means(Means::TurnedAway),
    // What only a token or a session can be.
    row("a token of nothing", |_| token("", "60")).at(At::Token),
    row("a token of two lines", |_| token("a\\r\\nx-more: b", "60")).at(At::Token),
    heavy("a token without end", |_| pour(format!("{}{{\"expires_in\":60,\"access_token\":\"", open("200 OK")), b"x", 1 << 20, "\"}")).at(At::Token),
    row("a token for ever", |_| token("wrong", "9223372036854775807")).at(At::Token),
    row("a token from the past", |_| token("wrong", "-9223372036854775808")).at(At::Token),
    row("a token for no time", |_| token("wrong", "0")).at(At::Token),
    row("a session for another account", |_| session(r#""payout_account_id":21,"amount":1.00,"currency":"USD","expires_at":"2099-01-01T00:00:00Z""#)).at(At::Before),
    row("a session for more", |_| session(r#""payout_account_id":18,"amount":1000000.00,"currency":"USD","expires_at":"2099-01-01T00:00:00Z""#)).at(At::Before),
    row("a session until nonsense", |_| session(r#""payout_account_id":18,"amount":1.00,"currency":"USD","expires_at":"tomorrow""#)).at(At::Before),
];

/// A session that ends with the calendar, told by a clock from its beginning.
pub(super) fn session_until_the_end_of_time(_: &Ask) -> Act {
    let mut act = session(
        r#""payout_account_id":18,"amount":1.00,"currency":"USD","expires_at":"9999-12-31T23:59:59Z""#,
    );
    act.head.splice(17..17, *b"date: Mon, 01 Jan 1601 00:00:00 GMT\r\n");
    act
}

/// A token of one letter.
pub(super) fn token_of_one_letter(_: &Ask) -> Act {
    token("e", "60")
}
