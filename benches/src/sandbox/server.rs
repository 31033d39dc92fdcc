//! A server in a process of its own, and what the system says of it: processor time and memory.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use payonce_sandbox::Sandbox;

use super::load::{Connection, Order};
use crate::processor;

/// How long a server may take to give its first answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A sandbox to be run by this program, until its standard input ends.
#[derive(clap::Args)]
pub(crate) struct Serve {
    /// Where to listen.
    addr: SocketAddr,
    /// Keep everything in this file.
    #[arg(long)]
    db: Option<PathBuf>,
    /// How long each call takes at least.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
}

/// Runs the sandbox in this process. Payouts are settled before they are answered.
pub(crate) fn serve(serve: Serve) -> Result<()> {
    let mut builder = Sandbox::builder().addr(serve.addr).settle_after(Duration::ZERO);
    if let Some(db) = serve.db {
        builder = builder.db(db);
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let sandbox = builder.start().await?;
        if serve.latency_ms > 0 {
            sandbox.on("*").before_effect().delay(Duration::from_millis(serve.latency_ms));
        }
        // Nothing else is to be done on this thread, so it may be blocked.
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
        sandbox.stop().await;
        Ok(())
    })
}

/// A running server. Its process ends when this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) addr: SocketAddr,
    /// From the start of the process to its first answer, whatever that said.
    pub(super) start_ms: f64,
}

/// What a process holds in memory.
#[derive(Clone, Copy)]
pub(super) struct Memory {
    pub(super) now_mb: f64,
    pub(super) most_mb: f64,
}

impl Server {
    /// Starts the sandbox, whose calls take so long at least.
    pub(crate) async fn sandbox(db: Option<PathBuf>, latency: Duration) -> Result<Self> {
        let addr = free_address()?;
        let mut arguments = vec!["sandbox".to_owned(), addr.to_string()];
        arguments.extend(["--latency-ms".to_owned(), latency.as_millis().to_string()]);
        if let Some(db) = db {
            arguments.extend(["--db".to_owned(), db.to_str().context("the path is no text")?.to_owned()]);
        }
        let program = std::env::current_exe()?;
        Self::start(program.to_str().context("the path is no text")?, &arguments, addr).await
    }

    /// Starts a program that will listen on this address, and waits for its first answer.
    pub(super) async fn start(program: &str, arguments: &[String], addr: SocketAddr) -> Result<Self> {
        let mut command = if can_choose_cores() {
            let mut command = Command::new("taskset");
            command.args(["-c", "0", program]);
            command
        } else {
            Command::new(program)
        };
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::inherit());
        let began = Instant::now();
        let process = command.spawn().with_context(|| format!("starting {program}"))?;
        let mut server = Self { process, addr, start_ms: 0.0 };
        loop {
            if let Ok(mut connection) = Connection::open(addr).await {
                connection.answer(&Order::source_status("none")).await?;
                break;
            }
            ensure!(server.process.try_wait()?.is_none(), "{program} ended before it answered");
            ensure!(began.elapsed() < PATIENCE, "{program} did not answer");
            thread::sleep(Duration::from_micros(500));
        }
        server.start_ms = began.elapsed().as_secs_f64() * 1e3;
        Ok(server)
    }

    /// Processor time of all its threads since it began, user and system, in microseconds.
    pub(crate) fn cpu_us(&self) -> Result<f64> {
        processor::time_us(self.process.id())
    }

    /// Its resident memory.
    pub(super) fn memory(&self) -> Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let read = |name| kilobytes(&status, name).map(|kb| kb as f64 / 1024.0);
        let (now_mb, most_mb) =
            read("VmRSS:").zip(read("VmHWM:")).context("/proc tells no resident memory")?;
        Ok(Memory { now_mb, most_mb })
    }

    /// Ends a sandbox as it ends for its user, and waits until it has closed its file.
    pub(super) fn close(mut self) -> Result<()> {
        drop(self.process.stdin.take());
        ensure!(self.process.wait()?.success(), "the sandbox did not stop cleanly");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; how is of no interest any more.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An address that nothing listens on.
pub(super) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn can_choose_cores() -> bool {
    let quiet = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet(Command::new("taskset").args(["-c", "0,1", "true"])).is_ok_and(|status| status.success())
}

/// Keeps this process, which makes the load, off the core of the servers; false where that cannot be done.
pub(super) fn keep_to_the_second_core() -> bool {
    let two = thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
    let own = std::process::id().to_string();
    two && Command::new("taskset")
        .args(["-a", "-c", "-p", "1", &own])
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_by_its_name() {
        let status = "Name:\tx\nVmHWM:\t   12288 kB\nVmRSS:\t    9216 kB\n";
        assert_eq!((kilobytes(status, "VmRSS:"), kilobytes(status, "VmHWM:")), (Some(9216), Some(12288)));
        assert_eq!(kilobytes(status, "VmSwap:"), None);
    }
}
