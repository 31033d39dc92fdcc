//! Payouts to people, by name and phone number: the party and the payment account are found or made on the way.
//!
//! What must stay true: a name that the journal knows goes on with the account it was recorded with, whatever accounts
//! were made since, so that what the name stands for never changes; the account is made before the name is recorded, so
//! that a crash in between leaves no more than an account that nothing uses; and no phone number is journaled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use payonce::{Error, ErrorKind, IntoName, Money, Name};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::client::{Dollr, Payment};
use crate::ids::AccountId;
use crate::orders::{Contents, Order, payable};
use crate::phone::Phone;
use crate::rail;
use crate::resources::line;
use crate::resources::methods::{Means, OperationType};
use crate::resources::parties::Party;
use crate::resources::predictions::Preview;

/// Somebody to pay: a name and the phone number of a mobile money account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Payee {
    fullname: String,
    phone: Phone,
    means: Option<Means>,
}

impl Payee {
    /// A payee whose operator is found by the phone number.
    pub fn new(fullname: impl Into<String>, phone: Phone) -> Self {
        Self { fullname: fullname.into(), phone, means: None }
    }

    /// How money reaches the phone, where the number does not tell: a [`PaymentMethod`](crate::PaymentMethod), or
    /// [`Means`]. It is a part of the order: the same name with another method is refused.
    #[must_use]
    pub fn method(mut self, means: impl Into<Means>) -> Self {
        self.means = Some(means.into());
        self
    }

    fn checked(mut self) -> Result<Self, Error> {
        self.fullname = line("the payee's name", self.fullname)?;
        Ok(self)
    }

    /// What the journal keeps of the payee.
    fn mark(&self) -> PayeeMark {
        let digest = Sha256::new().chain_update(b"dollr-payee").chain_update(self.phone.digits()).finalize();
        let mark = format!("{:02x}{:x}", digest[0], digest[1] >> 4);
        PayeeMark { mark, means: self.means.clone() }
    }
}

/// What tells the payees of one name apart in the journal, without telling who they are: twelve bits of a digest of the
/// phone number, which thousands of numbers share. It is the same in every record, so that many tell no more than one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayeeMark {
    mark: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    means: Option<Means>,
}

/// The accounts of payees that this client has found or made. One caller makes each, for all who wait for it.
#[derive(Debug, Default)]
pub(crate) struct Payees {
    known: Mutex<HashMap<Payee, Arc<OnceCell<AccountId>>>>,
}

impl Payees {
    /// The account of a payee. What fails is not remembered.
    async fn account(&self, client: &Dollr, payee: &Payee) -> Result<AccountId, Error> {
        let cell = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(payee.clone()).or_default())
        };
        cell.get_or_try_init(|| make(client, payee)).await.copied()
    }
}

/// Finds or makes the party, and makes an account for it.
async fn make(client: &Dollr, payee: &Payee) -> Result<AccountId, Error> {
    let Payee { fullname, phone, means } = payee;
    let parties = client.parties();
    let found = parties.list().fullname(fullname.as_str()).await?;
    let is_payee = |party: &&Party| party.phone.as_ref() == Some(phone);
    // The oldest, so that all who look find the same.
    let party = match found.iter().filter(is_payee).min_by_key(|party| party.id) {
        Some(party) => party.id,
        None => parties.create(fullname.as_str(), phone.clone()).await?.id,
    };
    let mut account =
        client.accounts().mobile_money(OperationType::Payout, party, fullname.as_str(), phone.clone());
    if let Some(means) = means {
        account = account.method(means.clone());
    }
    let account = account.await?;
    if !account.is_active {
        let message = "the provider has made the payee's account, but no money can go through it";
        return Err(Error::new(ErrorKind::Refused, message));
    }
    Ok(account.id)
}

impl Dollr {
    /// Pays out of the merchant's wallet to a person's phone.
    ///
    /// The name is the payment's for life, as with [`payout`](Self::payout); the party and the payment account are found
    /// or made when it is sent.
    ///
    /// ```no_run
    /// use dollr::{Dollr, Payee, Phone, usd};
    ///
    /// # async fn pay(dollr: Dollr) -> Result<(), dollr::Error> {
    /// let ama = Payee::new("Amara Kamara", Phone::new("+231 770-000-000")?);
    /// let payout = dollr.payout_to("salary/2026-11/ama", ama, usd("250.00")?);
    /// println!("this will cost {}", payout.preview().await?.payer_amount);
    /// payout.send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn payout_to(&self, name: impl IntoName, payee: Payee, amount: Money) -> PayoutTo {
        PayoutTo { client: self.clone(), name: name.into_name(), payee, amount }
    }
}

/// A payout to a person that is asked for and not yet made. Nothing happens before [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "an order does nothing before it is sent"]
pub struct PayoutTo {
    client: Dollr,
    name: Result<Name, Error>,
    payee: Payee,
    amount: Money,
}

impl PayoutTo {
    /// What it will come to: the amounts and fees that settle, unless the provider changes its rates in between. Reads
    /// only, and makes no account.
    ///
    /// # Errors
    /// `Invalid` when the amount cannot be paid; `Refused` when the phone number is no operator's; otherwise what kept
    /// the provider's word from being read.
    pub async fn preview(&self) -> Result<Preview, Error> {
        let amount = payable(self.amount)?;
        let ask = self.client.predictions();
        let means = match &self.payee.means {
            Some(means) => means.clone(),
            None => (&ask.mobile_money(OperationType::Payout, &self.payee.phone).await?).into(),
        };
        ask.amount(OperationType::Payout, means, amount).await
    }

    /// What the journal will hold of it if the payee's account is this one, as [`Order::contents`].
    ///
    /// # Errors
    /// `Invalid` when the order is not in order.
    pub fn contents(&self, account: AccountId) -> Result<String, Error> {
        let payee = self.payee.clone().checked()?;
        let contents = Contents::Payout { account, amount: self.amount, payee: Some(payee.mark()) };
        Order::new(&self.client, &self.name.clone()?, contents).contents()
    }

    /// Makes the payment, or takes up the one of that name.
    ///
    /// A name that the journal knows goes on with the account it has, without a question to the provider about people or
    /// accounts. Otherwise the party is looked for by its name and phone number and made if there is none, an account is
    /// made (this client makes one for each payee and keeps its id in memory), and the payout is sent as
    /// [`Order::send`] does, with all that holds for it.
    ///
    /// A crash before the name is recorded may leave a party or an account that nothing uses. A crash after that is taken
    /// up under the same account. When the journal is lost, another account may be made, but the key is the same, and
    /// the provider executes a key once.
    ///
    /// # Errors
    /// As [`Order::send`]; `Refused` when the phone number is no operator's, or the provider lets no money through the
    /// account. `NameTaken` when the name belongs to a payment of another kind or amount, or to somebody with another
    /// phone number or method (one wrong number in four thousand is not noticed, because the journal does not hold it;
    /// then nothing more is paid).
    pub async fn send(self) -> Result<Payment, Error> {
        let name = self.name?;
        let (client, payee) = (self.client, self.payee.checked()?);
        let amount = payable(self.amount)?;
        if !client.rail().has_passcode() {
            return Err(rail::no_passcode());
        }
        let order = |account| {
            let contents = Contents::Payout { account, amount, payee: Some(payee.mark()) };
            Order::new(&client, &name, contents)
        };
        if let Some(account) = recorded(&client, &name).await? {
            return order(account).send().await;
        }
        let account = client.payees().account(&client, &payee).await?;
        match order(account).send().await {
            // Somebody else has recorded the name in the meantime, perhaps with another account of the same payee.
            Err(error) if error.kind() == ErrorKind::NameTaken => match recorded(&client, &name).await? {
                Some(theirs) if theirs != account => order(theirs).send().await,
                _ => Err(error),
            },
            sent => sent,
        }
    }
}

/// The account that a name was recorded with.
async fn recorded(client: &Dollr, name: &Name) -> Result<Option<AccountId>, Error> {
    let Some(payment) = client.find(name).await? else { return Ok(None) };
    let contents = serde_json::from_str(&payment.record().intent.contents);
    match contents.map_err(|error| rail::damaged().with_source(error))? {
        Contents::Payout { account, .. } => Ok(Some(account)),
        _ => {
            let operation = payment.operation().clone();
            let message = format!("the name {:?} already belongs to a {operation}", name.as_str());
            let taken = Error::new(ErrorKind::NameTaken, message);
            Err(taken.with_payment(operation, payment.reference_id()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::words::PaymentMethod;

    fn payee(phone: &str) -> Payee {
        Payee::new("Amara Kamara", Phone::new(phone).unwrap())
    }

    /// It is a part of the journaled text of an order. A change here would refuse every old name.
    #[test]
    fn the_mark_of_a_payee_is_for_life_and_tells_no_number() {
        let mark = |payee: Payee| serde_json::to_string(&payee.mark()).unwrap();
        assert_eq!(mark(payee("231771234567")), r#"{"mark":"85e"}"#);
        assert_eq!(
            mark(payee("231771234567").method(PaymentMethod::MtnMomoLbr)),
            r#"{"mark":"85e","means":{"method":"MTN_MOMO_LBR","provider":"MTN_MOMO_LBR"}}"#
        );
    }

    #[test]
    fn the_marks_of_numbers_that_differ_by_a_digit_differ_and_many_numbers_share_each() {
        let marks: Vec<_> = (0..10_000).map(|n| payee(&format!("23177{n:07}")).mark().mark).collect();
        let differ = marks.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(differ > 9_980, "{differ}");
        let distinct: std::collections::HashSet<_> = marks.iter().collect();
        assert!(distinct.len() <= 4096 && distinct.len() > 3000, "{}", distinct.len());
    }
}
