//! The journal behind PgBouncer in transaction mode, with fewer connections to the database than there are to the pooler, so
//! that each transaction may meet another session.

#![cfg(unix)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use dollr::journal::PostgresJournal;
use dollr::{Dollr, usd};
use test_postgres::TestPostgres;

use crate::world::{AMA, World, completed};

/// So many sessions of the database for all who come.
const SESSIONS: usize = 2;

/// A running PgBouncer.
struct Pooler {
    process: Child,
    directory: tempfile::TempDir,
}

impl Pooler {
    /// `None` where there is none, which is said; with `CI=true` that is a failure.
    async fn start(server: &TestPostgres) -> Option<Self> {
        if Command::new("pgbouncer").arg("--version").stdout(Stdio::null()).status().is_err() {
            let missing = "PgBouncer is not installed (Debian: apt-get install pgbouncer)";
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{missing}");
            let _ = writeln!(std::io::stderr(), "skipped: {missing}");
            return None;
        }
        let directory = tempfile::Builder::new().prefix("pool-").tempdir_in("/tmp").unwrap();
        // It will not be run by root, and then belongs to another user.
        fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let (ours, theirs) = (directory.path().display(), server.directory().display());
        let settings = format!(
            "[databases]\n* = host={theirs} user=payonce\n[pgbouncer]\nlisten_addr =\nlisten_port = 6543\n\
             unix_socket_dir = {ours}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {SESSIONS}\n"
        );
        let path = directory.path().join("pgbouncer.ini");
        fs::write(&path, settings).unwrap();
        let mut command = Command::new("pgbouncer");
        if is_root() {
            command.args(["-u", "postgres"]);
        }
        let log = fs::File::create(directory.path().join("log")).unwrap();
        command.arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut pooler = Self { process: command.spawn().unwrap(), directory };
        let socket = pooler.directory.path().join(".s.PGSQL.6543");
        while tokio::net::UnixStream::connect(&socket).await.is_err() {
            let log = fs::read_to_string(pooler.directory.path().join("log")).unwrap();
            assert_eq!(pooler.process.try_wait().unwrap(), None, "{log}");
            tokio::task::yield_now().await;
        }
        Some(pooler)
    }

    fn url(&self, direct: &str) -> String {
        let host = self.directory.path().display().to_string().replace('/', "%2F");
        format!("postgresql://payonce@{host}:6543/{}", direct.rsplit('/').next().unwrap())
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&fs::metadata(Path::new("/proc/self")).unwrap()) == 0
}

async fn process(world: &World, url: &str) -> (Dollr, PostgresJournal) {
    let journal = PostgresJournal::open(url).await.unwrap();
    let dollr = world.client().journal_with(Arc::new(journal.clone())).build().unwrap();
    (dollr, journal)
}

/// Both processes send every name, at once, through two sessions; a third takes up what a service recorded through them.
#[tokio::test]
async fn behind_a_pooler_that_gives_each_transaction_another_session_each_name_is_paid_once() {
    let Some(server) = TestPostgres::shared() else { return };
    let Some(pooler) = Pooler::start(server).await else { return };
    let (world, direct) = (World::start().await, server.database());
    let url = pooler.url(&direct);
    let (here, _) = process(&world, &url).await;
    let (there, journal) = process(&world, &url).await;
    let sending: Vec<_> = (0..60)
        .map(|n| {
            let dollr = if n % 2 == 0 { here.clone() } else { there.clone() };
            tokio::spawn(async move {
                let order = dollr.payout(format!("salary/{}", n / 2), AMA, usd("10.00").unwrap());
                completed(&order.send().await.unwrap()).await;
            })
        })
        .collect();
    for sent in sending {
        sent.await.unwrap();
    }
    assert_eq!(world.movements(), 30);
    let (mut service, connection) =
        dollr::journal::tokio_postgres::connect(&url, dollr::journal::tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let transaction = service.transaction().await.unwrap();
    let order = there.payout("salary/recorded", AMA, usd("10.00").unwrap());
    order.enqueue_in(&journal, &transaction).await.unwrap();
    transaction.commit().await.unwrap();
    let (worker, _) = process(&world, &url).await;
    assert_eq!(worker.resume().await.unwrap(), 1);
    completed(&worker.find("salary/recorded").await.unwrap().unwrap()).await;
    assert_eq!(world.movements(), 31);
    let database = direct.rsplit('/').next().unwrap();
    let seen = server.sql(
        database,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'psql'",
    );
    assert!(seen.parse::<usize>().unwrap() <= SESSIONS, "{seen} sessions");
}
