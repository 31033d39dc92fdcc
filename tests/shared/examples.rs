//! What both facades ask of their examples: every example runs, ends as it says, and pays nothing twice. Each is run two
//! times against one sandbox with one journal, because that is what a user does with it.
//!
//! The examples are found in the folder of the crate that includes this file, so that a new one cannot be forgotten. Cargo
//! builds them for `cargo test` with or without `-p`, but not for `--test examples` alone.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::process::Command;
use tokio::task::JoinSet;

pub(crate) struct Example {
    pub(crate) name: String,
    binary: PathBuf,
    /// The last line it prints.
    last: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The binaries beside this one, each as fresh as its source, but for those left out.
fn examples(left_out: &[&str]) -> Vec<Example> {
    let this = std::env::current_exe().unwrap();
    let built = this.ancestors().nth(2).unwrap().join("examples");
    let changed =
        |path: &Path| path.metadata().and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let support = changed(&folder().join("support/mod.rs"));
    let sources = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut examples = Vec::new();
    for source in sources.filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let name = source.file_stem().unwrap().to_str().unwrap().to_owned();
        if left_out.contains(&name.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(&source).unwrap();
        let promise = text.lines().find_map(|line| line.strip_prefix("//! It ends with `"));
        let last = promise.and_then(|line| line.strip_suffix("`.")).map(str::to_owned);
        let last = last.unwrap_or_else(|| panic!("{name} does not say `It ends with ...`"));
        let binary = built.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        assert!(
            changed(&binary) >= changed(&source).max(support),
            "{name} is not built, or older than its source: run `cargo build -p {} --examples` first",
            env!("CARGO_PKG_NAME")
        );
        examples.push(Example { name, binary, last });
    }
    examples
}

impl Example {
    /// Runs it twice in that environment, and returns how often money had moved after each time. `moved` counts, and judges
    /// the books.
    pub(crate) async fn runs_twice(
        &self,
        environment: Vec<(&'static str, String)>,
        moved: impl Fn() -> usize,
    ) -> [usize; 2] {
        let directory = tempfile::tempdir().unwrap();
        let mut all = [0; 2];
        for moved_by_then in &mut all {
            let mut command = Command::new(&self.binary);
            command.envs(environment.iter().cloned()).kill_on_drop(true);
            command.env("PAYONCE_JOURNAL", directory.path().join("payonce.db"));
            let output = tokio::time::timeout(Duration::from_secs(120), command.output()).await;
            let output = output.unwrap_or_else(|_| panic!("{} does not end", self.name)).unwrap();
            let [said, complained] =
                [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
            assert!(output.status.success(), "{}: {}\n{said}{complained}", self.name, output.status);
            assert_eq!(said.lines().last().unwrap_or_default(), self.last, "{}", self.name);
            *moved_by_then = moved();
        }
        all
    }
}

/// Has every example run, side by side.
pub(crate) async fn run_all<F: Future<Output = ()> + Send + 'static>(
    left_out: &[&str],
    run: impl Fn(Example) -> F,
) {
    let examples = examples(left_out);
    assert!(!examples.is_empty());
    let mut runs: JoinSet<()> = examples.into_iter().map(run).collect();
    while let Some(run) = runs.join_next().await {
        run.unwrap();
    }
}

/// Has the crate's documentation lead to every example.
pub(crate) fn are_named_in(documentation: &str) {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(path.is_dir() || documentation.contains(&format!("| `{name}` |")), "no task leads to {name}");
    }
}
