//! The one call that is written by hand: a transfer from bytes that exist already.
//!
//! The provider tells a repeat from another request by its key and its exact body. So the body that was written down
//! before the first request has to be what every request sends, and must never be made anew from its parts.

use bytes::Bytes;
use progenitor_client::{ClientHooks, Error, OperationInfo, ResponseValue};
use reqwest::header::{ACCEPT, CONTENT_TYPE};

use crate::Client;

/// The version of the API, as the document has it.
const HAL: &str = "application/vnd.dwolla.v1.hal+json";

impl Client {
    /// Initiates a transfer with exactly these bytes, which are an [`InitiateTransfer`](crate::types::InitiateTransfer)
    /// as JSON. Otherwise it is [`initiate_transfer`](Client::initiate_transfer), to a transport, too.
    ///
    /// Moves money, once within 24 hours for the same key and bytes. When it returns `Ok`, the transfer exists and the
    /// header `location` names it; a crash in the middle leaves open whether it does.
    ///
    /// # Errors
    /// Those of a generated call: what is no 201 is [`Error::UnexpectedResponse`].
    pub async fn initiate_transfer_exact(
        &self,
        idempotency_key: &str,
        body: Bytes,
    ) -> Result<ResponseValue<()>, Error<()>> {
        let request = self
            .client
            .post(self.baseurl.join("/transfers")?)
            .header(ACCEPT, HAL)
            .header(CONTENT_TYPE, HAL)
            .header("idempotency-key", idempotency_key)
            .body(body)
            .build()?;
        let response = self.exec(request, &OperationInfo { operation_id: "initiate_transfer" }).await?;
        match response.status().as_u16() {
            201 => Ok(ResponseValue::empty(response)),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
}
