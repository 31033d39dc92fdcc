//! The sandbox as a server: beside Prism, which answers the same calls from examples, and alone, with a database that
//! grows.
//!
//! Each server is a process of its own, on a core of its own where `taskset` is there, and is asked by the same client.
//! What counts most is the processor time of the server, because that depends least on what else the machine does.

mod against;
mod growth;
mod load;
mod prism;
pub(crate) mod server;

use anyhow::Result;
use serde::Serialize;

use crate::report::{self, Machine};

/// The goals, which the table sets beside what was measured.
#[derive(Serialize)]
struct Goals {
    requests_to_prism: f64,
    memory_to_prism: f64,
    memory_mb: f64,
    start_ms: f64,
    p99_ms: f64,
}

const GOALS: Goals =
    Goals { requests_to_prism: 10.0, memory_to_prism: 0.25, memory_mb: 20.0, start_ms: 50.0, p99_ms: 20.0 };

#[derive(Serialize)]
struct Figures {
    machine: Machine,
    /// Whether the servers had one core and the client another.
    cores_apart: bool,
    rounds: u32,
    goals: Goals,
    against_prism: against::Figures,
    growth: growth::Figures,
}

/// Measures both, prints the tables, draws the growth and saves the figures.
pub(crate) fn run(rounds: u32, payments: u32) -> Result<()> {
    let cores_apart = server::keep_to_the_second_core();
    if !cores_apart {
        println!("There is no taskset or only one core, so the servers and their client share the cores.\n");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let against_prism = runtime.block_on(against::measure(rounds))?;
    against_prism.print(rounds);
    let growth = runtime.block_on(growth::measure(payments))?;
    growth.print();
    let path = report::directory()?.join("sandbox-growth.svg");
    std::fs::write(&path, growth.plot())?;
    println!("The growth is drawn in {}.\n", path.display());
    let figures =
        Figures { machine: Machine::here(), cores_apart, rounds, goals: GOALS, against_prism, growth };
    report::save("sandbox", &figures)
}
