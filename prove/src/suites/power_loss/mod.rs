//! The power goes while the journal is written: what was not synced is lost, torn or there, in any mixture.
//!
//! Writers keep a real journal busy on a watched disk. Everything they did is then played up to a moment, one of the
//! states in which the disk may be found at that moment is written down, and the journal is opened there.

mod after;
mod work;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use dollr::{Namespace, Standing};
use payonce::journal::{Filter, Journal, Key, SqliteJournal};

use self::after::Platter;
use self::work::{Mark, intent, namespace, steps, write};
use crate::bed;
use crate::disk::{Disk, Event};
use crate::suite::{Figures, Run, Stop, Suite};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "power-loss",
    claim: "Whenever the power goes, and whatever becomes of what was not synced, the journal opens with everything \
            that it had acknowledged and with nothing that nobody wrote.",
    run,
};

fn run(run: &Run) -> Result<Figures, Stop> {
    let directory = bed::in_memory(run)?;
    let figures = cut(run, &directory);
    let _ = fs::remove_dir_all(&directory);
    figures
}

fn cut(run: &Run, directory: &Path) -> Result<Figures, Stop> {
    let payments = run.scale.pick(180, 600, 1200);
    let events = recorded(directory, payments)?;
    let cuts = run.scale.pick(200, 2_500, 25_000);
    let halves = [0, 1].map(|half| Cuts { number: cuts / 2, seed: run.seed * 2 + half, lies: false });
    let found = thread::scope(|scope| {
        let threads = halves.map(|cuts| {
            let (events, place) = (&events, directory.join(cuts.seed.to_string()));
            scope.spawn(move || cuts.make(events, &place))
        });
        threads.map(|thread| thread.join().map_err(|_| anyhow!("a cut panicked")).flatten())
    });
    let mut figures = Figures::default();
    let mut total = Found::default();
    for found in found {
        let found = found?;
        if let Some(wrong) = found.wrong {
            return Err(run.violation(wrong).into());
        }
        total.cuts += found.cuts;
        total.acknowledged += found.acknowledged;
        total.unacknowledged += found.unacknowledged;
        total.kept += found.kept;
    }
    let many = |kind: fn(&Event<Mark>) -> bool| events.iter().filter(|event| kind(event)).count();
    figures.count("payments written", payments, "");
    figures.count("writes to the disk", many(|event| matches!(event, Event::Write { .. })), "");
    figures.count("syncs", many(|event| matches!(event, Event::Sync(_))), "");
    figures.count("power cuts", total.cuts, "");
    figures.count("acknowledged writes looked for", total.acknowledged, "");
    figures.count("acknowledged writes lost", 0_u64, "");
    figures.count("writes that were under way", total.unacknowledged, "");
    figures.count("of these found whole", total.kept, "");
    let lying = Cuts { number: 60, seed: run.seed, lies: true }.make(&events, &directory.join("lying"))?;
    if lying.wrong.is_none() {
        let what = "a disk that only says that it syncs lost nothing, so no loss can be seen";
        return Err(run.violation(what).into());
    }
    Ok(figures)
}

/// Everything that is done to the disk of a busy journal.
fn recorded(directory: &Path, payments: usize) -> Result<Vec<Event<Mark>>> {
    let place = directory.join("recorded");
    fs::create_dir_all(&place)?;
    let disk = Arc::new(Disk::watch(&place, true)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(write(&disk, &place, payments))?;
    let events = disk.take();
    let folded = events.iter().filter(|event| matches!(event, Event::Truncate { .. })).count();
    if folded == 0 && !events.iter().any(|event| matches!(event, Event::Delete(_))) {
        return Err(anyhow!("the log was never folded into the journal"));
    }
    Ok(events)
}

/// How many cuts to make, and from what they are drawn.
#[derive(Clone, Copy, Debug)]
struct Cuts {
    number: usize,
    seed: u64,
    lies: bool,
}

/// What was found after the cuts.
#[derive(Debug, Default)]
struct Found {
    cuts: usize,
    acknowledged: usize,
    unacknowledged: usize,
    kept: usize,
    wrong: Option<String>,
}

/// How many writes of a payment were begun, and how many acknowledged.
type Progress = BTreeMap<usize, (usize, usize)>;

impl Cuts {
    /// The moments, in order: half of them anywhere, half of them around a sync.
    fn moments(self, events: &[Event<Mark>], draw: &mut fastrand::Rng) -> Vec<usize> {
        let syncs: Vec<usize> = (0..events.len())
            .filter(|at| matches!(events[*at], Event::Sync(_) | Event::SyncNames | Event::Truncate { .. }))
            .collect();
        let mut moments: Vec<usize> = (0..self.number)
            .map(|number| {
                if number % 2 == 0 || syncs.is_empty() {
                    draw.usize(..=events.len())
                } else {
                    (syncs[draw.usize(..syncs.len())] + draw.usize(..4)).min(events.len())
                }
            })
            .collect();
        moments.sort_unstable();
        moments
    }

    fn make(self, events: &[Event<Mark>], place: &Path) -> Result<Found> {
        let mut draw = fastrand::Rng::with_seed(self.seed);
        let mut platter = Platter::new(self.lies);
        let (mut progress, mut bound) = (Progress::new(), false);
        let mut found = Found::default();
        let mut played = 0;
        let runtime = bed::runtime()?;
        for moment in self.moments(events, &mut draw) {
            for event in &events[played..moment] {
                platter.apply(event);
                match event {
                    Event::Mark(Mark::Bound) => bound = true,
                    Event::Mark(Mark::Begun { payment }) => progress.entry(*payment).or_default().0 += 1,
                    Event::Mark(Mark::Done { payment }) => progress.entry(*payment).or_default().1 += 1,
                    _ => {}
                }
            }
            played = moment;
            // A directory of its own: the threads of the last journal may still tidy up, and what they delete they
            // know by its name.
            let place = place.join(found.cuts.to_string());
            fs::create_dir_all(&place)?;
            platter.found(&place, &mut draw)?;
            let looked = runtime.block_on(look(&place.join("journal.db"), &progress, bound, &mut found));
            if let Err(wrong) = looked {
                found.wrong =
                    Some(format!("the power went after {moment} of {} events: {wrong:#}", events.len()));
                return Ok(found);
            }
            found.cuts += 1;
            // What those threads still hold goes with the whole, at the end.
            let _ = fs::remove_dir_all(&place);
        }
        Ok(found)
    }
}

/// Opens the journal that was found, and compares it with what was written.
async fn look(file: &Path, progress: &Progress, bound: bool, found: &mut Found) -> Result<()> {
    let journal = SqliteJournal::open(file).context("it does not open")?;
    if bound {
        let other = Namespace::new("somebody-else")?;
        if journal.bind("dollr", &other).await.is_ok() {
            return Err(anyhow!("it has forgotten its namespace"));
        }
    }
    let all = Filter { standing: None, unfinished: false, after: None, limit: usize::MAX };
    let listed = journal.list("dollr", all).await?;
    let standings: BTreeMap<_, _> = listed
        .into_iter()
        .map(|one| one.map(|one| (one.reference_id, one.standing)))
        .collect::<Result<_, _>>()?;
    let mut there = 0;
    for (payment, (begun, done)) in progress {
        found.acknowledged += done;
        found.unacknowledged += begun - done;
        let kept = look_at(&journal, *payment, *begun, *done, &standings).await?;
        found.kept += kept - done;
        there += usize::from(kept > 0);
    }
    if standings.len() != there {
        return Err(anyhow!("it lists {} payments, and {there} were written", standings.len()));
    }
    // It can be gone on with.
    let next = usize::MAX / 2;
    journal.bind("dollr", &namespace()).await?;
    journal.intend(intent(next), dollr::Timestamp::UNIX_EPOCH).await.context("it takes no more")?;
    Ok(())
}

/// Compares one payment, and says how many of its writes are there.
async fn look_at(
    journal: &SqliteJournal,
    payment: usize,
    begun: usize,
    done: usize,
    standings: &BTreeMap<dollr::ReferenceId, Standing>,
) -> Result<usize> {
    let intent = intent(payment);
    let (key, name) = (intent.reference_id, intent.name.clone());
    let Some(record) = journal.find("dollr", Key::Name(name.clone())).await? else {
        return if done == 0 { Ok(0) } else { Err(anyhow!("{name} was acknowledged and is lost")) };
    };
    if record.intent != intent {
        return Err(anyhow!("{name} has other contents"));
    }
    let steps = steps(payment);
    for kept in done.max(1)..=begun {
        let entries: Vec<_> = steps[..kept - 1].iter().flat_map(|step| step.entries().to_vec()).collect();
        if record.entries == entries {
            let standing = Standing::of(&record.state()?);
            if standings.get(&key) != Some(&standing) {
                return Err(anyhow!("{name} is {standing}, but is listed as {:?}", standings.get(&key)));
            }
            return Ok(kept);
        }
    }
    let many = record.entries.len();
    Err(anyhow!("{name} has {many} events; {begun} writes were begun and {done} acknowledged"))
}
