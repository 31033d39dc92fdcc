//! What the provider charges, as rates. What a payment comes to is asked with a prediction.

use std::sync::Arc;

use payonce::{Currency, Error, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::merchant::OwnerType;
use super::methods::OperationType;
use super::words::PaymentMethod;
use super::{Reader, wire};
use crate::client::Dollr;
use crate::ids::MerchantId;
use crate::raw::types;
use crate::transport::{Wire, ask};

impl Dollr {
    /// What the provider charges.
    pub fn fees(&self) -> Fees {
        Fees { wire: wire(self) }
    }
}

/// What a gateway charges for one kind of movement by one method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GatewayFee {
    /// Its number.
    pub id: i64,
    /// The number of whoever carries the payment out.
    pub provider_id: i64,
    /// For which movement.
    pub operation_type: OperationType,
    /// For which method.
    pub payment_method: PaymentMethod,
    /// The share of the amount, in percent.
    #[serde(with = "rust_decimal::serde::str")]
    pub percentage: Decimal,
    /// What is charged beside it.
    #[serde(with = "rust_decimal::serde::str_option")]
    pub fixed_fee: Option<Decimal>,
    /// In which currency; in that of the movement when there is none.
    pub fixed_fee_currency: Option<Currency>,
    /// From when on.
    pub effective_from: Option<Timestamp>,
    /// Until when.
    pub effective_to: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl GatewayFee {
    fn read(reply: types::FeeWithProviderResponse, reader: Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: reply.id,
            provider_id: reply.provider_id,
            operation_type: reply.operation_type.into(),
            payment_method: reply.payment_method.into(),
            percentage: reply.percentage.decimal(),
            fixed_fee: reply.fixed_fee.map(|fee| fee.decimal()),
            fixed_fee_currency: reader
                .currencies("fixed_fee_currency", reply.fixed_fee_currency.as_slice())?
                .pop(),
            effective_from: reply.effective_from.map(|at| at.utc()),
            effective_to: reply.effective_to.map(|at| at.utc()),
            created_at: reply.created_at.utc(),
            updated_at: reply.updated_at.utc(),
        })
    }
}

/// What the platform charges for one kind of movement on one tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlatformFee {
    /// Its number.
    pub id: i64,
    /// For which movement.
    pub operation_type: OperationType,
    /// For which method; for every one when there is none.
    pub payment_method: Option<PaymentMethod>,
    /// The share of the amount, in percent.
    #[serde(with = "rust_decimal::serde::str")]
    pub percentage: Decimal,
    /// The share that an exchange of currencies costs, in percent.
    #[serde(with = "rust_decimal::serde::str")]
    pub fx_percentage: Decimal,
    /// What is charged beside them.
    #[serde(with = "rust_decimal::serde::str_option")]
    pub fixed_fee: Option<Decimal>,
    /// In which currency; in that of the movement when there is none.
    pub fixed_fee_currency: Option<Currency>,
    /// From when on.
    pub effective_from: Timestamp,
    /// Until when.
    pub effective_to: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The tier it belongs to.
    pub tier: Option<FeeTier>,
}

impl PlatformFee {
    fn read(reply: types::FeeTierRateResponse, reader: Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: reply.id,
            operation_type: reply.operation_type.into(),
            payment_method: reply.payment_method.map(Into::into),
            percentage: reply.percentage.decimal(),
            fx_percentage: reply.fx_percentage.decimal(),
            fixed_fee: reply.fixed_fee.map(|fee| fee.decimal()),
            fixed_fee_currency: reader
                .currencies("fixed_fee_currency", reply.fixed_fee_currency.as_slice())?
                .pop(),
            effective_from: reply.effective_from.utc(),
            effective_to: reply.effective_to.map(|at| at.utc()),
            created_at: reply.created_at.utc(),
            tier: reply.tier.map(|tier| FeeTier::nested(tier, reader)),
        })
    }
}

/// A named plan of platform fees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FeeTier {
    /// Its number.
    pub id: i64,
    /// Its name, by which [`Fees::platform`] is asked.
    pub name: String,
    /// Whether it applies to merchants without a tier of their own.
    pub is_default: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl FeeTier {
    fn nested(reply: types::FeeTier, reader: Reader<'_>) -> Self {
        let types::FeeTier { created_at, id, is_default, name, updated_at } = reply;
        let (created_at, updated_at) = (created_at.utc(), updated_at.utc());
        Self { id, name: reader.text(&name), is_default, created_at, updated_at }
    }

    fn listed(reply: types::FeeTierResponse, reader: Reader<'_>) -> Self {
        let types::FeeTierResponse { created_at, id, is_default, name, updated_at } = reply;
        Self::nested(types::FeeTier { created_at, id, is_default, name, updated_at }, reader)
    }
}

/// Which tier a merchant is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MerchantTier {
    /// The number of the assignment.
    pub id: i64,
    /// Whose tier it is.
    pub owner_id: MerchantId,
    /// What kind of owner that is.
    pub owner_type: OwnerType,
    /// When it was assigned.
    pub assigned_at: Timestamp,
    /// Who assigned it.
    pub assigned_by: Option<String>,
    /// The tier; the default one when there is none.
    pub tier: Option<FeeTier>,
}

impl MerchantTier {
    fn read(reply: types::MerchantFeeResponse, reader: Reader<'_>) -> Self {
        Self {
            id: reply.id,
            owner_id: reply.owner_id.into(),
            owner_type: reply.owner_type.into(),
            assigned_at: reply.assigned_at.utc(),
            assigned_by: reader.texts(reply.assigned_by),
            tier: reply.tier.map(|tier| FeeTier::nested(tier, reader)),
        }
    }
}

/// The provider's rates. Every call reads only.
///
/// ```no_run
/// use dollr::{Dollr, OperationType, PaymentMethod};
///
/// # async fn rates(dollr: Dollr) -> Result<(), dollr::Error> {
/// let gateway = dollr.fees().gateway(OperationType::Payout, PaymentMethod::MtnMomoLbr).await?;
/// let tiers = dollr.fees().tiers().await?;
/// if let Some(tier) = tiers.iter().find(|tier| tier.is_default) {
///     let platform = dollr.fees().platform(OperationType::Payout, &tier.name).await?;
///     println!("{} % and {} %", gateway.percentage, platform.percentage);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Fees {
    wire: Arc<Wire>,
}

impl Fees {
    /// What the gateway charges for a kind of movement by a method.
    ///
    /// # Errors
    /// `NotFound` when the method does not serve that movement; otherwise what kept the provider's word from being
    /// read.
    pub async fn gateway(
        &self,
        operation: OperationType,
        method: PaymentMethod,
    ) -> Result<GatewayFee, Error> {
        let (operation, method) = (operation.into(), method.into());
        let seen = ask!(self.wire, |raw| raw.get_gateway_fees(&operation, &method));
        GatewayFee::read(seen.success()?, Reader(&self.wire))
    }

    /// What the platform charges for a kind of movement on the tier of that name.
    ///
    /// # Errors
    /// `NotFound` when there is no such tier; otherwise what kept the provider's word from being read.
    pub async fn platform(&self, operation: OperationType, tier: &str) -> Result<PlatformFee, Error> {
        let operation = operation.into();
        let seen = ask!(self.wire, |raw| raw.get_platform_fees(tier, &operation));
        PlatformFee::read(seen.success()?, Reader(&self.wire))
    }

    /// Which tier a merchant is on.
    ///
    /// # Errors
    /// `Invalid` when the id is not positive; `NotFound` when it is not this merchant; otherwise what kept the
    /// provider's word from being read.
    pub async fn merchant_tier(
        &self,
        owner: impl Into<OwnerType>,
        id: MerchantId,
    ) -> Result<MerchantTier, Error> {
        let (id, owner) = (id.checked()?.value(), owner.into().into());
        let seen = ask!(self.wire, |raw| raw.get_merchant_fee_tier(id, &owner));
        Ok(MerchantTier::read(seen.success()?, Reader(&self.wire)))
    }

    /// Every tier there is.
    ///
    /// # Errors
    /// What kept the provider's word from being read.
    pub async fn tiers(&self) -> Result<Vec<FeeTier>, Error> {
        let seen = ask!(self.wire, |raw| raw.list_fee_tier());
        let reader = Reader(&self.wire);
        Ok(seen.success()?.into_iter().map(|tier| FeeTier::listed(tier, reader)).collect())
    }
}
