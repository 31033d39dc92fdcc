//! Every rule of the engine is needed: without any one of them, at least two suites fail.
//!
//! The rules are taken out one at a time in a copy of the tree, which is built in a directory of its own. A rule whose
//! lines are not found any more fails the suite at every scale, and so does a tree that fails with all rules in place.

mod table;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, bail};

use crate::suite::{Figures, Run, Scale, Stop, Suite};
use table::{RULES, Rule};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "rules",
    claim: "Taking out any one of the engine's eleven rules makes at least two suites fail.",
    run,
};

/// What is run against each tree, the quickest first: the words of the report, and how. The engine's own tests are one
/// attack, however many of them fail: what they can miss is what `mutation` measures.
const ATTACKS: [(&str, Attack); 5] = [
    ("the engine's tests", Attack::Tests),
    ("exhaustive", Attack::Suite),
    ("crash-points", Attack::Suite),
    ("simulation", Attack::Suite),
    ("model", Attack::Suite),
];

/// The tests of the engine: `never_twice.rs` is not among them, which is `exhaustive` by another name.
const TESTS: [&str; 6] = ["test", "--package", "payonce", "--lib", "--test", "rules"];

/// Twelve trees are built: what takes long is the compiler. So the workspace is built quickly, and incrementally; what
/// it depends on is built once, for speed.
const BUILD: [&str; 6] = [
    "--config",
    "profile.prove.opt-level=1",
    "--config",
    "profile.prove.incremental=true",
    "--config",
    "profile.prove.package.\"*\".opt-level=3",
];

/// How many attacks must miss each rule.
const NEEDED: usize = 2;

enum Attack {
    /// The tests of `payonce`.
    Tests,
    /// The suite of that name, at its smallest scale.
    Suite,
}

/// No attack takes nearly as long; one that does has been made to hang.
const LIMIT: Duration = Duration::from_secs(600);

fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("this crate lies one level below the root").to_owned()
}

/// The changed files of a tree without that rule, by their names.
fn without(rule: &Rule, root: &Path) -> Result<HashMap<&'static str, String>> {
    let mut changed = HashMap::new();
    for edit in rule.edits {
        let text = match changed.remove(edit.file) {
            Some(text) => text,
            None => fs::read_to_string(root.join(edit.file)).with_context(|| edit.file.to_owned())?,
        };
        if text.matches(edit.find).count() != 1 {
            bail!("rule {} is not kept by one line {:?} of {} any more", rule.number, edit.find, edit.file);
        }
        changed.insert(edit.file, text.replace(edit.find, edit.put));
    }
    Ok(changed)
}

fn run(run: &Run) -> Result<Figures, Stop> {
    let mut figures = Figures::default();
    for rule in &RULES {
        without(rule, &root())?;
    }
    figures.count("rules whose lines are found", RULES.len(), "");
    if run.scale == Scale::Quick {
        return Ok(figures);
    }
    let tree = Tree::copied(run)?;
    let failing = tree.attacked(&HashMap::new(), 1)?;
    if !failing.is_empty() {
        return Err(run.violation(format!("with every rule in place: {} fail", failing.join(", "))).into());
    }
    let mut needless = Vec::new();
    // A release names all that miss a rule; otherwise enough of them do.
    let enough = run.scale.pick(NEEDED, NEEDED, usize::MAX);
    for rule in &RULES {
        let failing = tree.attacked(&without(rule, &root())?, enough)?;
        println!("   without rule {} ({}): {}", rule.number, rule.name, failing.join(", "));
        if failing.len() < NEEDED {
            needless.push(format!("{} ({})", rule.number, rule.name));
        }
        figures.text(&format!("without rule {}, {}", rule.number, rule.name), failing.join(", "));
    }
    if needless.is_empty() {
        return Ok(figures);
    }
    Err(run.violation(format!("fewer than two suites miss rule {}", needless.join(" and rule "))).into())
}

/// A copy of the tree, and where it is built.
struct Tree {
    root: PathBuf,
    target: PathBuf,
}

impl Tree {
    fn copied(run: &Run) -> Result<Self> {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root())
            .output()
            .context("git lists the tree")?;
        let copy = run.scratch.join("tree");
        let names = String::from_utf8(listed.stdout).context("the tree's names are text")?;
        for name in names.split('\0').filter(|name| root().join(name).is_file()) {
            let to = copy.join(name);
            fs::create_dir_all(to.parent().context("a file lies in a directory")?)?;
            fs::copy(root().join(name), to).with_context(|| name.to_owned())?;
        }
        // Not in the scratch directory, which begins empty: what is built once need not be built again.
        let target = run.scratch.ancestors().nth(2).context("the scratch directory lies in another")?;
        Ok(Self { root: copy, target: target.join("rules-build") })
    }

    /// Builds the tree with these changes, attacks it until it failed so many attacks, and puts it back as it was.
    /// Returns which it failed.
    fn attacked(&self, changes: &HashMap<&'static str, String>, enough: usize) -> Result<Vec<&'static str>> {
        for (file, text) in changes {
            fs::write(self.root.join(file), text)?;
        }
        let failing = self.failing(enough);
        for file in changes.keys() {
            fs::write(self.root.join(file), fs::read(root().join(file))?)?;
        }
        failing
    }

    fn failing(&self, enough: usize) -> Result<Vec<&'static str>> {
        for arguments in [&["build", "--package", "prove"][..], &[&TESTS[..], &["--no-run"]].concat()] {
            if !within(self.cargo(arguments), Duration::from_secs(3600))? {
                bail!(
                    "the changed tree cannot be built: cargo {} in {}",
                    arguments.join(" "),
                    self.root.display()
                );
            }
        }
        let mut failing = Vec::new();
        for (name, attack) in ATTACKS {
            let command = match attack {
                Attack::Tests => self.cargo(&TESTS),
                Attack::Suite => {
                    let mut prove = Command::new(self.target.join("prove").join("prove"));
                    prove.args(["--quick", "--seed", "1", "--suite", name]).current_dir(&self.root);
                    prove
                }
            };
            if !within(command, LIMIT)? {
                failing.push(name);
            }
            if failing.len() == enough {
                break;
            }
        }
        Ok(failing)
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let (command, rest) = arguments.split_first().expect("a command is named");
        cargo.args([command, "--quiet", "--locked", "--profile", "prove"]).args(BUILD).args(rest);
        cargo.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        cargo
    }
}

/// Runs it without a word. Returns whether it succeeded in time.
fn within(mut command: Command, limit: Duration) -> Result<bool> {
    let mut process =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("cannot start it")?;
    let began = Instant::now();
    loop {
        if let Some(status) = process.try_wait()? {
            return Ok(status.success());
        }
        if began.elapsed() > limit {
            process.kill()?;
            process.wait()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_kept_by_lines_that_can_be_taken_out() {
        for rule in &RULES {
            assert!(!without(rule, &root()).unwrap().is_empty());
        }
    }
}
