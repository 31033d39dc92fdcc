//! `payonce demo`: does the project's main job for real, and prints the proof.

use std::time::{Duration, Instant};

use clap::Args;
use payonce::journal::SqliteJournal;
use payonce_sandbox::Storm;
use serde::Serialize;

use crate::demo::Problem;
use crate::demo::plan::plan;
use crate::demo::progress::Progress;
use crate::demo::proof::Proof;
use crate::demo::provider::Provider;
use crate::demo::run::{Run, draw_moments};
use crate::exit::{Error, Exit};
use crate::print;
use crate::rail::Rail;

/// The longest delay of a storm. Whatever a killed process left on the wire has arrived by then.
const STRAGGLERS: Duration = Duration::from_millis(300);

/// A demonstration that takes longer than this has failed.
const LIMIT: Duration = Duration::from_secs(600);

/// Pay through a storm of faults from a process that is killed again and again, and prove from the provider's ledger
/// that each payment was made once.
///
/// A sandbox is started in this process, with faults drawn from the seed: lost requests, lost replies, delays, resets,
/// server errors before and after the effect, 429, garbage, expired tokens. A child process pays out of it and is
/// killed (SIGKILL) at drawn moments with work in flight, and started again until every payment has ended. The exit
/// code is 0 only if nothing was paid twice, nothing was lost, every payment ended, and the ledger balances.
///
/// After a server error, Dwolla refuses every repeat for a day. A transfer that was not made ends parked then, for a
/// person to decide, because nothing proves that it never will be. While nothing else goes on, the demonstration lets
/// that day pass by the hour, for the sandbox and for the paying process alike.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// What to pay over: payouts by mobile money, or transfers between banks.
    #[arg(long, default_value = "dollr")]
    rail: Rail,
    /// How many payments to make.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    payments: u32,
    /// How often to kill the process that makes them.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    kills: u32,
    /// What payments, faults and kills are drawn from; drawn itself if it is not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Delete the journal at one of the kills, and start again under the same names.
    #[arg(long)]
    lose_journal: bool,
}

/// The proof as `--json` prints it.
#[derive(Serialize)]
struct Verdict<'v> {
    rail: Rail,
    payments: usize,
    completed: usize,
    failed: usize,
    parked: usize,
    parked_but_paid: usize,
    ledger_movements: usize,
    paid_twice: usize,
    lost: usize,
    ledger_balances: bool,
    kills: usize,
    in_flight_at_kill: &'v [usize],
    journal_lost: bool,
    hours_passed: u64,
    faults_injected: u64,
    requests: u64,
    elapsed_ms: u64,
    seed: u64,
}

impl Demo {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        if self.lose_journal && self.kills == 0 {
            return Err(Problem::Impossible("--lose-journal needs a kill to lose the journal at").into());
        }
        let started = Instant::now();
        let seed = self.seed.unwrap_or_else(|| fastrand::u32(..).into());
        let payments = usize::try_from(self.payments).expect("a machine that runs this counts to 100,000");
        let kills = usize::try_from(self.kills).expect("a machine that runs this counts to 1,000");
        let plan = plan(self.rail, seed, payments);
        let directory = tempfile::tempdir().map_err(Problem::Directory)?;
        let journal = directory.path().join("journal");
        std::fs::create_dir(&journal).map_err(Problem::Directory)?;
        let provider = Provider::start(self.rail, storm(seed)).await.map_err(Problem::Sandbox)?;

        let mut progress = Progress::new();
        progress.event(&format!("{payments} payments on {}, {kills} kills, seed {seed}", self.rail));
        // About one payment in ten fails and leaves no movement.
        let moments = draw_moments(seed, (payments * 9 / 10).max(1), kills, self.lose_journal);
        let mut run = Run {
            rail: self.rail,
            provider: &provider,
            plan: &plan,
            seed,
            directory: &journal,
            moments,
            kills: Vec::with_capacity(kills),
            hours: 0,
            progress,
            limit: LIMIT,
        };
        run.finish().await?;
        run.progress.clear();
        let hours_passed = run.hours;
        let in_flight: Vec<usize> = run.kills.iter().map(|kill| kill.in_flight).collect();
        tokio::time::sleep(STRAGGLERS).await;

        let proof = {
            let journal = SqliteJournal::open(journal.join("journal.db"))?;
            Proof::read(self.rail, &plan, &provider, &journal).await?
        };
        let verdict = Verdict {
            rail: self.rail,
            payments,
            completed: proof.completed,
            failed: proof.failed,
            parked: proof.parked,
            parked_but_paid: proof.parked_but_paid,
            ledger_movements: proof.ledger_movements,
            paid_twice: proof.paid_twice,
            lost: proof.lost,
            ledger_balances: proof.balanced,
            kills: in_flight.len(),
            in_flight_at_kill: &in_flight,
            journal_lost: self.lose_journal,
            hours_passed,
            faults_injected: provider.faults_fired(),
            requests: provider.request_count(),
            elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            seed,
        };
        for finding in &proof.findings {
            print::note(finding);
        }
        if !proof.is_good() {
            print::note(format!("the journal is kept in {}", directory.keep().display()));
        }
        if json {
            print::json(&verdict);
        } else {
            show(&verdict, kills, proof.is_good());
        }
        Ok(if proof.is_good() { Exit::Done } else { Exit::Error })
    }
}

/// Every kind of fault that a client of a provider meets. A call is struck about once in four times.
fn storm(seed: u64) -> Storm {
    Storm::new(seed)
        .lost_requests(0.03)
        .lost_replies(0.04)
        .delays(0.05)
        .resets(0.03)
        .errors_before(0.03)
        .errors_after(0.03)
        // Each makes the client rest for a second.
        .too_many(0.004)
        .garbage(0.02)
        .expired_tokens(0.01)
}

/// Prints the proof as text.
fn show(verdict: &Verdict<'_>, kills_asked: usize, good: bool) {
    let Verdict {
        payments, completed, failed, parked, ledger_movements, paid_twice, lost, kills, seed, ..
    } = verdict;
    let balance = if verdict.ledger_balances { "the books balance" } else { "THE BOOKS DO NOT BALANCE" };
    let in_flight: Vec<String> = verdict.in_flight_at_kill.iter().map(ToString::to_string).collect();
    let met = if in_flight.is_empty() {
        String::new()
    } else {
        format!("payments in flight: {}", in_flight.join(", "))
    };
    let of =
        if *kills == kills_asked { String::new() } else { format!("of {kills_asked} that were asked for; ") };
    let lost_journal = if verdict.journal_lost { "; the journal was deleted at one of them" } else { "" };
    print::line(format!(
        "payments    {payments:>7}   {completed} completed, {failed} failed, {parked} parked"
    ));
    print::line(format!("movements   {ledger_movements:>7}   in the sandbox's ledger; {balance}"));
    print::line(format!("paid twice  {paid_twice:>7}"));
    print::line(format!("lost        {lost:>7}"));
    print::line(format!("kills       {kills:>7}   {of}{met}{lost_journal}"));
    if verdict.hours_passed > 0 {
        print::line(format!(
            "hours       {:>7}   let pass, while nothing was to be done but to wait",
            verdict.hours_passed
        ));
    }
    print::line(format!("faults      {:>7}   in {} requests", verdict.faults_injected, verdict.requests));
    print::line(format!("time        {:>7}   ms; seed {seed}", verdict.elapsed_ms));
    print::line(match (good, parked) {
        (false, _) => "THE PROMISE WAS BROKEN; see the findings above.".to_owned(),
        (true, 0) => "Each payment was made once.".to_owned(),
        (true, _) => format!(
            "No payment was made twice. A parked one was sent and not found for as long as the provider remembers its\n\
             key, so a person decides about it. The ledger has the money of {} of them.",
            verdict.parked_but_paid
        ),
    });
}
