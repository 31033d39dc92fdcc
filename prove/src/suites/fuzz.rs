//! Everything that reads what others wrote, fed with anything.
//!
//! The corpus is kept in `fuzz/corpus`: each finding becomes a file there. On any machine it is replayed, and changed
//! at random for a while; the full run has libFuzzer look for more, guided by what is reached.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{fs, panic};

use anyhow::Context;
use prove_targets::TARGETS;

use crate::suite::{Figures, Run, Scale, Stop, Suite};
use crate::tools;

pub(super) const SUITE: Suite = Suite {
    name: "fuzz",
    claim: "Replies, Retry-After, amounts, names, journaled events, published documents and fault scripts are read or \
            refused, whatever their bytes: no panic, no contradiction, no unbounded memory.",
    run,
};

const CARGO_FUZZ: &str = "0.13.2";

/// The longest input that is made here.
const LONGEST: usize = 64 << 10;

fn run(run: &Run) -> Result<Figures, Stop> {
    let corpora = tools::root()?.join("fuzz").join("corpus");
    let each = run.scale.pick(Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(60));
    let mut figures = Figures::default();
    let before = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let found = notices_a_panic(run.seed).and_then(|()| {
        TARGETS.iter().try_for_each(|(name, target)| {
            let (replayed, made) = attack(run, name, *target, &corpora.join(name), each)?;
            figures.count(&format!("{name}: of the corpus"), replayed, "inputs");
            figures.count(&format!("{name}: made of it"), made, "inputs");
            Ok(())
        })
    });
    panic::set_hook(before);
    found?;
    if run.scale != Scale::Quick {
        guided(run, &corpora, &mut figures)?;
    }
    Ok(figures)
}

/// Replays the corpus of a target, and what can be made of it in that time.
fn attack(
    run: &Run,
    name: &str,
    target: fn(&[u8]),
    directory: &Path,
    each: Duration,
) -> Result<(usize, u64), Stop> {
    let corpus = corpus(directory)?;
    if corpus.is_empty() {
        return Err(anyhow::anyhow!("the corpus of {name} is empty").into());
    }
    for (path, input) in &corpus {
        if let Err(what) = tried(target, input) {
            return Err(run.violation(format!("{name} on {}: {what}", path.display())).into());
        }
    }
    let mut random = fastrand::Rng::with_seed(run.seed);
    let (begin, mut made) = (Instant::now(), 0);
    while begin.elapsed() < each {
        let input = changed(&corpus, &mut random);
        made += 1;
        if let Err(what) = tried(target, &input) {
            let path = run.scratch.join(format!("{name}.crash"));
            fs::write(&path, &input).context("keeping what was found")?;
            let mut violation = run.violation(format!("{name} on an input of {} bytes: {what}", input.len()));
            violation.trace = Some(path);
            return Err(violation.into());
        }
    }
    Ok((corpus.len(), made))
}

fn corpus(directory: &Path) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut paths = fs::read_dir(directory)
        .with_context(|| directory.display().to_string())?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    // The directory's own order differs from machine to machine.
    paths.sort();
    paths.into_iter().map(|path| Ok((path.clone(), fs::read(path)?))).collect()
}

fn tried(target: fn(&[u8]), input: &[u8]) -> Result<(), String> {
    panic::catch_unwind(|| target(input)).map_err(|cause| {
        let text = cause.downcast_ref::<String>().map(String::as_str);
        text.or(cause.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
    })
}

/// One input made of others: pieces taken out, put in, doubled, and bytes turned.
fn changed(corpus: &[(PathBuf, Vec<u8>)], random: &mut fastrand::Rng) -> Vec<u8> {
    const TELLING: [&[u8]; 12] = [
        b"-1",
        b"0",
        b"18446744073709551616",
        b"1e400",
        b"null",
        b"[[[[[[[[",
        b"{\"",
        b"\\ud800",
        b"\xff\xfe",
        b"\0",
        b"+262142-12-31T23:59:59Z",
        b"-0.0000000000000000000000000001",
    ];
    let mut input = corpus[random.usize(..corpus.len())].1.clone();
    for _ in 0..random.usize(1..8) {
        let at = random.usize(..=input.len());
        let end = (at + random.usize(..64)).min(input.len());
        match random.u8(..6) {
            0 if at < input.len() => input[at] ^= 1 << random.u8(..8),
            1 => drop(input.splice(at..at, TELLING[random.usize(..TELLING.len())].iter().copied())),
            2 => drop(input.drain(at..end)),
            3 => {
                let piece = input[at..end].repeat(random.usize(1..200));
                input.splice(at..at, piece);
            }
            4 => {
                let other = &corpus[random.usize(..corpus.len())].1;
                let from = random.usize(..=other.len());
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => drop(input.splice(at..end, TELLING[random.usize(..TELLING.len())].iter().copied())),
        }
    }
    input.truncate(LONGEST);
    input
}

/// A target that panics on a certain input is found out.
fn notices_a_panic(seed: u64) -> Result<(), Stop> {
    fn breaks(input: &[u8]) {
        assert!(!input.windows(4).any(|window| window == b"null"), "it cannot read this");
    }
    let corpus = vec![(PathBuf::new(), b"{\"a\":1}".to_vec())];
    let mut random = fastrand::Rng::with_seed(seed);
    if (0..10_000).any(|_| tried(breaks, &changed(&corpus, &mut random)).is_err()) {
        return Ok(());
    }
    Err(anyhow::anyhow!("a target that panics was not found out").into())
}

/// Has libFuzzer look further from the corpus.
fn guided(run: &Run, corpora: &Path, figures: &mut Figures) -> Result<(), Stop> {
    let seconds = run.scale.pick(0, 40, 600);
    let build = tools::target(run)?.join("fuzz");
    for (name, _) in TARGETS {
        let found = run.scratch.join(name);
        fs::create_dir(&found).context("making a place for what is found")?;
        let mut command = tools::cargo_with(run, "cargo-fuzz", CARGO_FUZZ)?;
        // libFuzzer's instrumentation is not stable; the code and the toolchain are.
        command.env("RUSTC_BOOTSTRAP", "1").env_remove("CARGO_TARGET_DIR");
        command.args(["fuzz", "run", "--sanitizer", "none", "--target-dir"]).arg(&build);
        command.arg(name).arg(&found).arg(corpora.join(name)).arg("--");
        command.arg(format!("-artifact_prefix={}/crash-", run.scratch.display()));
        command.arg(format!("-max_total_time={seconds}")).arg(format!("-seed={}", run.seed & 0x7FFF_FFFF));
        command.args(["-rss_limit_mb=1024", "-timeout=10", "-print_final_stats=1"]);
        let told = command.stdin(Stdio::null()).output().context("starting cargo fuzz")?;
        let words = String::from_utf8_lossy(&told.stderr);
        if !told.status.success() {
            let last: Vec<_> = words.lines().rev().take(15).collect();
            let last = last.into_iter().rev().collect::<Vec<_>>().join(" | ");
            if words.contains("could not compile") || !words.contains("INFO: Seed") {
                return Err(anyhow::anyhow!("{name} cannot be fuzzed: {last}").into());
            }
            let mut violation = run.violation(format!("{name}: {last}"));
            violation.trace = Some(run.scratch.clone());
            return Err(violation.into());
        }
        let stat = |label: &str| {
            let line = words.lines().find_map(|line| line.strip_prefix(label));
            line.and_then(|value| value.trim().parse::<u64>().ok()).unwrap_or_default()
        };
        figures.count(&format!("{name}: guided"), stat("stat::number_of_executed_units:"), "inputs");
        figures.count(&format!("{name}: new ground"), stat("stat::new_units_added:"), "inputs");
    }
    Ok(())
}
