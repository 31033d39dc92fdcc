//! No `Debug` of a request or a reply shows a secret, and every secret still reaches the wire.

use std::fmt::Debug;

use dollr_raw::Secret;
use dollr_raw::types;
use serde::Serialize;
use serde::de::DeserializeOwned;

const CANARY: &str = "canary-5d1c";

/// Reads a value of `T` from JSON that holds the canary, formats it in every way, and writes it back.
fn redacted_and_sent<T: DeserializeOwned + Serialize + Debug>(json: &str) -> serde_json::Result<()> {
    let json = json.replace("SECRET", CANARY);
    let value: T = serde_json::from_str(&json)?;
    for shown in [format!("{value:?}"), format!("{value:#?}"), format!("{:?}", Some(&value))] {
        assert!(!shown.contains(CANARY), "{shown}");
        assert!(shown.contains("[redacted]"), "{shown}");
    }
    assert!(serde_json::to_string(&value)?.contains(CANARY));
    Ok(())
}

#[test]
fn a_secret_is_redacted_and_reached_only_on_purpose() {
    let secret = Secret::from(CANARY);
    assert_eq!(format!("{secret:?}"), "[redacted]");
    assert_eq!(secret.expose(), CANARY);
}

#[test]
fn no_request_or_reply_shows_its_secret() -> serde_json::Result<()> {
    redacted_and_sent::<types::ClientCredentialObtainTokenPayload>(
        r#"{"client_id":"merchant","client_secret":"SECRET"}"#,
    )?;
    redacted_and_sent::<types::ObtainTokenResponse>(r#"{"access_token":"SECRET","expires_in":60}"#)?;
    redacted_and_sent::<types::RealtimeTokenResponse>(r#"{"access_token":"SECRET","expires_in":3600}"#)?;
    redacted_and_sent::<types::PayoutExecutionPayload>(
        r#"{"session_id":"88","payout_account_id":"18","reference_id":"550e8400-e29b-41d4-a716-446655440000",
            "passcode":{"token":{"code":"SECRET","phone":"SECRET","user_id":"SECRET"},
            "device":{"name":"a","type":"SERVER","platform":"LINUX","user_agent":"b","client_ip":"127.0.0.1"}}}"#,
    )?;
    redacted_and_sent::<types::ExecutionResponse>(
        r#"{"reference_id":"550e8400-e29b-41d4-a716-446655440000","status":"PROCESSING","payer_amount":1,
            "payer_currency":"USD","payee_currency":"USD","payee_amount":1,"operation_type":"COLLECTION",
            "client_secret":"SECRET","requires_action":true}"#,
    )?;
    redacted_and_sent::<types::CreateCheckoutSourceLinkResponse>(
        r#"{"mode":"HOSTED","source_type":"ORDER","source_id":1,"source_number":"ORD-1","source_status":"ACTIVE",
            "counterparty_id":15,"party_id":42,"currency":"USD","total_amount":5,"source_checkout_config_id":1,
            "hosted_path_or_token":"SECRET","url":"http://127.0.0.1/pay"}"#,
    )
}
