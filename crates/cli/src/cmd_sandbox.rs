//! The sandbox as a process of its own, for trying the command or any other client out: one provider, or both at once.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use payonce_sandbox::{
    CLIENT_ID, CLIENT_SECRET, DwollaSandbox, PASSCODE, PASSCODE_PHONE, Sandbox, StartError, dwolla,
};
use serde::Serialize;

use crate::exit::{Error, Exit};
use crate::print;
use crate::rail::Rail;
use crate::stop::Stop;

/// Run a local Dollr or Dwolla: real HTTP, real books, no real money.
///
/// Dollr's only client is `sandbox-client` with the secret `sandbox-secret`; the passcode `sandbox-passcode` of the
/// phone number 231770000000 approves payouts. Payment account 18 takes payouts in USD and LRD, account 21 declines
/// them, wallet 3 holds USD, counterparty 15 takes transfers, invoice 101 can be collected and payment intent 9001
/// refunded.
///
/// Dwolla's only application has the key `sandbox-key` and the secret `sandbox-secret`. Its bank is the funding source
/// 707177c3-bf15-4e7e-b37c-55c3898d9bf4, and the customer 07d59716-ef22-4fe6-98e8-f3190233dfb8 can be paid.
///
/// All of these are public and good for nothing else.
#[derive(Debug, Args)]
#[command(
    name = "sandbox",
    after_help = "To use it from a shell:\n  eval \"$(payonce sandbox --print-env)\"\n\n\
                  --help lists the values that decide how a payment ends.",
    after_long_help = with_magic_values()
)]
pub(crate) struct RunSandbox {
    /// Which provider to play; may be repeated, to play both.
    #[arg(long, value_enum, default_value = "dollr")]
    rail: Vec<Rail>,
    /// Where to listen; an address of this machine only, unless the last option says otherwise. Once for each rail, in
    /// their order; by default 127.0.0.1:4010 for dollr and 127.0.0.1:4011 for dwolla.
    #[arg(long)]
    addr: Vec<SocketAddr>,
    /// Keep everything in this file, and go on with what is in it; otherwise all of it is in memory. Once for each rail,
    /// in their order.
    #[arg(long, value_name = "FILE")]
    db: Vec<PathBuf>,
    /// Begin a new database with the fixtures in this JSON file: more of them, or instead of the built-in ones. For
    /// dollr.
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,
    /// Listen where other machines can reach it. Whoever does can act as the merchant, because the credentials are
    /// public, and nothing is encrypted. Only the sandbox's own controls want the token that is printed. For dollr.
    #[arg(long)]
    expose_to_the_network_without_protection: bool,
    /// Print the variables that lead a client to a sandbox at that address, and exit.
    #[arg(long)]
    print_env: bool,
}

impl Rail {
    fn usual_addr(self) -> SocketAddr {
        let port = match self {
            Self::Dollr => 4010,
            Self::Dwolla => 4011,
        };
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    /// The variable that holds its secret, and the sandbox's.
    fn secret(self) -> (&'static str, &'static str) {
        match self {
            Self::Dollr => ("DOLLR_CLIENT_SECRET", CLIENT_SECRET),
            Self::Dwolla => ("DWOLLA_SECRET", dwolla::SECRET),
        }
    }

    fn variables(self, url: &str) -> Vec<(&'static str, String)> {
        let variables = match self {
            Self::Dollr => vec![
                ("DOLLR_BASE_URL", url),
                ("DOLLR_CLIENT_ID", CLIENT_ID),
                ("DOLLR_CLIENT_SECRET", CLIENT_SECRET),
                ("DOLLR_PASSCODE", PASSCODE),
                ("DOLLR_PASSCODE_PHONE", PASSCODE_PHONE),
            ],
            Self::Dwolla => {
                vec![("DWOLLA_BASE_URL", url), ("DWOLLA_KEY", dwolla::KEY), ("DWOLLA_SECRET", dwolla::SECRET)]
            }
        };
        variables.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    }
}

fn with_magic_values() -> String {
    format!(
        "To use it from a shell:\n  eval \"$(payonce sandbox --print-env)\"\n\nWhat decides how a payment ends on \
         dollr:\n\n{}\nand on dwolla:\n\n{}",
        payonce_sandbox::magic_values(),
        dwolla::magic_values()
    )
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("--print-env needs the port in --addr: with port 0 it is known only once the sandbox runs")]
    NoPort,
    #[error("{0}")]
    Usage(&'static str),
    #[error(
        "this environment holds credentials that look live ({0} is not the sandbox's): run the sandbox where they are \
         not set, so that neither is taken for the other"
    )]
    LiveCredentials(&'static str),
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
    rail: Rail,
    listening: &'s str,
    /// What the sandbox's controls ask for when it is open to the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    control_token: Option<&'s str>,
}

/// A sandbox that runs.
enum Running {
    Dollr(Sandbox),
    Dwolla(DwollaSandbox),
}

impl Running {
    fn listening(&self) -> Listening<'_> {
        match self {
            Self::Dollr(sandbox) => {
                let control_token = sandbox.control_token();
                Listening { rail: Rail::Dollr, listening: sandbox.url(), control_token }
            }
            Self::Dwolla(sandbox) => {
                Listening { rail: Rail::Dwolla, listening: sandbox.url(), control_token: None }
            }
        }
    }

    fn tell(&self, json: bool) {
        let listening = self.listening();
        if json {
            return print::json(&listening);
        }
        let rail = if listening.rail == Rail::Dwolla { " (dwolla)" } else { "" };
        print::line(format!("payonce sandbox: listening on {}{rail}", listening.listening));
        if let Some(token) = listening.control_token {
            print::line(format!("its controls are at {}/_sandbox/ledger?token={token}", listening.listening));
        }
    }

    async fn stop(self) {
        match self {
            Self::Dollr(sandbox) => sandbox.stop().await,
            Self::Dwolla(sandbox) => sandbox.stop().await,
        }
    }
}

impl RunSandbox {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        self.check()?;
        if self.print_env {
            return self.print_env(json);
        }
        for (variable, own) in self.rail.iter().map(|rail| rail.secret()) {
            if std::env::var_os(variable).is_some_and(|secret| secret != own) {
                return Err(Problem::LiveCredentials(variable).into());
            }
        }
        // Before anyone can know that it runs, so that a signal right after the line below stops it cleanly.
        let mut stop = Stop::listen().map_err(Problem::Signals)?;
        let mut running = Vec::new();
        for (rail, addr, db) in self.rails() {
            running.push(self.start(rail, addr, db).await.map_err(Problem::Start)?);
        }
        running.iter().for_each(|sandbox| sandbox.tell(json));
        stop.asked().await;
        for sandbox in running {
            sandbox.stop().await;
        }
        Ok(Exit::Done)
    }

    /// Whether the options fit together.
    fn check(&self) -> Result<(), Problem> {
        let [first, rest @ ..] = &self.rail[..] else {
            return Err(Problem::Usage("--rail names a provider"));
        };
        if rest.contains(first) || rest.len() > 1 {
            return Err(Problem::Usage("--rail names each provider once"));
        }
        if self.addr.len() > self.rail.len() || self.db.len() > self.rail.len() {
            return Err(Problem::Usage("--addr and --db are given once for each --rail, in their order"));
        }
        if !self.db.is_empty() && self.db.len() < self.rail.len() {
            return Err(Problem::Usage("--db is given for each --rail or for none"));
        }
        let for_dollr = self.seed_file.is_some() || self.expose_to_the_network_without_protection;
        if for_dollr && !self.rail.contains(&Rail::Dollr) {
            return Err(Problem::Usage("--seed-file and the network are for dollr"));
        }
        Ok(())
    }

    /// Each rail, with its address and its file.
    fn rails(&self) -> impl Iterator<Item = (Rail, SocketAddr, Option<&PathBuf>)> {
        self.rail.iter().enumerate().map(|(index, rail)| {
            let addr = self.addr.get(index).copied().unwrap_or_else(|| rail.usual_addr());
            (*rail, addr, self.db.get(index))
        })
    }

    async fn start(&self, rail: Rail, addr: SocketAddr, db: Option<&PathBuf>) -> Result<Running, StartError> {
        match rail {
            Rail::Dollr => {
                let mut builder = Sandbox::builder().addr(addr);
                if let Some(db) = db {
                    builder = builder.db(db);
                }
                if let Some(seed_file) = &self.seed_file {
                    builder = builder.seed_file(seed_file);
                }
                if self.expose_to_the_network_without_protection {
                    builder = builder.expose_to_the_network_without_protection();
                }
                builder.start().await.map(Running::Dollr)
            }
            Rail::Dwolla => {
                let mut builder = DwollaSandbox::builder().addr(addr);
                if let Some(db) = db {
                    builder = builder.db(db);
                }
                builder.start().await.map(Running::Dwolla)
            }
        }
    }

    fn print_env(&self, json: bool) -> Result<Exit, Error> {
        if self.rails().any(|(_, addr, _)| addr.port() == 0) {
            return Err(Problem::NoPort.into());
        }
        let variables = self.rails().flat_map(|(rail, addr, _)| rail.variables(&format!("http://{addr}")));
        if json {
            print::json(&variables.collect::<std::collections::BTreeMap<_, _>>());
        } else {
            for (name, value) in variables {
                print::line(format!("export {name}={value}"));
            }
        }
        Ok(Exit::Done)
    }
}
