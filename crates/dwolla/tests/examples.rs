//! Every example runs, ends as it says, and pays nothing twice: each is run two times against one sandbox with one
//! journal, because that is what a user does with it.
//!
//! The examples are found in their folder, so that a new one cannot be forgotten. Cargo builds them for `cargo test` with
//! or without `-p dwolla`, but not for `--test examples` alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use payonce_sandbox::DwollaSandbox;
use tokio::process::Command;
use tokio::task::JoinSet;

struct Example {
    name: String,
    binary: PathBuf,
    /// The last line it prints.
    last: String,
}

/// The binaries beside this one, each as fresh as its source.
fn examples() -> Vec<Example> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let this = std::env::current_exe().unwrap();
    let built = this.ancestors().nth(2).unwrap().join("examples");
    let changed =
        |path: &Path| path.metadata().and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let support = changed(&folder.join("support/mod.rs"));
    let sources = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut examples = Vec::new();
    for source in sources.filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let name = source.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&source).unwrap();
        let promise = text.lines().find_map(|line| line.strip_prefix("//! It ends with `"));
        let last = promise.and_then(|line| line.strip_suffix("`.")).map(str::to_owned);
        let last = last.unwrap_or_else(|| panic!("{name} does not say `It ends with ...`"));
        let binary = built.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        assert!(
            changed(&binary) >= changed(&source).max(support),
            "{name} is not built, or older than its source: run `cargo build -p dwolla --examples` first"
        );
        examples.push(Example { name, binary, last });
    }
    examples
}

/// Runs it once; returns the last line it printed.
async fn run(example: &Example, sandbox: &DwollaSandbox, journal: &Path) -> String {
    let mut command = Command::new(&example.binary);
    command.envs(sandbox.env()).env("PAYONCE_JOURNAL", journal).kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(120), command.output()).await;
    let output = output.unwrap_or_else(|_| panic!("{} does not end", example.name)).unwrap();
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {}\n{said}{complained}", example.name, output.status);
    said.lines().last().unwrap_or_default().to_owned()
}

async fn run_twice(example: Example) {
    let sandbox = DwollaSandbox::start().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let journal = dir.path().join("payonce.db");
    let mut moved = Vec::new();
    for _ in 0..2 {
        assert_eq!(run(&example, &sandbox, &journal).await, example.last, "{}", example.name);
        let ledger = sandbox.ledger();
        assert!(ledger.is_balanced() && ledger.paid_twice().is_empty(), "{}", example.name);
        moved.push(ledger.movements().len());
    }
    assert_eq!(moved[0], moved[1], "{} moved money {moved:?} times in all", example.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_ends_as_it_says_and_pays_once_however_often_it_runs() {
    let examples = examples();
    assert!(!examples.is_empty());
    let mut runs: JoinSet<()> = examples.into_iter().map(run_twice).collect();
    while let Some(run) = runs.join_next().await {
        run.unwrap();
    }
}

#[test]
fn the_crates_documentation_names_every_example() {
    let documentation = include_str!("../src/lib.rs");
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(path.is_dir() || documentation.contains(&format!("| `{name}` |")), "no task leads to {name}");
    }
}
