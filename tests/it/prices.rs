//! What the provider says a payment will cost is what it costs: preview, receipt and ledger agree to the last cent.

use dollr::{
    AccountId, CounterpartyId, Currency, Dollr, ErrorKind, FeeBearer, InvoiceId, MerchantId, MerchantType,
    Money, OperationType, PaymentMethod, Preview, Receipt, ReferenceId, Source, SourceNumber, WalletId, lrd,
    usd,
};

use crate::world::{AMA, World, completed};

const WALLET: WalletId = WalletId::new(3);

/// What the books say that account gained under a key.
fn gained(world: &World, reference_id: ReferenceId, account: &str, currency: Currency) -> Money {
    let entries = world.sandbox.ledger().entries();
    let gained = entries
        .iter()
        .filter(|entry| entry.reference_id == Some(reference_id.as_uuid()))
        .filter(|entry| entry.account == account && entry.currency == currency.code())
        .map(|entry| entry.amount)
        .sum();
    Money::reported(gained, currency)
}

fn paid(world: &World, reference_id: ReferenceId, account: &str, currency: Currency) -> Money {
    let gained = gained(world, reference_id, account, currency);
    Money::reported(-gained.amount(), currency)
}

fn agree(preview: &Preview, receipt: &Receipt) {
    assert_eq!((preview.payer_amount, preview.payee_amount), (receipt.payer_amount, receipt.payee_amount));
}

#[tokio::test]
async fn the_preview_of_a_payout_is_what_settles_and_what_the_books_say() {
    let world = World::start().await;
    let order = world.dollr().payout("salary/2026-11/ama", AMA, usd("250.01").unwrap());
    let preview = order.preview(PaymentMethod::MtnMomoLbr).await.unwrap();
    assert_eq!(world.movements(), 0, "asking moves nothing");
    let payout = order.send().await.unwrap();
    let receipt = completed(&payout).await;
    agree(&preview, &receipt);
    let key = receipt.reference_id;
    assert_eq!(paid(&world, key, "wallet:3", Currency::USD), preview.payer_amount);
    assert_eq!(gained(&world, key, "account:18", Currency::USD), preview.payee_amount);
    assert_eq!(gained(&world, key, "fees:platform", Currency::USD), preview.platform_fee);
    assert_eq!(gained(&world, key, "fees:gateway", Currency::USD), preview.gateway_fee.unwrap());
    assert_eq!((preview.fx_fee, world.movements()), (None, 1));
}

#[tokio::test]
async fn the_preview_of_a_collection_is_what_settles_in_the_same_and_in_another_currency() {
    for (invoice, currency) in
        [(101, Currency::USD), (101, Currency::LRD), (103, Currency::USD), (102, Currency::USD)]
    {
        let world = World::start().await;
        let source = Source::Invoice(InvoiceId::new(invoice));
        let dollr = world.dollr();
        let order = dollr.collection("INV-7", source, AMA, currency);
        let preview = order.preview(PaymentMethod::MtnMomoLbr).await.unwrap();
        let receipt = completed(&order.send().await.unwrap()).await;
        agree(&preview, &receipt);
        assert_eq!(preview.payer_amount.currency(), currency);
        let ours = preview.payee_amount.currency();
        assert_eq!(preview.fx_fee.is_some(), ours != currency, "{preview:?}");
        let wallet = if ours == Currency::USD { "wallet:3" } else { "wallet:4" };
        let key = receipt.reference_id;
        assert_eq!(paid(&world, key, "account:18", currency), preview.payer_amount);
        assert_eq!(gained(&world, key, wallet, ours), preview.payee_amount);
        assert_eq!(gained(&world, key, "fees:gateway", ours), preview.gateway_fee.unwrap());
        let told = dollr.invoices().receipt(InvoiceId::new(invoice)).await.unwrap();
        assert_eq!(
            (told.payer_amount, told.payee_amount),
            (Some(preview.payer_amount), Some(preview.payee_amount))
        );
        assert_eq!((told.platform_fee, told.gateway_fee), (Some(preview.platform_fee), preview.gateway_fee));
        assert_eq!(told.exchange.and_then(|exchange| exchange.fee), preview.fx_fee);
        assert_eq!(world.movements(), 1);
    }
}

#[tokio::test]
async fn the_preview_of_a_refund_is_what_the_customer_gets_in_the_currency_that_was_paid() {
    for currency in [Currency::USD, Currency::LRD] {
        let world = World::start().await;
        let dollr = world.dollr();
        let source = Source::Invoice(InvoiceId::new(101));
        completed(&dollr.collection("INV-7", source, AMA, currency).send().await.unwrap()).await;
        let order = dollr.refund_of("refund/INV-7", "INV-7", usd("33.33").unwrap());
        let preview = order.preview(PaymentMethod::MtnMomoLbr, currency).await.unwrap();
        let receipt = completed(&order.send().await.unwrap()).await;
        agree(&preview, &receipt);
        assert_eq!(preview.payee_amount.currency(), currency);
        assert_eq!(gained(&world, receipt.reference_id, "account:18", currency), preview.payee_amount);
        assert_eq!(world.movements(), 2);
    }
}

#[tokio::test]
async fn a_transfer_is_free_and_its_preview_says_so() {
    let world = World::start().await;
    let order = world.dollr().transfer("float/1", WALLET, CounterpartyId::new(15), usd("900.00").unwrap());
    let preview = order.preview(PaymentMethod::Wallet).await.unwrap();
    agree(&preview, &completed(&order.send().await.unwrap()).await);
    assert_eq!(preview.payer_amount, usd("900.00").unwrap());
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn what_cannot_be_paid_has_no_preview() {
    let world = World::start().await;
    let dollr = world.dollr();
    let source = Source::Invoice(InvoiceId::new(101));
    let francs =
        dollr.collection("INV-7", source, AMA, Currency::RWF).preview(PaymentMethod::MtnMomoLbr).await;
    assert_eq!(francs.unwrap_err().kind(), ErrorKind::Refused);
    let nobody =
        dollr.payout("p", AccountId::new(0), usd("1.00").unwrap()).preview(PaymentMethod::MtnMomoLbr).await;
    assert_eq!(nobody.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(world.movements(), 0);
}

#[tokio::test]
async fn an_amount_can_be_priced_before_there_is_an_invoice() {
    let world = World::start().await;
    let ask = |bearer| {
        world
            .dollr()
            .predictions()
            .amount(OperationType::Collection, PaymentMethod::MtnMomoLbr, usd("100.00").unwrap())
            .target(Currency::LRD)
            .fee_bearer(bearer)
            .owner(MerchantType::Organization, MerchantId::new(42))
    };
    let payer = ask(FeeBearer::Payer).await.unwrap();
    assert_eq!(payer.payee_amount, usd("100.00").unwrap());
    let payee = ask(FeeBearer::Payee).await.unwrap();
    assert_eq!(payee.payer_amount, lrd("19000.00").unwrap());
    assert!(payee.payee_amount.amount() < payer.payee_amount.amount());
}

#[tokio::test]
async fn rates_tiers_and_the_merchant_are_read_and_can_be_written_down() {
    let world = World::start().await;
    let dollr = world.dollr();
    let gateway = dollr.fees().gateway(OperationType::Payout, PaymentMethod::MtnMomoLbr).await.unwrap();
    assert_eq!(gateway.percentage.to_string(), "1.00");
    let platform = dollr.fees().platform(OperationType::Collection, "default").await.unwrap();
    assert_eq!(platform.fx_percentage.to_string(), "1.00");
    let tiers = dollr.fees().tiers().await.unwrap();
    assert_eq!(tiers.iter().find(|tier| tier.is_default).map(|tier| tier.name.as_str()), Some("default"));
    let ours = dollr.fees().merchant_tier(MerchantType::Organization, MerchantId::new(42)).await.unwrap();
    assert_eq!(ours.tier.as_ref(), Some(&tiers[0]));
    let merchant = dollr.merchant().info(MerchantType::Organization, MerchantId::new(42)).await.unwrap();
    assert_eq!(merchant.name, "Kamara Trading");
    assert_eq!(merchant.phone.as_ref().map(dollr::Phone::digits), Some(payonce_sandbox::PASSCODE_PHONE));
    let json = serde_json::to_value((&gateway, &platform, &ours, &merchant)).unwrap();
    assert_eq!(json[0]["percentage"], "1.00", "no float");
    assert_eq!(serde_json::from_value::<dollr::GatewayFee>(json[0].clone()).unwrap(), gateway);
    assert_eq!(serde_json::from_value::<dollr::PlatformFee>(json[1].clone()).unwrap(), platform);
}

#[tokio::test]
async fn links_lead_to_the_page_and_after_payment_to_the_receipt() {
    let world = World::start().await;
    let dollr: Dollr = world.dollr();
    let number = || SourceNumber::Invoice("INV-2025-00042".to_owned());
    let page = dollr.links().pay(number()).await.unwrap();
    assert!(page.starts_with(world.sandbox.url()), "{page}");
    assert_eq!(dollr.links().receipt(number()).await.unwrap_err().kind(), ErrorKind::Refused, "not paid yet");
    let source = Source::Invoice(InvoiceId::new(101));
    completed(&dollr.collection("INV-7", source, AMA, Currency::USD).send().await.unwrap()).await;
    let receipt = dollr.links().receipt(number()).await.unwrap();
    assert!(receipt.contains("/receipt/"), "{receipt}");
    let nothing = dollr.links().pay(SourceNumber::Order("ORD-0".to_owned())).await.unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::NotFound);
    assert_eq!(world.movements(), 1);
}
