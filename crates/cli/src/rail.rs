//! The rails that money goes over, as the command line and the journal name them.
//!
//! What must stay true: a payment is found on the rail that it was made on, and where one name is on two rails, nothing
//! is done before somebody says which is meant.

use std::fmt;

use clap::{Args, ValueEnum};
use payonce::journal::{Journal, Key, Record};
use payonce::step::Terms;
use payonce::{Error, ErrorKind, Name};
use serde::{Deserialize, Serialize};

/// A rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rail {
    /// Mobile money and cards in Africa.
    Dollr,
    /// Bank transfers in the United States.
    Dwolla,
}

impl Rail {
    /// Its name in the journal.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dollr => "dollr",
            Self::Dwolla => "dwolla",
        }
    }

    /// What holds for its payments.
    pub(crate) fn terms(self) -> Terms {
        match self {
            Self::Dollr => Terms::default(),
            Self::Dwolla => dwolla::DwollaRail::TERMS,
        }
    }

    /// The one that it is not.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Dollr => Self::Dwolla,
            Self::Dwolla => Self::Dollr,
        }
    }
}

impl fmt::Display for Rail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where to look for payments that are in the journal.
#[derive(Debug, Args)]
pub(crate) struct Rails {
    /// Only on this rail; otherwise on both.
    #[arg(long)]
    rail: Option<Rail>,
}

impl Rails {
    /// Only this one.
    pub(crate) fn of(rail: Rail) -> Self {
        Self { rail: Some(rail) }
    }

    /// The rails that are meant.
    pub(crate) fn each(&self) -> &[Rail] {
        match &self.rail {
            Some(rail) => std::slice::from_ref(rail),
            None => Rail::value_variants(),
        }
    }

    /// Finds a payment by its name, or by the key of any of its attempts. A name may look like a key, so it is taken for
    /// a name if no payment has the key.
    pub(crate) async fn find(
        &self,
        journal: &dyn Journal,
        payment: &Name,
    ) -> Result<Option<(Rail, Record)>, Error> {
        if let Ok(key) = payment.as_str().parse() {
            for rail in self.each() {
                if let Some(record) = journal.find(rail.name(), Key::ReferenceId(key)).await? {
                    return Ok(Some((*rail, record)));
                }
            }
        }
        self.find_by_name(journal, payment).await
    }

    /// Finds a payment by its name.
    pub(crate) async fn find_by_name(
        &self,
        journal: &dyn Journal,
        name: &Name,
    ) -> Result<Option<(Rail, Record)>, Error> {
        let mut found = None;
        for rail in self.each() {
            let Some(record) = journal.find(rail.name(), Key::Name(name.clone())).await? else { continue };
            if let Some((other, _)) = found.replace((*rail, record)) {
                let message = format!(
                    "there is a payment {name:?} on {other} and another on {rail}, and nothing was done to either; \
                     say which is meant with --rail"
                );
                return Err(Error::new(ErrorKind::Invalid, message));
            }
        }
        Ok(found)
    }
}
