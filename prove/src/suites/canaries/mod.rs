//! Planted secrets, looked for wherever anything is written or shown.
//!
//! A process of its own (this program once more, told to be [`mod@inside`]) talks to a server that repeats everything it
//! hears, logs at its most talkative, prints each value, error and cause that it gets hold of, and panics. This one
//! reads what came of it. What must stay true: a public type that could hold a secret and is not printed there fails
//! the suite, so that a new one cannot be forgotten.

mod argv;
mod dwolla_inside;
mod inside;
mod parrot;
mod types;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use base64::Engine as _;

pub(crate) use self::inside::inside;
use crate::suite::{Figures, Run, Stop, Suite};

pub(super) const SUITE: Suite = Suite {
    name: "canaries",
    claim: "No planted secret appears in a log at TRACE, in the text of any public type, in an error or its causes, in a \
            panic, in the journal's files, in a report or on a command line, though the server repeats all of them.",
    run,
};

/// The secrets, each unlike anything else that is written.
pub(super) struct Secrets {
    pub(super) client_secret: String,
    pub(super) passcode: String,
    /// Whose passcode it is.
    pub(super) phone: String,
    pub(super) token: String,
    pub(super) three_d_secure: String,
    pub(super) realtime: String,
}

impl Secrets {
    pub(super) fn of(seed: u64) -> Self {
        let canary =
            |what: u64| format!("canary{:016x}", (seed ^ what << 56).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let [client_secret, passcode, token, three_d_secure, realtime] = [1, 2, 3, 4, 5].map(canary);
        let phone = format!("2317{:08}", seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 38);
        Self { client_secret, passcode, phone, token, three_d_secure, realtime }
    }

    pub(super) fn all(&self) -> [(&'static str, &str); 6] {
        [
            ("the client secret", &self.client_secret),
            ("the passcode", &self.passcode),
            ("the passcode's phone", &self.phone),
            ("the access token", &self.token),
            ("the 3-D Secure secret", &self.three_d_secure),
            ("the realtime key", &self.realtime),
        ]
    }
}

/// A text in the forms in which it could be written.
struct Needle {
    what: &'static str,
    forms: Vec<Vec<u8>>,
}

impl Needle {
    fn new(what: &'static str, secret: &str) -> Self {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let decimal: Vec<_> = secret.bytes().map(|byte| byte.to_string()).collect();
        let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let reversed: String = secret.chars().rev().collect();
        let mut forms = vec![
            secret.into(),
            secret.to_uppercase().into(),
            hex.into(),
            decimal.join(", ").into(),
            wide,
            reversed.into(),
        ];
        // At each of the three places where base64 can begin; the ends depend on their neighbours.
        for skip in 0..3 {
            let coded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&secret.as_bytes()[skip..]);
            forms.push(coded.as_bytes()[..coded.len() - 3].to_vec());
        }
        Self { what, forms }
    }

    fn is_in(&self, text: &[u8]) -> bool {
        self.forms.iter().any(|form| text.windows(form.len()).any(|window| window == form))
    }
}

/// What to look for, and how much was looked through.
pub(super) struct Search {
    needles: Vec<Needle>,
    places: u64,
    bytes: u64,
}

impl Search {
    fn new<'a>(secrets: impl IntoIterator<Item = (&'static str, &'a str)>) -> Self {
        let needles = secrets.into_iter().map(|(what, secret)| Needle::new(what, secret)).collect();
        Self { needles, places: 0, bytes: 0 }
    }

    /// Says what was found, if anything.
    pub(super) fn look(&mut self, place: &str, text: &[u8]) -> Result<(), String> {
        self.places += 1;
        self.bytes += text.len() as u64;
        match self.needles.iter().find(|needle| needle.is_in(text)) {
            Some(needle) => Err(format!("{} is in {place}", needle.what)),
            None => Ok(()),
        }
    }

    /// Looks through every file below the directory.
    pub(super) fn look_below(&mut self, directory: &Path) -> anyhow::Result<Result<(), String>> {
        for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
            let path = entry?.path();
            let found = if path.is_dir() {
                self.look_below(&path)?
            } else {
                self.look(&path.display().to_string(), &fs::read(&path)?)
            };
            if found.is_err() {
                return Ok(found);
            }
        }
        Ok(Ok(()))
    }
}

fn run(run: &Run) -> Result<Figures, Stop> {
    let secrets = Secrets::of(run.seed);
    let mut search = Search::new(secrets.all());
    notices(&mut search, &secrets)?;
    let violation = |what: String| Stop::from(run.violation(what));

    let said = Command::new(std::env::current_exe().map_err(anyhow::Error::from)?)
        .args(["--inside", "--seed", &run.seed.to_string()])
        .env("RUST_BACKTRACE", "full")
        .current_dir(&run.scratch)
        .output()
        .context("starting the process that is listened to")?;
    let (shown, complained) = (&said.stdout, &said.stderr);
    let words = || String::from_utf8_lossy(complained).into_owned();
    if !said.status.success() {
        return Err(anyhow::anyhow!(
            "the process that is listened to ended with {}: {}",
            said.status,
            words()
        )
        .into());
    }
    search.look("what was printed", shown).map_err(violation)?;
    search.look("what was complained of", complained).map_err(violation)?;
    search.look_below(&run.scratch)?.map_err(violation)?;

    let log = fs::read_to_string(run.scratch.join("trace.log")).context("reading the log")?;
    for source in ["dollr", "dwolla", "payonce", "hyper_util", "reqwest", "status=422"] {
        ensure_logged(&log, source)?;
    }
    let panics = words().matches("panicked at").count();
    if panics == 0 {
        return Err(anyhow::anyhow!("nothing panicked, so no panic was read").into());
    }
    let shown = String::from_utf8_lossy(shown);
    let printed: BTreeSet<&str> =
        shown.lines().filter_map(|line| line.strip_prefix("== ")).map(str::trim).collect();
    let types = types::check(&printed)?.map_err(violation)?;
    let (lines, processes) = argv::check(run)?.map_err(violation)?;

    let mut figures = Figures::default();
    figures.count("places looked through", search.places, "");
    figures.measure("looked through", search.bytes as f64 / f64::from(1 << 20), "MiB");
    figures.count("lines of log", log.lines().count(), "");
    figures.count("panics read", panics, "");
    figures.count("public types", types.public, "");
    figures.count("of them able to hold a secret", types.carriers, "");
    figures.count("processes whose command lines were read", processes, "");
    figures.count("different command lines", lines, "");
    Ok(figures)
}

fn ensure_logged(log: &str, source: &str) -> anyhow::Result<()> {
    ensure!(log.contains(source), "the log at TRACE says nothing of {source}, so it was not all read");
    Ok(())
}

/// A secret is noticed in each of its forms, and in none of them missed.
fn notices(search: &mut Search, secrets: &Secrets) -> anyhow::Result<()> {
    let canary = &secrets.passcode;
    let packed = base64::engine::general_purpose::STANDARD.encode(format!("a{canary}b"));
    let basic =
        base64::engine::general_purpose::STANDARD.encode(format!("client-1:{}", secrets.client_secret));
    let bytes = format!("{:?}", canary.as_bytes());
    for leak in [canary.clone(), format!("x{canary}y"), packed, bytes, format!("Basic {basic}")] {
        ensure!(search.look("a leak", leak.as_bytes()).is_err(), "a leak was not noticed: {leak}");
    }
    ensure!(search.look("nothing", b"[redacted]").is_ok(), "a leak was seen where there is none");
    Ok(())
}
