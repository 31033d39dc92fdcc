//! What surrounds an example, so that its own file reads exactly like a program of yours: a provider to talk to, and the
//! customer, who is somebody else.

#![allow(dead_code, reason = "not every example has a customer")]

use std::error::Error;
use std::process::Command;
use std::time::Duration;

use payonce_sandbox::{REALTIME_ANON_KEY, Sandbox};

/// Leaves the environment as it is if `DOLLR_BASE_URL` says where the provider is. Otherwise starts a sandbox, runs this
/// program again in the environment in which a client finds it, and ends as that ended.
pub(crate) async fn sandbox() -> Result<(), Box<dyn Error>> {
    if std::env::var_os("DOLLR_BASE_URL").is_some() {
        return Ok(());
    }
    let sandbox = Sandbox::builder().settle_after(Duration::from_millis(300)).start().await?;
    let journal = tempfile::tempdir()?;
    let status = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .envs(sandbox.env())
        .env("DOLLR_REALTIME_URL", sandbox.url())
        .env("DOLLR_REALTIME_ANON_KEY", REALTIME_ANON_KEY)
        .env_remove("DOLLR_PASSCODE_USER_ID")
        .env("PAYONCE_JOURNAL", journal.path().join("payonce.db"))
        .status()?;
    journal.close()?;
    sandbox.stop().await;
    std::process::exit(status.code().unwrap_or(1));
}

/// A browser, or anybody else who speaks HTTP.
pub(crate) fn browser() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("plain HTTP needs nothing")
}

/// The customer opens the page at that address, fills in a mobile money number and approves the payment on the phone.
pub(crate) async fn customer_pays(url: &str, phone: &str) -> Result<(), Box<dyn Error>> {
    let page = browser().get(url).send().await?.error_for_status()?.text().await?;
    let (_, rest) = page.split_once("name=\"reference_id\" value=\"").ok_or("the page has no form")?;
    let reference = rest.split('"').next().ok_or("the form has no reference")?;
    let form = [("reference_id", reference), ("way", "mobile"), ("currency", "USD"), ("phone", phone)];
    let reply = browser().post(url).form(&form).send().await?;
    if !reply.status().is_redirection() {
        return Err(format!("the page answered {}", reply.status()).into());
    }
    Ok(())
}

/// The customer's bank asks for a code, and gets it. (In a browser, the card form does this with the client secret.)
pub(crate) async fn customer_confirms(reference_id: impl ToString) -> Result<(), Box<dyn Error>> {
    let url = format!("{}/_sandbox/confirm", std::env::var("DOLLR_BASE_URL")?);
    let body = serde_json::json!({ "reference_id": reference_id.to_string() });
    browser().post(url).json(&body).send().await?.error_for_status()?;
    Ok(())
}
