//! The command in a process of its own: started, killed, or waited for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use payonce_sandbox::dwolla::{KEY, SECRET};
use payonce_sandbox::{CLIENT_ID, CLIENT_SECRET, DEVICE_NAME, PASSCODE, PASSCODE_PHONE};
#[cfg(unix)]
pub(crate) use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where the command is, and the provider.
#[derive(Clone, Debug)]
pub(crate) struct Shop {
    pub(crate) payonce: PathBuf,
    pub(crate) rail: Rail,
    pub(crate) url: String,
}

/// Whose provider it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Rail {
    Dollr,
    Dwolla,
}

impl Rail {
    /// Its name in the journal and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dollr => "dollr",
            Self::Dwolla => "dwolla",
        }
    }

    /// What a process must know to reach the provider there.
    pub(crate) fn environment(self, url: &str) -> Vec<(&'static str, &str)> {
        match self {
            Self::Dollr => vec![
                ("DOLLR_BASE_URL", url),
                ("DOLLR_CLIENT_ID", CLIENT_ID),
                ("DOLLR_CLIENT_SECRET", CLIENT_SECRET),
                ("DOLLR_PASSCODE", PASSCODE),
                ("DOLLR_PASSCODE_PHONE", PASSCODE_PHONE),
                ("DOLLR_DEVICE_NAME", DEVICE_NAME),
            ],
            Self::Dwolla => vec![("DWOLLA_BASE_URL", url), ("DWOLLA_KEY", KEY), ("DWOLLA_SECRET", SECRET)],
        }
    }
}

/// How long any one process may take. Whatever takes longer hangs.
const LONGEST: Duration = Duration::from_secs(60);

/// A process, which is killed when this is dropped.
pub(crate) struct Running(Child);

impl Shop {
    /// The command with these arguments and that journal, and nothing of our environment.
    pub(crate) fn start(&self, journal: &Path, arguments: &[&str]) -> Result<Running> {
        let mut command = Command::new(&self.payonce);
        command
            .args(arguments)
            .env_clear()
            .envs(self.rail.environment(&self.url))
            .env("PAYONCE_JOURNAL", journal)
            // The demonstration's child ends with this pipe.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Running::start(&mut command).context("starting the command")
    }
}

impl Running {
    /// Starts a process.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(command.spawn()?))
    }

    /// Sends it a signal.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.0), signal)
            .context("sending a signal to the command")
    }

    /// Whether it has ended by itself, and how.
    #[cfg(unix)]
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }

    /// Its number.
    #[cfg(unix)]
    pub(crate) fn number(&self) -> u32 {
        self.0.id()
    }

    /// Kills it, unless it has ended. Says whether it was killed.
    pub(crate) fn kill(mut self) -> Result<bool> {
        self.0.kill().context("killing the command")?;
        Ok(was_killed(self.0.wait()?))
    }

    /// Waits until it has ended, and says with which code.
    pub(crate) fn end(mut self) -> Result<i32> {
        let began = Instant::now();
        // Waiting closes this, and the demonstration's child ends then.
        let _pipe = self.0.stdin.take();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(status) = self.0.try_wait()? {
                return status.code().ok_or_else(|| anyhow!("the command ended by itself with {status}"));
            }
            if began.elapsed() > LONGEST {
                bail!("the command did not end within {LONGEST:?}");
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
fn was_killed(status: ExitStatus) -> bool {
    const SIGKILL: i32 = 9;
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(SIGKILL)
}

#[cfg(not(unix))]
fn was_killed(status: ExitStatus) -> bool {
    !status.success()
}

/// A provider in a process of its own, with its books in a file, or in memory.
pub(crate) struct Provider {
    payonce: PathBuf,
    rail: Rail,
    books: Option<PathBuf>,
    address: String,
    running: Option<Running>,
}

impl Provider {
    /// Starts one on any free port.
    pub(crate) fn start(payonce: &Path, rail: Rail, books: Option<PathBuf>) -> Result<Self> {
        let address = "127.0.0.1:0".to_owned();
        let mut provider = Self { payonce: payonce.to_owned(), rail, books, address, running: None };
        provider.start_again()?;
        Ok(provider)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts it where it was, with the books that it has.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        let mut child = Command::new(&self.payonce)
            .args(["sandbox", "--rail", self.rail.name(), "--addr", &self.address])
            .args(self.books.iter().flat_map(|books| ["--db".as_ref(), books.as_os_str()]))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("starting the sandbox")?;
        let said = child.stdout.take().context("the sandbox has a standard output")?;
        self.running = Some(Running(child));
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        let address = line
            .split_once("http://")
            .and_then(|(_, rest)| rest.split_whitespace().next())
            .with_context(|| format!("the sandbox did not say where it listens, but {line:?}"))?;
        address.clone_into(&mut self.address);
        Ok(())
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) -> Result<bool> {
        self.running.take().map_or(Ok(false), Running::kill)
    }

    /// Asks one of the sandbox's own controls, or tells it something, and returns its JSON.
    pub(crate) fn control(&self, path: &str, told: Option<&Value>) -> Result<Value> {
        let mut stream = TcpStream::connect(&self.address).context("reaching the sandbox")?;
        let body = told.map(Value::to_string).unwrap_or_default();
        let method = if told.is_some() { "POST" } else { "GET" };
        let (address, length) = (&self.address, body.len());
        write!(
            stream,
            "{method} /_sandbox/{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        let (head, body) =
            reply.split_once("\r\n\r\n").context("the sandbox's reply has no end of its head")?;
        if !head.starts_with("HTTP/1.1 2") {
            bail!("the sandbox answered {head:?} to {path}");
        }
        serde_json::from_str(body).with_context(|| format!("reading the sandbox's reply to {path}"))
    }
}
