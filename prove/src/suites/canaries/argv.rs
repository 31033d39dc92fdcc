//! The command lines of the command and of every process that it starts, while it pays and while it demonstrates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use payonce_sandbox::dwolla::{BALANCE, BANK, CUSTOMER, SECRET, VERIFIED_BALANCE, VERIFIED_CUSTOMER};
use payonce_sandbox::{CLIENT_SECRET, DwollaSandbox, PASSCODE, PASSCODE_PHONE, Sandbox};
use uuid::Uuid;

use super::Search;
use crate::suite::Run;

/// Looks through them, through all that was printed and logged, and through what was left behind. Returns how many
/// command lines and how many processes there were.
pub(super) fn check(run: &Run) -> Result<Result<(usize, usize), String>> {
    let secrets = [
        ("the client secret", CLIENT_SECRET),
        ("the passcode", PASSCODE),
        ("the passcode's phone", PASSCODE_PHONE),
        ("the application's secret", SECRET),
    ];
    let mut search = Search::new(secrets);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let sandbox = runtime.block_on(Sandbox::builder().settle_after(Duration::from_millis(50)).start())?;
    let dwolla = runtime.block_on(DwollaSandbox::start())?;
    let mut seen = BTreeMap::new();
    let directory = run.scratch.join("command");
    fs::create_dir(&directory)?;
    for (line, code) in lines() {
        let mut command = Command::new(&run.payonce);
        command.args(line.split(' ')).current_dir(&directory);
        command.env("PAYONCE_LOG", "trace").env("PAYONCE_JOURNAL", directory.join("journal.db"));
        command.envs(sandbox.env()).envs(dwolla.env()).env("TMPDIR", &directory);
        let told = watched(command, &mut seen).with_context(|| format!("payonce {line}"))?;
        ensure!(
            told.status.code() == Some(code),
            "payonce {line}: {}: {}",
            told.status,
            String::from_utf8_lossy(&told.stderr)
        );
        for (stream, text) in [("printed", &told.stdout), ("logged", &told.stderr)] {
            if let Err(found) = search.look(&format!("what `payonce {line}` {stream}"), text) {
                return Ok(Err(found));
            }
        }
    }
    let lines: BTreeSet<&Vec<u8>> = seen.values().flatten().collect();
    for line in &lines {
        if let Err(found) = search.look("a command line", line) {
            return Ok(Err(found));
        }
    }
    for rail in ["dollr", "dwolla"] {
        let child = format!("demo-child\0--rail\0{rail}\0");
        let seen = lines.iter().any(|line| String::from_utf8_lossy(line).contains(&child));
        ensure!(seen, "the children of the demonstration on {rail} were not seen");
    }
    if let Err(found) = search.look_below(&directory)? {
        return Ok(Err(found));
    }
    // The reports of earlier suites lie where this program does.
    let reports = run.payonce.parent().context("the command lies in a directory")?;
    for entry in fs::read_dir(reports)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json" || extension == "md")
            && let Err(found) = search.look(&path.display().to_string(), &fs::read(&path)?)
        {
            return Ok(Err(found));
        }
    }
    Ok(Ok((lines.len(), seen.len())))
}

/// What is said to the command, on either rail, and the exit code with which it ends.
fn lines() -> Vec<(String, i32)> {
    const DONE: i32 = 0;
    const REFUSED: i32 = 1;
    const UNDER_WAY: i32 = 4;
    let on_dwolla = |name: &str, from: Uuid, to: &str, rest: &str| {
        format!("transfer {name} --rail dwolla --from {from} --to {to} {rest}")
    };
    let (balance, customer) = (VERIFIED_BALANCE.to_string(), format!("customer:{CUSTOMER}"));
    let fee = format!("--amount 1.00 --metadata note=rice --fee customer:{VERIFIED_CUSTOMER}=0.10");
    let payout = "payout canaries/argv --account 18";
    let refund = "refund canaries/refund --intent 9001 --amount 1.00 --currency USD --reason damaged --wait";
    vec![
        (format!("{payout} --amount 1.00 --currency USD --wait"), DONE),
        (refund.to_owned(), DONE),
        (format!("{payout} --amount 2.00 --currency USD"), REFUSED),
        (on_dwolla("canaries/paid", BALANCE, &balance, &fee), UNDER_WAY),
        (on_dwolla("canaries/paid", BALANCE, &balance, "--amount 2.00"), REFUSED),
        (on_dwolla("canaries/pending", BANK, &customer, "--amount 1.00"), UNDER_WAY),
        ("cancel canaries/pending".to_owned(), DONE),
        ("fees canaries/paid".to_owned(), DONE),
        ("resume".to_owned(), DONE),
        ("list --json".to_owned(), DONE),
        ("show canaries/argv".to_owned(), DONE),
        ("show canaries/paid".to_owned(), DONE),
        ("demo --payments 30 --kills 2".to_owned(), DONE),
        ("demo --rail dwolla --payments 20 --kills 1".to_owned(), DONE),
    ]
}

/// Runs a command to its end, and notes the command lines of it and of its descendants.
fn watched(
    mut command: Command,
    seen: &mut BTreeMap<u32, BTreeSet<Vec<u8>>>,
) -> Result<std::process::Output> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // Read beside, so that nothing stands still for want of a reader.
    let (mut stdout, mut stderr) =
        (child.stdout.take().context("a pipe")?, child.stderr.take().context("a pipe")?);
    let printed = std::thread::spawn(move || {
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut stdout, &mut text).map(|_| text)
    });
    let logged = std::thread::spawn(move || {
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut stderr, &mut text).map(|_| text)
    });
    let status = loop {
        let mut family = vec![child.id()];
        while let Some(process) = family.pop() {
            if let Ok(line) = fs::read(format!("/proc/{process}/cmdline"))
                && !line.is_empty()
            {
                seen.entry(process).or_default().insert(line);
            }
            let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
            for task in tasks {
                let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
                family.extend(children.split(' ').filter_map(|id| id.parse::<u32>().ok()));
            }
        }
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let read = |thread: std::thread::JoinHandle<std::io::Result<Vec<u8>>>| {
        thread.join().map_err(|_| anyhow::anyhow!("a reader panicked"))?.map_err(anyhow::Error::from)
    };
    Ok(std::process::Output { status, stdout: read(printed)?, stderr: read(logged)? })
}
