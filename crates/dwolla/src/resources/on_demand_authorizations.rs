//! On-demand authorizations: what the owner of a bank account agrees to, so that it may be debited more than once.

use payonce::Error;
use payonce_rest::ask;
use serde::{Deserialize, Serialize};

use payonce_rest::created;

use super::{Api, unreadable_answer};
use crate::client::Dwolla;
use crate::ids::OnDemandAuthorizationId;
use crate::links::Pin;

/// The longest text to agree to, in characters.
const LONGEST: usize = 5000;

impl Dwolla {
    /// The authorizations that owners of bank accounts give.
    pub fn on_demand_authorizations(&self) -> OnDemandAuthorizations {
        OnDemandAuthorizations { api: Api::of(self) }
    }
}

/// An authorization, and the words to show to the owner of the bank account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OnDemandAuthorization {
    /// Its id, for [`AddBank::authorized_by`](crate::AddBank::authorized_by).
    pub id: OnDemandAuthorizationId,
    /// What the owner agrees to.
    pub body_text: Option<String>,
    /// What stands on the button to agree with.
    pub button_text: Option<String>,
}

/// The on-demand authorizations.
#[derive(Clone, Debug)]
pub struct OnDemandAuthorizations {
    api: Api,
}

impl OnDemandAuthorizations {
    /// A new authorization. Show its words to the owner of the bank account; when they agree, add the account with it.
    ///
    /// It is sent once. A crash in the middle may leave an authorization that nothing uses, which does no harm.
    ///
    /// # Errors
    /// `Forbidden` when the application may not have it. An error that leaves open whether it was created says so.
    pub async fn create(&self) -> Result<OnDemandAuthorization, Error> {
        let seen = ask!(self.api.wire, |raw| raw.create_on_demand_authorization(None));
        let reply =
            created(seen, "the authorization", "one that nothing uses does no harm, so wait a moment")?;
        self.api.reading(|reader| {
            let id = reader.link("self", reply.links.self_, Pin::on_demand_authorization)?;
            Ok(OnDemandAuthorization {
                id: id.ok_or_else(|| unreadable_answer("an authorization without an id"))?,
                body_text: reply.body_text.map(|text| self.api.wire.clean_to(LONGEST, &text, None)),
                button_text: reader.texts(reply.button_text),
            })
        })
    }
}
