//! The realtime channel: what it hastens, and that it can neither settle a payment nor keep one from settling.
//!
//! Time stands still unless a test moves it, and polls are an hour or more apart, so whatever settles sooner was heard
//! of over the channel.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dollr::{AccountId, Currency, Dollr, InvoiceId, Pace, Payment, Realtime, Secret, Source, Status};
use futures_util::{SinkExt, StreamExt};
use payonce_sandbox::REALTIME_ANON_KEY;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_tungstenite::tungstenite::Message;

use crate::world::{AMA, DECLINES, World, completed, failed};

pub(crate) const CARD: AccountId = AccountId::new(31);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn still() -> World {
    let world = World::start().await;
    world.sandbox.clock().freeze();
    world
}

/// A client that follows its collections at that address, and would poll only once a day.
fn follows(world: &World, url: &str) -> Dollr {
    let pace = Pace { first_poll: (DAY, DAY), slowest_poll: DAY, ..Pace::default() };
    let realtime = Realtime::new(url, Secret::new(REALTIME_ANON_KEY));
    let client = world.client().request_timeout(seconds(20)).pace(pace);
    client.realtime(realtime).journal(world.journal()).build().unwrap()
}

async fn collect(dollr: &Dollr, account: AccountId) -> Payment {
    let invoice = Source::Invoice(InvoiceId::new(if account == CARD { 103 } else { 101 }));
    dollr.collection("INV-7", invoice, account, Currency::USD).send().await.unwrap()
}

/// Waits, in real time, for what happens on other threads.
pub(crate) async fn until(what: &str, happened: impl Fn() -> bool) {
    let waited = async {
        while !happened() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(seconds(60), waited).await.is_ok(), "{what}");
}

/// How often that was asked and answered.
fn asked(world: &World, operation: &str) -> usize {
    let requests = world.sandbox.requests();
    let about = requests.iter().filter(|request| request.operation.contains(operation));
    about.filter(|request| request.status.is_some()).count()
}

const STATUS: &str = "/v1/status/collection";
pub(crate) const KEYS: &str = "/v1/realtime-keys/collection";

/// The channel is open once the status was read because of that: the engine takes one hint a second.
async fn opened(world: &World) {
    until("a key is asked for", || asked(world, KEYS) > 0).await;
    let before = asked(world, STATUS);
    world.sandbox.clock().advance(seconds(1));
    until("the channel opens", || asked(world, STATUS) > before).await;
}

#[tokio::test]
async fn a_settlement_is_heard_of_long_before_the_next_poll() {
    let world = still().await;
    let dollr = follows(&world, world.sandbox.url());
    let began = world.sandbox.clock().now();
    let payment = collect(&dollr, AMA).await;
    opened(&world).await;
    world.sandbox.clock().advance(seconds(3));
    completed(&payment).await;
    let took = (world.sandbox.clock().now() - began).to_std().unwrap();
    assert!(took < seconds(10), "a poll would have come after a day, not after {took:?}");
    assert_eq!((world.paid(payment.reference_id()), world.movements()), (1, 1));
}

/// Carries connections on to the sandbox, and cuts them.
struct Line {
    url: String,
    accepted: Arc<AtomicUsize>,
    open: Arc<Mutex<JoinSet<()>>>,
    listening: JoinHandle<()>,
}

impl Line {
    async fn to(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (accepted, open) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(JoinSet::new())));
        let (counted, kept, target) = (Arc::clone(&accepted), Arc::clone(&open), world.sandbox.addr());
        let listening = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                kept.lock().unwrap().spawn(async move {
                    let mut far = TcpStream::connect(target).await.unwrap();
                    // How it ends is of no interest.
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        Self { url, accepted, open, listening }
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Breaks every connection; new ones are carried again.
    fn cut(&self) {
        self.open.lock().unwrap().abort_all();
    }

    /// How many connections are open.
    fn open(&self) -> usize {
        let mut open = self.open.lock().unwrap();
        while open.try_join_next().is_some() {}
        open.len()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

#[tokio::test]
async fn after_a_cut_the_client_connects_again_and_hears_what_it_missed() {
    let world = still().await;
    let line = Line::to(&world).await;
    let dollr = follows(&world, &line.url);
    let payment = collect(&dollr, AMA).await;
    opened(&world).await;
    let before = line.accepted();
    line.cut();
    world.sandbox.clock().advance(seconds(3));
    until("it connects again", || {
        world.sandbox.clock().advance(Duration::from_millis(100));
        line.accepted() > before
    })
    .await;
    // Nobody tells it of the settlement any more; that the channel is open has the status read.
    completed(&payment).await;
    assert_eq!((world.paid(payment.reference_id()), world.movements()), (1, 1));
}

#[tokio::test]
async fn a_payment_whose_channel_is_gone_for_good_is_settled_by_polling() {
    let world = still().await;
    let line = Line::to(&world).await;
    let realtime = Realtime::new(&line.url, Secret::new(REALTIME_ANON_KEY));
    let client = world.client().request_timeout(seconds(20));
    let dollr = client.realtime(realtime).journal(world.journal()).build().unwrap();
    let payment = collect(&dollr, AMA).await;
    until("the channel is asked for", || line.accepted() > 0).await;
    line.listening.abort();
    line.cut();
    world.sandbox.clock().unfreeze();
    completed(&payment).await;
    assert_eq!((world.paid(payment.reference_id()), world.movements()), (1, 1));
}

#[tokio::test]
async fn a_channel_whose_key_expired_is_joined_again() {
    let world = still().await;
    let dollr = follows(&world, world.sandbox.url());
    let payment = collect(&dollr, CARD).await;
    opened(&world).await;
    world.sandbox.clock().advance(seconds(5_000));
    assert!(world.sandbox.confirm_card(payment.reference_id().as_uuid()));
    until("a new key is asked for", || asked(&world, KEYS) >= 2).await;
    let over = async {
        loop {
            world.sandbox.clock().advance(seconds(1));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        receipt = completed(&payment) => assert_eq!(receipt.reference_id, payment.reference_id()),
        () = over => unreachable!("it never ends"),
    }
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn the_connection_ends_with_the_client() {
    let world = still().await;
    let line = Line::to(&world).await;
    let dollr = follows(&world, &line.url);
    let payment = collect(&dollr, CARD).await;
    opened(&world).await;
    assert_eq!(line.open(), 1);
    drop(dollr);
    until("the connection is closed", || line.open() == 0).await;
    assert!(matches!(payment.status().await.unwrap(), Status::NeedsAction { .. }), "the payment goes on");
}

/// A server of ours in the provider's place: it says what the test has it say.
struct Impostor {
    url: String,
    connections: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<Value>>>,
    task: JoinHandle<()>,
}

impl Impostor {
    async fn start(answer: fn(&Value) -> Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (connections, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, noted) = (Arc::clone(&connections), Arc::clone(&heard));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let noted = Arc::clone(&noted);
                tokio::spawn(async move {
                    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                    while let Some(Ok(Message::Text(text))) = socket.next().await {
                        let message: Value = serde_json::from_str(&text).unwrap();
                        for reply in answer(&message) {
                            socket.send(Message::text(reply.to_string())).await.unwrap();
                        }
                        noted.lock().unwrap().push(message);
                    }
                });
            }
        });
        Self { url, connections, heard, task }
    }

    /// That member of everything that was heard.
    fn all(&self, member: &str) -> Vec<Value> {
        self.heard.lock().unwrap().iter().map(|message| message[member].clone()).collect()
    }

    fn heard(&self, event: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|message| message["event"] == event).count()
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn a_silent_server_is_noticed_and_left_for_a_new_connection() {
    let world = still().await;
    let silent = Impostor::start(|_| Vec::new()).await;
    let dollr = follows(&world, &silent.url);
    let payment = collect(&dollr, AMA).await;
    until("it joins", || silent.heard("phx_join") == 1).await;
    world.sandbox.clock().advance(seconds(25));
    until("it asks whether anybody is there", || silent.heard("heartbeat") == 1).await;
    assert_eq!(silent.connections.load(Ordering::SeqCst), 1);
    world.sandbox.clock().advance(seconds(25));
    until("it connects anew", || {
        world.sandbox.clock().advance(Duration::from_millis(100));
        silent.connections.load(Ordering::SeqCst) == 2
    })
    .await;
    world.sandbox.clock().advance(DAY + DAY);
    completed(&payment).await;
    assert_eq!(world.movements(), 1);
}

/// Lets every channel be joined, and says of each payment at every turn that it is completed.
fn lies(message: &Value) -> Vec<Value> {
    let completed = json!({ "event": "postgres_changes", "topic": message["topic"], "ref": null, "payload": {
        "ids": [1], "data": { "type": "UPDATE", "record": { "status": "COMPLETED" } } } });
    match message["event"].as_str() {
        Some("phx_join") => [polite(message), vec![completed.clone(), completed]].concat(),
        _ => polite(message),
    }
}

/// Agrees to everything and has no news.
fn polite(message: &Value) -> Vec<Value> {
    vec![json!({ "event": "phx_reply", "topic": message["topic"], "ref": message["ref"],
        "payload": { "status": "ok", "response": {} } })]
}

#[tokio::test]
async fn a_forged_completion_settles_nothing() {
    let world = still().await;
    let liar = Impostor::start(lies).await;
    let dollr = follows(&world, &liar.url);
    let payment = collect(&dollr, DECLINES).await;
    until("it joins", || liar.heard("phx_join") == 1).await;
    opened(&world).await;
    assert!(matches!(payment.status().await.unwrap(), Status::Pending), "the status read decides");
    world.sandbox.clock().advance(DAY + DAY);
    assert!(failed(&payment).await.recorded);
    assert_eq!((world.paid(payment.reference_id()), world.movements()), (0, 0));
}

#[tokio::test]
async fn a_key_is_renewed_before_it_expires_on_the_same_connection() {
    let world = still().await;
    let server = Impostor::start(polite).await;
    let dollr = follows(&world, &server.url);
    let payment = collect(&dollr, CARD).await;
    until("it joins", || server.heard("phx_join") == 1).await;
    // A key lives for 3600 s. Halfway it is still good.
    world.sandbox.clock().advance(seconds(1_800));
    until("it asks whether anybody is there", || server.heard("heartbeat") == 1).await;
    assert_eq!((asked(&world, KEYS), server.heard("access_token")), (1, 0));
    world.sandbox.clock().advance(seconds(1_510));
    until("a newer key is handed over", || server.heard("access_token") == 1).await;
    let keys: Vec<_> = server.all("payload").iter().map(|said| said["access_token"].clone()).collect();
    let keys: Vec<_> = keys.iter().filter_map(Value::as_str).collect();
    assert_eq!((asked(&world, KEYS), keys.len()), (2, 2));
    assert_ne!(keys[0], keys[1]);
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    assert_eq!((world.paid(payment.reference_id()), world.movements()), (0, 0));
}
