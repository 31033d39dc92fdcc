//! The journal: where it is, whether that is a place for one, and what waits in it.

use std::path::Path;

use payonce::journal::{Filter, Journal, Standing, network_file_system};

use super::Finding;
use crate::config::journal::Place;
use crate::rail::Rail;

/// How many payments are counted before it is said to be more.
const MOST: usize = 1000;

/// Looks at the journal: where it is, whether it opens, and what waits in it.
pub(crate) async fn look(place: &Place) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Place::File(path) = place {
        found.push(disk(path));
        if !path.exists() {
            let none = format!("none yet; the first payment makes {}", path.display());
            found.push(Finding::ok("journal", none));
            return found;
        }
    }
    let to_do = match place {
        Place::File(_) => "pay nothing by another journal: names are remembered in this one",
        Place::Database(..) => "see that the URL, the role and the server are right (docs/fleet.md)",
    };
    let opened = place.told().and_then(|told| Ok((told, place.open()?)));
    let (told, waiting) = match opened {
        Ok((told, journal)) => (told, waiting(&*journal).await),
        Err(error) => {
            found.push(Finding::problem("journal", error.to_string(), to_do));
            return found;
        }
    };
    found.push(match (waiting, place) {
        (Ok((0, 0)), _) => Finding::ok("journal", format!("{told} is whole and waits for nothing")),
        (Ok((unfinished, 0)), Place::File(_)) => Finding::warning(
            "journal",
            format!("{told} has {} unfinished", counted(unfinished)),
            "payonce resume",
        ),
        // In a database others work on them.
        (Ok((unfinished, 0)), Place::Database(..)) => {
            Finding::ok("journal", format!("{told} is there, with {} unfinished", counted(unfinished)))
        }
        (Ok((_, parked)), _) => Finding::warning(
            "journal",
            format!("{told} has {} parked", counted(parked)),
            "a person must decide; payonce list --standing parked",
        ),
        (Err(error), Place::File(_)) => {
            Finding::problem("journal", error.to_string(), "restore it from a backup")
        }
        (Err(error), Place::Database(..)) => Finding::problem("journal", error.to_string(), to_do),
    });
    found
}

fn counted(payments: usize) -> String {
    if payments < MOST { payments.to_string() } else { format!("{MOST} or more") }
}

/// How many payments are unfinished, and how many are parked.
async fn waiting(journal: &dyn Journal) -> Result<(usize, usize), payonce::Error> {
    let mut counts = (0, 0);
    for rail in [Rail::Dollr, Rail::Dwolla] {
        let filter = Filter { standing: None, unfinished: true, after: None, limit: MOST };
        let parked = Filter { standing: Some(Standing::Parked), unfinished: false, ..filter.clone() };
        for (count, filter) in [(&mut counts.0, filter), (&mut counts.1, parked)] {
            for listed in journal.list(rail.name(), filter).await? {
                listed?;
                *count += 1;
            }
        }
    }
    Ok(counts)
}

/// Whether the disk is this machine's: the journal's locks and its log hold on no other.
fn disk(path: &Path) -> Finding {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let directory = path.parent().unwrap_or(Path::new("/"));
    match network_file_system(directory) {
        Ok(Some(name)) => Finding::problem(
            "disk",
            format!("{} is on {name}, where locks and writes cannot be relied on", directory.display()),
            "put the journal on a disk of this machine",
        ),
        Ok(None) => Finding::ok("disk", format!("{} is on a disk of this machine", directory.display())),
        Err(error) => Finding::problem(
            "disk",
            format!("{} cannot be looked at: {error}", directory.display()),
            "make the directory, or name another with --journal",
        ),
    }
}
