//! The server itself: its programs, its directory, the user that it is run by, and its end.

use std::fs::{self, File, Permissions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Ends the server and removes its directory when the pipe to this process closes.
const KEEPER: &str =
    r#"read -r _; kill -QUIT "$(head -1 "$1/data/postmaster.pid")" 2>/dev/null; sleep 0.5; rm -rf "$1""#;

/// The user that the server is run by, when this process may do anything.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// A running server. It lives until this process ends.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    directory: PathBuf,
    user: Option<(u32, u32)>,
    databases: AtomicU32,
    _keeper: Child,
}

impl Postgres {
    /// Makes and starts a server in a directory of its own below that one, whose path must be short.
    ///
    /// # Errors
    /// `NotFound` when PostgreSQL is not installed, which the message says; otherwise what kept it from starting.
    pub fn start_in(place: &Path) -> Result<Self> {
        let missing = "PostgreSQL is not installed (Debian: apt-get install postgresql)";
        let bin = binaries().ok_or_else(|| Error::new(ErrorKind::NotFound, missing))?;
        let user = unprivileged()?;
        let directory = tempfile::Builder::new().prefix("pg-").tempdir_in(place)?.keep();
        fs::set_permissions(&directory, Permissions::from_mode(0o755))?;
        if let Some((uid, gid)) = user {
            chown(&directory, Some(uid), Some(gid))?;
        }
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(&directory).stdin(Stdio::piped()).process_group(0);
        let keeper = keeper.spawn()?;
        let server = Self { bin, directory, user, databases: AtomicU32::new(0), _keeper: keeper };
        let data = server.data();
        server.run(
            "initdb",
            &["-D", &data, "-U", "payonce", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
        )?;
        server.go()?;
        Ok(server)
    }

    /// Starts it, after [`kill`](Self::kill).
    ///
    /// # Errors
    /// When it does not start within a minute: the message is its log.
    pub fn go(&self) -> Result<()> {
        let socket = format!("-c listen_addresses= -c unix_socket_directories={}", self.directory.display());
        // A server that is to stop waits for those who have connected and said nothing.
        let options =
            format!("{socket} -c max_connections=200 -c autovacuum_naptime=10s -c authentication_timeout=5s");
        let log = self.directory.join("log").display().to_string();
        let data = self.data();
        self.run("pg_ctl", &["start", "-D", &data, "-w", "-t", "60", "-s", "-l", &log, "-o", &options])
            .map(drop)
            .map_err(|error| {
                let said = fs::read_to_string(log).unwrap_or_default();
                Error::new(error.kind(), format!("{error} {said}"))
            })
    }

    /// Ends it as a crash does: nothing is written any more, and every connection breaks.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn kill(&self) -> Result<()> {
        self.run("pg_ctl", &["stop", "-D", &self.data(), "-m", "immediate", "-s"]).map(drop)
    }

    /// Makes an empty database, and returns its URL.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn database(&self) -> Result<String> {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(self.url("payonce", &name))
    }

    /// The URL of a database for a role.
    pub fn url(&self, role: &str, database: &str) -> String {
        let host = self.directory.display().to_string().replace('/', "%2F");
        format!("postgresql://{role}@{host}/{database}")
    }

    /// Runs SQL as the owner of everything, and returns what it prints, unaligned.
    ///
    /// # Errors
    /// When it fails.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let host = self.directory.display().to_string();
        let whom = ["-h", &host, "-U", "payonce", "-d", database];
        let how = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql];
        let said = self.run("psql", &[&whom[..], &how].concat())?;
        Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
    }

    /// Where its programs are.
    pub fn programs(&self) -> &Path {
        &self.bin
    }

    /// The directory of its socket.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.join(".s.PGSQL.5432")
    }

    fn data(&self) -> String {
        self.directory.join("data").display().to_string()
    }

    fn run(&self, program: &str, args: &[&str]) -> Result<Output> {
        let mut command = Command::new(self.bin.join(program));
        command.args(args).current_dir(&self.directory).stdin(Stdio::null()).env_remove("PGPASSWORD");
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        // The server keeps what it inherits; what it says goes to its log.
        let (out, err) = (self.capture(), self.capture());
        let status = command.stdout(File::create(&out)?).stderr(File::create(&err)?).status()?;
        let taken = |path: &Path| {
            let bytes = fs::read(path).unwrap_or_default();
            let _ = fs::remove_file(path);
            bytes
        };
        let (stdout, stderr) = (taken(&out), taken(&err));
        if status.success() {
            return Ok(Output { status, stdout, stderr });
        }
        let last = args.last().copied().unwrap_or_default();
        Err(Error::other(format!(
            "{program} ({last}): {status}: {}",
            String::from_utf8_lossy(&stderr).trim()
        )))
    }

    fn capture(&self) -> PathBuf {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        self.directory.join(format!("out-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
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
fn unprivileged() -> Result<Option<(u32, u32)>> {
    let number = |args: &[&str]| -> Option<u32> {
        let said = Command::new("id").args(args).stderr(Stdio::null()).output().ok()?;
        String::from_utf8_lossy(&said.stdout).trim().parse().ok()
    };
    if number(&["-u"]) != Some(0) {
        return Ok(None);
    }
    let found = USERS.iter().find_map(|user| Some((number(&["-u", user])?, number(&["-g", user])?)));
    let missing =
        || Error::new(ErrorKind::NotFound, "there is no user without privileges to run PostgreSQL by");
    found.map(Some).ok_or_else(missing)
}
