//! A payment's whole story, from the journal and from the provider: what happened and why, where the money is, what comes
//! next, and what a person does now. `explain` tells it, `resolve` shows it before it asks, `evidence` puts it in its bundle.
//!
//! What must stay true: the provider is asked to read only, and where it was not asked, the story says so.

use std::sync::Arc;

use chrono::Utc;
use dollr::Dollr;
use dwolla::Dwolla;
use payonce::journal::{Journal, Record, Standing};
use payonce::rail::Report as Answer;
use payonce::step::{self, Step};
use payonce::{Failure, Name, Receipt, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::config::Problem;
use crate::exit::Error;
use crate::explain::{Explained, explain};
use crate::facade::{Facade, Place, Variables};
use crate::rail::Rail;
use crate::report::Report;
use crate::selection::asked_at;
use crate::words::{self, MoneyIs, moment};

/// The provider's present word on a payment.
#[derive(Debug, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(crate) enum Word {
    Completed {
        receipt: Receipt,
    },
    Failed {
        failure: Failure,
    },
    Pending,
    /// It knows no such reference id.
    NotKnown,
    /// It was asked, and gave no answer to go by.
    None {
        error: String,
    },
    /// It was not asked.
    LeftOut {
        why: String,
    },
}

impl Word {
    fn of(answer: Result<Option<Answer>, payonce::Error>) -> Self {
        match answer {
            Ok(None) => Self::NotKnown,
            Ok(Some(Answer::Pending { .. })) => Self::Pending,
            Ok(Some(Answer::Completed(receipt))) => Self::Completed { receipt },
            Ok(Some(Answer::Failed(failure))) => Self::Failed { failure },
            Err(error) => Self::None { error: error.message().to_owned() },
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Completed { receipt } => words::said(Some(&Answer::Completed(receipt.clone()))),
            Self::Failed { failure } => words::said(Some(&Answer::Failed(failure.clone()))),
            Self::Pending => words::said(Some(&Answer::Pending { action: None })),
            Self::NotKnown => words::said(None),
            Self::None { error } => format!("no answer: {error}"),
            Self::LeftOut { why } => format!("left out: {why}"),
        }
    }
}

/// What the provider was asked, and what it has.
#[derive(Debug, Serialize)]
pub(crate) struct Asked {
    /// When it answered, by this machine's clock.
    pub(crate) at: Timestamp,
    #[serde(flatten)]
    pub(crate) word: Word,
    /// Its own record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<Value>,
}

/// Asks the provider, if these are settings for it.
pub(crate) async fn ask(
    variables: &Result<Variables, Problem>,
    journal: &Arc<dyn Journal>,
    rail: Rail,
    name: &Name,
) -> Result<Asked, Error> {
    let variables = match variables {
        Ok(variables) => variables.clone(),
        Err(problem) => return Ok(left_out(&problem.to_string())),
    };
    match rail {
        Rail::Dollr => ask_over::<Dollr>(variables, journal, name).await,
        Rail::Dwolla => ask_over::<Dwolla>(variables, journal, name).await,
    }
}

fn left_out(why: &str) -> Asked {
    Asked { at: Utc::now(), word: Word::LeftOut { why: why.to_owned() }, record: None }
}

async fn ask_over<F: Facade>(
    variables: Variables,
    journal: &Arc<dyn Journal>,
    name: &Name,
) -> Result<Asked, Error> {
    let facade = match F::open(variables, Place::Open(Arc::clone(journal))) {
        Ok(facade) => facade,
        Err(error) => return Ok(left_out(error.message())),
    };
    let payment = match facade.find_payment(name).await {
        Ok(Some(payment)) => payment,
        Ok(None) => return Err(crate::cmd_again::unknown(name.as_str())),
        Err(error) => return Ok(left_out(error.message())),
    };
    let word = Word::of(payment.look_up().await);
    let record = match word {
        Word::None { .. } | Word::LeftOut { .. } => None,
        // A second answer that does not come leaves the first as it is.
        _ => facade.record_of(&payment).await.unwrap_or_default(),
    };
    Ok(Asked { at: Utc::now(), word, record })
}

/// What happens next, if nobody does anything.
#[derive(Debug, Serialize)]
struct Next {
    what: String,
    /// Whether another process drives it at this moment.
    driven: bool,
    /// When it is parked if nothing new is learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    parked_at: Option<Timestamp>,
}

/// The whole story.
#[derive(Debug, Serialize)]
pub(crate) struct Story {
    #[serde(flatten)]
    pub(crate) report: Report,
    created_at: Timestamp,
    pub(crate) events: Vec<Explained>,
    pub(crate) provider: Asked,
    money: MoneyIs,
    next: Next,
    advice: String,
}

impl Story {
    pub(crate) fn of(rail: Rail, record: &Record, provider: Asked, driven: bool) -> Result<Self, Error> {
        let (terms, now) = (rail.terms(), Utc::now());
        let state = record.state()?;
        let next = step::next(&state, now, &terms);
        let parked_at = matches!(next, Step::Prepare | Step::Submit | Step::LookUp | Step::Wait(_))
            .then(|| asked_at(record).checked_add_signed(chrono::TimeDelta::from_std(terms.patience).ok()?))
            .flatten();
        Ok(Self {
            report: Report::of(rail, record)?,
            created_at: record.created_at,
            events: explain(rail, record, &terms)?,
            money: money(
                MoneyIs::of(&state, record.entries.last().map(|entry| &entry.event)),
                &provider.word,
            ),
            provider,
            next: Next { what: words::next(&next), driven, parked_at },
            advice: words::advice(rail, record.intent.name.as_str(), Standing::of(&state)),
        })
    }

    /// The story in lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines =
            vec![self.report.line(), String::new(), format!("{}  recorded", moment(self.created_at))];
        for Explained { at, what, rule, why, then } in &self.events {
            lines.push(format!("{}  {what}", moment(*at)));
            let rule = rule.map(|rule| format!("rule {rule}: ")).unwrap_or_default();
            lines.push(format!("    because  {rule}{why}"));
            lines.push(format!("    then     {then}"));
        }
        lines.push(String::new());
        lines.push(format!("the provider   {}", self.provider.word.words()));
        lines.push(format!("the money      {}", self.money.words()));
        let Next { what, driven, parked_at } = &self.next;
        let mut next = what.clone();
        if let Some(parked_at) = parked_at {
            next.push_str(if *driven {
                ", by the process that drives it"
            } else {
                ", as soon as it is driven"
            });
            next.push_str(&format!("; parked at {} if nothing new is learned", moment(*parked_at)));
        }
        lines.push(format!("next           {next}"));
        lines.push(format!("what to do     {}", self.advice));
        lines
    }
}

/// Where the money is: the provider's present word goes before what the journal could know.
fn money(here: MoneyIs, word: &Word) -> MoneyIs {
    match (here, word) {
        (_, Word::Completed { .. }) => MoneyIs::Moved,
        (MoneyIs::NotMoved | MoneyIs::DecidedNotMoved, Word::Pending) => MoneyIs::Unknown,
        (here, _) => here,
    }
}
