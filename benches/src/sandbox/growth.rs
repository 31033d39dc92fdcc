//! What a payment costs the sandbox while its database grows: real payouts over HTTP, session and execution, settled
//! before they are answered, all into one file.

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use payonce_sandbox::{PASSCODE, PASSCODE_PHONE, PAYOUT_ACCOUNT};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::LocalSet;
use uuid::Uuid;

use super::load::{Connection, Order};
use super::server::Server;
use crate::plot::Plot;
use crate::report::{self, Table};

/// Into how many slices the payments are cut.
const SLICES: u32 = 20;
/// How many payments are under way at any time.
const IN_FLIGHT: u32 = 64;

/// One slice of the payments.
#[derive(Clone, Serialize)]
struct Slice {
    /// In the database when the slice was done.
    payments: u32,
    /// Processor time of the server for one payment.
    cpu_us: f64,
    payments_per_s: f64,
    memory_mb: f64,
    file_mb: f64,
}

#[derive(Serialize)]
pub(super) struct Figures {
    payments: u32,
    in_flight: u32,
    slices: Vec<Slice>,
    /// The processor time of a payment in the last slice, to that in the first.
    last_to_first_cpu: f64,
    /// The same for the time on the wall, which whatever else runs on the machine is in.
    last_to_first_wall: f64,
}

/// Fills a new database with so many payments.
pub(super) async fn measure(payments: u32) -> Result<Figures> {
    let room = tempfile::tempdir_in(report::directory()?)?;
    let file = room.path().join("sandbox.db");
    let server = Server::sandbox(Some(file.clone()), Duration::ZERO).await?;
    let mut slices = Vec::new();
    let mut done = 0;
    for slice in 1..=SLICES {
        let until = through(payments, slice);
        let (cpu, began) = (server.cpu_us()?, Instant::now());
        pay(&server, until - done).await?;
        let (cpu, elapsed) = (server.cpu_us()? - cpu, began.elapsed().as_secs_f64());
        let paid = f64::from(until - done);
        done = until;
        slices.push(Slice {
            payments: done,
            cpu_us: cpu / paid,
            payments_per_s: paid / elapsed,
            memory_mb: server.memory()?.now_mb,
            file_mb: megabytes(&file) + megabytes(&file.with_extension("db-wal")),
        });
    }
    server.close()?;
    let (first, last) = slices.first().zip(slices.last()).context("no payment was made")?;
    let last_to_first_cpu = last.cpu_us / first.cpu_us;
    let last_to_first_wall = first.payments_per_s / last.payments_per_s;
    Ok(Figures { payments, in_flight: IN_FLIGHT, last_to_first_cpu, last_to_first_wall, slices })
}

/// How many payments there are when this slice is done.
fn through(payments: u32, slice: u32) -> u32 {
    u32::try_from(u64::from(payments) * u64::from(slice) / u64::from(SLICES))
        .expect("a part of the payments is no more than all of them")
}

/// Makes so many payments. Each slice has a token of its own, so that none expires under way.
async fn pay(server: &Server, payments: u32) -> Result<()> {
    let token: Rc<str> = Connection::open(server.addr).await?.token().await?.into();
    let left = Rc::new(Cell::new(payments));
    let local = LocalSet::new();
    let mut tasks = Vec::new();
    for _ in 0..IN_FLIGHT {
        let mut connection = Connection::open(server.addr).await?;
        let (token, left) = (Rc::clone(&token), Rc::clone(&left));
        tasks.push(local.spawn_local(async move {
            let session = Order::payout_session(&token);
            while let Some(rest) = left.get().checked_sub(1) {
                left.set(rest);
                let opened: Value = serde_json::from_slice(&connection.succeed(&session).await?)?;
                let order = Order::post("/v1/executions/payout", &token, &payout(&opened["id"]));
                let paid: Value = serde_json::from_slice(&connection.succeed(&order).await?)?;
                anyhow::ensure!(paid["status"] == "COMPLETED", "a payout was not settled: {paid}");
            }
            Ok(())
        }));
    }
    local.await;
    for task in tasks {
        task.await??;
    }
    Ok(())
}

fn payout(session: &Value) -> Value {
    json!({
        "session_id": session.to_string(),
        "payout_account_id": PAYOUT_ACCOUNT.to_string(),
        "reference_id": Uuid::new_v4(),
        "passcode": {
            "token": { "code": PASSCODE, "phone": PASSCODE_PHONE },
            "device": { "name": "bench", "type": "SERVER", "platform": "RUST", "user_agent": "bench",
                "client_ip": "127.0.0.1" },
        },
    })
}

/// The size of a file; zero when there is none.
fn megabytes(path: &Path) -> f64 {
    std::fs::metadata(path).map_or(0.0, |file| file.len() as f64 / (1024.0 * 1024.0))
}

impl Figures {
    pub(super) fn print(&self) {
        let mut table = Table::new(&["payments", "CPU us/payment", "payments/s", "memory MB", "file MB"]);
        for slice in &self.slices {
            table.row([
                slice.payments.to_string(),
                format!("{:.1}", slice.cpu_us),
                format!("{:.0}", slice.payments_per_s),
                format!("{:.1}", slice.memory_mb),
                format!("{:.1}", slice.file_mb),
            ]);
        }
        table.print(&format!(
            "What a payment costs while {} of them fill one database, {} in flight",
            self.payments, self.in_flight
        ));
        println!(
            "The last slice to the first: {:.2}x the processor time, {:.2}x the time on the wall.\n",
            self.last_to_first_cpu, self.last_to_first_wall
        );
    }

    /// The drawing of the growth, as SVG.
    pub(super) fn plot(&self) -> String {
        let points = |figure: fn(&Slice) -> f64| {
            self.slices.iter().map(|slice| (f64::from(slice.payments), figure(slice))).collect()
        };
        Plot {
            title: format!(
                "Cost of a payment while {} fill one database: last slice to first {:.2}x",
                self.payments, self.last_to_first_cpu
            ),
            across: "payments in the database",
            up: "microseconds a payment",
            lines: vec![
                ("processor time of the sandbox", points(|slice| slice.cpu_us)),
                ("time on the wall", points(|slice| 1e6 / slice.payments_per_s)),
            ],
        }
        .svg()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slices_hold_every_payment() {
        assert_eq!(through(1_000_000, 1), 50_000);
        assert_eq!(through(u32::MAX, SLICES), u32::MAX);
        assert_eq!((1..=SLICES).map(|n| through(33, n) - through(33, n - 1)).sum::<u32>(), 33);
    }
}
