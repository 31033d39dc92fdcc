//! Who the merchant is. (The API shows no wallets: a payout's session names the one it takes, and so does the portal.)

use std::sync::Arc;

use payonce::Error;
use serde::{Deserialize, Serialize};

use super::{Reader, wire};
use crate::client::Dollr;
use crate::ids::MerchantId;
use crate::phone::Phone;
use crate::raw::types;
use crate::transport::{Wire, ask};

impl Dollr {
    /// The merchant, as the provider knows it.
    pub fn merchant(&self) -> Merchants {
        Merchants { wire: wire(self) }
    }
}

payonce_rest::open_enum! {
    /// What kind of business a merchant is.
    MerchantType from crate::raw::enums::MerchantType {
        /// A sole proprietor.
        MicroOrganization = "MICRO_ORGANIZATION",
        /// A registered firm.
        Organization = "ORGANIZATION",
    }
}

payonce_rest::open_enum! {
    /// What kind of owner something has.
    OwnerType from crate::raw::enums::OwnerType {
        /// A person.
        User = "USER",
        /// A sole proprietor.
        MicroOrganization = "MICRO_ORGANIZATION",
        /// A registered firm.
        Organization = "ORGANIZATION",
    }
}

impl From<MerchantType> for OwnerType {
    fn from(kind: MerchantType) -> Self {
        match kind {
            MerchantType::MicroOrganization => Self::MicroOrganization,
            MerchantType::Organization => Self::Organization,
            MerchantType::Other(word) => Self::Other(word),
        }
    }
}

/// A merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Merchant {
    /// Its id.
    pub id: MerchantId,
    /// What kind of business it is.
    pub merchant_type: MerchantType,
    /// Its name.
    pub name: String,
    /// Its email address.
    pub email: Option<String>,
    /// Its phone number.
    pub phone: Option<Phone>,
}

impl Merchant {
    fn read(reply: types::MerchantInfoResponse, reader: Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: reply.id.into(),
            merchant_type: reply.type_.into(),
            name: reader.text(&reply.name),
            email: reader.texts(reply.email),
            phone: reader.phone("phone", reply.phone.as_deref())?,
        })
    }
}

/// The merchant's own record.
#[derive(Clone, Debug)]
pub struct Merchants {
    wire: Arc<Wire>,
}

impl Merchants {
    /// What the provider knows of a merchant. Reads only.
    ///
    /// ```no_run
    /// # async fn info(dollr: dollr::Dollr) -> Result<(), dollr::Error> {
    /// use dollr::{MerchantId, MerchantType};
    ///
    /// let merchant = dollr.merchant().info(MerchantType::Organization, MerchantId::new(42)).await?;
    /// println!("{}", merchant.name);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Invalid` when the id is not positive; `NotFound` when it is not this merchant; otherwise what kept the
    /// provider's word from being read.
    pub async fn info(&self, kind: MerchantType, id: MerchantId) -> Result<Merchant, Error> {
        let (id, kind) = (id.checked()?.value(), kind.into());
        let seen = ask!(self.wire, |raw| raw.get_merchant_info(id, &kind));
        Merchant::read(seen.success()?, Reader(&self.wire))
    }
}
