// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

/// A token of the application.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct Token {
    pub access_token: crate::Secret,
    /// Its age at its end, in seconds.
    pub expires_in: i64,
    pub token_type: TokenType,
}

/// What is asked for, beside HTTP Basic.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct TokenRequest {
    /// The key, if there is no HTTP Basic.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub client_id: ::std::option::Option<::std::string::String>,
    /// The secret, if there is no HTTP Basic.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub client_secret: ::std::option::Option<crate::Secret>,
    pub grant_type: crate::enums::GrantType,
}

/// `bearer`, in either case.
#[derive(
    ::serde::Deserialize,
    ::serde::Serialize,
    Clone,
    Debug,
    Eq,
    Hash,
    Ord,
    PartialEq,
    PartialOrd
)]
#[serde(transparent)]
pub struct TokenType(pub ::std::string::String);

impl ::std::ops::Deref for TokenType {
    type Target = ::std::string::String;
    fn deref(&self) -> &::std::string::String {
        &self.0
    }
}

impl ::std::convert::From<TokenType> for ::std::string::String {
    fn from(value: TokenType) -> Self {
        value.0
    }
}

impl ::std::convert::From<::std::string::String> for TokenType {
    fn from(value: ::std::string::String) -> Self {
        Self(value)
    }
}

impl ::std::fmt::Display for TokenType {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ::std::str::FromStr for TokenType {
    type Err = ::std::convert::Infallible;
    fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
        Ok(Self(value.to_string()))
    }
}
