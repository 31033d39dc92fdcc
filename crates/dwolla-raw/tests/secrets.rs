//! No `Debug` of a request or a reply shows a secret, and every secret still reaches the wire.

use std::fmt::Debug;

use dwolla_raw::types;
use serde::Serialize;
use serde::de::DeserializeOwned;

const CANARY: &str = "canary-5d1c";

/// Reads a value of `T` from JSON that holds the canary, formats it in every way, and writes it back.
fn redacted_and_sent<T: DeserializeOwned + Serialize + Debug>(json: &str) -> serde_json::Result<()> {
    let value: T = serde_json::from_str(&json.replace("SECRET", CANARY))?;
    for shown in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!shown.contains(CANARY) && shown.contains("[redacted]"), "{shown}");
    }
    assert!(serde_json::to_string(&value)?.contains(CANARY));
    Ok(())
}

#[test]
fn no_request_or_reply_shows_its_secret() -> serde_json::Result<()> {
    redacted_and_sent::<types::Token>(
        r#"{"access_token":"SECRET","token_type":"bearer","expires_in":3600}"#,
    )?;
    redacted_and_sent::<types::TokenRequest>(
        r#"{"grant_type":"client_credentials","client_id":"key","client_secret":"SECRET"}"#,
    )?;
    redacted_and_sent::<types::CreateFundingSource>(
        r#"{"routingNumber":"222222226","accountNumber":"SECRET","bankAccountType":"checking","name":"Ama"}"#,
    )
}
