//! The real facades, each over a simulated network, disk and clock.

use std::sync::Arc;

use dollr::{
    AccountId, CounterpartyId, Currency, Dollr, DollrRail, Error, InvoiceId, Name, Passcode, PaymentIntentId,
    Secret, Source, WalletId, usd,
};
use dwolla::{CustomerId, Destination, Dwolla, DwollaRail, FundingSourceId};
use payonce::{Payment, Rail};

use super::dwolla_model::{BASE, SOURCE};
use super::journal::Disk;
use super::network::Network;
use super::provider::{amount, id};
use super::world::ProcessClock;

/// A facade in the hands of a process.
pub(super) trait Client: Clone + Send + Sync + 'static {
    /// The provider it is of.
    type Rail: Rail;

    /// The facade over that network, disk and clock.
    fn open(network: Network, disk: &Disk) -> Self;

    /// Takes up what is unfinished.
    fn resume(&self) -> impl Future<Output = Result<usize, Error>> + Send;

    /// Sends a payment: each fourth one is of the same kind.
    fn send(
        &self,
        name: String,
        payment: usize,
    ) -> impl Future<Output = Result<Payment<Self::Rail>, Error>> + Send;

    /// Sends another payment under the name of that one, which nobody may.
    fn send_another(
        &self,
        name: Name,
        payment: usize,
    ) -> impl Future<Output = Result<Payment<Self::Rail>, Error>> + Send;
}

fn clock(network: &Network) -> Arc<ProcessClock> {
    Arc::new(ProcessClock { world: network.world.clone(), process: network.process })
}

impl Client for Dollr {
    type Rail = DollrRail;

    fn open(network: Network, disk: &Disk) -> Self {
        Dollr::builder()
            .client_id("client")
            .client_secret(Secret::new("secret"))
            .base_url(BASE)
            .passcode(Passcode::of_phone(Secret::new("passcode"), "231771234567"))
            .journal_with(Arc::new(disk.clone()))
            .clock(clock(&network))
            .transport(Arc::new(network))
            .build()
            .expect("these settings are whole")
    }

    async fn resume(&self) -> Result<usize, Error> {
        Dollr::resume(self).await
    }

    async fn send(&self, name: String, payment: usize) -> Result<Payment<DollrRail>, Error> {
        let (id, amount) = (id(payment), usd(&amount(payment))?);
        match payment % 4 {
            0 => self.payout(name, AccountId::new(id), amount).send().await,
            1 => self.transfer(name, WalletId::new(1), CounterpartyId::new(id), amount).send().await,
            2 => self.refund(name, PaymentIntentId::new(id), amount).send().await,
            _ => {
                let source = Source::Invoice(InvoiceId::new(id));
                self.collection(name, source, AccountId::new(1), Currency::USD).send().await
            }
        }
    }

    async fn send_another(&self, name: Name, payment: usize) -> Result<Payment<DollrRail>, Error> {
        self.payout(name, AccountId::new(id(payment)), usd("7.00")?).send().await
    }
}

/// Whom a payment pays.
fn payee(payment: usize) -> String {
    format!("07d59716-ef22-4fe6-98e8-{:012}", id(payment))
}

impl Client for Dwolla {
    type Rail = DwollaRail;

    fn open(network: Network, disk: &Disk) -> Self {
        Dwolla::builder()
            .key("client")
            .secret(Secret::new("secret"))
            .base_url(BASE)
            .journal_with(Arc::new(disk.clone()))
            .clock(clock(&network))
            .transport(Arc::new(network))
            .build()
            .expect("these settings are whole")
    }

    async fn resume(&self) -> Result<usize, Error> {
        Dwolla::resume(self).await
    }

    async fn send(&self, name: String, payment: usize) -> Result<Payment<DwollaRail>, Error> {
        let whom = payee(payment);
        let (amount, source) = (usd(&amount(payment))?, FundingSourceId::new(SOURCE));
        let customer = CustomerId::new(&*whom);
        let destination = match payment % 4 {
            0 => Destination::Customer(customer.clone()),
            1 => Destination::FundingSource(FundingSourceId::new(&*whom)),
            2 => Destination::Account(dwolla::AccountId::new(&*whom)),
            _ => Destination::Email(format!("{whom}@example.com")),
        };
        let order = self.transfer(name, source, destination, amount).metadata("note", "completed work");
        match payment % 4 {
            0 => order.fee(customer, usd("1.00")?).clearing_next_available().send().await,
            _ => order.send().await,
        }
    }

    async fn send_another(&self, name: Name, payment: usize) -> Result<Payment<DwollaRail>, Error> {
        let source = FundingSourceId::new(SOURCE);
        self.transfer(name, source, CustomerId::new(payee(payment)), usd("7.00")?).send().await
    }
}
