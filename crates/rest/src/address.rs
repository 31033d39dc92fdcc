//! The provider's address, and what is spoken to it: TLS and the HTTP client.
//!
//! What must stay true: nothing goes to another machine in the clear; no redirect is followed and nothing is sent a
//! second time, whatever the caller sets of the client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use payonce::{Error, ErrorKind};
use reqwest::Url;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::settings::{setting, wrong};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The provider's address, checked.
#[derive(Clone, Debug)]
pub struct Address {
    /// Without a slash at the end.
    pub text: String,
    is_loopback: bool,
}

impl Address {
    /// Takes an address from the setting of that name and variable: HTTPS, or HTTP on this machine.
    ///
    /// # Errors
    /// `Configuration`, naming the setting and the variable and never the value.
    pub fn new(text: &str, name: (&str, &str)) -> Result<Self, Error> {
        let bad = |why: &str| wrong(name, why);
        let url = Url::parse(text).map_err(|_| bad("is not a URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("holds a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("holds a query or a fragment"));
        }
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let address = bare.parse::<std::net::IpAddr>();
        let is_loopback = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if is_loopback => {}
            "http" => return Err(bad("must begin with https, except on this machine")),
            _ => return Err(bad("must begin with https")),
        }
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), is_loopback })
    }

    /// Whether it is spoken to over TLS.
    pub fn is_encrypted(&self) -> bool {
        self.text.starts_with("https:")
    }

    /// The HTTP client for it. The caller's settings come first, so that none of them can undo what safety rests on.
    pub(crate) fn http(
        &self,
        tls: rustls::ClientConfig,
        limit: Duration,
        user_agent: &str,
        settings: &HttpSettings,
    ) -> Result<reqwest::Client, Error> {
        let ours =
            reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT.min(limit)).user_agent(user_agent);
        let mut builder = settings
            .apply(ours)
            .tls_backend_preconfigured(tls)
            .https_only(self.is_encrypted())
            .http1_only()
            // A redirect would carry the passcode or the client secret elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            // The engine is the only one who may send a second time.
            .retry(reqwest::retry::never())
            // Whatever another crate of the program switches on: a few bytes could unpack to any number.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .referer(false)
            .timeout(limit);
        if self.is_loopback {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| {
            Error::new(ErrorKind::Configuration, "the HTTP client could not be set up").with_source(error)
        })
    }
}

/// What the caller sets of the HTTP client.
#[derive(Clone, Default)]
pub struct HttpSettings(Vec<Arc<dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync>>);

impl HttpSettings {
    /// Adds settings to those there are.
    pub fn add(
        &mut self,
        settings: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) {
        self.0.push(Arc::new(settings));
    }

    fn apply(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        self.0.iter().fold(builder, |builder, settings| settings(builder))
    }
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpSettings").field(&self.0.len()).finish()
    }
}

/// TLS by rustls with ring, and the machine's own roots of trust beside those given in PEM. The provider of the
/// cryptography is ours alone: no choice is made for the process.
///
/// # Errors
/// `Configuration` when the roots are no certificates, or TLS cannot be set up on this machine.
pub fn tls(encrypted: bool, roots: &[u8]) -> Result<rustls::ClientConfig, Error> {
    let failed = |error: rustls::Error| {
        Error::new(ErrorKind::Configuration, "TLS could not be set up on this machine").with_source(error)
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let roots = certificates(roots)?;
    let mut config = if encrypted {
        let verifier =
            rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider).map_err(failed)?;
        config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
    } else {
        // Nobody is spoken to over TLS; a machine without roots of trust must do as well.
        config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let bad = |why: &str| setting(format!("the root certificates {why}"));
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| bad("cannot be read as PEM").with_source(error))?;
    if found.is_empty() && !pem.is_empty() {
        return Err(bad("are given, but hold no certificate in PEM"));
    }
    for certificate in &found {
        let taken = rustls::RootCertStore::empty().add(certificate.clone());
        taken.map_err(|error| bad("hold one that cannot be understood").with_source(error))?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: (&str, &str) = ("the base URL", "BASE_URL");

    #[test]
    fn the_base_url_ends_without_a_slash() {
        assert_eq!(Address::new("https://example.com", BASE).unwrap().text, "https://example.com");
        assert_eq!(Address::new("https://example.com/stem/", BASE).unwrap().text, "https://example.com/stem");
    }

    #[test]
    fn tls_chooses_nothing_for_the_process() {
        tls(false, b"").unwrap();
        assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    }

    #[test]
    fn root_certificates_that_are_none_are_refused() {
        for bad in ["canary", "-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----\n"] {
            let error = tls(true, bad.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains("root certificates"), "{error}");
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}
