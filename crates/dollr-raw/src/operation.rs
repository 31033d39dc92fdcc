//! What is known of each operation beside its types.

/// One operation of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationMeta {
    /// The name of the call in [`Client`](crate::Client), which is also what a transport is told.
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
    /// With an access token in `Authorization: Bearer`.
    Bearer,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Auth;
    use crate::OPERATIONS;

    #[test]
    fn every_operation_is_listed_once_and_only_the_token_is_free() {
        assert_eq!(OPERATIONS.len(), 59);
        let ids: BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.id).collect();
        let routes: BTreeSet<_> =
            OPERATIONS.iter().map(|operation| (operation.method, operation.path)).collect();
        assert_eq!((ids.len(), routes.len()), (59, 59));
        let free: Vec<_> = OPERATIONS.iter().filter(|operation| operation.auth == Auth::None).collect();
        assert_eq!(free.iter().map(|operation| operation.id).collect::<Vec<_>>(), ["obtain_token"]);
    }
}
