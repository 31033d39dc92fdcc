//! The fleet's database: a server of its own, which can crash, the journal in it, and beside the journal a record of who
//! took what and when, kept by triggers of this suite in the very transactions that it tells of.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};
use payonce::journal::PostgresJournal;
use payonce::journal::tokio_postgres::{Client, NoTls, Row, connect};
use test_postgres::Postgres;
use uuid::Uuid;

/// A worker is known by the name that its connections have.
const WATCH: &str = r#"
    CREATE SCHEMA watch;
    CREATE TABLE watch.owners (id uuid PRIMARY KEY, worker text NOT NULL);
    CREATE TABLE watch.takings (payment bigint, was uuid, owner uuid, at timestamptz DEFAULT clock_timestamp());
    CREATE TABLE watch.sendings (payment bigint, worker text, at timestamptz DEFAULT clock_timestamp());

    CREATE FUNCTION watch.owner() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO watch.owners VALUES (NEW.id, current_setting('application_name'));
        RETURN NULL;
    END $$;
    CREATE TRIGGER watch AFTER INSERT ON payonce.owners FOR EACH ROW EXECUTE FUNCTION watch.owner();

    CREATE FUNCTION watch.taking() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO watch.takings (payment, was, owner) VALUES (NEW.payment, OLD.owner, NEW.owner);
        RETURN NULL;
    END $$;
    CREATE TRIGGER watch AFTER UPDATE ON payonce.unfinished FOR EACH ROW
        WHEN (NEW.owner IS NOT NULL AND (OLD.owner, OLD.epoch) IS DISTINCT FROM (NEW.owner, NEW.epoch))
        EXECUTE FUNCTION watch.taking();

    CREATE FUNCTION watch.sending() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO watch.sendings (payment, worker) VALUES (NEW.payment, current_setting('application_name'));
        RETURN NULL;
    END $$;
    CREATE TRIGGER watch AFTER INSERT ON payonce.events FOR EACH ROW
        WHEN (NEW.event LIKE '{"event":"sending"%') EXECUTE FUNCTION watch.sending();

    -- The service's own table: a payment is to be made if and only if it is in here.
    CREATE SCHEMA shop;
    CREATE TABLE shop.due (key uuid PRIMARY KEY);
"#;

/// A database with a journal.
#[derive(Clone)]
pub(super) struct Base {
    pub(super) server: Arc<Postgres>,
    /// Where it is, by the server's own socket.
    pub(super) url: String,
}

/// A payment came into the hands of a worker.
#[derive(Clone, Debug)]
pub(super) struct Taking {
    /// Who held it; nobody, if it was free.
    pub(super) was: Option<Arc<str>>,
    pub(super) by: Arc<str>,
    pub(super) at: SystemTime,
}

/// A worker noted that it was about to send a payment.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    pub(super) by: Arc<str>,
    pub(super) at: SystemTime,
}

/// What happened to one payment, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) merchant: Arc<str>,
    pub(super) takings: Vec<Taking>,
    pub(super) sendings: Vec<Sending>,
}

impl Base {
    /// Makes an empty one, in which a journal is kept and watched.
    pub(super) async fn new(server: &Arc<Postgres>) -> Result<Self> {
        let base = Self { server: Arc::clone(server), url: server.database()? };
        PostgresJournal::open(&base.url).await?;
        base.client().await?.batch_execute(WATCH).await?;
        Ok(base)
    }

    /// Its name on the server.
    pub(super) fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// A connection that no wire of a worker's is in.
    pub(super) async fn client(&self) -> Result<Client> {
        let (client, connection) = connect(&self.url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Asks one question, for as long as it takes the server to come back.
    pub(super) async fn ask(&self, sql: &str) -> Result<Vec<Row>> {
        let began = Instant::now();
        loop {
            let asked = async { anyhow::Ok(self.client().await?.query(sql, &[]).await?) };
            match asked.await {
                Ok(rows) => return Ok(rows),
                Err(error) if began.elapsed() > Duration::from_secs(60) => {
                    return Err(error).context("the database does not come back");
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// How many payments have not ended.
    pub(super) async fn unfinished(&self) -> Result<i64> {
        let rows = self.ask("SELECT count(*) FROM payonce.unfinished").await?;
        Ok(rows.first().context("a count is a row")?.get(0))
    }

    /// Whether a worker has noted since then that it is about to send something.
    pub(super) async fn has_noted_a_send(&self, worker: &str, since: SystemTime) -> Result<bool> {
        let client = self.client().await?;
        let sql = "SELECT FROM watch.sendings WHERE worker = $1 AND at > $2 LIMIT 1";
        Ok(!client.query(sql, &[&worker, &since]).await?.is_empty())
    }

    /// Whether the database has called every lease of a worker's dead, and nothing is in its hands any more.
    pub(super) async fn is_dead(&self, worker: &str) -> Result<bool> {
        let sql = "SELECT NOT EXISTS (
                       SELECT FROM watch.owners w JOIN payonce.owners o USING (id)
                       WHERE w.worker = $1 AND (NOT o.dead OR EXISTS (SELECT FROM payonce.unfinished WHERE owner = o.id)))";
        Ok(self.client().await?.query_one(sql, &[&worker]).await?.get(0))
    }

    /// Ends half of all connections, as an administrator does.
    pub(super) async fn terminate(&self) -> Result<()> {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5";
        self.ask(sql).await.map(drop)
    }

    /// What is to be paid, by its keys.
    pub(super) async fn due(&self) -> Result<Vec<Uuid>> {
        Ok(self.ask("SELECT key FROM shop.due").await?.iter().map(|row| row.get(0)).collect())
    }

    /// What happened, by the payments' keys.
    pub(super) async fn histories(&self) -> Result<HashMap<Uuid, History>> {
        let mut names: HashMap<String, Arc<str>> = HashMap::new();
        let mut name = |text: String| Arc::clone(names.entry(text.clone()).or_insert_with(|| text.into()));
        let mut histories: HashMap<Uuid, History> = HashMap::new();
        let takings = "SELECT p.reference_id, w.worker, o.worker, t.at, p.merchant FROM watch.takings t
                       JOIN payonce.payments p ON p.id = t.payment JOIN watch.owners o ON o.id = t.owner
                       LEFT JOIN watch.owners w ON w.id = t.was ORDER BY t.at";
        for row in self.ask(takings).await? {
            let was = row.get::<_, Option<String>>(1).map(&mut name);
            let taking = Taking { was, by: name(row.get(2)), at: row.get(3) };
            let history = histories.entry(row.get(0)).or_default();
            history.merchant = name(row.get(4));
            history.takings.push(taking);
        }
        let sendings = "SELECT p.reference_id, s.worker, s.at FROM watch.sendings s
                        JOIN payonce.payments p ON p.id = s.payment ORDER BY s.at";
        for row in self.ask(sendings).await? {
            let sending = Sending { by: name(row.get(1)), at: row.get(2) };
            histories.entry(row.get(0)).or_default().sendings.push(sending);
        }
        Ok(histories)
    }

    /// Crashes, and comes back after a while. Blocks.
    pub(super) fn crash(&self, away: Duration) -> Result<()> {
        self.server.kill()?;
        std::thread::sleep(away);
        self.server.go()?;
        Ok(())
    }
}
