// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

mod checkouts;
mod counterparties;
mod executions;
mod fees;
mod invoices;
mod jwt;
mod links;
mod merchants;
mod orders;
mod parties;
mod payment_accounts;
mod predictions;
mod realtime_keys;
mod sessions;
mod shared;
mod status;
pub use self::checkouts::*;
pub use self::counterparties::*;
pub use self::executions::*;
pub use self::fees::*;
pub use self::invoices::*;
pub use self::jwt::*;
pub use self::links::*;
pub use self::merchants::*;
pub use self::orders::*;
pub use self::parties::*;
pub use self::payment_accounts::*;
pub use self::predictions::*;
pub use self::realtime_keys::*;
pub use self::sessions::*;
pub use self::shared::*;
pub use self::status::*;

/// Error types.
pub mod error {
    /// Error from a `TryFrom` or `FromStr` implementation.
    pub struct ConversionError(::std::borrow::Cow<'static, str>);
    impl ::std::error::Error for ConversionError {}
    impl ::std::fmt::Display for ConversionError {
        fn fmt(
            &self,
            f: &mut ::std::fmt::Formatter<'_>,
        ) -> Result<(), ::std::fmt::Error> {
            ::std::fmt::Display::fmt(&self.0, f)
        }
    }
    impl ::std::fmt::Debug for ConversionError {
        fn fmt(
            &self,
            f: &mut ::std::fmt::Formatter<'_>,
        ) -> Result<(), ::std::fmt::Error> {
            ::std::fmt::Debug::fmt(&self.0, f)
        }
    }
    impl From<&'static str> for ConversionError {
        fn from(value: &'static str) -> Self {
            Self(value.into())
        }
    }
    impl From<String> for ConversionError {
        fn from(value: String) -> Self {
            Self(value.into())
        }
    }
}
