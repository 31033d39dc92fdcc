//! The realtime channel, seen by a WebSocket client of another make, message by message, and by the client that browsers
//! use.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use payonce_sandbox::{PAYOUT_ACCOUNT, REALTIME_ANON_KEY, Sandbox};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

use crate::merchant::Merchant;

const TABLE: &str = "checkout_payment_intent_public_status";

/// The client, and what it has said and heard.
struct Browser {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_ref: u64,
}

impl Browser {
    async fn connect(sandbox: &Sandbox) -> Self {
        let query = format!("apikey={REALTIME_ANON_KEY}&vsn=1.0.0");
        Self { socket: dial(sandbox, &query).await.unwrap(), last_ref: 0 }
    }

    async fn say(&mut self, topic: &str, event: &str, payload: Value) {
        self.last_ref += 1;
        let reference = self.last_ref.to_string();
        let message = json!({ "topic": topic, "event": event, "payload": payload, "ref": reference,
            "join_ref": "1" });
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let heard = tokio::time::timeout(Duration::from_secs(10), self.socket.next()).await.unwrap();
        serde_json::from_str(heard.unwrap().unwrap().to_text().unwrap()).unwrap()
    }

    /// Joins and returns the reply.
    async fn join(&mut self, payment: &Payment, key: &str) -> Value {
        self.join_with(&payment.topic(), payment.reference, key).await
    }

    async fn join_with(&mut self, topic: &str, filter: Uuid, key: &str) -> Value {
        let changes = json!([{ "event": "*", "schema": "public", "table": TABLE,
            "filter": format!("reference_id=eq.{filter}") }]);
        let payload = json!({ "config": { "postgres_changes": changes }, "access_token": key });
        self.say(topic, "phx_join", payload).await;
        self.hear().await
    }

    /// Nothing was said that has not been heard: the next message answers a heartbeat.
    async fn hears_no_more(&mut self) {
        self.say("phoenix", "heartbeat", json!({})).await;
        let heard = self.hear().await;
        assert_eq!((&heard["topic"], &heard["event"]), (&json!("phoenix"), &json!("phx_reply")), "{heard}");
        assert_eq!(heard["ref"], self.last_ref.to_string());
        assert_eq!(heard["payload"], json!({ "status": "ok", "response": {} }));
    }
}

async fn dial(
    sandbox: &Sandbox,
    query: &str,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, tungstenite::Error> {
    let url = format!("ws://{}/realtime/v1/websocket?{query}", sandbox.addr());
    connect_async(url).await.map(|(socket, _)| socket)
}

/// A collection that is about to be made.
struct Payment {
    session: String,
    reference: Uuid,
}

impl Payment {
    async fn prepare(merchant: &Merchant) -> Self {
        let source = json!({ "source_id": 101, "source_type": "INVOICE" });
        Self { session: merchant.session("checkout", source).await, reference: Uuid::new_v4() }
    }

    fn topic(&self) -> String {
        format!("realtime:payment-intent:{}:{}", self.session, self.reference)
    }

    async fn key(&self, merchant: &Merchant) -> String {
        let body = json!({ "session_id": self.session.parse::<i64>().unwrap(), "source_type": "INVOICE",
            "reference_id": self.reference });
        let (status, key) = merchant.post("/v1/realtime-keys/collection", body).await.unwrap();
        assert_eq!((status, &key["expires_in"]), (200, &json!(3_600)));
        key["access_token"].as_str().unwrap().to_owned()
    }
}

async fn ready() -> (Sandbox, Merchant, Payment) {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.clock().freeze();
    let merchant = Merchant::of(&sandbox).await;
    let payment = Payment::prepare(&merchant).await;
    (sandbox, merchant, payment)
}

fn status(heard: &Value) -> (&str, &str, &str) {
    let data = &heard["payload"]["data"];
    (
        heard["event"].as_str().unwrap(),
        data["type"].as_str().unwrap_or_default(),
        data["record"]["status"].as_str().unwrap_or_default(),
    )
}

#[tokio::test]
async fn a_subscriber_hears_a_payment_begin_and_settle_when_its_time_has_come() {
    let (sandbox, merchant, payment) = ready().await;
    let mut browser = Browser::connect(&sandbox).await;
    let joined = browser.join(&payment, &payment.key(&merchant).await).await;
    assert_eq!((&joined["event"], &joined["payload"]["status"]), (&json!("phx_reply"), &json!("ok")));
    let confirmed = &joined["payload"]["response"]["postgres_changes"][0];
    assert_eq!((&confirmed["event"], &confirmed["table"]), (&json!("*"), &json!(TABLE)));
    assert_eq!(browser.hear().await["event"], "presence_state");
    let system = browser.hear().await;
    assert_eq!(system["payload"]["message"], "Subscribed to PostgreSQL");
    assert_eq!((&system["payload"]["status"], &system["event"]), (&json!("ok"), &json!("system")));

    assert_eq!(merchant.collect(&payment.session, PAYOUT_ACCOUNT, payment.reference).await.0, 200);
    let began = browser.hear().await;
    assert_eq!(status(&began), ("postgres_changes", "INSERT", "PROCESSING"));
    assert_eq!(began["payload"]["ids"], json!([confirmed["id"]]));
    let record = &began["payload"]["data"]["record"];
    assert_eq!(record["reference_id"], json!(payment.reference));
    assert_eq!(record["session_id"], json!(payment.session.parse::<i64>().unwrap()));
    browser.hears_no_more().await;

    // Nobody asks for it, and yet it settles when its time has come.
    sandbox.clock().advance(Duration::from_secs(3));
    let settled = browser.hear().await;
    assert_eq!(status(&settled), ("postgres_changes", "UPDATE", "COMPLETED"));
    assert_eq!(settled["payload"]["data"]["old_record"]["reference_id"], json!(payment.reference));
    assert_eq!(
        settled["payload"]["data"]["record"]["updated_at"],
        settled["payload"]["data"]["commit_timestamp"]
    );
    assert_eq!(sandbox.ledger().payments(payment.reference), 1);
}

#[tokio::test]
async fn a_settlement_is_heard_while_time_runs_too() {
    let sandbox = Sandbox::builder().speed(60).start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let payment = Payment::prepare(&merchant).await;
    let mut browser = Browser::connect(&sandbox).await;
    browser.join(&payment, &payment.key(&merchant).await).await;
    merchant.collect(&payment.session, 21, payment.reference).await;
    let mut heard = browser.hear().await;
    while heard["event"] != "postgres_changes" {
        heard = browser.hear().await;
    }
    assert_eq!(status(&heard).2, "PROCESSING");
    assert_eq!(status(&browser.hear().await), ("postgres_changes", "UPDATE", "FAILED"));
}

#[tokio::test]
async fn a_key_opens_its_own_channel_and_no_other() {
    let (sandbox, merchant, payment) = ready().await;
    let (other, key) = (Payment::prepare(&merchant).await, payment.key(&merchant).await);
    let mut browser = Browser::connect(&sandbox).await;
    let forged = format!("{}x", &key[..key.len() - 1]);
    for (topic, filter, key) in [
        (payment.topic(), payment.reference, ""),
        (payment.topic(), payment.reference, "nonsense"),
        (payment.topic(), payment.reference, forged.as_str()),
        (payment.topic(), payment.reference, merchant.token.as_str()),
        (payment.topic(), other.reference, key.as_str()),
        (other.topic(), other.reference, key.as_str()),
        ("realtime:everything".to_owned(), payment.reference, key.as_str()),
    ] {
        let refused = browser.join_with(&topic, filter, key).await;
        assert_eq!(refused["payload"]["status"], "error", "{refused}");
        assert!(refused["payload"]["response"]["reason"].as_str().unwrap().len() > 10, "{refused}");
    }
    merchant.collect(&payment.session, PAYOUT_ACCOUNT, payment.reference).await;
    sandbox.clock().advance(Duration::from_secs(3_600));
    let expired = browser.join(&payment, &key).await;
    assert_eq!(expired["payload"]["response"]["reason"], "InvalidJWTToken: the key has expired");
    browser.hears_no_more().await;
}

#[tokio::test]
async fn payments_of_others_are_not_heard_and_a_channel_can_be_left() {
    let (sandbox, merchant, payment) = ready().await;
    let other_session =
        merchant.session("checkout", json!({ "source_id": 111, "source_type": "INVOICE" })).await;
    let mut browser = Browser::connect(&sandbox).await;
    browser.join(&payment, &payment.key(&merchant).await).await;
    browser.hear().await;
    browser.hear().await;
    merchant.collect(&other_session, PAYOUT_ACCOUNT, Uuid::new_v4()).await;
    browser.hears_no_more().await;
    browser.say(&payment.topic(), "phx_leave", json!({})).await;
    assert_eq!(browser.hear().await["payload"]["status"], "ok");
    assert_eq!(browser.hear().await["event"], "phx_close");
    merchant.collect(&payment.session, PAYOUT_ACCOUNT, payment.reference).await;
    browser.hears_no_more().await;
}

#[tokio::test]
async fn a_channel_ends_with_its_key_unless_a_newer_one_comes_in_time() {
    let (sandbox, mut merchant, payment) = ready().await;
    let mut browser = Browser::connect(&sandbox).await;
    browser.join(&payment, &payment.key(&merchant).await).await;
    browser.hear().await;
    browser.hear().await;
    sandbox.clock().advance(Duration::from_secs(1_800));
    browser
        .say(&payment.topic(), "access_token", json!({ "access_token": payment.key(&merchant).await }))
        .await;
    browser.hears_no_more().await;
    sandbox.clock().advance(Duration::from_secs(1_800));
    browser.hears_no_more().await;
    sandbox.clock().advance(Duration::from_secs(1_800));
    let why = browser.hear().await;
    assert_eq!((&why["event"], &why["payload"]["status"]), (&json!("system"), &json!("error")));
    assert_eq!(browser.hear().await["event"], "phx_close");

    merchant.renew_token().await;
    browser.join(&payment, &payment.key(&merchant).await).await;
    browser.hear().await;
    browser.hear().await;
    browser.say(&payment.topic(), "access_token", json!({ "access_token": "nonsense" })).await;
    assert_eq!(browser.hear().await["event"], "system");
    assert_eq!(browser.hear().await["event"], "phx_close");
}

#[tokio::test]
async fn only_a_client_with_the_public_key_and_a_known_version_connects() {
    let sandbox = Sandbox::start().await.unwrap();
    for (query, code) in [
        ("vsn=1.0.0".to_owned(), 401),
        ("apikey=other&vsn=1.0.0".to_owned(), 401),
        (format!("apikey={REALTIME_ANON_KEY}&vsn=9"), 400),
    ] {
        match dial(&sandbox, &query).await {
            Err(tungstenite::Error::Http(refused)) => assert_eq!(refused.status(), code, "{query}"),
            other => panic!("{query}: {other:?}"),
        }
    }
    let plain = format!("{}/realtime/v1/websocket?apikey={REALTIME_ANON_KEY}", sandbox.url());
    assert_eq!(crate::merchant::http().build().unwrap().get(plain).send().await.unwrap().status(), 426);
}

/// The packages that the script below needs, at the versions this was tested with.
const PACKAGES: [&str; 2] = ["@supabase/realtime-js@2.119.0", "ws@8.18.3"];

/// What a web page does: connects, subscribes, says what it hears. Both versions of the protocol.
const PAGE: &str = r#"
const { RealtimeClient } = require("@supabase/realtime-js");
const [url, apikey, vsn, channel, reference, key] = process.argv.slice(2);
const client = new RealtimeClient(url, { params: { apikey }, vsn, transport: require("ws") });
client.setAuth(key).then(() => {
  client.channel(channel)
    .on("postgres_changes", { event: "*", schema: "public", table: "checkout_payment_intent_public_status",
      filter: `reference_id=eq.${reference}` }, (change) => {
      console.log(`${change.eventType} ${change.new.status} ${typeof change.new.session_id}`);
      if (change.new.status === "COMPLETED") client.disconnect();
    })
    .subscribe((status, error) => {
      console.log(`${status} ${error ? error.message : ""}`.trim());
      if (status === "CHANNEL_ERROR") process.exit(0);
    });
});
"#;

/// Where the packages are, or why they are not.
fn packages() -> Result<PathBuf, String> {
    Command::new("node").arg("--version").output().map_err(|error| format!("Node.js is needed: {error}"))?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("realtime-js");
    let stamp = folder.join("installed");
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let install = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
        .arg(&folder)
        .args(PACKAGES)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("npm: {error}"))?;
    if !install.status.success() {
        return Err(String::from_utf8_lossy(&install.stderr).into_owned());
    }
    std::fs::write(folder.join("page.cjs"), PAGE).map_err(|error| error.to_string())?;
    std::fs::write(stamp, wanted).map_err(|error| error.to_string())?;
    Ok(folder)
}

type Page = (tokio::process::Child, Lines<BufReader<tokio::process::ChildStdout>>);

fn open_page(folder: &Path, sandbox: &Sandbox, vsn: &str, payment: &Payment, key: &str) -> Page {
    let mut page = tokio::process::Command::new("node")
        .arg(folder.join("page.cjs"))
        .args([format!("ws://{}/realtime/v1", sandbox.addr()), REALTIME_ANON_KEY.to_owned(), vsn.to_owned()])
        .args([payment.topic().replace("realtime:", ""), payment.reference.to_string(), key.to_owned()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let lines = BufReader::new(page.stdout.take().unwrap()).lines();
    (page, lines)
}

async fn next(page: &mut Page) -> String {
    let line = tokio::time::timeout(Duration::from_secs(30), page.1.next_line()).await.unwrap();
    line.unwrap().unwrap_or_default()
}

#[tokio::test]
async fn the_client_that_browsers_use_follows_a_payment() {
    let folder = match tokio::task::spawn_blocking(packages).await.unwrap() {
        Ok(folder) => folder,
        // A machine without Node or a registry has the tests above.
        Err(why) => return crate::skipped(&why),
    };
    for vsn in ["1.0.0", "2.0.0"] {
        let (sandbox, merchant, payment) = ready().await;
        let mut page = open_page(&folder, &sandbox, vsn, &payment, &payment.key(&merchant).await);
        assert_eq!(next(&mut page).await, "SUBSCRIBED");
        merchant.collect(&payment.session, PAYOUT_ACCOUNT, payment.reference).await;
        assert_eq!(next(&mut page).await, "INSERT PROCESSING number");
        sandbox.clock().advance(Duration::from_secs(3));
        assert_eq!(next(&mut page).await, "UPDATE COMPLETED number");

        let mut refused = open_page(&folder, &sandbox, vsn, &payment, &merchant.token);
        assert!(next(&mut refused).await.starts_with("CHANNEL_ERROR InvalidJWTToken"));
    }
}
