//! What becomes of transfers after they were made: returned by a bank, returned late, cancelled. The sandbox's books say
//! whether money moved.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use dwolla::{
    BankAfterReturn, Cancellation, Difference, Dwolla, Error, ErrorKind, FundingSourceId, Pace, Payment,
    ReturnCode, Secret, Settlement, There, Transfer, TransferStatus, usd,
};
use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::switches::{
    BankRemoval, Chains, FailureOfSound, FeesLink, ListOrder, Output, RepeatedCancel, Switches, Uncancellable,
};
use payonce_sandbox::dwolla::{
    ACCOUNT, BALANCE, BANK, CUSTOMER_BANK, KEY, LATE_RETURNING_BANK, RETURNING_BANK, SECRET, SHORT_BANK,
    VERIFIED_BALANCE, VERIFIED_BANK, VERIFIED_CUSTOMER,
};

struct World {
    sandbox: DwollaSandbox,
    dwolla: Dwolla,
}

impl World {
    async fn start(switches: Switches) -> Self {
        let sandbox = DwollaSandbox::builder().switches(switches).start().await.unwrap();
        let short = Duration::from_millis(5);
        let pace = Pace {
            first_poll: (short, short),
            slowest_poll: short,
            first_retry: short,
            slowest_retry: short,
        };
        let builder =
            Dwolla::builder().key(KEY).secret(Secret::new(SECRET)).base_url(sandbox.url()).pace(pace);
        Self { dwolla: builder.journal_in_memory().build().unwrap(), sandbox }
    }

    async fn pay(
        &self,
        name: &str,
        source: impl ToString,
        destination: impl ToString,
    ) -> (Payment, Transfer) {
        let [source, destination] = [source.to_string(), destination.to_string()].map(FundingSourceId::from);
        let order = self.dwolla.transfer(name, source.clone(), destination, usd("225.00").unwrap());
        let payment = order.send().await.unwrap();
        let owner = self.dwolla.funding_sources().retrieve(source).await.unwrap().owner.unwrap();
        let found = self.dwolla.transfers().list(owner).correlation_id(payment.reference_id()).await.unwrap();
        let [transfer] = found.try_into().unwrap();
        (payment, transfer)
    }

    async fn read(&self, transfer: &Transfer) -> Transfer {
        self.dwolla.transfers().retrieve(transfer.id.clone()).await.unwrap()
    }

    async fn cancel(&self, transfer: &Transfer) -> Result<Cancellation, Error> {
        self.dwolla.transfers().cancel(transfer.id.clone()).await
    }

    /// How often money moved for a payment, and stayed moved.
    fn moved(&self, payment: &Payment) -> u64 {
        let ledger = self.sandbox.ledger();
        assert!(ledger.is_balanced() && ledger.paid_twice().is_empty());
        ledger.payments(&payment.reference_id().to_string())
    }
}

fn outputs() -> [Switches; 2] {
    [Output::Modern, Output::SeedExact].map(|output| Switches { output, ..Switches::default() })
}

#[tokio::test]
async fn a_debit_without_funds_fails_with_r01_and_the_bank_stays() {
    for switches in outputs() {
        let world = World::start(switches).await;
        let (payment, transfer) = world.pay("invoice/1", SHORT_BANK, CUSTOMER_BANK).await;
        assert_eq!(
            world.dwolla.transfers().failure(transfer.id.clone()).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        world.sandbox.simulate();
        let Settlement::Failed(why) = payment.settled().await.unwrap() else { panic!("it failed") };
        assert!(why.recorded && why.reason.contains("R01"), "{why}");
        let failure = world.dwolla.transfers().failure(transfer.id).await.unwrap();
        assert_eq!((&failure.code, failure.code.bank()), (&ReturnCode::R01, BankAfterReturn::Kept));
        let bank = world.dwolla.funding_sources().retrieve(SHORT_BANK.to_string().into()).await.unwrap();
        assert!(bank.is_ready());
        assert_eq!(world.moved(&payment), 0);
    }
}

#[tokio::test]
async fn a_credit_to_no_account_fails_with_r03_and_the_bank_is_removed() {
    for switches in outputs() {
        let world = World::start(switches).await;
        let (payment, transfer) = world.pay("invoice/1", BANK, RETURNING_BANK).await;
        world.sandbox.simulate();
        world.sandbox.simulate();
        assert!(matches!(payment.settled().await.unwrap(), Settlement::Failed(_)));
        let failure = world.dwolla.transfers().failure(transfer.id).await.unwrap();
        assert_eq!((&failure.code, failure.code.bank()), (&ReturnCode::R03, BankAfterReturn::Removed));
        let bank = world.dwolla.funding_sources().retrieve(RETURNING_BANK.to_string().into()).await.unwrap();
        assert!(bank.removed == Some(true) && !bank.is_ready());
        assert_eq!(world.moved(&payment), 0);
    }
}

#[tokio::test]
async fn what_a_code_says_of_the_bank_holds_under_every_rule_of_the_provider() {
    for bank_removal in [BankRemoval::Seed, BankRemoval::Page, BankRemoval::Table] {
        let world = World::start(Switches { bank_removal, ..Switches::default() }).await;
        for code in ReturnCode::KNOWN {
            // Some codes suspend the customer, too.
            let bank = world.sandbox.seed_bank(world.sandbox.seed_customer(false), code.as_str());
            let (_, transfer) = world.pay(&format!("invoice/{code}"), BANK, bank).await;
            world.sandbox.simulate();
            world.sandbox.simulate();
            assert_eq!(&world.dwolla.transfers().failure(transfer.id).await.unwrap().code, code);
            let bank = world.dwolla.funding_sources().retrieve(bank.to_string().into()).await.unwrap();
            match code.bank() {
                BankAfterReturn::Kept => assert_eq!(bank.removed, Some(false), "{code} {bank_removal:?}"),
                BankAfterReturn::Removed => assert_eq!(bank.removed, Some(true), "{code} {bank_removal:?}"),
                BankAfterReturn::Unsure => {}
            }
        }
    }
}

#[tokio::test]
async fn a_late_return_is_shown_by_the_transfer_and_leaves_the_payment_completed() {
    let world = World::start(Switches::default()).await;
    let (payment, transfer) = world.pay("invoice/1", BANK, LATE_RETURNING_BANK).await;
    world.sandbox.simulate();
    world.sandbox.simulate();
    assert!(matches!(payment.settled().await.unwrap(), Settlement::Completed(_)));
    assert_eq!(world.moved(&payment), 1);
    assert_eq!(world.dwolla.returned(&payment).await.unwrap(), None);
    world.sandbox.simulate();
    let returned = world.dwolla.returned(&payment).await.unwrap().unwrap();
    assert_eq!((&returned.transfer.id, returned.transfer.status), (&transfer.id, TransferStatus::Failed));
    assert_eq!(returned.failure.unwrap().code, ReturnCode::R03);
    assert_eq!(world.read(&transfer).await.status, TransferStatus::Failed);
    assert_eq!(world.dwolla.transfers().failure(transfer.id).await.unwrap().code, ReturnCode::R03);
    assert_eq!(world.moved(&payment), 0);
    let again = world.dwolla.find("invoice/1").await.unwrap().unwrap();
    assert!(matches!(again.settled().await.unwrap(), Settlement::Completed(_)));
}

#[tokio::test]
async fn a_late_return_is_what_a_reconciliation_finds() {
    let world = World::start(Switches::default()).await;
    let ever = "2000-01-01T00:00:00Z".parse().unwrap().."2100-01-01T00:00:00Z".parse().unwrap();
    let (late, _) = world.pay("invoice/late", BANK, LATE_RETURNING_BANK).await;
    let (kept, _) = world.pay("invoice/kept", BANK, CUSTOMER_BANK).await;
    world.sandbox.simulate();
    world.sandbox.simulate();
    for payment in [&late, &kept] {
        assert!(matches!(payment.settled().await.unwrap(), Settlement::Completed(_)));
    }
    let agreed = world.dwolla.reconcile(ever.clone()).await.unwrap();
    assert_eq!((agreed.payments, agreed.differences), (2, Vec::new()));
    world.sandbox.simulate();
    assert_eq!((world.moved(&late), world.moved(&kept)), (0, 1));
    let found = world.dwolla.reconcile(ever).await.unwrap();
    let [Difference::CompletedHereOnly { payment, here, there: There::Failed(failure) }] =
        &found.differences[..]
    else {
        panic!("{found}")
    };
    assert_eq!((&payment.name, here.payee_amount), (late.name(), usd("225.00").unwrap()));
    assert!(failure.reason.contains("R03") && found.to_string().contains("R03"), "{found}");
}

const CHAINS: [Chains; 2] = [Chains::Linked, Chains::LinkedUnderOneId];

impl World {
    /// Sends under a provider that makes chains, whose answer to the first request is lost.
    async fn send_unheard(&self, source: impl ToString, destination: impl ToString) -> Payment {
        self.sandbox.on("POST /transfers").nth(1).after_effect().drop_reply();
        let [source, destination] = [source.to_string(), destination.to_string()].map(FundingSourceId::from);
        self.dwolla.transfer("invoice/1", source, destination, usd("225.00").unwrap()).send().await.unwrap()
    }
}

#[tokio::test]
async fn a_payment_that_is_a_chain_of_transfers_is_found_and_paid_once() {
    for chains in CHAINS {
        for output in [Output::Modern, Output::SeedExact] {
            let world = World::start(Switches { chains, output, ..Switches::default() }).await;
            let payment = world.send_unheard(BANK, VERIFIED_BANK).await;
            world.sandbox.simulate();
            world.sandbox.simulate();
            let Settlement::Completed(receipt) = payment.settled().await.unwrap() else {
                panic!("{chains:?}")
            };
            let key = payment.reference_id().to_string();
            let mut movements = world.sandbox.ledger().movements();
            movements.retain(|movement| movement.correlation_id.as_ref() == Some(&key));
            assert_eq!((world.moved(&payment), movements.len()), (1, 1), "{chains:?}");
            assert_eq!(receipt.provider_transaction_id, Some(movements[0].transfer.to_string()));
            assert_eq!(world.dwolla.returned(&payment).await.unwrap(), None);
            let own = world.dwolla.accounts().own().await.unwrap().id;
            let of_us = world.dwolla.transfers().list(own).await.unwrap();
            let steps =
                of_us.iter().filter(|t| t.funded_transfer.is_some() && t.amount == usd("225.00").unwrap());
            assert!(steps.count() >= 2, "the payment, and what funds it: {of_us:?}");
        }
    }
}

#[tokio::test]
async fn a_chain_whose_first_step_is_returned_is_a_failed_payment() {
    for chains in CHAINS {
        let world = World::start(Switches { chains, ..Switches::default() }).await;
        let payment = world.send_unheard(SHORT_BANK, VERIFIED_BANK).await;
        world.sandbox.simulate();
        assert!(matches!(payment.settled().await.unwrap(), Settlement::Failed(_)));
        let returned = world.dwolla.returned(&payment).await.unwrap().unwrap();
        assert_eq!(returned.failure.unwrap().code, ReturnCode::R01);
        assert_eq!(world.moved(&payment), 0);
    }
}

/// The payee has the money, in the balance, and not where it was to go.
#[tokio::test]
async fn a_chain_whose_last_step_is_returned_is_a_completed_payment_and_told_as_returned() {
    for chains in CHAINS {
        for code in ["R03", "R03-late"] {
            let world = World::start(Switches { chains, ..Switches::default() }).await;
            let payee = world.sandbox.seed_customer(true);
            let bank = world.sandbox.seed_bank(payee, code);
            let payment = world.send_unheard(BANK, bank).await;
            for _ in 0..3 {
                world.sandbox.simulate();
            }
            assert!(
                matches!(payment.settled().await.unwrap(), Settlement::Completed(_)),
                "{chains:?} {code}"
            );
            let own = world.dwolla.transfer_of(&payment).await.unwrap().unwrap();
            assert_eq!(own.status, TransferStatus::Processed);
            let returned = world.dwolla.returned(&payment).await.unwrap().unwrap();
            assert_eq!(own.funded_transfer, Some(returned.transfer.id));
            assert_eq!(returned.failure.unwrap().code, ReturnCode::R03);
            assert_eq!(world.moved(&payment), 1);
            let sources = world.dwolla.funding_sources();
            let theirs = sources.list(dwolla::CustomerId::new(payee.to_string())).await.unwrap();
            let balance = theirs.into_iter().find(|source| source.source_type.as_str() == "balance").unwrap();
            assert_eq!(sources.balance(balance.id).await.unwrap().balance, usd("225.00").unwrap());
        }
    }
}

#[tokio::test]
async fn a_cancelled_payment_fails_and_moves_no_money_however_often_it_is_cancelled() {
    for repeated_cancel in [RepeatedCancel::Refused, RepeatedCancel::Answered] {
        for switches in outputs() {
            let world = World::start(Switches { repeated_cancel, ..switches }).await;
            let (payment, transfer) = world.pay("invoice/1", BANK, CUSTOMER_BANK).await;
            assert!(transfer.is_cancellable());
            assert_eq!(world.moved(&payment), 1);
            for _ in 0..2 {
                let Cancellation::Cancelled(transfer) = world.cancel(&transfer).await.unwrap() else {
                    panic!("it is cancelled")
                };
                assert_eq!(transfer.amount, usd("225.00").unwrap());
            }
            let Settlement::Failed(why) = payment.settled().await.unwrap() else { panic!("it failed") };
            assert!(why.recorded && why.reason.contains("cancelled"), "{why}");
            world.sandbox.simulate();
            assert_eq!(world.moved(&payment), 0);
        }
    }
}

#[tokio::test]
async fn a_cancellation_whose_reply_is_lost_is_found_out() {
    let world = World::start(Switches::default()).await;
    let (payment, transfer) = world.pay("invoice/1", BANK, CUSTOMER_BANK).await;
    world.sandbox.on("POST /transfers/{id}").nth(1).after_effect().drop_reply();
    assert!(matches!(world.cancel(&transfer).await.unwrap(), Cancellation::Cancelled(_)));
    assert_eq!(world.moved(&payment), 0);
}

#[tokio::test]
async fn a_transfer_that_a_bank_has_heard_of_is_too_late_to_cancel() {
    for uncancellable in [Uncancellable::NotAllowed, Uncancellable::InvalidResourceState] {
        let world = World::start(Switches { uncancellable, ..Switches::default() }).await;
        let (payment, transfer) = world.pay("invoice/1", BANK, CUSTOMER_BANK).await;
        world.sandbox.simulate();
        let on_its_way = world.cancel(&transfer).await.unwrap();
        assert!(
            matches!(on_its_way, Cancellation::TooLate(transfer) if transfer.status == TransferStatus::Pending)
        );
        world.sandbox.simulate();
        let settled = world.cancel(&transfer).await.unwrap();
        assert!(
            matches!(settled, Cancellation::TooLate(transfer) if transfer.status == TransferStatus::Processed)
        );
        assert!(matches!(payment.settled().await.unwrap(), Settlement::Completed(_)));
        assert_eq!(world.moved(&payment), 1);
    }
}

#[tokio::test]
async fn fees_are_listed_with_their_parent_whatever_the_links() {
    for fees_link in [FeesLink::WithFees, FeesLink::Always, FeesLink::Never] {
        for switches in outputs() {
            let world = World::start(Switches { fees_link, ..switches }).await;
            let (source, destination) = (VERIFIED_BALANCE.to_string(), BALANCE.to_string());
            let payer = dwolla::CustomerId::new(VERIFIED_CUSTOMER.to_string());
            let amount = usd("10.00").unwrap();
            let order =
                world.dwolla.transfer("invoice/1", source.into(), FundingSourceId::new(destination), amount);
            let order =
                order.fee(payer.clone(), usd("2.00").unwrap()).fee(payer.clone(), usd("1.00").unwrap());
            let payment = order.send().await.unwrap();
            assert!(matches!(payment.settled().await.unwrap(), Settlement::Completed(_)));
            let found =
                world.dwolla.transfers().list(payer).correlation_id(payment.reference_id()).await.unwrap();
            let parent = found.iter().find(|transfer| !transfer.is_fee()).unwrap();
            let fees = world.dwolla.transfers().fees(parent.id.clone()).await.unwrap();
            let mut amounts: Vec<_> = fees.iter().map(|fee| fee.amount.to_string()).collect();
            amounts.sort_unstable();
            assert_eq!(amounts, ["1.00 USD", "2.00 USD"]);
            assert!(fees.iter().all(|fee| fee.created_from_transfer.as_ref() == Some(&parent.id)));
            assert_eq!(world.moved(&payment), 1);
        }
    }
}

#[tokio::test]
async fn a_list_is_whole_whatever_its_order_and_the_length_of_its_pages() {
    for list_order in [ListOrder::NewestFirst, ListOrder::OldestFirst] {
        let world = World::start(Switches { list_order, longest_page: 3, ..Switches::default() }).await;
        for number in 0..8 {
            world.pay(&format!("invoice/{number}"), BALANCE, VERIFIED_BALANCE).await;
        }
        let own = world.dwolla.accounts().own().await.unwrap().id;
        assert_eq!(own.as_str(), ACCOUNT.to_string());
        let listed = world.dwolla.transfers().list(own).await.unwrap();
        assert_eq!(listed.len(), 8);
        assert_eq!(world.sandbox.ledger().movements().len(), 8);
    }
}

#[tokio::test]
async fn why_a_sound_transfer_failed_is_an_error_whatever_the_provider_says() {
    for (failure_of_sound, kind) in
        [(FailureOfSound::NotFound, ErrorKind::NotFound), (FailureOfSound::Forbidden, ErrorKind::Forbidden)]
    {
        let world = World::start(Switches { failure_of_sound, ..Switches::default() }).await;
        let (payment, transfer) = world.pay("invoice/1", BALANCE, VERIFIED_BALANCE).await;
        assert_eq!(world.dwolla.transfers().failure(transfer.id).await.unwrap_err().kind(), kind);
        assert_eq!(world.moved(&payment), 1);
    }
}
