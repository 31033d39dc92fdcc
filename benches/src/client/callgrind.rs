//! Instructions a call, counted by callgrind: the difference of a long and a short run, so that what a process does
//! once is not counted.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::{Load, Way};
use crate::report;

const SHORT: u32 = 200;
const LONG: u32 = 1_200;

/// Whether it can be run here.
pub(super) fn is_installed() -> bool {
    let version =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Instructions of one call with nothing else in flight.
pub(super) fn instructions(way: Way, url: &str) -> Result<f64> {
    let total = |calls| {
        let load = Load { way, url: url.to_owned(), calls, in_flight: 1 };
        let file = report::directory()?.join(format!("callgrind.{}.{calls}.out", way.argument()));
        count(&load, &file)
    };
    let (short, long) = (total(SHORT)?, total(LONG)?);
    let more = long.checked_sub(short).context("the longer run took fewer instructions")?;
    Ok(more as f64 / f64::from(LONG - SHORT))
}

fn count(load: &Load, file: &Path) -> Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--quiet"]).arg(format!("--callgrind-out-file={}", file.display()));
    command.arg(std::env::current_exe()?);
    load.add_to(&mut command);
    let output = command.output()?;
    ensure!(output.status.success(), "valgrind failed: {}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    total(&text).with_context(|| format!("{} states no total", file.display()))
}

/// The total of the first event, which is instructions unless another was asked for.
fn total(profile: &str) -> Option<u64> {
    let line = profile.lines().find_map(|line| line.strip_prefix("totals:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_a_profile_is_read() {
        let profile = "# callgrind format\nevents: Ir\nsummary: 7 1\n\nfn=(1) main\n1 7\n\ntotals: 12345 6\n";
        assert_eq!(total(profile), Some(12345));
        assert_eq!(total("events: Ir\n"), None);
        assert_eq!(total("totals:\n"), None);
    }
}
