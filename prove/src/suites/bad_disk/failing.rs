//! Every write and every sync of a payment's life fails in turn: once, or from then on.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow};
use dollr::{Effect, Settlement};

use super::{Till, journal_in, unclear};
use crate::disk::{Disk, Failing, Trouble};
use crate::suite::{Figures, Run, Stop};

/// More operations than a payment's life has.
const MANY: usize = 400;

pub(super) fn walk(run: &Run, directory: &Path, figures: &mut Figures) -> Result<(), Stop> {
    let mut till = Till::open()?;
    for (name, trouble) in [
        ("a full disk", Trouble::Full),
        ("a disk that fails to write", Trouble::Write),
        ("a disk that fails to sync", Trouble::Sync),
    ] {
        let (mut places, mut errors) = (0_u64, 0_u64);
        for lasting in [true, false] {
            for at in 0..MANY {
                let failing = Failing { trouble, at, lasting };
                let place = directory.join(format!("{trouble:?}-{lasting}-{at}"));
                let struck = one(&mut till, &place, failing)?;
                let _ = fs::remove_dir_all(&place);
                match struck {
                    Struck::Never => break,
                    Struck::Wrong(wrong) => {
                        return Err(run.violation(format!("{name} ({failing:?}): {wrong}")).into());
                    }
                    Struck::Absorbed => {}
                    Struck::Told => errors += 1,
                }
                places += 1;
            }
        }
        if errors == 0 {
            return Err(anyhow!("{name} was never noticed").into());
        }
        figures.count(&format!("places at which {name} was met"), places, "");
        figures.count(&format!("payments that {name} stopped"), errors, "");
    }
    till.received()?;
    Ok(())
}

/// What came of a failure.
enum Struck {
    /// The life was over before it.
    Never,
    /// The payment was made all the same.
    Absorbed,
    /// There was an error, and it was true.
    Told,
    Wrong(String),
}

fn one(till: &mut Till, place: &Path, failing: Failing) -> Result<Struck> {
    let journal = journal_in(place)?;
    let disk = Disk::<()>::watch(place, false)?;
    let payment = till.next()?;
    disk.fail(Some(failing));
    let made = till.make(&payment, &journal)?;
    let (_, _, failed) = disk.counts();
    disk.fail(None);
    let struck = match made {
        _ if failed == 0 => Struck::Never,
        Ok(Settlement::Completed(_)) => Struck::Absorbed,
        Ok(other) => Struck::Wrong(format!("it came to {other:?}")),
        Err(error) => match unclear(&error) {
            Some(unclear) => Struck::Wrong(unclear),
            None if error.effect() == Effect::None && till.paid(&payment) > 0 => {
                Struck::Wrong(format!("money moved, and the error says that none did: {error}"))
            }
            None => Struck::Told,
        },
    };
    match till.mended(&payment, &journal)? {
        Some(wrong) => Ok(Struck::Wrong(wrong)),
        None => Ok(struck),
    }
}
