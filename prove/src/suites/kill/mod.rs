//! The real command with real files and real sockets, killed: at random moments, and just while the provider holds a
//! request; with a journal of its own, and with one that two processes share; and with a provider that is killed too.

mod desk;
mod fields;
mod plan;

use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow};

use self::desk::Desk;
use self::fields::{Tally, Worker};
use crate::bed;
use crate::command::Rail;
use crate::suite::{Figures, Run, Stop, Suite};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "kill",
    claim: "However often the process that pays is killed, and wherever, each payment is made once and each ends, by \
            the ledger and by the journal.",
    run,
};

/// How many threads start and kill processes. A process mostly waits.
const THREADS: usize = 4;

/// A field, and the share of the kills that it has, in tenths.
type Field = (&'static str, usize, fn(&mut Worker) -> Result<Tally>);

const FIELDS: [Field; 8] = [
    ("fresh journals", 2, |worker| worker.fresh_journals(&Desk::open(Rail::Dollr, true)?)),
    ("fresh journals on dwolla", 1, |worker| worker.fresh_journals(&Desk::open(Rail::Dwolla, true)?)),
    ("chosen moments", 1, |worker| worker.chosen_moments(&Desk::open(Rail::Dollr, true)?, false)),
    ("chosen moments on dwolla", 1, |worker| worker.chosen_moments(&Desk::open(Rail::Dwolla, true)?, false)),
    ("shared journals", 2, |worker| worker.shared_journals(&Desk::open(Rail::Dollr, true)?)),
    ("shared journals on dwolla", 1, |worker| worker.shared_journals(&Desk::open(Rail::Dwolla, true)?)),
    ("a provider that is killed too", 1, |worker| worker.mortal_provider(Rail::Dollr)),
    ("a dwolla that is killed too", 1, |worker| worker.mortal_provider(Rail::Dwolla)),
];

/// The same on a provider without any guard, with the journal lost.
const HOPELESS: [Field; 2] = [
    ("dollr", 0, |worker| {
        worker.kills = 40;
        worker.chosen_moments(&Desk::open(Rail::Dollr, false)?, true)
    }),
    ("dwolla", 0, |worker| {
        worker.kills = 40;
        worker.chosen_moments(&Desk::open(Rail::Dwolla, false)?, true)
    }),
];

fn run(run: &Run) -> Result<Figures, Stop> {
    let directory = bed::in_memory(run)?;
    let figures = fight(run, &directory);
    let _ = std::fs::remove_dir_all(&directory);
    figures
}

fn fight(run: &Run, directory: &std::path::Path) -> Result<Figures, Stop> {
    let kills = run.scale.pick(200, 10_500, 100_000);
    let mut figures = Figures::default();
    let mut total = Tally::default();
    let began = Instant::now();
    for (name, tenths, field) in FIELDS {
        let tally = field_of(run, directory, kills * tenths / 10, field)?;
        if let Some(wrong) = &tally.wrong {
            return Err(run.violation(format!("{name}: {wrong}")).into());
        }
        figures.count(&format!("kills with {name}"), tally.kills, "");
        total.add(&tally);
    }
    let rate = total.kills as f64 / began.elapsed().as_secs_f64();
    figures.count("kills", total.kills, "");
    figures.count("kills of the provider", total.provider_kills, "");
    figures.count("payments", total.payments, "");
    figures.count("paid twice", 0_u64, "");
    figures.count("lost", 0_u64, "");
    figures.measure("rate", rate, "kills/s");
    // Without a journal and without any guard of the provider there is nothing left that could prevent it.
    for (rail, _, field) in HOPELESS {
        let broken = field_of(run, directory, THREADS, field)?;
        if !broken.wrong.as_ref().is_some_and(|wrong| wrong.contains("times")) {
            let what = format!(
                "{rail}: with a lost journal and no guard no double payment was found, but {:?}",
                broken.wrong
            );
            return Err(run.violation(what).into());
        }
    }
    Ok(figures)
}

fn field_of(
    run: &Run,
    directory: &std::path::Path,
    kills: usize,
    field: fn(&mut Worker) -> Result<Tally>,
) -> Result<Tally> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let mut worker = Worker {
                    payonce: run.payonce.clone(),
                    directory: directory.to_owned(),
                    number,
                    kills: kills.div_ceil(THREADS),
                    draw: fastrand::Rng::with_seed(run.seed * 64 + number as u64),
                };
                scope.spawn(move || field(&mut worker))
            })
            .collect();
        let mut tally = Tally::default();
        for thread in threads {
            tally.add(&thread.join().map_err(|_| anyhow!("a worker panicked"))??);
        }
        Ok(tally)
    })
}
