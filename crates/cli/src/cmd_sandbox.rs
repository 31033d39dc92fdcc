//! The sandbox as a process of its own, for trying the command or any other client out.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use payonce_sandbox::{CLIENT_ID, CLIENT_SECRET, PASSCODE, PASSCODE_PHONE, Sandbox, StartError};
use serde::Serialize;

use crate::exit::{Error, Exit};
use crate::print;

/// Run a local Dollr: real HTTP, real books, no real money.
///
/// Its only client is `sandbox-client` with the secret `sandbox-secret`; the passcode 246810 of the phone number
/// 231770000000 approves payouts. They are public and good for nothing else. Payment account 18 takes payouts in USD
/// and LRD, account 21 declines them, wallet 3 holds USD, counterparty 15 takes transfers, invoice 101 can be
/// collected and payment intent 9001 refunded.
#[derive(Debug, Args)]
#[command(
    name = "sandbox",
    after_help = "To use it from a shell:\n  eval \"$(payonce sandbox --print-env)\"\n\n\
                  --help lists the values that decide how a payment ends.",
    after_long_help = with_magic_values()
)]
pub(crate) struct RunSandbox {
    /// Where to listen; an address of this machine only, unless the last option says otherwise.
    #[arg(long, default_value = "127.0.0.1:4010")]
    addr: SocketAddr,
    /// Keep everything in this file, and go on with what is in it; otherwise all of it is in memory.
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Begin a new database with the fixtures in this JSON file: more of them, or instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,
    /// Listen where other machines can reach it. Whoever does can act as the merchant, because the credentials are
    /// public, and nothing is encrypted. Only the sandbox's own controls want the token that is printed.
    #[arg(long)]
    expose_to_the_network_without_protection: bool,
    /// Print the variables that lead a client to a sandbox at that address, and exit.
    #[arg(long)]
    print_env: bool,
}

fn with_magic_values() -> String {
    let values = payonce_sandbox::magic_values();
    format!(
        "To use it from a shell:\n  eval \"$(payonce sandbox --print-env)\"\n\nWhat decides how a payment ends:\n\n{values}"
    )
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("--print-env needs the port in --addr: with port 0 it is known only once the sandbox runs")]
    NoPort,
    #[error(
        "this environment holds credentials that look live (DOLLR_CLIENT_SECRET is not the sandbox's): run the \
         sandbox where they are not set, so that neither is taken for the other"
    )]
    LiveCredentials,
    #[error("{0}{because}", because = because(.0))]
    Start(#[from] StartError),
    #[error("cannot wait for the signals that stop the sandbox: {0}")]
    Signals(std::io::Error),
}

/// The system's own words, if there are any.
pub(crate) fn because(error: &StartError) -> String {
    std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default()
}

/// The sandbox runs.
#[derive(Serialize)]
struct Listening<'s> {
    listening: &'s str,
    /// What the sandbox's controls ask for when it is open to the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    control_token: Option<&'s str>,
}

impl RunSandbox {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        if self.print_env {
            return print_env(self.addr, json);
        }
        if std::env::var_os("DOLLR_CLIENT_SECRET").is_some_and(|secret| secret != CLIENT_SECRET) {
            return Err(Problem::LiveCredentials.into());
        }
        // Before anyone can know that it runs, so that a signal right after the line below stops it cleanly.
        let stop = Stop::listen().map_err(Problem::Signals)?;
        let mut builder = Sandbox::builder().addr(self.addr);
        if let Some(db) = self.db {
            builder = builder.db(db);
        }
        if let Some(seed_file) = self.seed_file {
            builder = builder.seed_file(seed_file);
        }
        if self.expose_to_the_network_without_protection {
            builder = builder.expose_to_the_network_without_protection();
        }
        let sandbox = builder.start().await.map_err(Problem::Start)?;
        if json {
            print::json(&Listening { listening: sandbox.url(), control_token: sandbox.control_token() });
        } else {
            print::line(format!("payonce sandbox: listening on {}", sandbox.url()));
            if let Some(token) = sandbox.control_token() {
                print::line(format!("its controls are at {}/_sandbox/ledger?token={token}", sandbox.url()));
            }
        }
        stop.asked().await;
        sandbox.stop().await;
        Ok(Exit::Done)
    }
}

fn print_env(addr: SocketAddr, json: bool) -> Result<Exit, Error> {
    if addr.port() == 0 {
        return Err(Problem::NoPort.into());
    }
    let url = format!("http://{addr}");
    let variables = [
        ("DOLLR_BASE_URL", url.as_str()),
        ("DOLLR_CLIENT_ID", CLIENT_ID),
        ("DOLLR_CLIENT_SECRET", CLIENT_SECRET),
        ("DOLLR_PASSCODE", PASSCODE),
        ("DOLLR_PASSCODE_PHONE", PASSCODE_PHONE),
    ];
    if json {
        print::json(&std::collections::BTreeMap::from(variables));
    } else {
        for (name, value) in variables {
            print::line(format!("export {name}={value}"));
        }
    }
    Ok(Exit::Done)
}

/// The signals that ask the sandbox to stop.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn asked(self) {
        // Without a handler the process ends at once, which is as good.
        let _ = tokio::signal::ctrl_c().await;
    }
}
