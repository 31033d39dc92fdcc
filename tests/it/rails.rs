//! Both rails over one journal file: two clients, two providers, and one name that is a payment on each.

use std::sync::Arc;
use std::time::Duration;

use dollr::{Filter, Standing};
use dwolla::{Dwolla, FundingSourceId};
use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::{BALANCE, BANK, CUSTOMER_BANK, VERIFIED_BALANCE};
use uuid::Uuid;

use crate::world::{AMA, World, completed};

const NAME: &str = "salary/2026-11/ama";

/// A provider of mobile money and one of bank transfers, and a journal for both.
struct Rails {
    phones: World,
    banks: DwollaSandbox,
}

impl Rails {
    async fn start() -> Self {
        let banks = DwollaSandbox::builder().speed(600).start().await.unwrap();
        Self { phones: World::start().await, banks }
    }

    fn dwolla(&self) -> Dwolla {
        dwolla::Builder::from_variables(self.banks.env())
            .unwrap()
            .clock(Arc::new(self.banks.clock()))
            .first_answer(Duration::from_secs(24 * 3600))
            .request_timeout(Duration::from_secs(1))
            .journal(self.phones.journal())
            .build()
            .unwrap()
    }

    /// How often money moved on each rail.
    fn movements(&self) -> (usize, usize) {
        let ledger = self.banks.ledger();
        assert!(ledger.is_balanced() && ledger.paid_twice().is_empty(), "{:?}", ledger.paid_twice());
        (self.phones.movements(), ledger.movements().len())
    }
}

async fn pay(dwolla: &Dwolla, from: Uuid, to: Uuid) -> Result<dwolla::Payment, dwolla::Error> {
    let id = |id: Uuid| FundingSourceId::new(id.to_string());
    dwolla.transfer(NAME, id(from), id(to), dwolla::usd("250.00")?).send().await
}

#[tokio::test]
async fn one_name_on_both_rails_is_two_payments_each_with_its_own_key_and_end() {
    let rails = Rails::start().await;
    let (dollr, dwolla) = (rails.phones.dollr(), rails.dwolla());
    let amount = dollr::usd("250.00").unwrap();
    let by_phone = dollr.transfer(NAME, 3.into(), 15.into(), amount).send().await.unwrap();
    let by_bank = pay(&dwolla, BALANCE, VERIFIED_BALANCE).await.unwrap();
    completed(&by_phone).await;
    assert!(matches!(by_bank.settled().await.unwrap(), dwolla::Settlement::Completed(_)));
    assert_ne!(by_phone.reference_id(), by_bank.reference_id());
    assert_eq!(rails.phones.paid(by_phone.reference_id()), 1);
    assert_eq!(rails.banks.ledger().payments(&by_bank.reference_id().to_string()), 1);
    assert_eq!(dollr.list(Filter::default()).await.unwrap().len(), 1);
    assert_eq!(dwolla.list(Filter::default()).await.unwrap().len(), 1);
    assert!(dollr.find_by_reference(by_bank.reference_id()).await.unwrap().is_none());
    assert_eq!(rails.movements(), (1, 1));
}

#[tokio::test]
async fn each_client_resumes_its_own_rail_and_leaves_the_other_alone() {
    let rails = Rails::start().await;
    pay(&rails.dwolla(), BANK, CUSTOMER_BANK).await.unwrap();
    let requests = rails.banks.request_count();
    assert_eq!(rails.phones.dollr().resume().await.unwrap(), 0);
    assert_eq!(rails.phones.sandbox.request_count(), 0);
    let dwolla = rails.dwolla();
    assert_eq!(dwolla.resume().await.unwrap(), 1);
    assert!(rails.banks.simulate() + rails.banks.simulate() == 2, "a turn for each bank");
    dwolla.idle().await;
    assert!(rails.banks.request_count() > requests);
    assert_eq!(
        dwolla.list(Filter::default()).await.unwrap()[0].as_ref().unwrap().standing,
        Standing::Completed
    );
    assert_eq!(rails.movements(), (0, 1));
}

#[tokio::test]
async fn the_journal_of_both_is_lost_and_both_providers_own_records_are_met() {
    let rails = Rails::start().await;
    let amount = dollr::usd("250.00").unwrap();
    let by_phone = rails.phones.dollr().payout(NAME, AMA, amount).send().await.unwrap();
    let by_bank = pay(&rails.dwolla(), BANK, CUSTOMER_BANK).await.unwrap();
    completed(&by_phone).await;
    // Longer than the banks' provider remembers a key.
    rails.banks.clock().advance(Duration::from_secs(30 * 3600));
    rails.phones.lose_journal();
    let again = rails.phones.dollr().payout(NAME, AMA, amount).send().await.unwrap();
    completed(&again).await;
    let found = pay(&rails.dwolla(), BANK, CUSTOMER_BANK).await.unwrap();
    assert_eq!(
        (by_phone.reference_id(), by_bank.reference_id()),
        (again.reference_id(), found.reference_id())
    );
    assert_eq!(rails.movements(), (1, 1));
}
