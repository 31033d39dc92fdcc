//! The process that is listened to: it holds every secret, and shows all that it can get hold of.

use std::error::Error as _;
use std::fmt::Debug;
use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use dollr::journal::{Claim, Intent, Key, Lease, Listed};
use dollr::{
    AccountId, Builder, Clock, Currency, Dollr, Entry, Error, Event, Expect, Filter, Journal, Name,
    Namespace, Operation, Pace, Passcode, PaymentId, Phone, Record, Secret, Source, Standing, SystemClock,
    Timestamp, raw, usd,
};
use futures_util::FutureExt;
use payonce::journal::{MemoryJournal, PostgresJournal, SqliteJournal};
use payonce::rail::{LookUp, Order, Rail, Report, Submission};
use payonce::{BoxFuture, drive, step};
use tracing_subscriber::filter::LevelFilter;

use super::parrot::{Parrot, WAYS};
use super::{Secrets, dwolla_inside};

/// Prints a value in every way, under the name of its type.
pub(super) fn show(name: &str, value: &dyn Debug) {
    println!("== {name}\n{value:?}\n{value:#?}");
}

/// Prints an error and all its causes.
fn show_error(error: &Error) {
    show("payonce::Error", error);
    println!("{error}\n{}", error.message());
    let mut cause = error.source();
    while let Some(error) = cause {
        println!("{error}\n{error:?}");
        cause = error.source();
    }
}

pub(super) fn show_outcome<T: Debug>(name: &str, outcome: &Result<T, Error>) {
    match outcome {
        Ok(value) => show(name, value),
        Err(error) => show_error(error),
    }
}

/// Shows everything. Writes the log and the journals into the current directory.
pub(crate) fn inside(seed: u64) -> Result<()> {
    let log = File::create("trace.log").context("making the log")?;
    tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).with_writer(log).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(talk(Arc::new(Secrets::of(seed))))
}

fn builder(secrets: &Secrets, url: &str) -> (Builder, Passcode) {
    let passcode = Passcode::of_phone(Secret::new(&*secrets.passcode), &*secrets.phone);
    let short = Duration::from_millis(5);
    let pace =
        Pace { first_poll: (short, short), slowest_poll: short, first_retry: short, slowest_retry: short };
    let builder = Dollr::builder()
        .client_id("client-1")
        .client_secret(Secret::new(&*secrets.client_secret))
        .base_url(url)
        .passcode(passcode.clone())
        .pace(pace)
        .request_timeout(Duration::from_secs(2))
        .first_answer(Duration::from_millis(150));
    (builder, passcode)
}

async fn talk(secrets: Arc<Secrets>) -> Result<()> {
    let parrot = Parrot::start(Arc::clone(&secrets)).await?;
    let (builder, passcode) = builder(&secrets, &parrot.url);
    let builder = builder.journal("journal.db");
    show("dollr::Passcode", &passcode);
    show("dollr::Builder", &builder);
    let dollr = builder.build()?;
    show("dollr::Dollr", &dollr);
    show("dollr::DollrRail", dollr.rail());
    // It holds the way to the provider, and shows it.
    show("payonce_rest::Wire", dollr.rail());
    show("dollr_raw::Client", dollr.raw());
    show("payonce::Secret", &Secret::new(&*secrets.passcode));
    show("payonce_wire::Secret", &raw::Secret::from(&*secrets.passcode));
    payloads(&secrets)?;
    for way in 0..=WAYS {
        parrot.way.store(way, Ordering::SeqCst);
        calls(&dollr, way).await;
    }
    payees(&dollr).await?;
    copy_journal()?;
    configuration(&secrets);
    database(&secrets)?;
    dwolla_inside::talk(&secrets, &parrot).await?;
    panics(&secrets, &parrot.url).await;
    Ok(())
}

/// The requests and replies that hold a secret, whole.
fn payloads(secrets: &Secrets) -> Result<()> {
    let Secrets { client_secret, passcode, phone, token, three_d_secure, realtime } = secrets;
    macro_rules! payload {
        ($type:ident, $($json:tt)+) => {{
            let value: raw::types::$type = serde_json::from_value(serde_json::json!($($json)+))?;
            show(concat!("dollr_raw::", stringify!($type)), &value);
        }};
    }
    payload!(ClientCredentialObtainTokenPayload, { "client_id": "client-1", "client_secret": client_secret });
    payload!(ObtainTokenResponse, { "access_token": token, "expires_in": 60 });
    payload!(RealtimeTokenResponse, { "access_token": realtime, "expires_in": 3600 });
    payload!(PasscodeToken, { "code": passcode, "phone": phone, "user_id": phone });
    let device =
        serde_json::json!({ "name": "a", "type": "b", "platform": "c", "user_agent": "d", "client_ip": "e" });
    let whole = serde_json::json!({ "token": { "code": passcode, "phone": phone }, "device": device });
    payload!(PasscodePayload, whole);
    payload!(PayoutExecutionPayload, {
        "passcode": whole, "payout_account_id": "18", "session_id": "88",
        "reference_id": "550e8400-e29b-41d4-a716-446655440000"
    });
    payload!(ExecutionResponse, {
        "reference_id": "550e8400-e29b-41d4-a716-446655440000", "status": "PROCESSING", "payer_amount": 1,
        "payer_currency": "USD", "payee_currency": "USD", "payee_amount": 1, "operation_type": "COLLECTION",
        "client_secret": three_d_secure, "requires_action": true
    });
    payload!(CreateCheckoutSourceLinkResponse, {
        "mode": "HOSTED", "source_type": "ORDER", "source_id": 1, "source_number": "ORD-1", "source_status": "ACTIVE",
        "counterparty_id": 15, "party_id": 42, "currency": "USD", "total_amount": 5, "source_checkout_config_id": 1,
        "hosted_path_or_token": token, "url": "http://127.0.0.1/pay"
    });
    Ok(())
}

/// Every call that a client can make, each outcome shown.
async fn calls(dollr: &Dollr, way: usize) {
    let Ok(amount) = usd("250.00") else { return };
    let payout = dollr.payout(&*format!("canaries/{way}"), AccountId::from(18), amount);
    show("dollr::Order", &payout);
    let payment = payout.send().await;
    show_outcome("payonce::Payment", &payment);
    let rail = dollr.rail();
    if let Ok(Some(payment)) = dollr.find(&*format!("canaries/{way}")).await {
        let settled = payment.settled_within(Duration::from_millis(100)).await;
        show_outcome("payonce::Settlement", &settled);
        show_outcome("payonce::Status", &payment.status().await);
        show("payonce::Watch", &payment.watch());
        show("payonce::Record", payment.record());
        show_outcome("payonce::State", &payment.record().state());
        let execution = dollr.execution(payment.operation(), payment.reference_id()).await;
        show_outcome("dollr::Execution", &execution);
    }
    show_outcome("dollr::SourceState", &dollr.source_status(Source::Invoice(101.into())).await);
    let order = Order {
        operation: Operation::new("payout").unwrap_or_else(|_| unreachable!("a payout is an operation")),
        name: Name::new("canaries").unwrap_or_else(|_| unreachable!("this is a name")),
        reference_id: "550e8400-e29b-41d4-a716-446655440000"
            .parse()
            .unwrap_or_else(|_| unreachable!("a key")),
        contents: r#"{"payout":{"account":18,"amount":{"amount":"250.00","currency":"USD"}}}"#.to_owned(),
        expect: Expect::Amount(amount),
    };
    let body = r#"{"payout_account_id":"18","reference_id":"550e8400-e29b-41d4-a716-446655440000","session_id":"88"}"#;
    show("payonce::Order", &order);
    show("payonce::Preparation", &rail.prepare(&order).await);
    let submission = rail.submit(&order, body).await;
    show("payonce::Submission", &submission);
    let looked_up = rail.look_up(&order).await;
    show("payonce::LookUp", &looked_up);
    if let (Submission::Accepted(report), _) | (_, LookUp::Found(report)) = (submission, looked_up) {
        show("payonce::Report", &report);
        work(dollr, order, report).await;
    }
}

/// What leads to a customer's page, or is about people.
async fn payees(dollr: &Dollr) -> Result<()> {
    let checkout = dollr
        .checkout(Phone::new("+231 771 234 567")?, Currency::USD)
        .name("Amara Kamara")
        .item("Lamp", usd("40.00")?)
        .success_url("https://shop.example/thanks")
        .cancel_url("https://shop.example/basket")
        .await;
    println!("{}", checkout.as_ref().map_or("no checkout", |_| "a checkout"));
    show_outcome("dollr::Checkout", &checkout);
    show("dollr::CreateAccount", &dollr.accounts().wallet(42.into(), "savings"));
    Ok(())
}

/// What the engine holds while it drives a payment that has to be authorised.
async fn work(dollr: &Dollr, order: Order, report: Report) {
    let Report::Pending { action } = &report else { return };
    let Order { operation, name, reference_id, contents, expect } = order;
    let needs = action.clone().map(|client_secret| dollr::Status::NeedsAction { client_secret });
    show("payonce::Status", &needs);
    let journal = MemoryJournal::default();
    show("payonce::MemoryJournal", &journal);
    let intent = Intent { rail: "dollr".to_owned(), operation, name, reference_id, contents, expect };
    let Ok((record, Some(lease))) = journal.intend(intent, SystemClock.now()).await else { return };
    let Ok(mut work) = drive::Work::new(lease, &record) else { return };
    // It stops somewhere; whatever it holds there is shown.
    let turn = drive::advance(dollr.rail(), &journal, &SystemClock, &mut work).await;
    show_outcome("payonce::Turn", &turn);
    show("payonce::Work", &work);
    show("payonce::Step", &step::next(work.state(), SystemClock.now(), &dollr.rail().terms()));
}

/// A copy of the journal's files as they are while it is open.
fn copy_journal() -> Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        std::fs::copy(format!("journal.db{suffix}"), format!("copy.db{suffix}"))
            .with_context(|| format!("copying the journal's file {suffix:?}"))?;
    }
    show("payonce::SqliteJournal", &SqliteJournal::open("another.db")?);
    Ok(())
}

/// A journal in a database, whose URL holds a password. Nothing connects to it.
fn database(secrets: &Secrets) -> Result<()> {
    let url = format!("postgres://payonce:{}@127.0.0.1:1/shop", secrets.client_secret);
    show("payonce::PostgresJournal", &PostgresJournal::at(&url)?);
    Ok(())
}

/// Settings that are wrong, each holding a secret where it does not belong.
fn configuration(secrets: &Secrets) {
    let Secrets { client_secret, phone, .. } = secrets;
    for url in [
        format!("http://{client_secret}.example"),
        format!("https://user:{client_secret}@example.com"),
        format!("https://example.com/?{client_secret}"),
        format!("{client_secret}://example.com"),
        format!("https://[{client_secret}"),
    ] {
        let (builder, _) = builder(secrets, &url);
        show_outcome("dollr::Dollr", &builder.journal_in_memory().build());
    }
    let (wrong, _) = builder(secrets, "https://example.com");
    let passcode = Passcode::of_phone(Secret::new(client_secret), format!("+{phone}"));
    show("dollr::Passcode", &passcode);
    show_outcome("dollr::Dollr", &wrong.passcode(passcode).journal_in_memory().build());
    show_outcome("dollr::Currency", &Currency::new("canary"));
}

/// A journal of a user's own that panics when it is written to.
#[derive(Debug, Default)]
struct Panics(MemoryJournal);

impl Journal for Panics {
    fn bind<'a>(&'a self, rail: &'a str, namespace: &'a Namespace) -> BoxFuture<'a, Result<(), Error>> {
        self.0.bind(rail, namespace)
    }

    fn intend(&self, intent: Intent, at: Timestamp) -> BoxFuture<'_, Result<(Record, Option<Lease>), Error>> {
        self.0.intend(intent, at)
    }

    fn claim(&self, id: PaymentId) -> BoxFuture<'_, Result<Claim, Error>> {
        self.0.claim(id)
    }

    fn claim_free<'a>(
        &'a self,
        rail: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Lease, Record)>, Error>> {
        self.0.claim_free(rail, limit)
    }

    fn append(&self, _: Lease, entries: Vec<Entry>, _: Standing) -> BoxFuture<'_, Result<Lease, Error>> {
        let events: Vec<&Event> = entries.iter().map(|entry| &entry.event).collect();
        panic!("cannot write {events:?}")
    }

    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<(), Error>> {
        self.0.release(lease)
    }

    fn reopen<'a>(&'a self, record: &'a Record, again: Entry) -> BoxFuture<'a, Result<Lease, Error>> {
        self.0.reopen(record, again)
    }

    fn resolve<'a>(
        &'a self,
        record: &'a Record,
        resolved: Entry,
        standing: Standing,
    ) -> BoxFuture<'a, Result<(), Error>> {
        self.0.resolve(record, resolved, standing)
    }

    fn find<'a>(&'a self, rail: &'a str, key: Key) -> BoxFuture<'a, Result<Option<Record>, Error>> {
        self.0.find(rail, key)
    }

    fn list<'a>(&'a self, rail: &'a str, filter: Filter) -> BoxFuture<'a, Result<Vec<Listed>, Error>> {
        self.0.list(rail, filter)
    }
}

/// Panics in the middle of a payment, and with each thing at hand that a program could show as it goes down.
async fn panics(secrets: &Secrets, url: &str) {
    let (builder, passcode) = builder(secrets, url);
    let shown = format!("{builder:?}");
    let outcome = AssertUnwindSafe(async {
        let dollr = builder.journal_with(Arc::new(Panics::default())).build()?;
        let payment = dollr.payout("canaries/panic", AccountId::from(18), usd("250.00")?).send().await;
        show_outcome("payonce::Payment", &payment);
        Ok::<_, Error>(dollr)
    });
    let dollr = outcome.catch_unwind().await;
    let fell = std::panic::catch_unwind(AssertUnwindSafe(|| panic!("{passcode:?} {shown} {dollr:?}")));
    assert!(fell.is_err(), "a panic ends what panics");
    assert!(Path::new("journal.db").exists(), "the journal was written here");
}
