//! Simulations: what makes time pass for bank transfers in a sandbox.

use payonce::{Error, ErrorKind};
use payonce_rest::ask;

use super::{Api, unreadable_answer};
use crate::client::Dwolla;

impl Dwolla {
    /// What moves bank transfers on in a sandbox, where they would be pending for ever.
    pub fn simulations(&self) -> Simulations {
        Simulations { api: Api::of(self) }
    }
}

/// The simulations of a sandbox.
#[derive(Clone, Debug)]
pub struct Simulations {
    api: Api,
}

impl Simulations {
    /// Settles or fails up to 500 pending bank transfers, and returns how many. A transfer from a bank to a bank takes
    /// two: one for each bank.
    ///
    /// # Errors
    /// `Invalid`, before anything is sent, when the base URL is that of production; otherwise what kept the provider's
    /// word from being read, and asking again does no harm.
    pub async fn run(&self) -> Result<u64, Error> {
        if self.api.pin.is_production() {
            return Err(Error::new(
                ErrorKind::Invalid,
                "there are simulations in a sandbox only, and this is production",
            ));
        }
        let total = ask!(self.api.wire, |raw| raw.simulate_bank_transfers(None)).success()?.total;
        u64::try_from(total).map_err(|_| unreadable_answer("less than no transfers"))
    }
}
