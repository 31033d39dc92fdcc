//! The journal's file, and the disk that it is on.

use std::path::Path;

use payonce::journal::{Filter, Journal, SqliteJournal, Standing, network_file_system};

use super::Finding;
use crate::rail::Rail;

/// How many payments are counted before it is said to be more.
const MOST: usize = 1000;

/// Looks at the journal: where it is, whether it opens, and what waits in it.
pub(crate) async fn look(path: &Path) -> Vec<Finding> {
    let mut found = vec![disk(path)];
    if !path.exists() {
        found.push(Finding::ok("journal", format!("none yet; the first payment makes {}", path.display())));
        return found;
    }
    let journal = match SqliteJournal::open(path) {
        Ok(journal) => journal,
        Err(error) => {
            let to_do = "pay nothing by another journal: names are remembered in this one";
            found.push(Finding::problem("journal", error.to_string(), to_do));
            return found;
        }
    };
    found.push(match waiting(&journal).await {
        Ok((0, 0)) => Finding::ok("journal", format!("{} is whole and waits for nothing", path.display())),
        Ok((unfinished, 0)) => Finding::warning(
            "journal",
            format!("{} has {} unfinished", path.display(), counted(unfinished)),
            "payonce resume",
        ),
        Ok((_, parked)) => Finding::warning(
            "journal",
            format!("{} has {} parked", path.display(), counted(parked)),
            "a person must decide; payonce list --standing parked",
        ),
        Err(error) => Finding::problem("journal", error.to_string(), "restore it from a backup"),
    });
    found
}

fn counted(payments: usize) -> String {
    if payments < MOST { payments.to_string() } else { format!("{MOST} or more") }
}

/// How many payments are unfinished, and how many are parked.
async fn waiting(journal: &SqliteJournal) -> Result<(usize, usize), payonce::Error> {
    let mut counts = (0, 0);
    for rail in [Rail::Dollr, Rail::Dwolla] {
        let filter = Filter { standing: None, unfinished: true, after: None, limit: MOST };
        let parked = Filter { standing: Some(Standing::Parked), unfinished: false, ..filter.clone() };
        counts.0 += journal.list(rail.name(), filter).await?.len();
        counts.1 += journal.list(rail.name(), parked).await?.len();
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
