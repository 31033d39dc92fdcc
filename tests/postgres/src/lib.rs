//! A PostgreSQL server of its own for each test process, on a socket in a directory of its own: found on the path or where
//! Debian puts it, run by a user without privileges, and gone with the process, however that ends.
//!
//! What must stay true: nothing that runs already is used, and where PostgreSQL is missing a test says so and is skipped,
//! except with `CI=true`, where it fails.

#![cfg(unix)]

use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Ends the server and removes its directory when the pipe to this process closes.
const KEEPER: &str =
    r#"read -r _; kill -QUIT "$(head -1 "$1/data/postmaster.pid")" 2>/dev/null; sleep 0.5; rm -rf "$1""#;

/// The user that the server is run by, when this process may do anything.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// A running server.
#[derive(Debug)]
pub struct TestPostgres {
    bin: PathBuf,
    directory: PathBuf,
    user: Option<(u32, u32)>,
    databases: AtomicU32,
    _keeper: Child,
}

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
        let Some(bin) = binaries() else {
            let missing = "PostgreSQL is not installed (Debian: apt-get install postgresql)";
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{missing}");
            let _ = writeln!(std::io::stderr(), "skipped: {missing}");
            return None;
        };
        let directory =
            tempfile::Builder::new().prefix("pg-").tempdir_in("/tmp").expect("/tmp can be written").keep();
        std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o755))
            .expect("the directory is ours");
        let user = unprivileged();
        if let Some((uid, gid)) = user {
            chown(&directory, Some(uid), Some(gid)).expect("root may give a directory away");
        }
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(&directory).stdin(Stdio::piped()).process_group(0);
        let keeper = keeper.spawn().expect("there is a shell");
        let server = Self { bin, directory, user, databases: AtomicU32::new(0), _keeper: keeper };
        let data = server.data();
        let made = server
            .run("initdb", &["-D", &data, "-U", "payonce", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]);
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server.go();
        Some(server)
    }

    /// Starts it, after [`kill`](Self::kill).
    ///
    /// # Panics
    /// When it does not start within a minute.
    pub fn go(&self) {
        let socket = format!("-c listen_addresses= -c unix_socket_directories={}", self.directory.display());
        let options = format!("{socket} -c max_connections=200 -c autovacuum_naptime=10s");
        let log = self.directory.join("log").display().to_string();
        let data = self.data();
        let started =
            self.run("pg_ctl", &["start", "-D", &data, "-w", "-t", "60", "-s", "-l", &log, "-o", &options]);
        let log = std::fs::read_to_string(log).unwrap_or_default();
        assert!(started.status.success(), "pg_ctl start: {log}");
    }

    /// Ends it as a crash does: nothing is written any more, and every connection breaks.
    ///
    /// # Panics
    /// When it cannot be ended.
    pub fn kill(&self) {
        let data = self.data();
        let stopped = self.run("pg_ctl", &["stop", "-D", &data, "-m", "immediate", "-s"]);
        assert!(stopped.status.success(), "pg_ctl stop: {}", String::from_utf8_lossy(&stopped.stderr));
    }

    /// Makes an empty database, and returns its URL.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn database(&self) -> String {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url("payonce", &name)
    }

    /// The URL of a database for a role.
    pub fn url(&self, role: &str, database: &str) -> String {
        let host = self.directory.display().to_string().replace('/', "%2F");
        format!("postgresql://{role}@{host}/{database}")
    }

    /// Runs SQL as the owner of everything, and returns what it prints, unaligned.
    ///
    /// # Panics
    /// When it fails.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let host = self.directory.display().to_string();
        let args = [
            "-h",
            &host,
            "-U",
            "payonce",
            "-d",
            database,
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
        ];
        let done = self.run("psql", &args);
        assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// The directory of its socket.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn data(&self) -> String {
        self.directory.join("data").display().to_string()
    }

    fn run(&self, program: &str, args: &[&str]) -> Output {
        let mut command = Command::new(self.bin.join(program));
        command.args(args).current_dir(&self.directory).stdin(Stdio::null()).env_remove("PGPASSWORD");
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        // The server keeps what it inherits; what it says goes to its log.
        let (out, err) = (self.capture(), self.capture());
        let status = command
            .stdout(std::fs::File::create(&out).expect("the directory can be written"))
            .stderr(std::fs::File::create(&err).expect("the directory can be written"))
            .status();
        let status = status.unwrap_or_else(|error| panic!("{program}: {error}"));
        let taken = |path: &Path| {
            let bytes = std::fs::read(path).unwrap_or_default();
            let _ = std::fs::remove_file(path);
            bytes
        };
        Output { status, stdout: taken(&out), stderr: taken(&err) }
    }

    fn capture(&self) -> PathBuf {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        self.directory.join(format!("out-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
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

/// The directory with the server's programs: Debian keeps them off the path.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|version| version.path()).collect();
    versions.sort();
    places.extend(versions.into_iter().rev().map(|version| version.join("bin")));
    // A link on the path may lead to a place that has the rest, too.
    let places = places.into_iter().filter_map(|place| place.join("initdb").canonicalize().ok());
    let mut places = places.filter_map(|initdb| initdb.parent().map(Path::to_owned));
    places.find(|place| ["pg_ctl", "psql", "postgres"].iter().all(|program| place.join(program).exists()))
}

/// PostgreSQL refuses to be run by root.
fn unprivileged() -> Option<(u32, u32)> {
    let number = |args: &[&str]| -> Option<u32> {
        let said = Command::new("id").args(args).stderr(Stdio::null()).output().ok()?;
        String::from_utf8_lossy(&said.stdout).trim().parse().ok()
    };
    if number(&["-u"])? != 0 {
        return None;
    }
    let found = USERS.iter().find_map(|user| Some((number(&["-u", user])?, number(&["-g", user])?)));
    Some(found.expect("there is a user without privileges to run PostgreSQL by"))
}
