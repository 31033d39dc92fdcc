//! Where the database is and how it is reached: the URL, the password, TLS, and a bounded number of connections.
//!
//! What must stay true: no password is ever shown; nothing goes to another machine in the clear unless the URL says so;
//! and no connection is used whose server would lose what it confirmed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_postgres::config::{Config, Host, SslMode};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::explain::{explain, unanswered, unreached};
use crate::error::{Error, ErrorKind};

type Result<T, E = Error> = std::result::Result<T, E>;

/// The connections of one process, besides the one for its lease and the one it may listen on.
const CONNECTIONS: usize = 8;

/// How long a connection may take to be made, or a statement to be answered.
const PATIENCE: Duration = Duration::from_secs(10);

/// A parameter with its type: no statement is prepared by name, so that any pooler may stand between.
pub(super) type Value<'a> = (&'a (dyn ToSql + Sync), Type);

/// Where the database is.
#[derive(Clone)]
pub(super) struct Address {
    config: Config,
    roots: Option<PathBuf>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl fmt::Display for Address {
    /// Without the password, and without whatever else the URL held.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgresql://")?;
        for (n, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if n > 0 { "," } else { "" };
            match host {
                Host::Tcp(host) => write!(f, "{comma}{host}")?,
                #[cfg(unix)]
                Host::Unix(path) => write!(f, "{comma}{}", path.display())?,
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

fn wrong(why: &str) -> Error {
    Error::new(ErrorKind::Configuration, format!("the journal's URL {why}"))
}

impl Address {
    /// Reads a URL as PostgreSQL's own tools do, and takes the password from `PGPASSWORD` or the password file where the
    /// URL has none.
    pub(super) fn parse(url: &str) -> Result<Self> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(wrong("does not begin with postgres://"));
        }
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut roots, mut mode, mut rest) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", "verify-full" | "verify-ca" | "require")) => mode = Some(SslMode::Require),
                Some(("sslmode", "prefer" | "allow")) => mode = Some(SslMode::Prefer),
                Some(("sslmode", "disable")) => mode = Some(SslMode::Disable),
                Some(("sslmode", _)) => return Err(wrong("has an sslmode that does not exist")),
                Some(("sslrootcert", "system")) => {}
                Some(("sslrootcert", path)) => roots = Some(PathBuf::from(path.replace("%2F", "/"))),
                _ => rest.push(pair),
            }
        }
        let text = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
        // What the parser says of it might repeat a part of it.
        let mut config: Config = text.parse().map_err(|_| wrong("cannot be read as one of PostgreSQL"))?;
        if config.get_hosts().is_empty() {
            return Err(wrong("names no host"));
        }
        let near = |host: &Host| match host {
            Host::Tcp(host) => {
                let bare = host.trim_start_matches('[').trim_end_matches(']');
                let address = bare.parse::<std::net::IpAddr>();
                bare == "localhost" || address.is_ok_and(|address| address.is_loopback())
            }
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        let default = if config.get_hosts().iter().all(near) { SslMode::Disable } else { SslMode::Require };
        config.ssl_mode(mode.unwrap_or(default));
        if config.get_password().is_none()
            && let Some(password) = super::password::find(&config)?
        {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name("payonce");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        config.keepalives_idle(PATIENCE).tcp_user_timeout(PATIENCE);
        Ok(Self { config, roots })
    }

    /// Roots of trust are needed where TLS is required; a machine without any reaches a server of its own all the same.
    fn tls(&self) -> Result<MakeRustlsConnect> {
        let failed = |error: rustls::Error| wrong("asks for TLS that cannot be set up").with_source(error);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(failed)?;
        let mut store = rustls::RootCertStore::empty();
        for certificate in self.roots.iter().flat_map(|path| pem(path)) {
            store.add(certificate?).map_err(failed)?;
        }
        if self.roots.is_some() || self.config.get_ssl_mode() == SslMode::Disable {
            return Ok(MakeRustlsConnect::new(config.with_root_certificates(store).with_no_client_auth()));
        }
        let verifier = rustls_platform_verifier::Verifier::new(provider).map_err(failed)?;
        let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
    }

    /// A pool of so many connections at most, of which none is made yet.
    pub(super) fn pool(&self, connections: usize) -> Result<Pool> {
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(self.config.clone(), self.tls()?, config);
        let pool = Pool::builder(manager)
            .max_size(connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .post_create(Hook::async_fn(|client, _| Box::pin(async move { fit(client).await })));
        pool.build().map_err(|_| wrong("cannot be made a pool of"))
    }

    /// A connection of its own, with what drives it.
    pub(super) async fn connect(
        &self,
    ) -> Result<(
        Client,
        tokio_postgres::Connection<
            tokio_postgres::Socket,
            <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<tokio_postgres::Socket>>::Stream,
        >,
    )> {
        self.config.connect(self.tls()?).await.map_err(|error| explain(&error))
    }
}

fn pem(path: &Path) -> Vec<Result<CertificateDer<'static>>> {
    let bad = |error| wrong("names root certificates that cannot be read").with_source(error);
    match CertificateDer::pem_file_iter(path) {
        Ok(found) => found.map(|one| one.map_err(bad)).collect(),
        Err(error) => vec![Err(bad(error))],
    }
}

/// Asks a new connection whether what its server confirms is there to stay.
async fn fit(client: &Client) -> Result<(), HookError> {
    let asked = "SELECT current_setting('server_version_num')::int4, pg_is_in_recovery(),
                        current_setting('default_transaction_read_only') = 'on',
                        current_setting('synchronous_commit'), current_setting('fsync')";
    let row = client.query_typed_one(asked, &[]).await.map_err(HookError::Backend)?;
    let (version, synchronous, fsync): (i32, String, String) = (row.get(0), row.get(3), row.get(4));
    let why = if version < 150_000 {
        format!("the journal's database is PostgreSQL {}, and 15 or newer is needed", version / 10_000)
    } else if row.get(1) {
        "the journal's database is a replica, or is still recovering: the journal needs the primary"
            .to_owned()
    } else if row.get(2) {
        "the journal's database is read-only for this role (default_transaction_read_only)".to_owned()
    } else if matches!(synchronous.as_str(), "off" | "local") {
        format!(
            "the journal's database may lose what it confirmed (synchronous_commit = {synchronous}): set it to on for \
             this role, or a payment could be made twice"
        )
    } else if fsync != "on" {
        "the journal's database may lose what it confirmed (fsync = off): a payment could be made twice"
            .to_owned()
    } else {
        return Ok(());
    };
    Err(HookError::message(why))
}

/// The connections of one process.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) address: Address,
    pool: Pool,
    /// Kept apart, so that a busy pool does not cost the process its lease.
    lease: Pool,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.address, f)
    }
}

impl Link {
    pub(super) fn new(address: Address) -> Result<Self> {
        Ok(Self { pool: address.pool(CONNECTIONS)?, lease: address.pool(1)?, address })
    }

    /// Runs one statement, which is a transaction of its own: what it wrote is durable when this returns `Ok`.
    ///
    /// # Errors
    /// `Journal`. Its effect says whether the statement may have been carried out.
    pub(super) async fn run(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>> {
        on(&self.pool, sql, values).await
    }

    /// The same for the process's lease.
    pub(super) async fn run_for_lease(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>> {
        on(&self.lease, sql, values).await
    }

    /// Runs several statements in one transaction.
    pub(super) async fn script(&self, sql: &str) -> Result<()> {
        let client = self.pool.get().await.map_err(refused)?;
        client.batch_execute(sql).await.map_err(|error| explain(&error))
    }
}

async fn on(pool: &Pool, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>> {
    let client = pool.get().await.map_err(refused)?;
    match tokio::time::timeout(PATIENCE, client.query_typed(sql, values)).await {
        Ok(answer) => answer.map_err(|error| explain(&error)),
        Err(_) => {
            // Its answer may come yet, and nobody would know whose it is.
            drop(deadpool_postgres::Object::take(client));
            Err(unanswered(PATIENCE))
        }
    }
}

/// Nothing was sent.
fn refused(error: PoolError) -> Error {
    match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => unreached(&error),
        PoolError::PostCreateHook(HookError::Message(why)) => Error::new(ErrorKind::Journal, why),
        PoolError::Timeout(_) => {
            Error::new(ErrorKind::Journal, "the journal's database gave no connection in time")
        }
        PoolError::Closed | PoolError::NoRuntimeSpecified => {
            Error::new(ErrorKind::Journal, "the journal's connections are closed")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_to_another_machine_in_the_clear_unless_the_url_says_so() {
        for (url, mode) in [
            ("postgres://app@db.example/shop", SslMode::Require),
            ("postgresql://app@localhost,db.example/shop", SslMode::Require),
            ("postgres://app@db.example/shop?sslmode=verify-full&sslrootcert=%2Fca.pem", SslMode::Require),
            ("postgres://app@db.example/shop?sslmode=disable", SslMode::Disable),
            ("postgres://app@localhost/shop", SslMode::Disable),
            ("postgres://app@%2Frun%2Fpostgresql/shop", SslMode::Disable),
        ] {
            assert_eq!(Address::parse(url).unwrap().config.get_ssl_mode(), mode, "{url}");
        }
        for url in ["mysql://x/y", "postgres://x/y?sslmode=perhaps", "postgres://x/y?z=1"] {
            assert_eq!(Address::parse(url).unwrap_err().kind(), ErrorKind::Configuration, "{url}");
        }
    }
}
