//! The `payonce` command: pay, cancel, resume, list and show payments, run the sandbox, and the demonstration of the promise.
//!
//! Secrets come in by the environment, a file or standard input, never by the command line, where every process of
//! the machine could read them.

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod batch;
mod cmd_again;
mod cmd_batch;
mod cmd_config;
mod cmd_demo;
mod cmd_dist;
mod cmd_doctor;
mod cmd_evidence;
mod cmd_explain;
mod cmd_export;
mod cmd_history;
mod cmd_journal;
mod cmd_login;
mod cmd_made;
mod cmd_pay;
mod cmd_probe;
mod cmd_reconcile;
mod cmd_resolve;
mod cmd_resume;
mod cmd_sandbox;
mod cmd_schema;
mod cmd_simulate;
mod cmd_transfer;
mod cmd_work;
mod config;
mod demo;
mod doctor;
mod exit;
mod explain;
mod facade;
mod print;
mod probe;
mod rail;
mod redact;
mod report;
mod selection;
mod stop;
mod story;
mod words;
mod worker;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::exit::{Error, Exit};

/// Makes payments that are made once.
///
/// A payment has a permanent NAME that you choose, such as `salary/2026-11/ama`. The same name is the same payment in
/// every run: after a crash, a time-out or a lost answer, give the same command again, or `payonce resume`.
#[derive(Debug, Parser)]
#[command(name = "payonce", version, after_help = exit::HELP, after_long_help = format!("{}\n\n{}", exit::HELP, config::HELP))]
struct Cli {
    /// Print JSON instead of text.
    #[arg(long, global = true, display_order = 100)]
    json: bool,
    /// Print nothing but errors, questions, and JSON that was asked for; the exit code says how it went.
    #[arg(long, short, global = true, display_order = 101)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(cmd_demo::Demo),
    #[command(hide = true)]
    DemoChild(demo::child::Child),
    Payout(cmd_pay::Payout),
    Transfer(cmd_transfer::Transfer),
    Refund(cmd_pay::Refund),
    Collection(cmd_pay::Collection),
    Batch(cmd_batch::Batch),
    Again(cmd_again::Again),
    Cancel(cmd_made::Cancel),
    Fees(cmd_made::Fees),
    Returned(cmd_made::Returned),
    Simulate(cmd_simulate::Simulate),
    Resume(cmd_resume::Resume),
    Work(cmd_work::Work),
    List(cmd_history::List),
    Show(cmd_history::Show),
    Login(cmd_login::Login),
    Config(cmd_config::Config),
    Doctor(cmd_doctor::Doctor),
    Explain(cmd_explain::Explain),
    Resolve(cmd_resolve::Resolve),
    Evidence(cmd_evidence::Evidence),
    Reconcile(cmd_reconcile::Reconcile),
    Export(cmd_export::Export),
    Journal(cmd_journal::JournalCommand),
    Probe(cmd_probe::Probe),
    Schema(cmd_schema::Schema),
    #[command(hide = true)]
    Dist(cmd_dist::Dist),
    Sandbox(cmd_sandbox::RunSandbox),
}

impl Command {
    async fn run(self, json: bool) -> Result<Exit, Error> {
        match self {
            Self::Demo(demo) => Box::pin(demo.run(json)).await,
            Self::DemoChild(child) => child.run().await,
            Self::Payout(order) => order.run(json).await,
            Self::Transfer(order) => order.run(json).await,
            Self::Refund(order) => order.run(json).await,
            Self::Collection(order) => order.run(json).await,
            Self::Batch(batch) => Box::pin(batch.run(json)).await,
            Self::Again(again) => again.run(json).await,
            Self::Cancel(cancel) => cancel.run(json).await,
            Self::Fees(fees) => fees.run(json).await,
            Self::Returned(returned) => returned.run(json).await,
            Self::Simulate(simulate) => simulate.run(json).await,
            Self::Resume(resume) => resume.run(json).await,
            Self::Work(work) => work.run(json).await,
            Self::List(list) => list.run(json).await,
            Self::Show(show) => show.run(json).await,
            Self::Login(login) => login.run(json).await,
            Self::Config(config) => config.run(json),
            Self::Doctor(doctor) => Box::pin(doctor.run(json)).await,
            Self::Explain(explain) => explain.run(json).await,
            Self::Resolve(resolve) => resolve.run(json).await,
            Self::Evidence(evidence) => evidence.run(json).await,
            Self::Reconcile(reconcile) => reconcile.run(json).await,
            Self::Export(export) => export.run().await,
            Self::Journal(journal) => journal.run(json).await,
            Self::Probe(probe) => Box::pin(probe.run(json)).await,
            Self::Schema(schema) => schema.run(),
            Self::Dist(dist) => dist.run(),
            Self::Sandbox(sandbox) => sandbox.run(json).await,
        }
    }
}

/// Writes what the library traces to standard error: what `PAYONCE_LOG` asks for, or else what the command does unasked.
fn trace(unasked: Option<&str>) -> Result<(), Error> {
    let asked = std::env::var_os(config::LOG);
    let Some(filter) = asked.or(unasked.map(Into::into)) else { return Ok(()) };
    let filter = filter.into_string().ok().and_then(|filter| filter.parse::<Targets>().ok());
    let filter = filter.ok_or(config::Problem::Log)?;
    let written = layer().with_writer(std::io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(filter).with(written).init();
    Ok(())
}

fn run(cli: Cli) -> Result<Exit, Error> {
    trace(match cli.command {
        Command::Work(_) => Some(cmd_work::LOGGED),
        _ => None,
    })?;
    // A batch waits for the provider and for the disk, and one thread that waits is cheaper than several.
    let mut runtime = match cli.command {
        Command::Batch(_) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = runtime.enable_all().build().map_err(Error::Runtime)?;
    let exit = runtime.block_on(cli.command.run(cli.json));
    // What still runs is in the journal; waiting for it is what `--wait` and `resume` are for.
    runtime.shutdown_background();
    exit
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json;
    if cli.quiet {
        print::be_quiet();
    }
    run(cli).unwrap_or_else(|error| error.tell(json)).into()
}
