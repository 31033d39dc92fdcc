//! Links of the provider's replies, typed and pinned.
//!
//! What must stay true: no request ever goes to a URL that came out of a reply. A link is read for what it names (a
//! transfer, a customer) and the request for that is made anew, to the base URL. Reading comes first, and it refuses a
//! link to another scheme, host or port, with a user's name, or in any spelling that two readers could understand in two
//! ways; so a link that leads elsewhere is an error before there is a request, and before there is a token.

use reqwest::Url;

use payonce::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, CustomerId, FundingSourceId, OnDemandAuthorizationId, TransferId, is_uuid};

/// The longest path that is read, in bytes.
const LONGEST_PATH: usize = 200;

/// What a link of the provider names. Nothing is there to be followed: ask for the thing by its id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Link {
    /// An account.
    Account(AccountId),
    /// A customer.
    Customer(CustomerId),
    /// A bank account or a balance.
    FundingSource(FundingSourceId),
    /// A transfer.
    Transfer(TransferId),
    /// Why a transfer failed.
    Failure(TransferId),
    /// The fees of a transfer.
    Fees(TransferId),
    /// What a funding source holds.
    Balance(FundingSourceId),
    /// A customer's consent to debits.
    OnDemandAuthorization(OnDemandAuthorizationId),
    /// An e-mail address that money is sent to.
    Email(String),
    /// Something else of the provider's: the path, below the base URL.
    Other(String),
}

/// Who owns a funding source and is a side of a transfer: the application's account or a customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Owner {
    /// An account.
    Account(AccountId),
    /// A customer.
    Customer(CustomerId),
}

impl From<Owner> for Link {
    fn from(owner: Owner) -> Self {
        match owner {
            Owner::Account(id) => Self::Account(id),
            Owner::Customer(id) => Self::Customer(id),
        }
    }
}

impl From<AccountId> for Owner {
    fn from(id: AccountId) -> Self {
        Self::Account(id)
    }
}

impl From<CustomerId> for Owner {
    fn from(id: CustomerId) -> Self {
        Self::Customer(id)
    }
}

/// The place that every link has to lead to: the base URL.
#[derive(Clone, Debug)]
pub(crate) struct Pin {
    /// `https`.
    scheme: String,
    /// The host, and the port unless it is the scheme's own.
    authority: String,
    /// The same with the scheme's own port, if that was left out.
    with_port: String,
    /// The base URL's path, without a slash at the end.
    stem: String,
}

macro_rules! typed {
    ($($(#[$doc:meta])* $name:ident: $kind:ident($id:ty), $what:literal;)+) => {
        $($(#[$doc])*
        pub(crate) fn $name(&self, rel: &'static str, href: &str) -> Result<$id, Error> {
            match self.read(rel, href)? {
                Link::$kind(id) => Ok(id),
                _ => Err(not_a(rel, $what)),
            }
        })+
    };
}

impl Pin {
    /// Pins links to a base URL that was checked before.
    pub(crate) fn new(base_url: &str) -> Result<Self, Error> {
        let bad = || Error::new(ErrorKind::Configuration, "the base URL is no URL");
        let base = Url::parse(base_url).map_err(|_| bad())?;
        let host = base.host_str().ok_or_else(bad)?;
        let with_port = format!("{host}:{}", base.port_or_known_default().ok_or_else(bad)?);
        Ok(Self {
            scheme: base.scheme().to_owned(),
            authority: base.port().map_or_else(|| host.to_owned(), |_| with_port.clone()),
            with_port,
            stem: base.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Reads the link of that relation.
    ///
    /// # Errors
    /// `Unreadable` when it leads elsewhere or is not plainly written. The message has the relation and nothing of the
    /// link.
    pub(crate) fn read(&self, rel: &'static str, href: &str) -> Result<Link, Error> {
        let path = self.path(href).ok_or_else(|| elsewhere(rel))?;
        Ok(Link::of(path).unwrap_or_else(|| Link::Other(path.to_owned())))
    }

    typed! {
        /// Reads a link that has to name a transfer.
        transfer: Transfer(TransferId), "transfer";
        /// Reads a link that has to name a funding source.
        funding_source: FundingSource(FundingSourceId), "funding source";
        /// Reads a link that has to name an account.
        account: Account(AccountId), "account";
        /// Reads a link that has to name a customer.
        customer: Customer(CustomerId), "customer";
        /// Reads a link that has to name an on-demand authorization.
        on_demand_authorization: OnDemandAuthorization(OnDemandAuthorizationId), "on-demand authorization";
    }

    /// Reads the link to where money goes, which may be an e-mail address.
    pub(crate) fn destination(&self, rel: &'static str, href: &str) -> Result<Link, Error> {
        let address = href.strip_prefix("mailto:").filter(|address| {
            let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#');
            address.len() <= LONGEST_PATH && address.contains('@') && address.bytes().all(plain)
        });
        match address {
            Some(address) => Ok(Link::Email(address.to_owned())),
            None => self.read(rel, href),
        }
    }

    /// Whether this is the provider itself and not a sandbox: real money.
    pub(crate) fn is_production(&self) -> bool {
        self.authority.eq_ignore_ascii_case("api.dwolla.com")
    }

    /// The URL of a thing, as a request's body names it.
    pub(crate) fn href(&self, link: &Link) -> String {
        if let Link::Email(address) = link {
            return format!("mailto:{address}");
        }
        format!("{}://{}{}{}", self.scheme, self.authority, self.stem, link.path())
    }

    /// The path below the base URL, if the link leads there and is plainly written. No parser is asked: whatever one
    /// would tidy up (a backslash, a dot, an escape, a number for an address) is not plainly written.
    fn path<'a>(&self, href: &'a str) -> Option<&'a str> {
        let (scheme, rest) = href.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/')?);
        let here = scheme.eq_ignore_ascii_case(&self.scheme)
            && [&self.authority, &self.with_port].iter().any(|known| authority.eq_ignore_ascii_case(known));
        let path = path.strip_prefix(self.stem.as_str())?;
        let mut segments = path.strip_prefix('/')?.split('/');
        (here && path.len() <= LONGEST_PATH && segments.all(is_plain)).then_some(path)
    }
}

/// Whether a part of a path is what it looks like, to whoever reads it.
fn is_plain(segment: &str) -> bool {
    !segment.is_empty()
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl Link {
    /// What a path below the base URL names, if that is known here.
    fn of(path: &str) -> Option<Self> {
        let mut segments = path.split('/').skip(1);
        let (kind, id, part) = (segments.next()?, segments.next()?, segments.next());
        if segments.next().is_some() || !is_uuid(id) {
            return None;
        }
        Some(match (kind, part) {
            ("accounts", None) => Self::Account(id.into()),
            ("customers", None) => Self::Customer(id.into()),
            ("funding-sources", None) => Self::FundingSource(id.into()),
            ("funding-sources", Some("balance")) => Self::Balance(id.into()),
            ("transfers", None) => Self::Transfer(id.into()),
            ("transfers", Some("failure")) => Self::Failure(id.into()),
            ("transfers", Some("fees")) => Self::Fees(id.into()),
            ("on-demand-authorizations", None) => Self::OnDemandAuthorization(id.into()),
            _ => return None,
        })
    }

    /// The path below the base URL.
    fn path(&self) -> String {
        match self {
            Self::Account(id) => format!("/accounts/{id}"),
            Self::Customer(id) => format!("/customers/{id}"),
            Self::FundingSource(id) => format!("/funding-sources/{id}"),
            Self::Balance(id) => format!("/funding-sources/{id}/balance"),
            Self::Transfer(id) => format!("/transfers/{id}"),
            Self::Failure(id) => format!("/transfers/{id}/failure"),
            Self::Fees(id) => format!("/transfers/{id}/fees"),
            Self::OnDemandAuthorization(id) => format!("/on-demand-authorizations/{id}"),
            // Not below the base URL; `href` has it.
            Self::Email(_) => String::new(),
            Self::Other(path) => path.clone(),
        }
    }
}

fn elsewhere(rel: &str) -> Error {
    let message =
        format!("the provider's link {rel:?} leads elsewhere than below the base URL; it was not followed");
    Error::new(ErrorKind::Unreadable, message)
}

fn not_a(rel: &str, what: &str) -> Error {
    Error::new(ErrorKind::Unreadable, format!("the provider's link {rel:?} names no {what}"))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// What links are made of, and what is slipped into them.
    const PARTS: &[&str] = &[
        "https://api.dwolla.com",
        "https://API.dwolla.com:443",
        "http://127.0.0.1",
        "https://",
        "http:",
        "api.dwolla.com",
        "/transfers/",
        "/v2",
        "/",
        "//",
        "..",
        ".",
        "@",
        ":",
        ":443",
        ":80",
        "?",
        "#",
        "%2e",
        "%2F",
        "\\",
        "\t",
        " ",
        "\u{3002}",
        "evil.example",
        "74c9129b-d14a-e511-80da-0aa34a9b2388",
        "a",
        "A",
        "_",
        "-",
        "~",
        "\0",
    ];

    const ID: &str = "74c9129b-d14a-e511-80da-0aa34a9b2388";

    fn pin(base: &str) -> Pin {
        Pin::new(base).unwrap()
    }

    /// One link a line, for a provider at `https://api.dwolla.com`. `\t`, `\n`, `\r`, `\0` and `\u{..}` stand for
    /// what a line cannot hold.
    fn hostile() -> Vec<String> {
        let lines = include_str!("../tests/hostile_links.txt").lines();
        lines.filter(|line| !line.starts_with("## ")).map(unescaped).collect()
    }

    fn unescaped(line: &str) -> String {
        let escaped =
            line.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r").replace("\\0", "\0");
        let mut parts = escaped.split("\\u{");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |mut text, part| {
            let (code, rest) = part.split_once('}').unwrap();
            text.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
            text + rest
        })
    }

    #[test]
    fn no_hostile_link_is_read() {
        let pin = pin("https://api.dwolla.com");
        let links = hostile();
        assert!(links.len() >= 200, "{}", links.len());
        let distinct: std::collections::HashSet<_> = links.iter().collect();
        assert_eq!(distinct.len(), links.len());
        for href in &links {
            let error = pin.read("cancel", href).expect_err(href);
            assert_eq!(error.kind(), ErrorKind::Unreadable);
            assert!(!format!("{error} {error:?}").contains(ID), "{error:?}");
        }
    }

    #[test]
    fn a_link_is_read_for_what_it_names() {
        let pin = pin("https://api-sandbox.dwolla.com");
        let read = |path: &str| pin.read("self", &format!("https://api-sandbox.dwolla.com{path}")).unwrap();
        assert_eq!(read(&format!("/transfers/{ID}")), Link::Transfer(ID.into()));
        assert_eq!(read(&format!("/transfers/{}", ID.to_uppercase())), Link::Transfer(ID.into()));
        assert_eq!(read(&format!("/transfers/{ID}/failure")), Link::Failure(ID.into()));
        assert_eq!(read(&format!("/customers/{ID}")), Link::Customer(ID.into()));
        assert_eq!(read("/labels/7"), Link::Other("/labels/7".to_owned()));
        assert_eq!(read("/transfers/7"), Link::Other("/transfers/7".to_owned()));
        let error = pin.transfer("funding-transfer", &pin.href(&Link::Customer(ID.into()))).unwrap_err();
        assert_eq!(error.message(), "the provider's link \"funding-transfer\" names no transfer");
    }

    #[test]
    fn what_is_written_is_read_again_whatever_the_base_url() {
        for base in [
            "https://api.dwolla.com",
            "https://api.dwolla.com:8443/",
            "http://127.0.0.1:8080",
            "http://[::1]:8080/dwolla",
            "https://proxy.example.com/dwolla/v2/",
        ] {
            let pin = pin(base);
            for link in [
                Link::Account(ID.into()),
                Link::Customer(ID.into()),
                Link::FundingSource(ID.into()),
                Link::Balance(ID.into()),
                Link::Transfer(ID.into()),
                Link::Failure(ID.into()),
                Link::Fees(ID.into()),
                Link::OnDemandAuthorization(ID.into()),
                Link::Other("/webhooks/7".to_owned()),
            ] {
                let href = pin.href(&link);
                assert_eq!(pin.read("self", &href).unwrap(), link, "{href}");
            }
        }
    }

    #[test]
    fn a_link_beside_the_base_urls_own_path_is_refused() {
        let pin = pin("https://proxy.example.com/dwolla");
        for path in [
            "/transfers",
            "/dwolla2/transfers",
            "/DWOLLA/transfers",
            "/dwolla//transfers",
            "/x/dwolla/transfers",
        ] {
            assert!(pin.read("self", &format!("https://proxy.example.com{path}/{ID}")).is_err(), "{path}");
        }
    }

    proptest! {
        /// The other way round: whatever is taken, a parser of URLs understands in the same way.
        #[test]
        fn what_is_read_is_what_a_parser_of_urls_sees(parts in vec(select(PARTS), 1..9)) {
            let href: String = parts.concat();
            for base in ["https://api.dwolla.com", "https://api.dwolla.com/v2", "http://127.0.0.1:80"] {
                let pin = pin(base);
                let Some(path) = pin.path(&href) else { continue };
                let (seen, base) = (Url::parse(&href).unwrap(), Url::parse(base).unwrap());
                prop_assert_eq!(seen.origin(), base.origin());
                prop_assert_eq!(seen.path(), format!("{}{path}", pin.stem));
                prop_assert!(seen.username().is_empty() && seen.password().is_none());
                prop_assert!(seen.query().is_none() && seen.fragment().is_none());
            }
        }
    }
}
