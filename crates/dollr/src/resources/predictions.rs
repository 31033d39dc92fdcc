//! What the provider says beforehand: what a payment will cost, and which operator a phone or bank a card belongs to.
//!
//! What must stay true: what is asked is exactly what is then paid, so that the amounts are the ones that settle.

use std::future::IntoFuture;
use std::sync::Arc;

use payonce::{BoxFuture, Currency, Error, Money};
use serde::{Deserialize, Serialize};

use super::merchant::OwnerType;
use super::methods::{Means, OperationType};
use super::words::{FeeBearer, PaymentMethod, PaymentProvider};
use super::{Reader, hiding, line, wire};
use crate::client::Dollr;
use crate::ids::MerchantId;
use crate::orders::Source;
use crate::phone::Phone;
use crate::raw::types;
use crate::transport::{Wire, ask};

impl Dollr {
    /// What a payment will cost, and what belongs to a phone number or card.
    pub fn predictions(&self) -> Predictions {
        Predictions::over(wire(self))
    }
}

/// What a payment will come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Preview {
    /// What the payer is charged, fees included where the payer bears them.
    pub payer_amount: Money,
    /// What the payee receives.
    pub payee_amount: Money,
    /// What the platform takes.
    pub platform_fee: Money,
    /// What the gateway takes.
    pub gateway_fee: Option<Money>,
    /// What an exchange of currencies costs, in the currency of the platform's fee: the provider names no other.
    pub fx_fee: Option<Money>,
}

impl Preview {
    fn read(reply: &types::AmountAndFeePredictionResponse, reader: Reader<'_>) -> Result<Self, Error> {
        let gateway_currency = reply.gateway_currency.as_deref().unwrap_or(&reply.platform_currency);
        let gateway_fee = reply.gateway_fee.as_ref();
        let fx_fee = reply.fx_fee.as_ref();
        Ok(Self {
            payer_amount: reader.money(
                "payer_currency",
                reply.payer_amount.decimal(),
                &reply.payer_currency,
            )?,
            payee_amount: reader.money(
                "payee_currency",
                reply.payee_amount.decimal(),
                &reply.payee_currency,
            )?,
            platform_fee: reader.money(
                "platform_currency",
                reply.platform_fee.decimal(),
                &reply.platform_currency,
            )?,
            gateway_fee: gateway_fee
                .map(|fee| reader.money("gateway_currency", fee.decimal(), gateway_currency))
                .transpose()?,
            fx_fee: fx_fee
                .map(|fee| reader.money("platform_currency", fee.decimal(), &reply.platform_currency))
                .transpose()?,
        })
    }
}

/// The operator of a phone number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MobileMoney {
    /// What the operator is called.
    pub carrier: String,
    /// Where it is: two letters of ISO 3166, such as `LR`.
    pub country: String,
    /// What it pays in.
    pub currencies: Vec<Currency>,
    /// The number that was asked about.
    pub phone: Phone,
    /// The method that reaches it.
    pub payment_method: PaymentMethod,
    /// Who carries that out.
    pub gateway_provider: PaymentProvider,
    /// For which movement that holds.
    pub operation_type: OperationType,
}

/// What is known of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Card {
    /// Its brand, such as `visa`.
    pub brand: String,
    /// Where it is from: two letters of ISO 3166, such as `US`.
    pub country: String,
    /// What it pays in.
    pub currencies: Vec<Currency>,
    /// The card form's reference to it, that was asked about.
    pub payment_method_id: String,
    /// The method that charges it.
    pub payment_method: PaymentMethod,
    /// Who carries that out.
    pub gateway_provider: PaymentProvider,
    /// For which movement that holds.
    pub operation_type: OperationType,
}

/// The provider's predictions. Every call reads only.
///
/// ```no_run
/// use dollr::{Currency, Dollr, OperationType, PaymentMethod, Phone, Source, usd};
///
/// # async fn predictions(dollr: Dollr) -> Result<(), dollr::Error> {
/// let phone = Phone::new("+231 770-000-000")?;
/// let operator = dollr.predictions().mobile_money(OperationType::Payout, &phone).await?;
/// let payout = dollr
///     .predictions()
///     .amount(OperationType::Payout, &operator, usd("250.00")?)
///     .await?;
/// println!("the wallet pays {}", payout.payer_amount);
///
/// let invoice = Source::Invoice(101.into());
/// let collection = dollr.predictions().source(invoice, PaymentMethod::MtnMomoLbr, Currency::LRD).await?;
/// println!("the customer pays {}, we get {}", collection.payer_amount, collection.payee_amount);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Predictions {
    wire: Arc<Wire>,
}

impl Predictions {
    pub(crate) fn over(wire: Arc<Wire>) -> Self {
        Self { wire }
    }

    /// What a movement of that amount comes to, by a [`PaymentMethod`], or through a [`PaymentAccount`](crate::PaymentAccount).
    pub fn amount(&self, operation: OperationType, by: impl Into<Means>, amount: Money) -> PredictAmount {
        PredictAmount {
            wire: Arc::clone(&self.wire),
            operation,
            means: by.into(),
            amount,
            target: amount.currency(),
            bearer: FeeBearer::Payer,
            owner: None,
        }
    }

    /// What collecting an invoice or order comes to, by a [`PaymentMethod`] or from an account, when the payer pays in
    /// that currency.
    ///
    /// # Errors
    /// `Invalid` when the id is not positive; `NotFound` when there is no such source; `Refused` when the method does
    /// not pay in that currency; otherwise what kept the provider's word from being read.
    pub async fn source(
        &self,
        source: Source,
        by: impl Into<Means>,
        currency: Currency,
    ) -> Result<Preview, Error> {
        let Means { method, provider } = by.into();
        let (kind, id) = source.checked()?.on_the_wire();
        let (method, provider, currency) = (method.into(), provider.into(), currency.code());
        let seen = ask!(self.wire, |raw| raw
            .predict_payment_source_amount_and_fee(&method, &provider, id, &kind, currency));
        Preview::read(&seen.success()?, Reader(&self.wire))
    }

    /// The operator of a phone number, and how money reaches it or comes from it.
    ///
    /// # Errors
    /// `Refused` when the number is no mobile money number or its operator does not serve that movement; otherwise what
    /// kept the provider's word from being read.
    pub async fn mobile_money(&self, operation: OperationType, phone: &Phone) -> Result<MobileMoney, Error> {
        let operation = operation.into();
        let seen = ask!(self.wire, |raw| raw.predict_mmo_provider_info(&operation, phone.digits()));
        let (reply, reader) = (seen.success().map_err(hiding(phone))?, Reader(&self.wire));
        Ok(MobileMoney {
            carrier: reader.text(&reply.carrier),
            country: reader.text(&reply.country),
            currencies: reader.currencies("currencies", &reply.currencies)?,
            phone: phone.clone(),
            payment_method: reply.payment_method.into(),
            gateway_provider: reply.gateway_provider.into(),
            operation_type: reply.operation_type.into(),
        })
    }

    /// What is known of a card, by the reference that the card form in the browser gave for it (`pm_...`).
    ///
    /// # Errors
    /// `Invalid` when the reference is no line of text; `Refused` when it is nobody's or cards do not serve that
    /// movement; otherwise what kept the provider's word from being read.
    pub async fn card(
        &self,
        operation: OperationType,
        payment_method_id: impl Into<String>,
    ) -> Result<Card, Error> {
        let id = line("the card's reference", payment_method_id.into())?;
        let (operation, provider) = (operation.into(), PaymentProvider::Stripe.into());
        let seen = ask!(self.wire, |raw| raw.predict_card_provider_info(&operation, &id, Some(&provider)));
        let (reply, reader) = (seen.success()?, Reader(&self.wire));
        Ok(Card {
            brand: reader.text(&reply.brand),
            country: reader.text(&reply.country),
            currencies: reader.currencies("currencies", &reply.currencies)?,
            payment_method_id: id,
            payment_method: reply.payment_method.into(),
            gateway_provider: reply.gateway_provider.into(),
            operation_type: reply.operation_type.into(),
        })
    }
}

/// A prediction that is asked for. Reads only, when it is awaited.
///
/// # Errors
/// `Refused` when the method does not serve that movement or currency; otherwise what kept the provider's word from
/// being read.
#[derive(Clone, Debug)]
#[must_use = "nothing is asked before it is awaited"]
pub struct PredictAmount {
    wire: Arc<Wire>,
    operation: OperationType,
    means: Means,
    amount: Money,
    target: Currency,
    bearer: FeeBearer,
    owner: Option<(OwnerType, MerchantId)>,
}

impl PredictAmount {
    /// What the customer pays a collection in, or gets a refund in; the currency of the amount unless it is set.
    pub fn target(mut self, currency: Currency) -> Self {
        self.target = currency;
        self
    }

    /// Who bears the fees of a collection; the payer unless it is set.
    pub fn fee_bearer(mut self, bearer: FeeBearer) -> Self {
        self.bearer = bearer;
        self
    }

    /// Whose tier of fees counts; the merchant's own unless it is set.
    pub fn owner(mut self, kind: impl Into<OwnerType>, id: MerchantId) -> Self {
        self.owner = Some((kind.into(), id));
        self
    }

    async fn run(self) -> Result<Preview, Error> {
        let owner_id = self.owner.as_ref().map(|(_, id)| id.checked()).transpose()?.map(MerchantId::value);
        let owner_type = self.owner.map(|(kind, _)| kind.into());
        let amount = self.amount.amount().into();
        let (base, target) = (self.amount.currency(), self.target);
        let (bearer, operation) = (self.bearer.into(), self.operation.into());
        let (method, provider) = (self.means.method.into(), self.means.provider.into());
        let seen = ask!(self.wire, |raw| raw.predict_amount_and_fee(
            &amount,
            base.code(),
            &bearer,
            &operation,
            owner_id,
            owner_type.as_ref(),
            &method,
            &provider,
            target.code(),
        ));
        Preview::read(&seen.success()?, Reader(&self.wire))
    }
}

impl IntoFuture for PredictAmount {
    type Output = Result<Preview, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
