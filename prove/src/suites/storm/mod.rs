//! The provider is gone for a minute while thousands of payments are open; and thousands of callers need a token.
//!
//! *Requests where one would be sent*: the same payments are lived through twice, once in calm and once with the
//! outage. What is compared is how many requests they make from the beginning of the outage until half a minute after
//! its end.

mod provider;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use dollr::{Clock, Currency, Expect, Money, Name, Namespace, Operation, Timestamp};
use dwolla::DwollaRail;
use payonce::journal::MemoryJournal;
use payonce::step::Terms;
use payonce::{Engine, Settings};

use self::provider::{Outage, Provider, Silence};
use crate::bed;
use crate::suite::{Figures, Run, Stop, Suite};
use crate::virtual_time::Virtual;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "storm",
    claim: "A provider that is gone for a minute is not asked more often than one that is there, every payment is \
            looked at within half a minute of its return, and a token is asked for once, however many need it.",
    run,
};

/// When the outage begins, counted from the first payment. By then all but the new ones are polled at the slowest.
const CALM: Duration = Duration::from_secs(150);

/// How long it lasts.
const OUTAGE: Duration = Duration::from_secs(60);

/// Within this time of its end each payment is to be looked at.
const RECOVERY: Duration = Duration::from_secs(30);

/// The most requests where one would be sent.
const MOST: f64 = 1.1;

/// Of ten payments one is made during the outage.
const NEW: usize = 10;

fn run(run: &Run) -> Result<Figures, Stop> {
    let payments = run.scale.pick(10_000, 10_000, 50_000);
    let mut figures = Figures::default();
    figures.count("open payments", payments, "");
    for (rail, terms) in [("dollr", Terms::default()), ("dwolla", DwollaRail::TERMS)] {
        outage(run, rail, terms, payments, &mut figures)?;
    }
    // A silence that the engine does not know for one: each payment goes on asking by itself.
    let few = payments / 10;
    let (calm, storm) =
        (live(Terms::default(), few, None)?, live(Terms::default(), few, Some(Silence::Unrecognised))?);
    if storm.requests as f64 / calm.requests as f64 <= MOST {
        return Err(run
            .violation("payments that each ask by themselves make no storm, so none can be seen")
            .into());
    }
    tokens::once(run, run.scale.pick(10_000, 10_000, 50_000), &mut figures)?;
    Ok(figures)
}

/// Lives through an outage of each kind, by the terms of a rail.
fn outage(run: &Run, rail: &str, terms: Terms, payments: usize, figures: &mut Figures) -> Result<(), Stop> {
    let calm = live(terms, payments, None)?;
    figures.count(&format!("{rail}: requests in calm"), calm.requests, "");
    let silences = [("unreachable", Silence::Unreachable), ("broken off", Silence::Interrupted)];
    for (name, silence) in &silences[..run.scale.pick(1, 2, 2)] {
        let storm = live(terms, payments, Some(*silence))?;
        let ratio = storm.requests as f64 / calm.requests as f64;
        let told = |what: &str| format!("{rail}: {what} ({name})");
        figures.count(&told("requests in the storm"), storm.requests, "");
        figures.count(&told("of these during the outage"), storm.during, "");
        figures.measure(&told("requests where one would be sent"), ratio, "");
        figures.measure(&told("last payment looked at"), storm.recovered.as_secs_f64(), "s after");
        if ratio > MOST {
            let what = format!("{rail}, {name}: {ratio:.2} requests were sent where one would be in calm");
            return Err(run.violation(what).into());
        }
        if storm.unseen > 0 || storm.recovered > RECOVERY {
            let what = format!(
                "{rail}, {name}: {} payments were not looked at within {RECOVERY:?}, the last after {:?}",
                storm.unseen, storm.recovered
            );
            return Err(run.violation(what).into());
        }
    }
    Ok(())
}

/// What was seen of one life of all payments.
struct Seen {
    /// From the beginning of the outage until the end of the recovery.
    requests: usize,
    during: usize,
    /// Payments that were not looked at in time.
    unseen: usize,
    /// When the last of the others was.
    recovered: Duration,
}

fn live(terms: Terms, payments: usize, silence: Option<Silence>) -> Result<Seen> {
    bed::runtime()?.block_on(async {
        let time = Virtual::new();
        let began = time.now();
        let from = began + CALM;
        let outage = silence.map(|silence| Outage { from, until: from + OUTAGE, silence });
        let provider = Provider::new(terms, time.clone(), outage);
        let settings = Settings {
            first_answer: Duration::from_secs(24 * 3600),
            clock: Arc::new(time.clone()),
            ..Settings::default()
        };
        let namespace = Namespace::new("merchant-42")?;
        let engine = Engine::new(provider.clone(), Arc::new(MemoryJournal::new()), namespace, settings);
        let late = payments / NEW;
        send(&engine, 0..payments - late)?;
        time.run_until(from).await;
        let before = provider.requests();
        // The new ones come a tenth at a time.
        for part in 0..10 {
            let begin = payments - late + late * part / 10;
            send(&engine, begin..payments - late + late * (part + 1) / 10)?;
            time.run_until(from + OUTAGE / 10 * (u32::try_from(part)? + 1)).await;
        }
        let during = provider.requests() - before;
        time.run_until(from + OUTAGE + RECOVERY).await;
        let looked_at = provider.looked_at_since(from + OUTAGE);
        let last: Option<Timestamp> = looked_at.iter().max().copied();
        Ok(Seen {
            requests: provider.requests() - before,
            during,
            unseen: payments - looked_at.len(),
            recovered: last.map_or(Duration::MAX, |at| (at - (from + OUTAGE)).to_std().unwrap_or_default()),
        })
    })
}

fn send(engine: &Engine<Provider>, numbers: std::ops::Range<usize>) -> Result<()> {
    let expect = Expect::Amount(Money::new("1.00", Currency::USD)?);
    for number in numbers {
        let (engine, operation) = (engine.clone(), Operation::new("payout")?);
        let name = Name::new(format!("open/{number}"))?;
        tokio::spawn(async move { engine.send(operation, name, "{}".to_owned(), expect).await.map(drop) });
    }
    Ok(())
}
