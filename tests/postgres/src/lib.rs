//! A PostgreSQL server of its own for each test process, on a socket in a directory of its own: found on the path or where
//! Debian puts it, run by a user without privileges, and gone with the process, however that ends.
//!
//! What must stay true: nothing that runs already is used, and where PostgreSQL is missing a test says so and is skipped,
//! except with `CI=true`, where it fails.

#![cfg(unix)]

mod server;

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

pub use server::Postgres;

/// A running server, for tests: whatever goes wrong with it is a panic.
#[derive(Debug)]
pub struct TestPostgres(Postgres);

impl TestPostgres {
    /// The server that all tests of this process share; `None` where PostgreSQL is not installed, which is said.
    ///
    /// # Panics
    /// When it is missing and `CI=true`, or does not start.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<TestPostgres>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// A server for one test alone, which may stop it. It lives until this process ends.
    ///
    /// # Panics
    /// As [`shared`](Self::shared).
    pub fn start() -> Option<Self> {
        match Postgres::start_in(Path::new("/tmp")) {
            Ok(server) => Some(Self(server)),
            Err(missing) if missing.kind() == ErrorKind::NotFound => {
                assert!(std::env::var("CI").as_deref() != Ok("true"), "{missing}");
                let _ = writeln!(std::io::stderr(), "skipped: {missing}");
                None
            }
            Err(error) => panic!("PostgreSQL does not start: {error}"),
        }
    }

    /// Starts it, after [`kill`](Self::kill).
    ///
    /// # Panics
    /// When it does not start within a minute.
    pub fn go(&self) {
        self.0.go().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Ends it as a crash does: nothing is written any more, and every connection breaks.
    ///
    /// # Panics
    /// When it cannot be ended.
    pub fn kill(&self) {
        self.0.kill().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Makes an empty database, and returns its URL.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn database(&self) -> String {
        self.0.database().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The URL of a database for a role.
    pub fn url(&self, role: &str, database: &str) -> String {
        self.0.url(role, database)
    }

    /// Runs SQL as the owner of everything, and returns what it prints, unaligned.
    ///
    /// # Panics
    /// When it fails.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.0.sql(database, sql).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Where its programs are.
    pub fn programs(&self) -> &Path {
        self.0.programs()
    }

    /// The directory of its socket.
    pub fn directory(&self) -> &Path {
        self.0.directory()
    }
}

/// Polls until something is so.
///
/// # Panics
/// When it is not within the time.
pub fn until(limit: Duration, what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
