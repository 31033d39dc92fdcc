// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Settle or fail pending bank transfers of the provider's sandbox
    ///
    /// The sandbox only: without it, its bank transfers stay pending for ever. One call takes up to the last 500; a payment from bank to bank needs two.
    ///
    /// Sends a `POST` request to `/sandbox-simulations`
    ///
    /// Arguments:
    /// - `idempotency_key`: Names the request: with the same body, it is carried out once within 24 hours.
    pub async fn simulate_bank_transfers<'a>(
        &'a self,
        idempotency_key: Option<&'a str>,
    ) -> Result<ResponseValue<types::Simulation>, Error<()>> {
        let url = self.baseurl.join(&format!("/sandbox-simulations"))?;
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        if let Some(value) = idempotency_key {
            header_map.append("Idempotency-Key", value.to_string().try_into()?);
        }
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static(
                    "application/vnd.dwolla.v1.hal+json",
                ),
            )
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "simulate_bank_transfers",
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
