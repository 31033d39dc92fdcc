//! A journal's file is damaged: a page is lost, or a few bits are turned. Whatever it says then, it must not lead to
//! another payment than the one that was written.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use dollr::{AccountId, ErrorKind, Settlement, usd};
use rust_decimal::Decimal;

use super::{Till, closed, journal_in, unclear};
use crate::bed;
use crate::suite::{Figures, Run, Stop};

const PAGE: usize = 4096;

/// What is done to the file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    /// A page of noughts.
    Lost(usize),
    /// A page of something else.
    Foreign(usize),
    /// A bit of the file.
    Turned { byte: usize, bit: u8 },
}

impl Damage {
    fn of(self, bytes: &mut [u8], draw: &mut fastrand::Rng) {
        match self {
            Self::Lost(page) => bytes[page * PAGE..][..PAGE].fill(0),
            Self::Foreign(page) => {
                bytes[page * PAGE..][..PAGE].iter_mut().for_each(|byte| *byte = draw.u8(..))
            }
            Self::Turned { byte, bit } => bytes[byte] ^= 1 << bit,
        }
    }
}

pub(super) fn walk(run: &Run, directory: &Path, figures: &mut Figures) -> Result<(), Stop> {
    let mut till = Till::open()?;
    let mut draw = fastrand::Rng::with_seed(run.seed);
    let turns = run.scale.pick(150, 3_000, 30_000);
    let (mut noticed, mut harmless) = (0_u64, 0_u64);
    let mut pages = 0;
    for number in 0.. {
        let place = directory.join(number.to_string());
        let journal = journal_in(&place)?;
        let payment = till.next()?;
        stopped_in_the_middle(&till, &payment, &journal)?;
        let whole = fs::read(&journal).context("reading the journal")?;
        pages = whole.len() / PAGE;
        let damage = if number < pages {
            Damage::Lost(number)
        } else if number < 2 * pages {
            Damage::Foreign(number - pages)
        } else if number < 2 * pages + turns {
            // Where something is written, mostly: there are few such places in a small journal.
            let written: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
            Damage::Turned { byte: written[draw.usize(..written.len())], bit: draw.u8(..8) }
        } else {
            break;
        };
        let mut damaged = whole.clone();
        damage.of(&mut damaged, &mut draw);
        fs::write(&journal, &damaged).context("damaging the journal")?;
        let before = till.received()?;
        let made = till.make(&payment, &journal)?;
        let wrong = match made {
            Ok(Settlement::Completed(_)) => {
                harmless += 1;
                None
            }
            // A name that was turned into another makes this a new payment, and the provider's guards hold.
            Ok(other @ Settlement::Failed(_)) => Some(format!("it came to {other:?}")),
            Err(error) => {
                noticed += 1;
                match error.kind() {
                    ErrorKind::Journal | ErrorKind::Record | ErrorKind::Configuration => unclear(&error),
                    _ => None,
                }
            }
        };
        let received = till.received()? - before;
        let wrong = wrong.or_else(|| {
            let paid = till.paid(&payment);
            (paid > 1 || received != Decimal::from(paid))
                .then(|| format!("it was paid {paid} times, and account 18 received {received}"))
        });
        // A backup is what the error asks for.
        for suffix in ["-wal", "-shm"] {
            let mut beside = journal.clone().into_os_string();
            beside.push(suffix);
            let _ = fs::remove_file(beside);
        }
        fs::write(&journal, &whole).context("restoring the journal")?;
        let wrong = match wrong {
            Some(wrong) => Some(wrong),
            None => till.mended(&payment, &journal)?,
        };
        let _ = fs::remove_dir_all(&place);
        if let Some(wrong) = wrong {
            return Err(run.violation(format!("{damage:?} of the journal's file: {wrong}")).into());
        }
    }
    figures.count("pages of the journal lost or replaced", 2 * pages, "");
    figures.count("bits turned", turns, "");
    figures.count("damage that was noticed", noticed, "");
    figures.count("damage that did no harm", harmless, "");
    Ok(())
}

/// A process that dies with its session open and its request lost; the journal's log is folded in.
fn stopped_in_the_middle(till: &Till, payment: &super::Payment, journal: &Path) -> Result<()> {
    till.sandbox.on("POST /v1/executions/payout").times(1).before_effect().drop_reply();
    let held = till.sandbox.on("GET /v1/status/*").times(1).before_effect().hold();
    let runtime = bed::runtime()?;
    runtime.block_on(async {
        let dollr = till.client(journal)?;
        let order = dollr.payout(&*payment.name, AccountId::new(18), usd("1.00")?);
        tokio::select! {
            sent = order.send() => Err(anyhow::anyhow!("the provider should have held it: {sent:?}")),
            () = held.wait_until_held() => Ok(()),
        }
    })?;
    drop(runtime);
    till.sandbox.clear_faults();
    closed(journal)
}
