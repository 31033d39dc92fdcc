//! What is known of each operation beside its types.

/// One operation of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationMeta {
    /// The name of the call in the generated client, which is also what a transport is told.
    pub id: &'static str,
    /// The HTTP method in capitals.
    pub method: &'static str,
    /// The path, with `{name}` where a parameter goes.
    pub path: &'static str,
    /// The group that the provider puts it in.
    pub tag: &'static str,
    /// What a request must carry to be let in.
    pub auth: Auth,
}

/// How a request proves who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Not at all.
    None,
    /// With a name and a secret in `Authorization: Basic`.
    Basic,
    /// With an access token in `Authorization: Bearer`.
    Bearer,
}
