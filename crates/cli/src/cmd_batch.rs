//! `payonce batch`: a file of payments, checked, paid, and told line by line.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use payonce::journal::{Journal, MemoryJournal};
use serde::Serialize;

use crate::batch::check::{Survey, survey};
use crate::batch::fees::Fees;
use crate::batch::result::{Told, tell};
use crate::batch::run::{Left, Pace, Run, Stopped, clients};
use crate::batch::source::Source;
use crate::batch::tally::{Part, Stands};
use crate::batch::{Bad, Problem, count, sample};
use crate::config::{Client, JournalPlace};
use crate::exit::{Error, Exit};
use crate::print::{self, Answer};
use crate::rail::Rail;

/// What a file holds, as `--help` shows it.
const COLUMNS: &str = "\
The file is CSV with commas, whose first line names the columns; .jsonl, one object a line; or .json, one array of objects.
  name            the payment's permanent name, once in the file: salary/2026-11/ama
  amount          digits with a point: 250.00
  currency        USD; on dwolla it can be left out
  rail            dollr or dwolla; --rail where there is none
  operation       payout (what is meant where there is none), transfer or refund; on dwolla transfer
  note            your remark; a refund's reason; on dwolla the transfer's metadata `note`
Where the money goes, by the operation:
  payout          account; or phone and fullname, and method where the number does not tell
  transfer        wallet and counterparty; on dwolla from, and one of funding_source, customer, account and email
  refund          intent
A column `method` beside an account has its fees previewed. Cells that a payment has no use for must be empty.

With --json, check prints an object for each thing that is wrong (line, column, read, expected), then one with lines, bad,
taken, sums and fees; run prints the first kind and, when it has paid, one with lines, sums, interrupted, result and report.
Amounts are text.

Exit codes:
  0  every line is paid; of check: every line can be paid
  1  an error, and nothing was sent: a name was recorded with other contents, or the answer was not yes
  2  the file or the command line is wrong in itself, and nothing was sent
  3  every line has ended, and some failed: no money moved by those
  4  some lines are under way or not sent, after an interruption too: run the same file again
  5  some lines are parked: a person must decide";

/// Check, pay and report a file of payments. Kill it at any moment and run it again: each line is paid once.
#[derive(Debug, Args)]
#[command(after_help = COLUMNS)]
pub(crate) struct Batch {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Check),
    Run(RunFile),
    Report(ReportFile),
    Sample(Sample),
}

impl Batch {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        match self.command {
            Command::Check(check) => check.run(json).await,
            Command::Run(run) => run.run(json).await,
            Command::Report(report) => report.run(json).await,
            Command::Sample(sample) => Ok(sample.run()),
        }
    }
}

/// Which file.
#[derive(Debug, Args)]
struct File {
    /// The payments: .csv, .jsonl or .json.
    file: PathBuf,
    /// What a line goes over that does not say it.
    #[arg(long, env = "PAYONCE_RAIL", default_value = "dollr", hide_env_values = true)]
    rail: Rail,
}

/// Tell everything that is wrong with a file, what it comes to and costs, and which lines are paid already. Sends nothing.
#[derive(Debug, Args)]
#[command(after_help = COLUMNS)]
struct Check {
    #[command(flatten)]
    file: File,
    /// Do not ask the provider what it will cost.
    #[arg(long)]
    no_fees: bool,
    #[command(flatten)]
    client: Client,
}

/// Check a file, and pay it: each line once, however often it is run. Writes FILE.result.csv and FILE.report.html.
#[derive(Debug, Args)]
#[command(after_help = COLUMNS)]
struct RunFile {
    #[command(flatten)]
    file: File,
    /// Pay without asking.
    #[arg(long)]
    yes: bool,
    /// Show what would be sent, and send nothing.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// How many lines are paid at a time.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// Begin no more lines a second than this. When the provider asks for fewer requests, that is obeyed anyway.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// How long a line waits for the provider's first answer before another takes its place. When as many in a row as
    /// are paid at a time have had none, nothing more is sent.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    patience: u64,
    /// After the last line, wait so long for the ends of those that are under way.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
    /// Do not ask the provider what it will cost.
    #[arg(long)]
    no_fees: bool,
    #[command(flatten)]
    client: Client,
}

/// Write FILE.result.csv and FILE.report.html as the journal has it now. Sends nothing, and needs no credentials.
#[derive(Debug, Args)]
struct ReportFile {
    #[command(flatten)]
    file: File,
    #[command(flatten)]
    journal: JournalPlace,
}

/// Print a file to try with the sandbox. About one line in a hundred is declined there.
#[derive(Debug, Args)]
struct Sample {
    /// How many payments.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    lines: u32,
    /// What they go over.
    #[arg(long, default_value = "dollr")]
    rail: Rail,
}

/// What is known of a file before it is paid.
#[derive(Serialize)]
struct Checked {
    lines: u64,
    bad: u64,
    taken: u64,
    sums: Vec<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fees: Option<Fees>,
}

/// What became of it.
#[derive(Serialize)]
struct Finished {
    lines: u64,
    sums: Vec<Part>,
    interrupted: bool,
    result: PathBuf,
    report: PathBuf,
}

impl Check {
    async fn run(self, json: bool) -> Result<Exit, Error> {
        let source = Source::open(&self.file.file)?;
        let journal = self.client.journal.open_if_there()?;
        let mut found = look(&source, self.file.rail, journal.as_deref(), json).await?;
        let (questions, refused) = (std::mem::take(&mut found.fees), found.refuse(&source));
        let fees = if self.no_fees || refused.is_err() {
            None
        } else if questions.is_empty() {
            Some(questions.unasked(""))
        } else {
            // Nothing is paid, so nothing is to be written down.
            let memory: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
            let variables = self.client.variables(&found.tally.rails())?;
            Some(match clients(variables, &memory, &found.tally, Pace::default()) {
                Ok(clients) => questions.ask(&clients).await,
                Err(error) => questions.unasked(&error.to_string()),
            })
        };
        show(&source, &found, fees, json);
        refused?;
        Ok(Exit::Done)
    }
}

impl RunFile {
    async fn run(self, json: bool) -> Result<Exit, Error> {
        let source = Source::copy(&self.file.file)?;
        let rail = self.file.rail;
        let known = self.client.journal.open_if_there()?;
        let mut found = look(&source, rail, known.as_deref(), json).await?;
        found.refuse(&source)?;
        let questions = std::mem::take(&mut found.fees);
        // Before the journal is made, so that a run without credentials leaves nothing.
        let variables = self.client.variables(&found.tally.rails())?;
        let memory: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
        let asking = clients(variables.clone(), &memory, &found.tally, Pace::default())?;
        let fees = match self.no_fees {
            true => None,
            false => Some(questions.ask(&asking).await),
        };
        if self.dry_run || !json {
            show(&source, &found, fees, json);
        }
        if self.dry_run {
            return Ok(Exit::Done);
        }
        self.agreed(&found)?;
        let journal = match known {
            Some(journal) => journal,
            None => self.client.journal.open_or_make()?,
        };
        let (pace, shared) = (self.pace(), Arc::clone(&journal));
        let clients = clients(variables, &shared, &found.tally, pace)?;
        let left = Box::pin(Run::new(&clients, pace, found.tally.all()).pay(&source, rail)).await?;
        let told = tell(&source, rail, Some(&*journal), &left.refused).await?;
        self.finish(left, told, json)
    }

    fn pace(&self) -> Pace {
        let (patience, wait) = (Duration::from_secs(self.patience), Duration::from_secs(self.wait));
        Pace { concurrency: usize::from(self.concurrency), rate: self.rate, patience, wait }
    }

    /// Asks whoever sits there, unless the command line has said it.
    fn agreed(&self, found: &Survey) -> Result<(), Problem> {
        if self.yes {
            return Ok(());
        }
        let (lines, money) = (found.tally.lines(Stands::NotSent), found.tally.money(Stands::NotSent));
        match print::ask(format!("Pay {lines} lines, {money}?")) {
            Answer::Yes => Ok(()),
            Answer::No => Err(Problem::Declined),
            Answer::NobodyToAsk => Err(Problem::NobodyToAsk),
        }
    }

    /// Says how it ended, in words and by the exit code.
    fn finish(&self, left: Left, told: Told, json: bool) -> Result<Exit, Error> {
        told.show(matches!(left.stopped, Some(Stopped::Interrupted)), json);
        let remain = told.tally.lines(Stands::NotSent) + told.tally.lines(Stands::UnderWay);
        let exit = told.tally.exit();
        match left.stopped {
            None => {}
            // Nobody has heard of any line, so the error's own code says it all.
            Some(Stopped::Error(error)) if !left.sent => return Err(error.into()),
            Some(Stopped::Error(error)) => {
                print::error(format!("payonce: stopped: {error}"));
            }
            Some(Stopped::Interrupted) if !left.sent => {
                print::error("payonce: interrupted before anything was sent");
                return Ok(Exit::Error);
            }
            Some(Stopped::Interrupted) => {
                let file = self.file.file.display();
                print::error(format!(
                    "payonce: interrupted; {} not ended: run `payonce batch run {file}` again",
                    count(remain, "line has", "lines have")
                ));
            }
        }
        Ok(exit)
    }
}

impl Told {
    /// Shows what became of the lines.
    fn show(self: &Told, interrupted: bool, json: bool) {
        let Told { tally, result, report } = self;
        if json {
            let (lines, sums) = (tally.all(), tally.parts());
            let (result, report) = (result.clone(), report.clone());
            print::json(&Finished { lines, sums, interrupted, result, report });
            return;
        }
        print::line(format!("{}:", count(tally.all(), "line", "lines")));
        tally.text().iter().for_each(print::line);
        print::line(format!("who was paid: {} and {}", report.display(), result.display()));
    }
}

impl ReportFile {
    async fn run(self, json: bool) -> Result<Exit, Error> {
        let source = Source::copy(&self.file.file)?;
        let journal = self.journal.open()?;
        let told = tell(&source, self.file.rail, Some(&*journal), &BTreeMap::new()).await?;
        told.show(false, json);
        Ok(told.tally.exit())
    }
}

impl Sample {
    fn run(self) -> Exit {
        print::lines(
            std::iter::once(sample::header(self.rail).to_owned())
                .chain((1..=self.lines).map(|number| sample::line(self.rail, number))),
        );
        Exit::Done
    }
}

/// Goes through the file and shows what is wrong with it.
async fn look(
    source: &Source,
    rail: Rail,
    journal: Option<&dyn Journal>,
    json: bool,
) -> Result<Survey, Error> {
    let tell = |bad: &Bad| match bad.text(source.path()) {
        _ if json => print::json(bad),
        text if print::is_quiet() => print::error(text),
        text => print::line(text),
    };
    survey(source, rail, journal, tell).await
}

fn show(source: &Source, found: &Survey, fees: Option<Fees>, json: bool) {
    let Survey { tally, bad, taken, .. } = found;
    if json {
        let (lines, sums) = (tally.all(), tally.parts());
        print::json(&Checked { lines, bad: *bad, taken: *taken, sums, fees });
        return;
    }
    let lines = count(tally.all(), "line", "lines");
    print::line(format!("{}: {lines} in order", source.path().display()));
    tally.text().iter().for_each(print::line);
    fees.iter().flat_map(Fees::text).for_each(print::line);
}
