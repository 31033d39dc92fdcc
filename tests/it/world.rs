//! A provider, a journal file and clients of both.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dollr::{AccountId, Builder, Dollr, Error, Failure, Payment, Receipt, ReferenceId, Settlement, usd};
use payonce_sandbox::Sandbox;

/// How many virtual seconds pass in one real second.
const SPEED: u32 = 600;

/// An ordinary mobile money account, and one whose owner declines.
pub(crate) const AMA: AccountId = AccountId::new(18);
pub(crate) const DECLINES: AccountId = AccountId::new(21);

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    dir: tempfile::TempDir,
    /// How many journals were lost.
    lost: AtomicUsize,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self {
            sandbox: Sandbox::builder().speed(SPEED).start().await.unwrap(),
            dir: tempfile::tempdir().unwrap(),
            lost: AtomicUsize::new(0),
        }
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.dir.path().join(format!("journal-{}.db", self.lost.load(Ordering::Relaxed)))
    }

    /// Everything in the journal's files.
    pub(crate) fn journal_bytes(&self) -> Vec<u8> {
        let read = self.journal_files().into_iter().filter_map(|path| std::fs::read(path).ok());
        read.flatten().collect()
    }

    /// Loses the journal: the next one is on another disk, which a process that is still closing the last one's files
    /// cannot reach.
    pub(crate) fn lose_journal(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    fn journal_files(&self) -> [PathBuf; 3] {
        ["", "-wal", "-shm"].map(|suffix| {
            let mut path = self.journal().into_os_string();
            path.push(suffix);
            path.into()
        })
    }

    /// The settings of a client, but for where its journal is.
    pub(crate) fn client(&self) -> Builder {
        Builder::from_variables(self.sandbox.env())
            .unwrap()
            .clock(Arc::new(self.sandbox.clock()))
            .first_answer(Duration::from_secs(24 * 3600))
            // In real time, unlike everything else.
            .request_timeout(Duration::from_secs(1))
    }

    /// A client as one more process would have it, on the journal that all of them share.
    pub(crate) fn dollr(&self) -> Dollr {
        self.client().journal(self.journal()).build().unwrap()
    }

    /// How often money moved under that key.
    pub(crate) fn paid(&self, reference_id: ReferenceId) -> u64 {
        self.sandbox.ledger().payments(reference_id.as_uuid())
    }

    /// How often an operation was asked for, as `METHOD /v1/path`.
    pub(crate) fn asked(&self, operation: &str) -> usize {
        self.sandbox.requests().iter().filter(|asked| asked.operation == operation).count()
    }

    /// How often money moved under any key. The books must balance whenever anyone looks.
    pub(crate) fn movements(&self) -> usize {
        let ledger = self.sandbox.ledger();
        assert!(ledger.is_balanced());
        assert!(ledger.paid_twice().is_empty(), "{:?}", ledger.paid_twice());
        ledger.movements().len()
    }
}

/// The payment that most tests make.
pub(crate) async fn pay_ama(dollr: &Dollr) -> Result<Payment, Error> {
    dollr.payout("salary/2026-11/ama", AMA, usd("250.00")?).send().await
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
