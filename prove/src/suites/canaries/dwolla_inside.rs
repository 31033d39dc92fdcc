//! What the process that is listened to says to Dwolla, and all that it can show of that.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;
use dollr::{Expect, Name, Operation, Pace, Secret, usd};
use dwolla::{AccountId, BankAccountType, Builder, CustomerId, Dwolla, FundingSourceId, TransferId, raw};
use payonce::rail::{Order, Rail};

use super::Secrets;
use super::inside::{show, show_outcome};
use super::parrot::{Parrot, WAYS};

const SOURCE: &str = "707177c3-bf15-4e7e-b37c-55c3898d9bf4";
const TRANSFER: &str = "74c9129b-d14a-4511-80da-0aa34a9b2388";

fn builder(secrets: &Secrets, url: &str) -> Builder {
    let short = Duration::from_millis(5);
    let pace =
        Pace { first_poll: (short, short), slowest_poll: short, first_retry: short, slowest_retry: short };
    Dwolla::builder()
        .key("client-1")
        .secret(Secret::new(&*secrets.client_secret))
        .base_url(url)
        .pace(pace)
        .request_timeout(Duration::from_secs(2))
        .first_answer(Duration::from_millis(150))
}

/// Says everything, and shows what it gets hold of. The journal is a file in the current directory.
pub(super) async fn talk(secrets: &Secrets, parrot: &Parrot) -> Result<()> {
    let settings = builder(secrets, &parrot.url).journal("dwolla.db");
    show("dwolla::Builder", &settings);
    let dwolla = settings.build()?;
    show("dwolla::Dwolla", &dwolla);
    show("dwolla::DwollaRail", dwolla.rail());
    show("dwolla_raw::Client", dwolla.raw());
    payloads(secrets)?;
    for way in 0..=WAYS {
        parrot.way.store(way, Ordering::SeqCst);
        calls(&dwolla, way).await?;
        things(&dwolla, secrets).await;
    }
    configuration(secrets);
    Ok(())
}

/// The requests and replies that hold a secret, whole.
fn payloads(Secrets { client_secret, token, .. }: &Secrets) -> Result<()> {
    let asked: raw::types::TokenRequest = serde_json::from_value(serde_json::json!({
        "client_id": "client-1", "client_secret": client_secret, "grant_type": "client_credentials"
    }))?;
    show("dwolla_raw::TokenRequest", &asked);
    let given: raw::types::Token = serde_json::from_value(serde_json::json!({
        "access_token": token, "token_type": "bearer", "expires_in": 3600
    }))?;
    show("dwolla_raw::Token", &given);
    Ok(())
}

/// Every call that moves money or tells of it, each outcome shown.
async fn calls(dwolla: &Dwolla, way: usize) -> Result<()> {
    let name = format!("canaries/dwolla/{way}");
    let (source, jane) = (FundingSourceId::new(SOURCE), CustomerId::new(SOURCE));
    let order = dwolla
        .transfer(&*name, source, jane.clone(), usd("250.00")?)
        .metadata("note", "completed work")
        .fee(jane, usd("1.00")?);
    show("dwolla::Order", &order);
    show_outcome("payonce::Payment", &order.send().await);
    if let Ok(Some(payment)) = dwolla.find(&*name).await {
        let settled = payment.settled_within(Duration::from_millis(100)).await;
        show_outcome("payonce::Settlement", &settled);
        show_outcome("payonce::Status", &payment.status().await);
        show("payonce::Record", payment.record());
    }
    let order = Order {
        operation: Operation::new("transfer")?,
        name: Name::new("canaries/dwolla")?,
        reference_id: "550e8400-e29b-41d4-a716-446655440000".parse()?,
        contents: serde_json::json!({
            "source": SOURCE, "destination": { "account": AccountId::new(SOURCE) },
            "amount": { "amount": "250.00", "currency": "USD" },
        })
        .to_string(),
        expect: Expect::Amount(usd("250.00")?),
    };
    let rail = dwolla.rail();
    show("payonce::Preparation", &rail.prepare(&order).await);
    let body = format!(r#"{{"correlationId":"{}"}}"#, order.reference_id);
    show("payonce::Submission", &rail.submit(&order, &body).await);
    show("payonce::LookUp", &rail.look_up(&order).await);
    // The raw client's errors hold replies, and are not to be shown; its calls are made all the same.
    let _ = dwolla.raw().retrieve_root().await;
    Ok(())
}

/// What there is beside payments, and a bank account, whose number is nobody's business.
async fn things(dwolla: &Dwolla, secrets: &Secrets) {
    let number = Secret::new(&*secrets.phone);
    let (kind, name) = (BankAccountType::Checking, "Jane's bank");
    let bank = dwolla.funding_sources().add_bank(CustomerId::new(SOURCE), "222222226", number, kind, name);
    show("dwolla::AddBank", &bank);
    show_outcome("dwolla::FundingSourceId", &bank.await);
    let source = FundingSourceId::new(SOURCE);
    show_outcome("dwolla::FundingSource", &dwolla.funding_sources().retrieve(source).await);
    show_outcome("dwolla::Transfer", &dwolla.transfers().retrieve(TransferId::new(TRANSFER)).await);
    show_outcome("dwolla::Account", &dwolla.accounts().own().await);
    show_outcome("dwolla::Customer", &dwolla.customers().retrieve(CustomerId::new(SOURCE)).await);
}

/// Settings that are wrong, each holding a secret where it does not belong.
fn configuration(secrets: &Secrets) {
    let secret = &secrets.client_secret;
    for url in [
        format!("http://{secret}.example"),
        format!("https://user:{secret}@example.com"),
        format!("https://example.com/?{secret}"),
        format!("{secret}://example.com"),
    ] {
        show_outcome("dwolla::Dwolla", &builder(secrets, &url).journal_in_memory().build());
    }
    let colon = builder(secrets, "https://example.com").key(format!("a:{secret}"));
    show_outcome("dwolla::Dwolla", &colon.journal_in_memory().build());
}
