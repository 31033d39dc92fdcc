//! The handle on a running sandbox of this provider, and what one starts with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use uuid::Uuid;

use super::app::App;
use super::idempotency::Underway;
use super::ledger::Ledger;
use super::routes;
use super::seed::{self, KEY, SECRET};
use super::store::Store;
use super::switches::Switches;
use super::things::{CustomerType, Owner};
use super::volume::Volume;
use crate::clock::Clock;
use crate::faults::{Call, Fault, Faults, Storm};
use crate::feed::Feed;
use crate::guard::Access;
use crate::provider::{Desk, Provider};
use crate::requests::{Request, Requests};
use crate::running::Running;
use crate::sandbox::StartError;

/// The operations in which a payment's state is read.
const STATUS_READS: &[&str] =
    &["GET /transfers/{id}", "GET /accounts/{id}/transfers", "GET /customers/{id}/transfers"];

/// What a sandbox starts with.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    addr: SocketAddr,
    db: Option<PathBuf>,
    speed: Option<u32>,
    switches: Switches,
    client_timeout: Duration,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            db: None,
            speed: None,
            switches: Switches::default(),
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

    /// How long a client may take to send the head of a request, and again its body, in real time; 30 s by default.
    pub fn client_timeout(mut self, patience: Duration) -> Self {
        self.client_timeout = patience;
        self
    }

    /// Keeps everything in this file. What was answered is in it before the answer is sent, and a sandbox started on the
    /// file goes on where the last one was. By default everything is in memory.
    pub fn db(mut self, path: impl Into<PathBuf>) -> Self {
        self.db = Some(path.into());
        self
    }

    /// How many virtual seconds pass in one real second; by default 1, or what the database file says.
    pub fn speed(mut self, speed: u32) -> Self {
        self.speed = Some(speed);
        self
    }

    /// How the provider behaves where the documents leave it open.
    pub fn switches(mut self, switches: Switches) -> Self {
        self.switches = switches;
        self
    }

    /// Starts the sandbox. It accepts connections once this returns.
    pub async fn start(self) -> Result<DwollaSandbox, StartError> {
        if !self.addr.ip().is_loopback() {
            return Err(StartError::NotLoopback(self.addr));
        }
        let store = Store::open(self.db.as_deref(), self.switches).map_err(StartError::Database)?;
        let clock = store.clock();
        if let Some(speed) = self.speed {
            clock.set_speed(speed);
        }
        let desk = Desk {
            clock,
            faults: Faults::of(STATUS_READS),
            requests: Requests::telling(Feed::default()),
            access: Access::Loopback,
            client_timeout: self.client_timeout,
            url: OnceLock::new(),
        };
        let app = Arc::new(App {
            desk,
            store: Arc::new(store),
            underway: Underway::default(),
            volume: Volume::default(),
        });
        let open = |app: Arc<App>| {
            app.store.ask(|books| books.base = app.desk.url().to_owned());
            routes::router(app)
        };
        let running = Running::start(self.addr, Arc::clone(&app), open, |app| app.store.close()).await?;
        Ok(DwollaSandbox { running, app })
    }
}

/// A running sandbox that plays Dwolla. It stops when dropped.
#[derive(Debug)]
pub struct DwollaSandbox {
    running: Running,
    app: Arc<App>,
}

impl DwollaSandbox {
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

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.running.addr()
    }

    /// The environment in which a Dwolla client finds this sandbox, for a child process or a shell.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DWOLLA_BASE_URL", self.url().to_owned()),
            ("DWOLLA_KEY", KEY.to_owned()),
            ("DWOLLA_SECRET", SECRET.to_owned()),
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

    /// Begins to describe a fault for an operation, written with its path's parameters: `POST /transfers/{id}`.
    /// A trailing `*` matches any rest. The reference id of a call is its `Idempotency-Key`, else the `correlationId` in
    /// its body or query, where that is a UUID. A 500 locks the key of its request as a 500 of the provider's does.
    ///
    /// # Panics
    /// When there is no such operation, because a fault that never strikes would make a test pass for nothing.
    #[track_caller]
    pub fn on(&self, operation: &str) -> Call {
        let known = operation.ends_with('*') || App::knows(operation);
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

    /// How the provider behaves where the documents leave it open.
    pub fn switches(&self, switches: Switches) {
        self.app.store.set_switches(switches);
    }

    /// What `POST /sandbox-simulations` does: the banks deal with up to 500 transfers, a step of each. Says of how many.
    pub fn simulate(&self) -> usize {
        self.app.store.ask(|books| books.simulate())
    }

    /// Adds a customer, verified (with a balance, which is empty) or not, and returns its id.
    pub fn seed_customer(&self, verified: bool) -> Uuid {
        let id = Uuid::new_v4();
        let kind = if verified { CustomerType::Personal } else { CustomerType::Unverified };
        self.app.store.ask(|books| {
            let email = format!("{}@example.com", id.simple());
            seed::add_customer(books, id, ["Ada", "Seeded", &email], None, kind);
            if verified {
                seed::balance(books, Uuid::new_v4(), Owner::Customer(id), 0);
            }
        });
        id
    }

    /// Adds a verified bank with plenty of money to a customer, or to the application's [`ACCOUNT`](seed::ACCOUNT), and
    /// returns its id. The name may be a magic one.
    pub fn seed_bank(&self, owner: Uuid, name: &str) -> Uuid {
        let owner = if owner == seed::ACCOUNT { Owner::Account } else { Owner::Customer(owner) };
        self.app.store.ask(|books| seed::add_bank(books, Uuid::new_v4(), owner, name, true))
    }

    /// Stops serving, closes every connection and the database. The address and the file are free once this returns.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}
