//! A provider, a journal file and clients of both.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dwolla::{
    Builder, Dwolla, Error, ErrorKind, Failure, FundingSourceId, Order, Payment, Receipt, ReferenceId,
    Settlement, Status, usd,
};
use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::{BALANCE, Switches, VERIFIED_BALANCE};

/// How many virtual seconds pass in one real second.
const SPEED: u32 = 600;

pub(crate) struct World {
    pub(crate) sandbox: DwollaSandbox,
    dir: tempfile::TempDir,
    /// How many journals were lost.
    lost: AtomicUsize,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(Switches::default()).await
    }

    pub(crate) async fn with(switches: Switches) -> Self {
        let sandbox = DwollaSandbox::builder().speed(SPEED).switches(switches).start().await.unwrap();
        Self { sandbox, dir: tempfile::tempdir().unwrap(), lost: AtomicUsize::new(0) }
    }

    /// Loses the journal: the next one is on another disk, which a process that is still closing the last one's files
    /// cannot reach.
    pub(crate) fn lose_journal(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.dir.path().join(format!("journal-{}.db", self.lost.load(Ordering::Relaxed)))
    }

    /// The settings of a client, but for where its journal is.
    pub(crate) fn client(&self) -> Builder {
        Builder::from_variables(self.sandbox.env())
            .unwrap()
            .clock(Arc::new(self.sandbox.clock()))
            .first_answer(Duration::from_secs(60 * 24 * 3600))
            // In real time, unlike everything else.
            .request_timeout(Duration::from_secs(20))
    }

    /// A client as one more process would have it, on the journal that all of them share.
    pub(crate) fn dwolla(&self) -> Dwolla {
        self.client().journal(self.journal()).build().unwrap()
    }

    /// How often money moved under that key. The books must balance whenever anyone looks.
    pub(crate) fn paid(&self, key: ReferenceId) -> u64 {
        let ledger = self.sandbox.ledger();
        assert!(ledger.is_balanced());
        assert!(ledger.paid_twice().is_empty(), "{:?}", ledger.paid_twice());
        ledger.payments(&key.to_string())
    }

    /// How often an operation was asked for, as `METHOD /path`.
    pub(crate) fn asked(&self, operation: &str) -> usize {
        self.sandbox.requests().iter().filter(|asked| asked.operation == operation).count()
    }
}

pub(crate) fn source(id: impl ToString) -> FundingSourceId {
    FundingSourceId::new(id.to_string())
}

/// The payment that most tests make, out of one balance into another: it is processed at once.
pub(crate) fn invoice(dwolla: &Dwolla, name: &str) -> Order {
    dwolla
        .transfer(name, source(BALANCE), source(VERIFIED_BALANCE), usd("225.00").unwrap())
        .metadata("note", "completed work")
}

pub(crate) fn key(dwolla: &Dwolla, name: &str) -> ReferenceId {
    dwolla.reference_id(&name.parse().unwrap())
}

pub(crate) async fn completed(payment: &Payment) -> Receipt {
    match payment.settled().await.unwrap() {
        Settlement::Completed(receipt) => receipt,
        Settlement::Failed(failure) => panic!("{} failed: {failure}", payment.name()),
    }
}

pub(crate) async fn failed(payment: &Payment) -> Failure {
    match payment.settled().await.unwrap() {
        Settlement::Failed(failure) => failure,
        Settlement::Completed(receipt) => panic!("{} completed: {receipt:?}", payment.name()),
    }
}

/// Sends, and takes for an answer that a person must decide; returns what the journal then has.
pub(crate) async fn sent_or_parked(dwolla: &Dwolla, order: Order, name: &str) -> Result<Status, Error> {
    let sent = match order.send().await {
        Ok(payment) => payment.settled().await.map(drop),
        Err(error) => Err(error),
    };
    match sent {
        Err(error) if error.kind() != ErrorKind::Parked => return Err(error),
        _ => {}
    }
    let payment = dwolla.find(name).await?.expect("what was sent is in the journal");
    payment.status().await
}
