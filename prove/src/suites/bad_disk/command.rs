//! The command with a real limit on the size of files, a real read-only file or directory, and a journal of a version
//! that does not exist yet.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use payonce_sandbox::Sandbox;

use crate::bed;
use crate::suite::{Figures, Run, Stop};

/// The exit codes of the command.
const COMPLETED: i32 = 0;
const NOTHING_SENT: i32 = 1;
const UNKNOWN: i32 = 4;

/// The command, a provider that settles at once, and where journals are.
struct Shop {
    payonce: PathBuf,
    sandbox: Sandbox,
    directory: PathBuf,
}

/// What the command said and how it ended.
#[derive(Debug)]
struct Said {
    code: i32,
    words: String,
}

pub(super) fn walk(run: &Run, directory: &Path, figures: &mut Figures) -> Result<(), Stop> {
    fs::create_dir_all(directory).context("making a directory")?;
    let sandbox = bed::runtime()?.block_on(Sandbox::builder().settle_after(Duration::ZERO).start());
    let sandbox = sandbox.context("starting a sandbox")?;
    let shop = Shop { payonce: run.payonce.clone(), sandbox, directory: directory.to_owned() };
    let wrong = |wrong: String| Stop::from(run.violation(wrong));
    let limits = shop.limited_files()?.map_err(wrong)?;
    figures.count("limits on the size of files met by the command", limits, "");
    shop.future_version()?.map_err(wrong)?;
    match shop.read_only()? {
        Some(read_only) => {
            let met = read_only.map_err(wrong)?;
            figures.count("read-only files and directories met by the command", met, "");
        }
        None => figures.text("read-only files and directories", "not met: nothing here binds the superuser"),
    }
    Ok(())
}

/// Starts a program with SQLite's writes limited to so many blocks of 512 bytes; what exceeds it is an error.
fn limited(blocks: usize) -> Vec<String> {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    ["sh", "-c", &script, "sh"].map(str::to_owned).into()
}

impl Shop {
    /// Runs the command behind another program, if there is one.
    fn pay(&self, name: &str, journal: &Path, behind: &[String]) -> Result<Said> {
        let mut line: Vec<String> = behind.to_vec();
        line.push(self.payonce.display().to_string());
        let order = ["payout", name, "--account", "18", "--amount", "1.00", "--currency", "USD", "--wait"];
        line.extend(order.map(str::to_owned));
        let output = Command::new(&line[0])
            .args(&line[1..])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.sandbox.env())
            .env("PAYONCE_JOURNAL", journal)
            .stdin(Stdio::null())
            .output()
            .context("running the command")?;
        let code =
            output.status.code().with_context(|| format!("the command ended with {}", output.status))?;
        Ok(Said { code, words: String::from_utf8_lossy(&output.stderr).into_owned() })
    }

    fn movements(&self) -> usize {
        self.sandbox.ledger().movements().len()
    }

    /// An order that meets trouble, and again when it is mended. What is wrong, if anything is.
    fn trouble(
        &self,
        name: &str,
        journal: &Path,
        met: impl FnOnce() -> Result<Said>,
        mend: impl FnOnce() -> Result<()>,
    ) -> Result<Result<Said, String>> {
        let before = self.movements();
        let said = met()?;
        let moved = self.movements() - before;
        let plain =
            said.code == COMPLETED || said.words.starts_with("payonce: ") && said.words.lines().count() == 1;
        if !plain {
            return Ok(Err(format!("{name}: not one plain line: {said:?}")));
        }
        let right = match said.code {
            COMPLETED => moved == 1,
            NOTHING_SENT => moved == 0,
            UNKNOWN => true,
            _ => false,
        };
        if !right {
            return Ok(Err(format!("{name}: {moved} movements, and the command said {said:?}")));
        }
        mend()?;
        let mended = self.pay(name, journal, &[])?;
        let moved = self.movements() - before;
        Ok(if (mended.code, moved) == (COMPLETED, 1) {
            Ok(said)
        } else {
            Err(format!("{name}: {moved} movements when it was mended, and the command said {mended:?}"))
        })
    }

    /// The journal may not grow beyond so much, for every so much, until that is enough.
    fn limited_files(&self) -> Result<Result<u64, String>> {
        let mut stopped = 0;
        for blocks in 0..400 {
            let name = format!("limited/{blocks}");
            let journal = self.directory.join(format!("limited-{blocks}.db"));
            let met = || self.pay(&name, &journal, &limited(blocks));
            match self.trouble(&name, &journal, met, || Ok(()))? {
                Ok(Said { code: COMPLETED, .. }) => break,
                Ok(_) => stopped += 1,
                Err(wrong) => return Ok(Err(wrong)),
            }
        }
        ensure!(stopped > 0, "no limit on the size of files was ever met");
        Ok(Ok(stopped))
    }

    fn future_version(&self) -> Result<Result<(), String>> {
        let journal = self.directory.join("future.db");
        let first = self.pay("future/1", &journal, &[])?;
        ensure!(first.code == COMPLETED, "{first:?}");
        let stamp = |version: i32| -> Result<()> {
            let file = rusqlite::Connection::open(&journal)?;
            Ok(file.pragma_update(None, "user_version", version)?)
        };
        stamp(99)?;
        let requests = self.sandbox.request_count();
        let met = || self.pay("future/2", &journal, &[]);
        let mend = || {
            ensure!(self.sandbox.request_count() == requests, "the provider was asked");
            stamp(1)
        };
        Ok(self.trouble("future/2", &journal, met, mend)?.and_then(|said| {
            let right = said.code == NOTHING_SENT && said.words.contains("newer");
            if right { Ok(()) } else { Err(format!("a journal of the future: {said:?}")) }
        }))
    }

    /// The file, or its directory, cannot be written. `None` where permissions bind nobody.
    fn read_only(&self) -> Result<Option<Result<u64, String>>> {
        let place = self.directory.join("read-only");
        let journal = place.join("journal.db");
        fs::create_dir_all(&place)?;
        let first = self.pay("read-only/0", &journal, &[])?;
        ensure!(first.code == COMPLETED, "{first:?}");
        let Some(behind) = bound(&place)? else { return Ok(None) };
        let mut met = 0;
        for (number, path, shut, open) in [(1, &journal, 0o400, 0o600), (2, &place, 0o500, 0o700)] {
            let name = format!("read-only/{number}");
            mode(path, shut)?;
            let said =
                self.trouble(&name, &journal, || self.pay(&name, &journal, &behind), || mode(path, open))?;
            match said {
                Ok(Said { code: NOTHING_SENT, .. }) => met += 1,
                Ok(said) => return Ok(Some(Err(format!("{name}: {said:?}")))),
                Err(wrong) => return Ok(Some(Err(wrong))),
            }
        }
        Ok(Some(Ok(met)))
    }
}

/// The program behind which permissions bind: none for an ordinary user, and for the superuser one that gives up its
/// powers, if it is there.
fn bound(place: &Path) -> Result<Option<Vec<String>>> {
    let probe = place.join("probe");
    fs::write(&probe, "")?;
    mode(&probe, 0o400)?;
    if fs::OpenOptions::new().write(true).open(&probe).is_err() {
        return Ok(Some(Vec::new()));
    }
    let behind: Vec<String> =
        ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"].map(str::to_owned).into();
    let write = ["sh", "-c", "echo x > \"$0\""];
    let status =
        Command::new(&behind[0]).args(&behind[1..]).args(write).arg(&probe).stderr(Stdio::null()).status();
    Ok(status.is_ok_and(|status| !status.success()).then_some(behind))
}

#[cfg(unix)]
fn mode(path: &Path, mode: u32) -> Result<()> {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
    fs::set_permissions(path, mode).with_context(|| format!("changing the mode of {}", path.display()))
}

#[cfg(not(unix))]
fn mode(path: &Path, mode: u32) -> Result<()> {
    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_readonly(mode & 0o200 == 0);
    Ok(fs::set_permissions(path, permissions)?)
}
