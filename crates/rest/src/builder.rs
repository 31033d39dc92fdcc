//! The part of a builder that every facade has: how its settings are set.

/// Writes the methods of a builder that set what is [`Common`](crate::Common), which it has as its field `common`. The
/// attributes are an example for `http`, in the words of the facade.
///
/// The facade depends on `payonce` and `reqwest`.
#[macro_export]
macro_rules! common_settings {
    ($builder:ident $(#[$example:meta])*) => {
        impl $builder {
            /// Where the provider is: HTTPS, or HTTP on this machine.
            #[must_use]
            pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
                self.common.base_url = base_url.into();
                self
            }

            /// The journal's file, which is made if there is none, or the URL of a PostgreSQL database (feature
            /// `postgres`), which is asked for nothing before the first payment.
            #[must_use]
            pub fn journal(mut self, path: impl Into<std::path::PathBuf>) -> Self {
                self.common.place = $crate::Place::from(path.into());
                self
            }

            /// Whose payments they are, in a database that holds those of several merchants; `default` unless it is set. A
            /// journal in a file holds those of one, and one that was opened [elsewhere](Self::journal_with) knows.
            #[must_use]
            pub fn merchant(mut self, name: impl Into<String>) -> Self {
                self.common.merchant = Some(name.into());
                self
            }

            /// Keeps the journal in memory: payments that are on their way when the process ends are known to the provider
            /// alone then.
            #[must_use]
            pub fn journal_in_memory(mut self) -> Self {
                self.common.place = $crate::Place::Memory;
                self
            }

            /// Another journal.
            #[must_use]
            pub fn journal_with(mut self, journal: std::sync::Arc<dyn payonce::journal::Journal>) -> Self {
                self.common.place = $crate::Place::Given(journal);
                self
            }

            /// How fast payments are polled and retried.
            #[must_use]
            pub fn pace(mut self, pace: payonce::Pace) -> Self {
                self.common.settings.pace = pace;
                self
            }

            /// Where the time is taken from.
            #[must_use]
            pub fn clock(mut self, clock: std::sync::Arc<dyn payonce::Clock>) -> Self {
                self.common.settings.clock = clock;
                self
            }

            /// How long one request may take in all; 30 s unless it is set. (A connection must be made within 10 s.)
            #[must_use]
            pub fn request_timeout(mut self, limit: std::time::Duration) -> Self {
                self.common.request_timeout = limit;
                self
            }

            /// Settings of the HTTP client: a proxy, a connect time-out, a user agent, a resolver.
            ///
            $(#[$example])*
            ///
            /// What safety rests on is set after them and cannot be undone: no redirect is followed, nothing is sent again,
            /// TLS is this crate's own ([`root_certificates`](Self::root_certificates) adds to it), plain HTTP stays on this
            /// machine and goes through no proxy, and [`request_timeout`](Self::request_timeout) limits each request. A second
            /// call adds to the first.
            #[must_use]
            pub fn http(
                mut self,
                settings: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync + 'static,
            ) -> Self {
                self.common.http.add(settings);
                self
            }

            /// Certificates, in PEM, that are trusted beside the machine's own roots: those of a proxy that looks inside.
            #[must_use]
            pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
                self.common.roots = pem.into();
                self
            }

            /// Another way for requests to go than straight over the network: a recorder, a gateway of your own, a simulated
            /// network. It sees them last, with the token, and what it returns is read as the provider's. It must send each
            /// request at most once. An error of its own means that the request may have arrived, unless it is one of
            /// connecting or of building the request.
            #[must_use]
            pub fn transport(mut self, transport: $crate::Transport) -> Self {
                self.common.transport = transport;
                self
            }

            /// How many payments are in the middle of a request at any time; 32 unless it is set.
            #[must_use]
            pub fn concurrency(mut self, payments: usize) -> Self {
                self.common.settings.concurrency = payments;
                self
            }

            /// How long sending waits for the provider's first answer; 60 s unless it is set. The payment goes on.
            #[must_use]
            pub fn first_answer(mut self, limit: std::time::Duration) -> Self {
                self.common.settings.first_answer = limit;
                self
            }
        }
    };
}
