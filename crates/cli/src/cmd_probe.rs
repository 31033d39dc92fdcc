//! `payonce probe`: whether a provider keeps what the promise assumes of it, tried with a payment as small as it takes.
//!
//! What must stay true: somebody was told what may be paid, and to whom, before anything is sent; the payment itself is
//! made by the engine, under its name; what is sent again on purpose is sent once in a run, through the rail's single
//! requests, and never because of how the last one went; and after the first sign of a second payment nothing more is
//! sent. Interrupting it is as safe as a payment, and the next run of the day goes on with the same payment.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use clap::Args;
use dollr::{AccountId, Currency, Dollr, Money};
use dwolla::{Destination, Dwolla, FundingSourceId};
use payonce::rail::{LookUp, Order, Preparation, Rail as _, Report, Setback, Then};
use payonce::step::{Event, Outcome};
use payonce::{ErrorKind, Name, Payment, ReferenceId};

use crate::cmd_transfer::destination;
use crate::config::Client;
use crate::exit::{Error, Exit};
use crate::facade::{Facade, Place, Variables};
use crate::print;
use crate::probe::{Answer, Notes, OpenSession, Question, Told, Verdict, never, repeated, told};
use crate::rail::Rail;

/// How long the payment may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(120);

/// How much longer than its lifetime a session is left alone.
const EXPIRED_BY: TimeDelta = TimeDelta::seconds(10);

/// Try whether the provider keeps what `payonce` relies on, with a minimal payment.
///
/// It pays the amount once, and then sends on purpose what must not be paid again: the same request, on dollr also the
/// same key under a second session, the same session under a second key, and a session that has expired (in a later run,
/// once it has). Should the provider keep none of its guards, the amount is paid two times on dwolla and five times on
/// dollr. It asks first, and stops at the first sign of a second payment. The answers are kept beside the journal.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes:
  0  every assumption holds that could be tried now
  4  one could not be told: run it again
  5  one is broken: do not rely on this provider before a person has looked
and as for a payment, if that was not made.")]
pub(crate) struct Probe {
    /// What it goes over.
    #[arg(long, env = "PAYONCE_RAIL", default_value = "dollr", hide_env_values = true)]
    rail: Rail,
    /// How much, in major units: the least that the provider takes.
    #[arg(long, default_value = "0.01")]
    amount: String,
    /// Of which currency. On dwolla there is no other than USD.
    #[arg(long, default_value = "USD")]
    currency: Currency,
    /// On dollr: the payment account to pay to, which should be your own.
    #[arg(long, value_name = "ACCOUNT", required_if_eq("rail", "dollr"))]
    account: Option<AccountId>,
    /// On dwolla: the bank account or balance to take it from.
    #[arg(long, value_name = "FUNDING_SOURCE", required_if_eq("rail", "dwolla"))]
    from: Option<FundingSourceId>,
    /// On dwolla: where it goes, which should be your own.
    #[arg(long, value_name = "DESTINATION", value_parser = destination, required_if_eq("rail", "dwolla"))]
    to: Option<Destination>,
    /// The payment's name; otherwise probe/ and the day.
    #[arg(long)]
    name: Option<Name>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// How many seconds the provider gets before it is asked what came of a request.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    settle: u64,
    #[command(flatten)]
    client: Client,
}

/// The payment that was made, and the way to its provider.
struct Paid<F: Facade> {
    facade: F,
    variables: Variables,
    order: Order,
    /// The request that made it.
    body: String,
    before: Report,
    settle: Duration,
    notes: Notes,
    json: bool,
    worst: Answer,
}

impl Probe {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let money = Money::new(&self.amount, self.currency)?;
        let name = match &self.name {
            Some(name) => name.clone(),
            None => Name::new(Utc::now().format("probe/%Y-%m-%d").to_string())?,
        };
        match self.rail {
            Rail::Dollr => {
                let account = self.account.ok_or_else(|| wanting("--account"))?;
                let (dollr, variables) = self.open::<Dollr>()?;
                self.agreed(&name, money, &format!("payment account {account}"), 5)?;
                let payment = dollr.payout(&name, account, money).send().await?;
                let mut paid = self.paid((dollr, variables), &payment, json).await?;
                paid.ask_repeat().await?;
                paid.ask_sessions().await?;
                Ok(paid.exit())
            }
            Rail::Dwolla => {
                let from = self.from.clone().ok_or_else(|| wanting("--from"))?;
                let to = self.to.clone().ok_or_else(|| wanting("--to"))?;
                let (dwolla, variables) = self.open::<Dwolla>()?;
                self.agreed(&name, money, &in_words(&to), 2)?;
                let payment = dwolla.transfer(&name, from, to, money).send().await?;
                let mut paid = self.paid((dwolla, variables), &payment, json).await?;
                paid.ask_repeat().await?;
                Ok(paid.exit())
            }
        }
    }

    /// The client, and the settings that it was made of: they are read once, as standard input can be.
    fn open<F: Facade>(&self) -> Result<(F, Variables), Error> {
        let variables = self.client.variables(&[F::RAIL])?;
        let client = F::open(variables.clone(), Place::File(&self.client.journal.path()?))?;
        Ok((client, variables))
    }

    /// Shows what will be paid and to whom, and asks.
    fn agreed(&self, name: &Name, money: Money, whom: &str, times: u32) -> Result<(), Error> {
        let text = format!(
            "This pays {money} to {whom} on {}, as {name}; should the provider keep none of its guards, {times} times.",
            self.rail
        );
        if self.yes {
            print::note(text);
            return Ok(());
        }
        match print::ask(format!("{text}\nPay it?")) {
            print::Answer::Yes => Ok(()),
            print::Answer::No => Err(invalid("nothing was sent, because the answer was not yes").into()),
            print::Answer::NobodyToAsk => {
                print::note(text);
                Err(invalid("nothing was sent: there is nobody to ask; --yes says that it may be paid")
                    .into())
            }
        }
    }

    /// Waits for the payment, and takes from the journal what made it.
    async fn paid<F: Facade>(
        &self,
        (facade, variables): (F, Variables),
        payment: &Payment<F::Over>,
        json: bool,
    ) -> Result<Paid<F>, Error> {
        // A bank takes days; that it has it is enough there.
        if !facade.rail().terms().forgets_keys {
            payment.settled_within(PATIENCE).await?;
        }
        let found = facade.find_payment(payment.name()).await?;
        let record = found.as_ref().unwrap_or(payment).record().clone();
        let state = record.state()?;
        let before = match state.outcome() {
            Some(Outcome::Completed(receipt)) => Report::Completed(receipt.clone()),
            None => Report::Pending { action: None },
            Some(_) => {
                let message = format!(
                    "{} was not paid, so nothing can be tried: payonce show {} says why, and --name takes another name",
                    payment.name(),
                    payment.name()
                );
                return Err(payonce::Error::new(ErrorKind::Refused, message).into());
            }
        };
        let bodies = record.entries.iter().rev().filter_map(|entry| match &entry.event {
            Event::Prepared { body, .. } => Some(body.clone()),
            _ => None,
        });
        let intent = record.intent;
        let order = Order {
            operation: intent.operation,
            name: intent.name,
            reference_id: state.reference_id(),
            contents: intent.contents,
            expect: intent.expect,
        };
        let body = bodies.into_iter().next().ok_or_else(|| {
            payonce::Error::new(
                ErrorKind::Journal,
                "the journal does not hold the request that made the payment",
            )
        })?;
        let (settle, notes) = (Duration::from_secs(self.settle), Notes::beside(&self.client.journal.path()?));
        Ok(Paid { facade, variables, order, body, before, settle, notes, json, worst: Answer::Holds })
    }
}

impl<F: Facade> Paid<F> {
    /// The same request again, and what a status read says.
    async fn ask_repeat(&mut self) -> Result<(), Error> {
        let unused = self.under(self.key("unused"));
        let (paid, unused) = (self.look_up(&self.order).await, self.look_up(&unused).await);
        self.tell(Question::Status, told(&self.before, &paid, &unused), None)?;
        let verdict = self.again(&self.body).await;
        self.tell(Question::Repeat, verdict, None)
    }

    /// Sends the payment's key again with this body.
    async fn again(&self, body: &str) -> Verdict {
        let rail = self.facade.rail();
        let sent = rail.submit(&self.order, body).await;
        tokio::time::sleep(self.settle).await;
        repeated(&self.before, &sent, &self.look_up(&self.order).await, !rail.terms().forgets_keys)
    }

    /// Sends what must never be carried out.
    async fn wrongly(&self, order: &Order, body: &str) -> Verdict {
        let sent = self.facade.rail().submit(order, body).await;
        tokio::time::sleep(self.settle).await;
        never(&sent, &self.look_up(order).await)
    }

    /// Asks by a client that knows nothing yet: one that remembers what was made for a key would ask for that alone.
    async fn look_up(&self, order: &Order) -> LookUp {
        match F::open(self.variables.clone(), Place::Memory) {
            Ok(witness) => witness.rail().look_up(order).await,
            Err(error) => LookUp::Setback(Setback { error, then: Then::Stop }),
        }
    }

    /// The key of a payment that is never made.
    fn key(&self, what: &str) -> ReferenceId {
        let name = format!("{}/{what}", self.order.name);
        let name = Name::new(name).unwrap_or_else(|_| self.order.name.clone());
        self.facade.key(&self.order.operation, &name)
    }

    fn under(&self, reference_id: ReferenceId) -> Order {
        Order { reference_id, ..self.order.clone() }
    }

    fn stopped(&self) -> bool {
        self.worst == Answer::Broken
    }

    /// Notes an answer and shows it.
    fn tell(
        &mut self,
        question: Question,
        verdict: Verdict,
        session: Option<OpenSession>,
    ) -> Result<(), Error> {
        let Verdict(answer, seen) = verdict;
        self.worst = self.worst.max(answer);
        let (at, rail, name) = (Utc::now(), F::RAIL, self.order.name.to_string());
        let told = Told { at, rail, name, question, answer, seen, session };
        self.notes.add(&told)?;
        if self.json {
            print::json(&told);
        } else {
            let word = match answer {
                Answer::Holds => "holds",
                Answer::Later => "later",
                Answer::Unclear => "unclear",
                Answer::Broken => "BROKEN",
            };
            print::line(format!("{word:<8}  {}: {}", question.in_words(), told.seen));
        }
        Ok(())
    }

    fn exit(&self) -> Exit {
        if !self.json {
            print::note(format!("payonce: the answers are in {}", self.notes.path.display()));
        }
        match self.worst {
            Answer::Holds | Answer::Later => Exit::Done,
            Answer::Unclear => Exit::UnderWay,
            Answer::Broken => Exit::Parked,
        }
    }
}

impl Paid<Dollr> {
    /// What only a provider with sessions can be asked.
    async fn ask_sessions(&mut self) -> Result<(), Error> {
        if self.stopped() {
            return Ok(());
        }
        let verdict = match self.facade.rail().prepare(&self.order).await {
            Preparation::Ready(prepared) => self.again(&prepared.body).await,
            other => unprepared(&other),
        };
        self.tell(Question::Key, verdict, None)?;
        if self.stopped() {
            return Ok(());
        }
        let order = self.under(self.key("second-key"));
        let verdict = self.wrongly(&order, &self.body_for(&order)).await;
        self.tell(Question::Session, verdict, None)?;
        if self.stopped() { Ok(()) } else { self.ask_expiry().await }
    }

    /// Sends the session of an earlier run, if it has expired, or opens one for a later run.
    async fn ask_expiry(&mut self) -> Result<(), Error> {
        if let Some(session) = self.notes.open_session(Rail::Dollr)? {
            let ahead = self.facade.sign_in().await?.unwrap_or_default();
            if Utc::now() + ahead <= session.expires_at + EXPIRED_BY {
                let seen =
                    format!("the session expires at {}; run this again after that", session.expires_at);
                return self.tell(Question::Expiry, Verdict(Answer::Later, seen), Some(session));
            }
            let verdict = self.wrongly(&self.under(session.reference_id), &session.body).await;
            // One that could not be told is asked about again.
            let again = (verdict.0 == Answer::Unclear).then_some(session);
            return self.tell(Question::Expiry, verdict, again);
        }
        let order = self.under(self.key("expired"));
        let (verdict, session) = match self.facade.rail().prepare(&order).await {
            Preparation::Ready(prepared) => {
                let seen = format!(
                    "a session was opened that expires at {}; run this again after that",
                    prepared.expires_at
                );
                let (body, expires_at) = (prepared.body, prepared.expires_at);
                let session = OpenSession { reference_id: order.reference_id, body, expires_at };
                (Verdict(Answer::Later, seen), Some(session))
            }
            other => (unprepared(&other), None),
        };
        self.tell(Question::Expiry, verdict, session)
    }

    /// The request that made the payment, under another key.
    fn body_for(&self, order: &Order) -> String {
        self.body.replace(&self.order.reference_id.to_string(), &order.reference_id.to_string())
    }
}

fn unprepared(preparation: &Preparation) -> Verdict {
    let seen = match preparation {
        Preparation::Refused(refusal) => format!("the provider opens no second session: {}", refusal.reason),
        Preparation::Setback(setback) => format!("no session could be opened: {}", setback.error),
        Preparation::Ready(_) => "a session was opened".to_owned(),
    };
    Verdict(Answer::Unclear, seen)
}

fn in_words(destination: &Destination) -> String {
    match destination {
        Destination::FundingSource(id) => format!("funding source {id}"),
        Destination::Customer(id) => format!("customer {id}"),
        Destination::Account(id) => format!("account {id}"),
        Destination::Email(address) => address.clone(),
        other => format!("{other:?}"),
    }
}

fn invalid(message: &'static str) -> payonce::Error {
    payonce::Error::new(ErrorKind::Invalid, message)
}

fn wanting(option: &str) -> payonce::Error {
    payonce::Error::new(ErrorKind::Invalid, format!("nothing was sent: {option} is wanting"))
}
