//! How a successful reply becomes a value.

use progenitor_client::{Error, ResponseValue};
use serde::de::DeserializeOwned;

/// Reads the body of `response` as a `T`. Status and headers move into the value instead of being copied.
///
/// # Errors
/// `ResponseBodyError` when the body breaks off; `InvalidResponsePayload`, with the body, when it is no `T`.
pub async fn read<T: DeserializeOwned>(
    mut response: reqwest::Response,
) -> Result<ResponseValue<T>, Error<()>> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = response.bytes().await.map_err(Error::ResponseBodyError)?;
    match serde_json::from_slice(&body) {
        Ok(value) => Ok(ResponseValue::new(value, status, headers)),
        Err(error) => Err(Error::InvalidResponsePayload(body, error)),
    }
}
