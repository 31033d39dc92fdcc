//! A bank account that is added to a customer.
//!
//! What must stay true: the account number goes to the provider and nowhere else, whatever the provider says of it.

use std::fmt;
use std::future::IntoFuture;

use payonce::{BoxFuture, Error, ErrorKind, Secret};
use payonce_rest::{ask, hide, located};

use super::funding_sources::{BankAccountType, LONGEST_NAME};
use super::{Api, line};
use crate::ids::{CustomerId, FundingSourceId, OnDemandAuthorizationId};
use crate::links::{Link, Pin};
use crate::raw::types;

/// A bank account that is asked for and not yet added. Nothing happens before it is awaited.
///
/// Awaiting it sends it once, and returns its id. A crash in the middle may leave it added; the provider refuses the same
/// account a second time, and names the one that there is: [`or_existing`](Self::or_existing) takes it. What is added this
/// way is `unverified`, so money can go to it and not yet come from it.
///
/// # Errors
/// `Invalid` when the routing number is none (nine digits, the last of them a checksum), the account number has not 4 to
/// 17 digits, or the name is no line of up to 50 characters; `NotFound` when there is no such customer; `Refused` when
/// the provider says no. An error that leaves open whether it was added says so.
#[derive(Clone)]
#[must_use = "a bank account is not added before it is awaited"]
pub struct AddBank {
    api: Api,
    customer: CustomerId,
    routing_number: String,
    account_number: Secret,
    bank_account_type: BankAccountType,
    name: String,
    authorization: Option<OnDemandAuthorizationId>,
    or_existing: bool,
}

impl fmt::Debug for AddBank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddBank")
            .field("customer", &self.customer)
            .field("bank_account_type", &self.bank_account_type)
            .field("authorization", &self.authorization)
            .finish_non_exhaustive()
    }
}

impl AddBank {
    pub(super) fn new(
        api: Api,
        customer: CustomerId,
        routing_number: String,
        account_number: Secret,
        bank_account_type: BankAccountType,
        name: String,
    ) -> Self {
        Self {
            api,
            customer,
            routing_number,
            account_number,
            bank_account_type,
            name,
            authorization: None,
            or_existing: false,
        }
    }

    /// Takes the same bank account if the customer has it already: with it, an addition whose answer was lost can be sent
    /// again. Its name is the one that it has.
    pub fn or_existing(mut self) -> Self {
        self.or_existing = true;
        self
    }

    /// Says what its owner agreed to: an authorization from
    /// [`on_demand_authorizations`](crate::Dwolla::on_demand_authorizations).
    pub fn authorized_by(mut self, authorization: OnDemandAuthorizationId) -> Self {
        self.authorization = Some(authorization);
        self
    }

    async fn run(self) -> Result<FundingSourceId, Error> {
        let customer = self.customer.checked()?;
        let number = self.account_number.expose();
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !(4..=17).contains(&number.len()) {
            return Err(Error::new(ErrorKind::Invalid, "the account number has not 4 to 17 digits"));
        }
        if !is_routing_number(&self.routing_number) {
            let message = "the routing number has not nine digits, or its last digit does not fit the others";
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        let authorization = self.authorization.map(OnDemandAuthorizationId::checked).transpose()?;
        let links = authorization.map(|id| {
            let href = self.api.pin.href(&Link::OnDemandAuthorization(id));
            let link = types::Link { href, resource_type: None, type_: None };
            types::CreateFundingSourceLinks { on_demand_authorization: Some(link) }
        });
        let asked = types::CreateFundingSource {
            account_number: number.into(),
            bank_account_type: self.bank_account_type.into(),
            links,
            name: line("the bank account's name", self.name, LONGEST_NAME)?,
            routing_number: self.routing_number,
        };
        let id = customer.as_str();
        let seen = ask!(self.api.wire, |raw| located(raw.create_customer_funding_source(id, None, &asked)));
        let look = "list the customer's funding sources";
        let made = self.api.made(seen, Pin::funding_source, ("the bank account", look), self.or_existing);
        made.map_err(|error| hide(error, number, "[redacted]"))
    }
}

impl IntoFuture for AddBank {
    type Output = Result<FundingSourceId, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Whether the text has nine digits whose weighted sum, by 3, 7 and 1 in turn, is a multiple of ten.
fn is_routing_number(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(10)).collect();
    digits.filter(|digits| digits.len() == 9).is_some_and(|digits| {
        let sum: u32 = digits.iter().zip([3, 7, 1].iter().cycle()).map(|(digit, by)| digit * by).sum();
        sum > 0 && sum.is_multiple_of(10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routing_number_has_nine_digits_that_fit() {
        for good in ["222222226", "011000015", "021000021", "322271627"] {
            assert!(is_routing_number(good), "{good}");
        }
        for bad in
            ["222222227", "22222222", "2222222260", "", "000000000", "22222222a", " 22222226", "٢٢٢٢٢٢٢٢٦"]
        {
            assert!(!is_routing_number(bad), "{bad}");
        }
    }
}
