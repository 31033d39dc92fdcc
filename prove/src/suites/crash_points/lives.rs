//! One payment through as many lives as it takes, and the judgement of it.
//!
//! Each life has a runtime and a client of its own, and begins with what the last one left: the journal's file and its
//! log as they were when it died, copied, so that nothing the dead process might still do can reach them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chrono::TimeDelta;
use dollr::{
    Clock, Currency, Effect, Error, Expect, Name, Namespace, ReferenceId, Settlement, Standing, usd,
};
use payonce::journal::{Filter, Journal, MemoryJournal, SqliteJournal};
use payonce::{Engine, Rail, Settings};
use payonce_sandbox::{CLIENT_ID, dwolla};
use serde_json::json;

use super::provider::{Provider, Terrain, funding_source};
use super::strike::{Call, LATE, Moment, Strike, Strikes, StruckJournal, StruckRail};
use crate::bed::{self, FIRST_ANSWER, Stepping};

/// The ways to move money by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Collection,
    Payout,
    Transfer,
    Refund,
    /// A payout that failed and is tried again.
    Again,
    /// A transfer of Dwolla's, with a fee.
    BankTransfer,
    /// One that was cancelled and is tried again.
    BankTransferAgain,
}

impl Operation {
    fn is_again(self) -> bool {
        matches!(self, Self::Again | Self::BankTransferAgain)
    }
}

/// How the lives of a payment are to go.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    pub(crate) operation: Operation,
    pub(crate) plan: Vec<Strike>,
    /// How far the clock of each life's host is off, in turn.
    pub(crate) skews: &'static [TimeDelta],
}

/// What came of it.
pub(crate) struct Story {
    pub(crate) reached: Vec<Call>,
    pub(crate) struck: Vec<(Call, Moment)>,
    pub(crate) lives: usize,
    /// What must not have happened.
    pub(crate) wrong: Option<String>,
}

/// A provider whose time stands still, and a place for journals.
pub(crate) struct World {
    provider: Arc<Provider>,
    clock: Arc<Stepping>,
    directory: PathBuf,
    payments: u32,
    /// The movements of the examples that the books begin with.
    before: usize,
}

/// The most lives of one payment: two strikes end two of them, and an error may end one more.
const MOST_LIVES: usize = 8;

impl World {
    pub(crate) fn new(directory: &Path, terrain: Terrain) -> Result<Self> {
        let provider = Arc::new(Provider::start(terrain)?);
        let clock = Arc::new(Stepping::of(provider.clock()));
        fs::create_dir_all(directory)?;
        let before = provider.movements();
        Ok(Self { provider, clock, directory: directory.to_owned(), payments: 0, before })
    }

    /// How many movements were made.
    pub(crate) fn movements(&self) -> usize {
        self.provider.movements() - self.before
    }

    pub(crate) fn is_balanced(&self) -> bool {
        self.provider.is_balanced()
    }

    /// Lives one payment through.
    pub(crate) fn live(&mut self, fate: &Fate) -> Result<Story> {
        self.payments += 1;
        let directory = self.directory.join(self.payments.to_string());
        let strikes = Strikes::new(fate.plan.clone());
        let payment = Payment::new(self, fate.operation)?;
        let mut file = directory.join("0").join("journal.db");
        make(&file)?;
        if fate.operation.is_again() {
            let _held = self.fail_first(&payment, &file)?;
            file = inherited(&file, &directory.join("failed"))?;
        }
        let mut lives = 0;
        let mut wrong = None;
        while wrong.is_none() {
            let skew = fate.skews[lives % fate.skews.len()];
            lives += 1;
            // The files stay as they are while the journal is held: nobody closes it.
            let (end, _held) = self.one_life(&payment, &file, &strikes, skew)?;
            match end {
                End::Settled(Settlement::Completed(_)) => break,
                End::Settled(Settlement::Failed(failure)) => {
                    wrong = Some(format!("it failed: {failure}"));
                }
                End::Stopped(error) if error.effect() == Effect::None && self.paid(&payment) > 0 => {
                    wrong = Some(format!("money moved, and the error says that none did: {error}"));
                }
                End::Stopped(error) if lives == MOST_LIVES => {
                    wrong = Some(format!("it did not end in {MOST_LIVES} lives: {error}"));
                }
                End::Died if lives == MOST_LIVES => bail!("a payment died more often than it was struck"),
                End::Stopped(_) | End::Died => file = inherited(&file, &directory.join(lives.to_string()))?,
            }
        }
        let wrong = match wrong {
            Some(wrong) => Some(wrong),
            None => self.judge(&payment, &file, &strikes)?,
        };
        // Threads of dead processes may still tidy up in there.
        let _ = fs::remove_dir_all(&directory);
        Ok(Story { reached: strikes.reached(), struck: strikes.struck(), lives, wrong })
    }

    /// One process, from its start to its end.
    fn one_life(
        &self,
        payment: &Payment,
        file: &Path,
        strikes: &Arc<Strikes>,
        skew: TimeDelta,
    ) -> Result<(End, Arc<SqliteJournal>)> {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.off_by(skew));
        let file = Arc::new(SqliteJournal::open(file)?);
        let runtime = bed::runtime()?;
        let end = runtime.block_on(async {
            let client = self.provider.client(Arc::clone(&clock), Arc::new(MemoryJournal::default()))?;
            let rail = StruckRail::new(client, Arc::clone(&self.provider), Arc::clone(strikes));
            let journal = Arc::clone(&file) as Arc<dyn Journal>;
            let journal = Arc::new(StruckJournal::new(journal, Arc::clone(strikes)));
            let settings = Settings { first_answer: FIRST_ANSWER, clock, ..Settings::default() };
            let engine = Engine::new(rail, journal, namespace(), settings);
            let end = tokio::select! {
                () = strikes.died.notified() => End::Died,
                end = payment.make(&engine) => match end {
                    Ok(settlement) => End::Settled(settlement),
                    Err(error) => End::Stopped(error),
                },
            };
            anyhow::Ok(end)
        })?;
        // What the process was in the middle of ends here.
        drop(runtime);
        Ok((end, file))
    }

    /// A first attempt that the provider records as failed, in a life that nothing happens to.
    fn fail_first(&self, payment: &Payment, file: &Path) -> Result<Arc<SqliteJournal>> {
        let journal = Arc::new(SqliteJournal::open(file)?);
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let held = Arc::clone(&journal) as Arc<dyn Journal>;
        bed::runtime()?.block_on(self.provider.fail_first(&payment.name, clock, held))?;
        Ok(journal)
    }

    fn paid(&self, payment: &Payment) -> u64 {
        payment.keys().into_iter().map(|key| self.provider.payments(key)).sum()
    }

    /// Lets everything arrive that is still on the wire, and asks the books.
    fn judge(&self, payment: &Payment, file: &Path, strikes: &Arc<Strikes>) -> Result<Option<String>> {
        self.clock.advance(Duration::from_secs(5));
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let client = self.provider.client(clock, Arc::new(MemoryJournal::default()))?;
        bed::runtime()?.block_on(strikes.deliver(&client, &LATE));
        self.clock.advance(Duration::from_secs(10));
        let paid = self.paid(payment);
        if paid != 1 {
            return Ok(Some(format!("it was paid {paid} times")));
        }
        let journal = SqliteJournal::open(file)?;
        let all = Filter { standing: None, unfinished: false, after: None, limit: 10 };
        let listed = bed::runtime()?.block_on(journal.list(client.name(), all))?;
        Ok(match &listed[..] {
            [Ok(one)] if one.standing == Standing::Completed => None,
            other => Some(format!("it completed, but the journal has {other:?}")),
        })
    }
}

/// How a life ended.
enum End {
    Settled(Settlement),
    Stopped(Error),
    Died,
}

pub(super) fn namespace() -> Namespace {
    Namespace::new(CLIENT_ID).expect("the sandbox's client id is a namespace")
}

/// The payment as a caller knows it.
struct Payment {
    again: bool,
    operation: payonce::Operation,
    name: Name,
    contents: String,
    expect: Expect,
}

impl Payment {
    /// The contents are the facade's, as it has them journaled for life.
    fn new(world: &World, operation: Operation) -> Result<Self> {
        let number = i64::from(world.payments);
        let amount = |text: &str| json!({ "amount": text, "currency": "USD" });
        let (movement, contents, expect) = match operation {
            Operation::Payout | Operation::Again => {
                let contents = json!({ "payout": { "account": 18, "amount": amount("1.00") } });
                ("payout", contents, Expect::Amount(usd("1.00")?))
            }
            Operation::Transfer => {
                let amount = amount("1.00");
                let contents = json!({ "transfer": { "wallet": 3, "counterparty": 15, "amount": amount } });
                ("transfer", contents, Expect::Amount(usd("1.00")?))
            }
            Operation::Refund => {
                let of = json!({ "payment_intent": 9004 + number % 47, "amount": amount("0.01") });
                ("refund", json!({ "refund": of }), Expect::Amount(usd("0.01")?))
            }
            Operation::Collection => {
                let Provider::Dollr(sandbox) = &*world.provider else { bail!("invoices are Dollr's") };
                let invoice = sandbox.seed_invoice(rust_decimal::Decimal::from(7), "USD");
                let of = json!({ "source": { "invoice": invoice }, "account": 18, "currency": "USD" });
                ("collection", json!({ "collection": of }), Expect::PayerCurrency(Currency::USD))
            }
            Operation::BankTransfer | Operation::BankTransferAgain => {
                let [source, destination] = [dwolla::BANK, dwolla::VERIFIED_BALANCE].map(funding_source);
                let destination = json!({ "funding_source": destination });
                let mut contents =
                    json!({ "source": source, "destination": destination, "amount": amount("1.00") });
                if operation == Operation::BankTransfer {
                    let payer = json!({ "customer": dwolla::VERIFIED_CUSTOMER });
                    contents["fees"] = json!([{ "charge_to": payer, "amount": amount("0.10") }]);
                }
                ("transfer", contents, Expect::Amount(usd("1.00")?))
            }
        };
        Ok(Self {
            again: operation.is_again(),
            operation: payonce::Operation::new(movement)?,
            name: Name::new(format!("{movement}/{number}"))?,
            contents: contents.to_string(),
            expect,
        })
    }

    /// Makes it, as a program does that is started again and again: it takes up what is open, and sends it.
    async fn make(&self, engine: &Engine<StruckRail>) -> Result<Settlement, Error> {
        // What keeps the others from being taken up says nothing of this payment.
        if let Err(error) = engine.resume().await {
            return Err(error.with_effect(Effect::Unknown));
        }
        engine.idle().await;
        if !self.again {
            let (operation, name) = (self.operation.clone(), self.name.clone());
            let payment = engine.send(operation, name, self.contents.clone(), self.expect).await?;
            return payment.settled().await;
        }
        let found = engine.find(&self.name).await.map_err(|error| error.with_effect(Effect::Unknown))?;
        let found = found.expect("a payment that was recorded is found");
        match found.settled().await? {
            Settlement::Failed(_) => found.again().await?.settled().await,
            completed @ Settlement::Completed(_) => Ok(completed),
        }
    }

    /// Every key it may ever be made under, and some more.
    fn keys(&self) -> [ReferenceId; 3] {
        [1, 2, 3].map(|attempt| ReferenceId::derive(&namespace(), &self.operation, &self.name, attempt))
    }
}

/// Makes the directory for a journal.
fn make(file: &Path) -> Result<()> {
    let directory = file.parent().context("a journal lies in a directory")?;
    fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))
}

/// Copies what a dead process left: the journal and its log. The log's index is in memory only, and its lock is gone.
fn inherited(file: &Path, directory: &Path) -> Result<PathBuf> {
    let heir = directory.join("journal.db");
    make(&heir)?;
    for suffix in ["", "-wal"] {
        let of = |path: &Path| {
            let mut path = path.as_os_str().to_owned();
            path.push(suffix);
            PathBuf::from(path)
        };
        if of(file).exists() {
            fs::copy(of(file), of(&heir)).with_context(|| format!("copying {}", of(file).display()))?;
        }
    }
    Ok(heir)
}
