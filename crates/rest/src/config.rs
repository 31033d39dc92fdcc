//! The settings that may stand in a file: everything but the secrets.

/// Writes the type `Config` of a facade: its documentation, what the provider calls the client's id, and what only that
/// provider has. `common` of it brings into [`Common`](crate::Common) what every facade has.
///
/// The facade depends on `serde`, and on `schemars` where it has a feature of that name.
#[macro_export]
macro_rules! config {
    ($(#[$doc:meta])* Config {
        $(#[$client_doc:meta])* $client_id:ident, $($(#[$note:meta])* $more:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct Config {
            $(#[$client_doc])*
            pub $client_id: Option<String>,
            /// Where the provider is.
            pub base_url: Option<String>,
            /// The merchant's stable identity in the derivation of keys; that of the credentials without it.
            pub namespace: Option<String>,
            $($(#[$note])* pub $more: Option<$type>,)*
            /// The journal's file, or the URL of a PostgreSQL database.
            pub journal: Option<std::path::PathBuf>,
            /// How long one request may take in all, in seconds.
            pub request_timeout_seconds: Option<u64>,
            /// How long sending waits for the provider's first answer, in seconds.
            pub first_answer_seconds: Option<u64>,
            /// How many payments are in the middle of a request at any time.
            pub concurrency: Option<usize>,
        }

        impl Config {
            /// Sets what it names, and leaves everything else as it is.
            fn common(&self, common: &mut $crate::Common) {
                let seconds = std::time::Duration::from_secs;
                common.client_id = self.$client_id.clone();
                common.namespace = self.namespace.clone();
                if let Some(base_url) = &self.base_url {
                    common.base_url = base_url.clone();
                }
                if let Some(path) = &self.journal {
                    common.place = $crate::Place::from(path.clone());
                }
                if let Some(limit) = self.request_timeout_seconds {
                    common.request_timeout = seconds(limit);
                }
                if let Some(limit) = self.first_answer_seconds {
                    common.settings.first_answer = seconds(limit);
                }
                if let Some(payments) = self.concurrency {
                    common.settings.concurrency = payments;
                }
            }
        }
    };
}
