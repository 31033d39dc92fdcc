//! The sandbox beside Prism: the same calls by the same client, in turn, round after round, on fresh servers.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::GOALS;
use super::load::{self, Connection, Made, Order};
use super::prism::{self, Prism};
use super::server::{Server, free_address};
use crate::report::{Table, median};

const WARM: Duration = Duration::from_millis(500);
const COUNTED: Duration = Duration::from_millis(1_500);

/// The loads: a name, how many requests are in flight, and the request.
type Load = (&'static str, usize, fn(&str) -> Order);
const LOADS: [Load; 4] = [
    ("GET /v1/status/source", 1, Order::source_status),
    ("GET /v1/status/source", 64, Order::source_status),
    ("POST /v1/sessions/payout", 1, Order::payout_session),
    ("POST /v1/sessions/payout", 64, Order::payout_session),
];
/// The place of the last load that only reads.
const LAST_READ: usize = 1;

/// Every sample of one server.
#[derive(Default)]
struct Samples {
    start_ms: Vec<f64>,
    most_memory_mb: Vec<f64>,
    loads: [Vec<Made>; LOADS.len()],
}

/// The medians of one server.
#[derive(Serialize)]
struct Line {
    start_ms: f64,
    /// Resident, at its peak.
    most_memory_mb: f64,
    loads: Vec<Rate>,
}

#[derive(Serialize)]
struct Rate {
    operation: &'static str,
    in_flight: usize,
    per_s: f64,
    cpu_us: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Resident when the load was done.
    memory_mb: f64,
}

#[derive(Serialize)]
pub(super) struct Figures {
    prism_version: &'static str,
    sandbox: Line,
    /// None where it cannot be had.
    prism: Option<Line>,
}

/// Takes every measurement so many times; the medians count.
pub(super) async fn measure(rounds: u32) -> Result<Figures> {
    let prism = Prism::get()?;
    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    for round in 0..rounds {
        // Neither is always the one that comes after the other.
        for turn in [round % 2, (round + 1) % 2] {
            if turn == 0 {
                let server = Server::sandbox(None, Duration::ZERO).await?;
                let token = Connection::open(server.addr).await?.token().await?;
                ours.take(server, &token).await?;
            } else if let Some(prism) = &prism {
                let addr = free_address()?;
                let server = Server::start("node", &prism.arguments(addr), addr).await?;
                theirs.take(server, "bench-token").await?;
            }
        }
    }
    let prism = prism.map(|_| theirs.medians());
    Ok(Figures { prism_version: prism::VERSION, sandbox: ours.medians(), prism })
}

impl Samples {
    async fn take(&mut self, server: Server, token: &str) -> Result<()> {
        for (samples, (_, in_flight, order)) in self.loads.iter_mut().zip(LOADS) {
            samples.push(load::make(&server, &order(token), in_flight, WARM, COUNTED).await?);
        }
        self.most_memory_mb.push(server.memory()?.most_mb);
        self.start_ms.push(server.start_ms);
        Ok(())
    }

    fn medians(&self) -> Line {
        let middle = |samples: &[Made], figure: fn(&Made) -> f64| {
            median(&samples.iter().map(figure).collect::<Vec<_>>())
        };
        let loads = LOADS.iter().zip(&self.loads).map(|(&(operation, in_flight, _), made)| Rate {
            operation,
            in_flight,
            per_s: middle(made, |made| made.per_s),
            cpu_us: middle(made, |made| made.cpu_us),
            p50_ms: middle(made, |made| made.p50_ms),
            p99_ms: middle(made, |made| made.p99_ms),
            memory_mb: middle(made, |made| made.memory_mb),
        });
        Line {
            start_ms: median(&self.start_ms),
            most_memory_mb: median(&self.most_memory_mb),
            loads: loads.collect(),
        }
    }
}

impl Figures {
    pub(super) fn print(&self, rounds: u32) {
        let mut table = Table::new(&[
            "operation",
            "in flight",
            "sandbox/s",
            "Prism/s",
            "ratio",
            "sandbox CPU us",
            "Prism CPU us",
            "ratio",
            "sandbox p99 ms",
            "Prism p99 ms",
        ]);
        for (place, ours) in self.sandbox.loads.iter().enumerate() {
            let theirs = self.prism.as_ref().map(|prism| &prism.loads[place]);
            let shown = |figure: fn(&Rate) -> f64, digits| or_dash(theirs.map(figure), "", digits);
            table.row([
                ours.operation.to_owned(),
                ours.in_flight.to_string(),
                format!("{:.0}", ours.per_s),
                shown(|rate| rate.per_s, 0),
                or_dash(theirs.map(|theirs| ours.per_s / theirs.per_s), "x", 1),
                format!("{:.1}", ours.cpu_us),
                shown(|rate| rate.cpu_us, 1),
                or_dash(theirs.map(|theirs| theirs.cpu_us / ours.cpu_us), "x", 1),
                format!("{:.2}", ours.p99_ms),
                shown(|rate| rate.p99_ms, 2),
            ]);
        }
        table.print(&format!(
            "The sandbox and Prism {}, each on one core, medians of {rounds} rounds",
            self.prism_version
        ));
        self.print_goals();
    }

    fn print_goals(&self) {
        let mut table = Table::new(&["goal", "measured", "wanted", "met"]);
        let (ours, theirs) = (&self.sandbox, self.prism.as_ref());
        let mut goal = |name: &str, measured: Option<f64>, unit: &str, wanted: f64, least: bool| {
            let met = measured.map(|measured| if least { measured >= wanted } else { measured <= wanted });
            let sign = if least { ">=" } else { "<=" };
            table.row([
                name.to_owned(),
                or_dash(measured, unit, 2),
                format!("{sign} {wanted}{unit}"),
                met.map_or("-", |met| if met { "yes" } else { "no" }).to_owned(),
            ]);
        };
        for (place, (operation, in_flight, _)) in LOADS.iter().enumerate().filter(|(_, load)| load.1 > 1) {
            let theirs = theirs.map(|theirs| &theirs.loads[place]);
            let ours = &ours.loads[place];
            let (rate, work) = (
                theirs.map(|theirs| ours.per_s / theirs.per_s),
                theirs.map(|theirs| theirs.cpu_us / ours.cpu_us),
            );
            let wanted = GOALS.requests_to_prism;
            goal(&format!("{operation}, {in_flight}: requests a second"), rate, "x", wanted, true);
            goal(&format!("{operation}, {in_flight}: requests a second of CPU"), work, "x", wanted, true);
        }
        let most = theirs.map(|theirs| ours.most_memory_mb / theirs.most_memory_mb);
        goal("memory at its peak", most, "x", GOALS.memory_to_prism, false);
        // The sessions stay in the sandbox's memory, as they should; the reads leave nothing there.
        for (name, place) in [("the reads", LAST_READ), ("all, with its sessions kept", LOADS.len() - 1)] {
            let memory = ours.loads[place].memory_mb;
            let ratio = theirs.map(|theirs| memory / theirs.loads[place].memory_mb);
            goal(&format!("memory after {name}"), ratio, "x", GOALS.memory_to_prism, false);
            goal(&format!("memory after {name}"), Some(memory), " MB", GOALS.memory_mb, false);
        }
        goal("start to first answer", Some(ours.start_ms), " ms", GOALS.start_ms, false);
        for load in &ours.loads {
            let name = format!("{}, {}: p99", load.operation, load.in_flight);
            goal(&name, Some(load.p99_ms), " ms", GOALS.p99_ms, false);
        }
        table.print("Against the goals");
        if let Some(theirs) = theirs {
            println!(
                "Prism: {:.0} MB after the reads, {:.0} MB at its peak, {:.0} ms from start to first answer.\n",
                theirs.loads[LAST_READ].memory_mb, theirs.most_memory_mb, theirs.start_ms
            );
        }
    }
}

fn or_dash(figure: Option<f64>, unit: &str, digits: usize) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.digits$}{unit}"))
}
