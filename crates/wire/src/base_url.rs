//! Where the provider is, parsed once for all calls: of a request's URL only the path is new.

use std::sync::Arc;

use progenitor_client::Error;
use reqwest::Url;

/// The base URL of a client: scheme and host, and a path stem if there is one. Clones share it.
#[derive(Clone, Debug)]
pub struct BaseUrl(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    text: String,
    /// Or why it is no URL, which the first call says.
    url: Result<Url, String>,
    /// The path that each call's path is appended to, without a slash at its end.
    stem: String,
}

impl BaseUrl {
    /// Parses the text, once. What is no URL fails when it is used, not here.
    pub fn new(text: &str) -> Self {
        let url = Url::parse(text).map_err(|error| error.to_string());
        let stem = url.as_ref().map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
        Self(Arc::new(Parsed { text: text.to_owned(), url, stem }))
    }

    /// The text that it was made from.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The URL of a path, which begins with a slash and whose parameters are escaped already. Whatever the path is, its
    /// scheme, host and port are the base URL's.
    ///
    /// # Errors
    /// When the base URL is none.
    pub fn join(&self, path: &str) -> Result<Url, NoUrl> {
        let Parsed { url, stem, .. } = &*self.0;
        let mut url = url.clone().map_err(NoUrl)?;
        if stem.is_empty() {
            url.set_path(path);
        } else {
            url.set_path(&format!("{stem}{path}"));
        }
        Ok(url)
    }
}

/// Why the base URL is none.
#[derive(Debug)]
pub struct NoUrl(String);

impl From<NoUrl> for Error<()> {
    fn from(NoUrl(why): NoUrl) -> Self {
        Self::InvalidRequest(format!("the base URL cannot be used: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joined_url_is_the_one_that_the_whole_text_is_parsed_to() {
        let paths =
            ["/v1/auth/token", "/v1/status/payout/7", "/v1/parties/a%2Fb%3Fc%20%C3%A9", "/v1/parties/.."];
        for base in ["https://api.example.com", "http://127.0.0.1:8080", "https://example.com/a/stem"] {
            for path in paths {
                let whole = Url::parse(&format!("{base}{path}")).unwrap();
                assert_eq!(BaseUrl::new(base).join(path).unwrap(), whole);
            }
        }
    }

    #[test]
    fn a_slash_at_the_end_is_not_doubled() {
        for base in ["https://example.com/", "https://example.com"] {
            assert_eq!(BaseUrl::new(base).join("/v1").unwrap().as_str(), "https://example.com/v1");
        }
        assert_eq!(BaseUrl::new("https://a/b/").join("/v1").unwrap().as_str(), "https://a/b/v1");
    }

    #[test]
    fn no_path_leads_to_another_place() {
        let base = BaseUrl::new("https://api.example.com:8443");
        for path in [
            "//evil.example/a",
            "/\\evil.example",
            "@evil.example",
            ":1@evil.example/",
            "https://evil.example",
            "/a?b#c",
        ] {
            let url = base.join(path).unwrap();
            let place =
                (url.scheme(), url.username(), url.host_str(), url.port(), url.query(), url.fragment());
            assert_eq!(place, ("https", "", Some("api.example.com"), Some(8443), None, None), "{path}");
        }
    }

    #[test]
    fn what_is_no_url_fails_when_it_is_used() {
        let base = BaseUrl::new("no url");
        assert_eq!(base.as_str(), "no url");
        let error = base.join("/v1").map_err(Error::<()>::from);
        assert!(matches!(error, Err(Error::InvalidRequest(_))));
    }
}
