//! The handle on a running sandbox, and what one starts with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::app::App;
use crate::clock::Clock;
use crate::faults::{Call, Fault, Faults, Storm, millis};
use crate::feed::Feed;
use crate::fixtures::Fixtures;
use crate::guard::Access;
use crate::ledger::Ledger;
use crate::money::Cents;
use crate::problem::Problem;
use crate::provider::Desk;
use crate::requests::{Request, Requests};
use crate::running::Running;
use crate::seed::{self, CLIENT_ID, CLIENT_SECRET, DEVICE_NAME, PASSCODE, PASSCODE_PHONE};
use crate::store::{Guards, Store, Terms};
use crate::switches::Switches;
use crate::tokens::Tokens;
use crate::{executions, routes, shape};

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is reachable from other machines, which a provider without real credentials must not be.
    #[error("the sandbox serves this machine only: {0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The address is taken or not allowed.
    #[error("cannot listen on {addr}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file with fixtures cannot be read, or says something that cannot be.
    #[error("cannot use the fixtures in {}: {why}", path.display())]
    SeedFile {
        /// The file.
        path: PathBuf,
        /// What is wrong in it, and where.
        why: String,
    },
    /// The runtime could not be started.
    #[error("cannot start the sandbox's runtime")]
    Runtime(#[source] std::io::Error),
    /// The database cannot be used: another sandbox holds it, another version wrote it, or it is no database.
    #[error("cannot use the sandbox's database")]
    Database(#[source] rusqlite::Error),
}

/// What a sandbox starts with.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    addr: SocketAddr,
    db: Option<PathBuf>,
    speed: Option<u32>,
    terms: Terms,
    seed_file: Option<PathBuf>,
    exposed: bool,
    client_timeout: Duration,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            db: None,
            speed: None,
            terms: Terms::default(),
            seed_file: None,
            exposed: false,
            client_timeout: Duration::from_secs(30),
        }
    }
}

impl Builder {
    /// Where to listen: a loopback address, by default `127.0.0.1` and any free port.
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// Allows an address that other machines can reach.
    ///
    /// Whoever reaches it can act as the merchant, because the credentials of a sandbox are public, and nothing is
    /// encrypted. Only `/_sandbox/*` is closed to those who do not have the [token](Sandbox::control_token).
    pub fn expose_to_the_network_without_protection(mut self) -> Self {
        self.exposed = true;
        self
    }

    /// How long a client may take to send the head of a request, and again its body, in real time; 30 s by default.
    pub fn client_timeout(mut self, patience: Duration) -> Self {
        self.client_timeout = patience;
        self
    }

    /// Keeps everything in this file. What was answered is in it before the answer is sent, and a sandbox started on
    /// the file goes on where the last one was. By default everything is in memory.
    pub fn db(mut self, path: impl Into<PathBuf>) -> Self {
        self.db = Some(path.into());
        self
    }

    /// Begins a new database, and every one that is reset, with the fixtures of this file. A database that is there
    /// already goes on as it is.
    ///
    /// Every list may be left out. So may what has a usual value: `builtin` (true), `merchant_id` (42, the built-in
    /// merchant), `kind` (`ORGANIZATION`), `client_secret` (`sandbox-secret`), `verified` (true), `relationship_type`
    /// (`CUSTOMER`), `wallet_status` and `status` (`ACTIVE`), `is_active` (true), `fee_bearer` (`PAYER`),
    /// `as_payment_link` (false), `qty` (1), and phones, emails, countries and numbers of accounts (none). With
    /// `"builtin": false` there is nothing but what the file names, and it has to name a merchant.
    ///
    /// ```json
    /// {
    ///   "builtin": true,
    ///   "merchants": [{ "id": 7, "name": "Kiosk", "client_id": "sandbox-kiosk", "kind": "MICRO_ORGANIZATION",
    ///                   "client_secret": "sandbox-secret", "verified": true, "email": null, "phone": null }],
    ///   "wallets": [{ "id": 70, "merchant_id": 7, "currency": "USD", "balance": 1000.00 }],
    ///   "parties": [{ "id": 71, "merchant_id": 7, "fullname": "Musu", "phone": "231771112233" }],
    ///   "counterparties": [{ "id": 72, "merchant_id": 7, "party_id": 71, "relationship_type": "CUSTOMER",
    ///                        "wallet_status": "ACTIVE" }],
    ///   "payment_accounts": [{ "id": 73, "merchant_id": 7, "party_id": 71, "account_name": "Musu",
    ///                          "method": "MTN_MOMO_LBR", "provider": "PAWAPAY", "number": "231771112233" }],
    ///   "invoices": [{ "id": 74, "merchant_id": 7, "number": "INV-1", "counterparty_id": 72, "currency": "USD",
    ///                  "note": "Rice", "status": "ACTIVE", "items": [{ "name": "Bag", "qty": 2, "amount": 17.50 }] }],
    ///   "orders": []
    /// }
    /// ```
    ///
    /// A `client_id` and a `client_secret` begin with `sandbox`: the sandbox does not start with credentials that
    /// could be real ones.
    pub fn seed_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.seed_file = Some(path.into());
        self
    }

    /// Virtual seconds per real second; 1 by default, or what the database file says.
    pub fn speed(mut self, speed: u32) -> Self {
        self.speed = Some(speed);
        self
    }

    /// How long mobile money stays `PROCESSING`, in virtual time; 3 s by default. Zero settles before the reply.
    pub fn settle_after(mut self, settle_after: Duration) -> Self {
        self.terms.switches.settle_after_millis = millis(settle_after);
        self
    }

    /// How long a checkout session lives, in virtual time; 30 minutes by default.
    pub fn checkout_session(mut self, lifetime: Duration) -> Self {
        self.terms.switches.checkout_session_millis = millis(lifetime);
        self
    }

    /// How long a payout session lives, in virtual time; 15 minutes by default.
    pub fn payout_session(mut self, lifetime: Duration) -> Self {
        self.terms.switches.payout_session_millis = millis(lifetime);
        self
    }

    /// Which of the provider's guards hold; both by default.
    pub fn guards(mut self, guards: Guards) -> Self {
        self.terms.guards = guards;
        self
    }

    /// How the provider behaves where the documents leave it open. Sets the three durations above, too.
    pub fn switches(mut self, switches: Switches) -> Self {
        self.terms.switches = switches;
        self
    }

    /// Starts the sandbox. It accepts connections once this returns.
    pub async fn start(self) -> Result<Sandbox, StartError> {
        let reachable = !self.addr.ip().is_loopback();
        if reachable && !self.exposed {
            return Err(StartError::NotLoopback(self.addr));
        }
        let feed = Feed::default();
        let fixtures = match &self.seed_file {
            Some(path) => fixtures(path)?,
            None => Fixtures::default(),
        };
        let (store, clock) = Store::open(self.db.as_deref(), self.terms, fixtures, feed.clone())
            .map_err(StartError::Database)?;
        if let Some(speed) = self.speed {
            clock.set_speed(speed);
        }
        let store = Arc::new(store);
        let tokens = Tokens::load(Arc::clone(&store)).map_err(|problem| {
            StartError::Database(match problem {
                Problem::Storage(source) => source,
                _ => rusqlite::Error::InvalidQuery,
            })
        })?;
        let desk = Desk {
            clock,
            faults: Faults::of(&["GET /v1/status/"]),
            requests: Requests::telling(feed.clone()),
            access: if reachable { Access::with_token() } else { Access::Loopback },
            client_timeout: self.client_timeout,
            url: OnceLock::new(),
        };
        let app = Arc::new(App { desk, store, tokens, feed });
        let running = Running::start(self.addr, Arc::clone(&app), open, |app| app.store.close()).await?;
        Ok(Sandbox { app, running })
    }
}

/// Lets time have its effects, and says what is served.
fn open(app: Arc<App>) -> Router {
    let timekeeper = Arc::clone(&app);
    tokio::spawn(async move {
        timekeeper.store.keep_time(&timekeeper.desk.clock, &timekeeper.feed).await;
    });
    routes::router(app)
}

fn fixtures(path: &Path) -> Result<Fixtures, StartError> {
    let wrong = |why| StartError::SeedFile { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Fixtures::read(&text).map_err(wrong)
}

/// A running sandbox. It stops when dropped.
#[derive(Debug)]
pub struct Sandbox {
    running: Running,
    app: Arc<App>,
}

impl Sandbox {
    /// Starts a sandbox in memory, on any free port of `127.0.0.1`.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Everything a sandbox can be told before it starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The base URL for a client, without a trailing slash.
    pub fn url(&self) -> &str {
        self.running.url()
    }

    /// What `/_sandbox/*` asks for as a bearer token, or as `?token=`, when the sandbox is open to the network.
    pub fn control_token(&self) -> Option<&str> {
        self.app.desk.access.token()
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.running.addr()
    }

    /// The environment in which a Dollr client finds this sandbox, for a child process or a shell.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DOLLR_BASE_URL", self.url().to_owned()),
            ("DOLLR_CLIENT_ID", CLIENT_ID.to_owned()),
            ("DOLLR_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
            ("DOLLR_PASSCODE", PASSCODE.to_owned()),
            ("DOLLR_PASSCODE_PHONE", PASSCODE_PHONE.to_owned()),
            ("DOLLR_DEVICE_NAME", DEVICE_NAME.to_owned()),
        ]
    }

    /// The virtual clock.
    pub fn clock(&self) -> Clock {
        self.app.desk.clock.clone()
    }

    /// The books.
    pub fn ledger(&self) -> Ledger {
        Ledger::of(Arc::clone(&self.app.store))
    }

    /// Begins to describe a fault for an operation, written as in the API document: `POST /v1/executions/payout`.
    /// A trailing `*` matches any rest.
    ///
    /// # Panics
    /// When there is no such operation, because a fault that never strikes would make a test pass for nothing.
    #[track_caller]
    pub fn on(&self, operation: &str) -> Call {
        let known = operation.ends_with('*') || shape::knows(operation);
        assert!(known, "{operation} is not an operation of the API");
        Call::to(self.app.desk.faults.clone(), operation)
    }

    /// Lets a storm of faults loose on every call, or replaces the one that rages.
    pub fn storm(&self, storm: Storm) {
        self.app.desk.faults.storm(Some(storm));
    }

    /// Takes every fault and the storm away, and lets go whatever is held.
    pub fn clear_faults(&self) {
        self.app.desk.faults.clear();
    }

    /// The faults that are set, and how often each has struck.
    pub fn faults(&self) -> Vec<Fault> {
        self.app.desk.faults.list()
    }

    /// How often any fault has struck since the start, those of a storm and those taken away included.
    pub fn faults_fired(&self) -> u64 {
        self.app.desk.faults.fired()
    }

    /// The latest requests (at most 10,000), oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.app.desk.requests.latest()
    }

    /// How many requests arrived since the start.
    pub fn request_count(&self) -> u64 {
        self.app.desk.requests.count()
    }

    /// Switches the provider's guards against paying twice on and off.
    pub fn guards(&self, guards: Guards) {
        self.app.store.terms().guards = guards;
    }

    /// How the provider behaves where the documents leave it open.
    pub fn switches(&self, switches: Switches) {
        self.app.store.terms().switches = switches;
    }

    /// The holder of the card finishes the 3-D Secure step of this collection, which settles it. `false` when no card
    /// payment under this reference waits for that.
    pub fn confirm_card(&self, reference_id: Uuid) -> bool {
        self.app.store.ask(move |books| executions::confirm_card(books, reference_id)).is_ok()
    }

    /// Adds an `ACTIVE` invoice and returns its id.
    ///
    /// # Panics
    /// When the total has more than two decimals or is not positive.
    #[track_caller]
    pub fn seed_invoice(&self, total: Decimal, currency: &str) -> i64 {
        let total = Cents::exactly(total)
            .filter(|total| total.0 > 0)
            .expect("an invoice has a positive total in cents");
        let currency = currency.to_owned();
        self.seed(move |books| Ok(seed::invoice(books.db, books.micros(), total, &currency)?))
    }

    /// Adds an active mobile money account with this phone number, which decides how it behaves, and returns its id.
    pub fn seed_account(&self, phone: &str) -> i64 {
        let phone = phone.to_owned();
        self.seed(move |books| Ok(seed::account(books.db, books.micros(), &phone)?))
    }

    /// Stops serving, closes every connection and the database. The address and the file are free once this returns.
    pub async fn stop(self) {
        self.running.stop().await;
    }

    fn seed<T: Send + 'static>(
        &self,
        work: impl FnOnce(&crate::store::Books<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> T {
        self.app.store.ask(work).expect("the sandbox runs and its database can be written")
    }
}
