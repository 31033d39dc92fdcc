//! Accounts with the provider, and which of them is the application's own.

use payonce::Error;
use payonce_rest::ask;
use serde::{Deserialize, Serialize};

use super::{Api, unreadable_answer};
use crate::client::Dwolla;
use crate::ids::AccountId;
use crate::links::{Link, Pin};

impl Dwolla {
    /// The accounts with the provider.
    pub fn accounts(&self) -> Accounts {
        Accounts { api: Api::of(self) }
    }
}

/// An account with the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What it is called.
    pub name: Option<String>,
}

/// The accounts: the application's own, and any by its id.
///
/// ```no_run
/// # async fn own(dwolla: dwolla::Dwolla) -> Result<(), dwolla::Error> {
/// let own = dwolla.accounts().own().await?;
/// for source in dwolla.funding_sources().list(own.id).await? {
///     println!("{} {:?}", source.id, source.name);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Accounts {
    api: Api,
}

impl Accounts {
    /// The account of the application itself, which fees go to. Reads only, in two requests.
    ///
    /// # Errors
    /// What kept the provider's word from being read.
    pub async fn own(&self) -> Result<Account, Error> {
        let links = ask!(self.api.wire, |raw| raw.retrieve_root()).success()?.links;
        let id = self.api.reading(|reader| reader.link("account", links.account, Pin::account))?;
        self.retrieve(id.ok_or_else(|| unreadable_answer("a root that names no account"))?).await
    }

    /// The account of that id. Reads only.
    ///
    /// # Errors
    /// `Invalid` when the id has not the shape of one; `NotFound` or `Forbidden` when there is none for this
    /// application; otherwise what kept the provider's word from being read.
    pub async fn retrieve(&self, id: AccountId) -> Result<Account, Error> {
        let id = id.checked()?;
        let reply = ask!(self.api.wire, |raw| raw.retrieve_account(id.as_str())).success()?;
        self.api.reading(|reader| {
            let links = reply.links.unwrap_or_default();
            reader.is_own("self", links.self_.as_ref(), &Link::Account(id.clone()))?;
            reader.is_same(&reply.id, &id, "account")?;
            Ok(Account { id: id.clone(), name: reader.texts(reply.name) })
        })
    }
}
