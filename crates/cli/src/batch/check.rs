//! A file gone through without sending anything: what is wrong with it, what it comes to, and what the journal knows of it.
//!
//! What must stay true: every line that is wrong is told, in one pass; and a name that was recorded with other contents is
//! found by the very text that the journal compares.

use std::collections::BTreeMap;

use futures_util::{Stream, StreamExt, stream};
use payonce::journal::{Journal, Key, Record, Standing};
use serde_json::Value;

use super::fees::Questions;
use super::orders::Clients;
use super::rows::Row;
use super::source::{Record as Line, Source};
use super::tally::{Stands, Tally};
use super::twice::{Names, Twice};
use super::{Bad, Problem};
use crate::exit::Error;
use crate::rail::Rail;

/// So many lines are looked for in the journal at a time.
const AHEAD: usize = 64;

/// What going through a file has shown.
#[derive(Debug)]
pub(crate) struct Survey {
    /// The lines that are in order, by how they stand.
    pub(crate) tally: Tally,
    /// How much was told to be wrong.
    pub(crate) bad: u64,
    /// How many names were recorded with other contents.
    pub(crate) taken: u64,
    /// What to ask about fees.
    pub(crate) fees: Questions,
}

impl Survey {
    /// Refuses a file that cannot be paid.
    pub(crate) fn refuse(&self, source: &Source) -> Result<(), Problem> {
        let file = source.path().to_owned();
        match (self.bad, self.taken) {
            (0, 0) => Ok(()),
            (0, taken) => Err(Problem::Taken { file, taken }),
            (bad, _) => Err(Problem::Bad { file, bad }),
        }
    }
}

/// A line that was looked at.
enum Seen {
    Good(Row, Stands),
    /// Its name was recorded with other contents.
    Taken(Row, Vec<Bad>),
    Bad(Vec<Bad>),
}

/// Goes through a file. What is wrong is told as it is found, names that are there twice last.
pub(crate) async fn survey(
    source: &Source,
    usual: Rail,
    journal: Option<&dyn Journal>,
    mut tell: impl FnMut(&Bad),
) -> Result<Survey, Error> {
    let (mut names, mut tally, mut fees) = (Names::new(), Tally::default(), Questions::default());
    let (mut bad, mut taken) = (0, 0);
    let nobody = Clients::of_nobody()?;
    let mut lines =
        std::pin::pin!(rows(source, usual)?.map(|row| look(row, &nobody, journal)).buffered(AHEAD));
    while let Some(seen) = lines.next().await {
        let row = match seen? {
            Seen::Good(row, stands) => {
                tally.add(stands, row.order.rail(), row.amount);
                if stands == Stands::NotSent {
                    fees.add(&row);
                }
                row
            }
            Seen::Taken(row, differences) => {
                taken += 1;
                differences.iter().for_each(&mut tell);
                row
            }
            Seen::Bad(wrong) => {
                bad += 1;
                wrong.iter().for_each(&mut tell);
                continue;
            }
        };
        names.add(row.order.rail(), &row.name, row.line).map_err(Problem::Sorting)?;
    }
    let again = |Twice { line, before }| {
        bad += 1;
        let how = format!("a name of its own; line {before} has this one");
        tell(&Bad::new(line, "name", "the same name again", how));
    };
    names.find(again).map_err(Problem::Sorting)?;
    Ok(Survey { tally, bad, taken, fees })
}

/// The lines of a file, read; of those that are wrong, how.
pub(super) fn rows(
    source: &Source,
    usual: Rail,
) -> Result<impl Stream<Item = Result<Result<Row, Vec<Bad>>, Problem>> + use<>, Problem> {
    let read = move |record: Result<Result<Line, Vec<Bad>>, Problem>| {
        Ok(record?.and_then(|(line, cells)| Row::read(line, &cells, usual)))
    };
    Ok(stream::iter(source.records()?.map(read)))
}

async fn look(
    row: Result<Result<Row, Vec<Bad>>, Problem>,
    nobody: &Clients,
    journal: Option<&dyn Journal>,
) -> Result<Seen, Error> {
    let row = match row? {
        Ok(row) => row,
        Err(bad) => return Ok(Seen::Bad(bad)),
    };
    Ok(match known(&row, nobody, journal).await? {
        Known::Nothing => Seen::Good(row, Stands::NotSent),
        Known::Same(recorded) => {
            let stands = Stands::of(Some(Standing::of(&recorded.state()?)));
            Seen::Good(row, stands)
        }
        Known::Other(recorded, contents) => {
            let differences = differences(&row, &recorded, &contents);
            Seen::Taken(row, differences)
        }
        Known::Unpayable(error) => {
            let amount = format!("{} by {}", row.amount, row.order.in_words());
            let wrong = Bad::new(row.line, "", &amount, format!("what can be sent: {}", error.message()));
            Seen::Bad(vec![wrong])
        }
    })
}

/// What the journal knows of a line.
pub(super) enum Known {
    Nothing,
    /// The payment that the line asks for.
    Same(Record),
    /// A payment of that name with other contents than these, which the line has.
    Other(Record, String),
    /// The line is no order that could be sent.
    Unpayable(payonce::Error),
}

/// Looks a line up in the journal, by its name and by what it says.
pub(super) async fn known(
    row: &Row,
    nobody: &Clients,
    journal: Option<&dyn Journal>,
) -> Result<Known, payonce::Error> {
    let recorded = match journal {
        Some(journal) => journal.find(row.order.rail().name(), Key::Name(row.name.clone())).await?,
        None => None,
    };
    let contents = nobody.order(row).and_then(|order| order.contents(recorded.as_ref()));
    Ok(match (recorded, contents) {
        (_, Err(error)) => Known::Unpayable(error),
        (None, _) => Known::Nothing,
        (Some(recorded), Ok(contents)) if is_same(row, &recorded, &contents) => Known::Same(recorded),
        (Some(recorded), Ok(contents)) => Known::Other(recorded, contents),
    })
}

fn is_same(row: &Row, recorded: &Record, contents: &str) -> bool {
    recorded.intent.contents == contents && recorded.intent.operation.as_str() == row.order.operation()
}

/// What a line says and the journal says otherwise.
fn differences(row: &Row, recorded: &Record, contents: &str) -> Vec<Bad> {
    let (ours, theirs) = (leaves(contents), leaves(&recorded.intent.contents));
    let (name, since) = (row.name.as_str(), recorded.created_at.format("%Y-%m-%d %H:%M:%SZ"));
    let because = format!("as {name:?} was recorded at {since}; what a name stands for never changes");
    if recorded.intent.operation.as_str() != row.order.operation() {
        let how = format!("a {} of {}, {because}", recorded.intent.operation, recorded.intent.expect);
        let read = format!("a {} of {}", row.order.operation(), row.amount);
        return vec![Bad::new(row.line, "operation", &read, how)];
    }
    let nothing = String::new();
    let differs = |path: &&String| ours.get(*path) != theirs.get(*path);
    let paths: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).filter(differs).collect();
    let difference = |path: &String| {
        let (read, was) = (ours.get(path).unwrap_or(&nothing), theirs.get(path).unwrap_or(&nothing));
        let was = if was.is_empty() { "nothing" } else { was };
        match path.rsplit('/').next().unwrap_or_default() {
            "mark" => {
                let how = format!("the phone that it was first for, {because}");
                Bad::new(row.line, "phone", "another phone", how)
            }
            "value" | "amount" => Bad::new(row.line, "amount", read, format!("{was}, {because}")),
            "source" => Bad::new(row.line, "from", read, format!("{was}, {because}")),
            "reason" => Bad::new(row.line, "note", read, format!("{was}, {because}")),
            column => Bad::new(row.line, column, read, format!("{was}, {because}")),
        }
    };
    paths.into_iter().map(difference).collect()
}

/// The values of a JSON text by their paths.
fn leaves(contents: &str) -> BTreeMap<String, String> {
    fn walk(path: String, value: &Value, into: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| walk(format!("{path}/{key}"), value, into));
            }
            Value::String(text) => drop(into.insert(path, text.clone())),
            value => drop(into.insert(path, value.to_string())),
        }
    }
    let mut into = BTreeMap::new();
    walk(String::new(), &serde_json::from_str(contents).unwrap_or_default(), &mut into);
    into
}
