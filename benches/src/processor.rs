//! Processor time of other processes, as Linux tells it in `/proc`.

use std::fs;

use anyhow::{Context, Result};

/// The unit there: Linux shows a hundredth of a second to programs on every architecture.
const TICK_US: f64 = 10_000.0;

/// What `/proc` says of a process. The times are in ticks, user and system together.
struct Stat {
    parent: u32,
    own: u64,
    /// Of the children that it has waited for.
    ended: u64,
}

/// User and system time of all threads of a process since it began, in microseconds.
pub(crate) fn time_us(process: u32) -> Result<f64> {
    Ok(stat(process)?.own as f64 * TICK_US)
}

/// The same of a process and all its children, those included that have ended.
pub(crate) fn family_time_us(process: u32) -> Result<f64> {
    let parent = stat(process)?;
    let mut ticks = parent.own + parent.ended;
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        // One that has ended meanwhile is counted by its parent, the next time.
        if let Some(Ok(child)) = name.to_str().and_then(|name| name.parse().ok()).map(stat)
            && child.parent == process
        {
            ticks += child.own;
        }
    }
    Ok(ticks as f64 * TICK_US)
}

fn stat(process: u32) -> Result<Stat> {
    let line = fs::read_to_string(format!("/proc/{process}/stat"))?;
    read(&line).context("/proc tells no processor time")
}

/// The fields are counted from the end of the program's name, which may hold anything.
fn read(line: &str) -> Option<Stat> {
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: ticks(11)? + ticks(12)?,
        ended: ticks(13)? + ticks(14)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let line = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 31 8 2 20 0 2 0 900 1000 10";
        let stat = read(line).unwrap();
        assert_eq!((stat.parent, stat.own, stat.ended), (1, 281, 10));
        assert!(read("7 (a) S 1").is_none());
    }
}
