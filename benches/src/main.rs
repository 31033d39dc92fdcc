//! Side-by-side benchmarks, built in release and run by `cargo xtask bench`.
//!
//! Absolute figures move with the machine, so each benchmark runs what it compares in turn, round after round, in one
//! run, and states ratios of medians. Nothing here fails because something was slow.

#![allow(clippy::print_stdout, reason = "a benchmark talks to the person at the terminal")]
#![allow(clippy::float_arithmetic, reason = "rates and ratios of measurements are no money")]

mod batch;
mod client;
mod fleet;
mod journal;
mod plot;
mod postgres;
mod processor;
mod provider;
mod report;
mod sandbox;
mod work;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

#[derive(Parser)]
#[command(name = "payonce-benches", about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the named benchmarks, or all of them.
    Run {
        /// Which ones.
        names: Vec<Bench>,
        /// How often each measurement is taken; the median counts.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        rounds: Option<u32>,
        /// How many payments fill the database of the sandbox.
        #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(20..))]
        payments: u32,
        /// How many payouts the file of the batch benchmark has.
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
        payouts: u32,
        /// How many ended payments the database of fleets holds at last.
        #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1000..))]
        ended: u32,
        /// How many payments the workers of a fleet drive in each run.
        #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
        driven: u32,
    },
    /// Play the provider for the client benchmark until the standard input ends.
    #[command(hide = true)]
    Serve,
    /// Make status calls and print what they took.
    #[command(hide = true)]
    Calls(client::Load),
    /// Pay a file with a plain loop, and print how many payouts are completed.
    #[command(hide = true)]
    Pay(batch::plain::Load),
    /// Drive payments of a table written by hand until it is killed.
    #[command(hide = true)]
    WorkByHand(fleet::by_hand::Load),
    /// Run a sandbox until the standard input ends.
    #[command(hide = true)]
    Sandbox(sandbox::server::Serve),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bench {
    /// One status call, by hand-written reqwest, by the raw client and by the facade.
    Client,
    /// Durable writes, by the journal, by a bare batched writer and by one commit a call.
    Journal,
    /// Durable writes to a PostgreSQL of its own, by the journal and by hand, and what a claim costs while ended payments
    /// pile up.
    Postgres,
    /// Payments driven by workers out of a PostgreSQL of its own: by the command, by hand, and by DBOS.
    Fleet,
    /// A file of payouts, by the command and by what the provider's guides show.
    Batch,
    /// The sandbox as a server, beside Prism and while its database grows.
    Sandbox,
}

/// A client that speaks HTTP, and TLS as everything else here does.
fn http() -> reqwest::Client {
    // It is installed already if this is the second time, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Serve => client::server::serve(),
        Command::Calls(load) => client::calls::run(&load),
        Command::Pay(load) => batch::plain::run(load),
        Command::WorkByHand(load) => fleet::by_hand::run(load),
        Command::Sandbox(serve) => sandbox::server::serve(serve),
        Command::Run { names, rounds, payments, payouts, ended, driven } => {
            let asked = |bench| names.is_empty() || names.contains(&bench);
            if asked(Bench::Client) {
                client::run(rounds.unwrap_or(9))?;
            }
            if asked(Bench::Journal) {
                journal::run(rounds.unwrap_or(5))?;
            }
            if asked(Bench::Postgres) {
                postgres::run(rounds.unwrap_or(3), ended)?;
            }
            if asked(Bench::Fleet) {
                fleet::run(rounds, driven)?;
            }
            if asked(Bench::Batch) {
                batch::run(rounds, payouts)?;
            }
            // The last, because it keeps this process to one core from then on.
            if asked(Bench::Sandbox) {
                sandbox::run(rounds.unwrap_or(5), payments)?;
            }
            Ok(())
        }
    }
}
