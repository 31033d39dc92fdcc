// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Get Collection Realtime Key
    ///
    /// Sends a `POST` request to `/v1/realtime-keys/collection`
    pub async fn get_collection_realtime_key<'a>(
        &'a self,
        body: &'a types::GetCollectionRealtimeKeyPayload,
    ) -> Result<ResponseValue<types::RealtimeTokenResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/realtime-keys/collection"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_collection_realtime_key",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ::payonce_wire::read(response).await,
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
}
