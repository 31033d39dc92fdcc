//! The sandbox and the published API agree: what the raw client sends is understood, and what it gets it can decode.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use dollr_raw::enums::{ExecutionStatus, SourceStatus, SourceType};
use dollr_raw::{Client, HttpTransport, Reply, types};
use payonce_sandbox::{
    CLIENT_ID, CLIENT_SECRET, COMPLETED_INTENT, COUNTERPARTY, INVOICE, PASSCODE, PASSCODE_PHONE,
    PAYOUT_ACCOUNT, Sandbox, USD_WALLET,
};
use reqwest::header::AUTHORIZATION;
use uuid::Uuid;

/// Adds a token to each request.
#[derive(Debug)]
struct WithToken(String);

impl HttpTransport for WithToken {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        mut request: reqwest::Request,
        _operation: &'static str,
    ) -> Reply<'a> {
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {}", self.0).parse().unwrap());
        Box::pin(http.execute(request))
    }
}

async fn client(sandbox: &Sandbox) -> Client {
    let http = crate::merchant::http().build().unwrap();
    let anonymous = Client::new_with_client(sandbox.url(), http.clone(), Arc::new(dollr_raw::Direct));
    let credentials = types::ClientCredentialObtainTokenPayload {
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.into(),
    };
    let token = anonymous.obtain_token(&credentials).await.unwrap().into_inner();
    assert_eq!(token.expires_in, 60);
    Client::new_with_client(sandbox.url(), http, Arc::new(WithToken(token.access_token.expose().to_owned())))
}

#[tokio::test]
async fn every_reply_decodes_with_the_raw_client() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client(&sandbox).await;
    let soon = (Utc::now() + TimeDelta::hours(1)).into();

    let session = client
        .create_payout_session(&types::CreatePayoutSessionPayload {
            payout_account_id: PAYOUT_ACCOUNT,
            amount: "500.00".parse().unwrap(),
            currency: "USD".to_owned(),
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!((session.wallet_id, session.amount.to_string()), (USD_WALLET, "500.00".to_owned()));
    let reference_id = Uuid::new_v4();
    let paid = client
        .execute_payout(&types::PayoutExecutionPayload {
            session_id: session.id.to_string(),
            payout_account_id: PAYOUT_ACCOUNT.to_string(),
            reference_id,
            passcode: types::PasscodePayload {
                token: types::PasscodeToken {
                    code: PASSCODE.into(),
                    phone: Some(PASSCODE_PHONE.into()),
                    user_id: None,
                },
                device: types::PasscodeDevice {
                    name: "till".to_owned(),
                    type_: "SERVER".to_owned(),
                    platform: "RUST".to_owned(),
                    user_agent: "test".to_owned(),
                    client_ip: "127.0.0.1".to_owned(),
                },
            },
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!((paid.reference_id, paid.payee_amount.to_string()), (reference_id, "500.00".to_owned()));
    client.get_payout_status(&reference_id).await.unwrap();

    let session = client
        .create_checkout_session(&types::CreateCheckoutSessionPayload {
            source_id: INVOICE,
            source_type: SourceType::Invoice,
        })
        .await
        .unwrap()
        .into_inner();
    let reference_id = Uuid::new_v4();
    client
        .execute_collection(&types::CheckoutExecutionPayload {
            session_id: session.id.to_string(),
            payment_account_id: "31".to_owned(),
            currency: "USD".to_owned(),
            reference_id,
        })
        .await
        .unwrap();
    let waiting = client.get_collection_status(&reference_id).await.unwrap().into_inner();
    assert!(waiting.requires_action == Some(true) && waiting.client_secret.is_some());
    sandbox.confirm_card(reference_id);
    let collected = client.get_collection_status(&reference_id).await.unwrap().into_inner();
    assert_eq!(collected.status, ExecutionStatus::Completed);
    let source = client.get_payment_source_status(INVOICE, &SourceType::Invoice).await.unwrap().into_inner();
    assert_eq!(source.status, SourceStatus::Paid);
    assert!(source.paid_at.is_some());

    let session = client
        .create_transfer_session(&types::CreateTransferSessionPayload {
            from_wallet_id: USD_WALLET,
            to_counterparty_id: COUNTERPARTY,
            amount: "900.00".parse().unwrap(),
            currency: "USD".to_owned(),
            expires_at: soon,
        })
        .await
        .unwrap()
        .into_inner();
    let reference_id = Uuid::new_v4();
    client
        .execute_transfer(&types::TransferExecutionPayload {
            session_id: session.id.to_string(),
            reference_id,
        })
        .await
        .unwrap();
    client.get_transfer_status(&reference_id).await.unwrap();

    let session = client
        .create_refund_session(&types::CreateRefundSessionPayload {
            original_payment_intent_id: COMPLETED_INTENT,
            amount: "10.00".parse().unwrap(),
            reason: Some("damaged".to_owned()),
            expires_at: soon,
        })
        .await
        .unwrap()
        .into_inner();
    let reference_id = Uuid::new_v4();
    client
        .execute_refund(&types::RefundExecutionPayload { session_id: session.id.to_string(), reference_id })
        .await
        .unwrap();
    client.get_refund_status(&reference_id).await.unwrap();
}
