//! How a client is configured: piece by piece, or by the environment.
//!
//! What must stay true: a setting that is missing, malformed or contradicts another is an error that names it and
//! never shows its value; and no configuration sends a secret over plain HTTP to another machine.

mod environment;
mod file;

use std::sync::Arc;

use payonce::{Engine, Error, Secret};
use payonce_rest::{Common, Names, Ready, wrong};
use serde::{Deserialize, Serialize};

pub use file::Config;

use crate::client::Dollr;
use crate::rail::DollrRail;
use crate::raw::{self, types};
#[cfg(feature = "realtime")]
use crate::realtime::{Live, Realtime};
use crate::transport::{Credentials, Wire};

/// Where the provider is, unless told otherwise.
const BASE_URL: &str = "https://api.heydollr.app";

const NAMES: Names = Names {
    client_id: ("the client id", "DOLLR_CLIENT_ID"),
    client_secret: ("the client secret", "DOLLR_CLIENT_SECRET"),
    base_url: ("the base URL", "DOLLR_BASE_URL"),
    namespace: ("the namespace", "DOLLR_NAMESPACE"),
};
const USER_AGENT: &str = concat!("dollr-rust/", env!("CARGO_PKG_VERSION"));

/// What approves payouts: a code, and whose it is.
#[derive(Clone, Debug)]
pub struct Passcode {
    code: Secret,
    owner: Owner,
}

#[derive(Clone, Debug)]
enum Owner {
    Phone(Secret),
    UserId(Secret),
}

impl Passcode {
    /// A code that belongs to a phone number: digits only, with the country code and without a plus sign.
    pub fn of_phone(code: Secret, phone: impl Into<String>) -> Self {
        Self { code, owner: Owner::Phone(Secret::new(phone)) }
    }

    /// A code that belongs to a user of the provider.
    pub fn of_user(code: Secret, user_id: impl Into<String>) -> Self {
        Self { code, owner: Owner::UserId(Secret::new(user_id)) }
    }

    fn checked(self) -> Result<Self, Error> {
        if self.code.expose().is_empty() {
            return Err(wrong(("the passcode", "DOLLR_PASSCODE"), "is empty"));
        }
        match &self.owner {
            Owner::Phone(phone) if !is_phone(phone.expose()) => Err(wrong(
                ("the passcode's phone number", "DOLLR_PASSCODE_PHONE"),
                "is not 8 to 15 digits with the country code and without a plus sign",
            )),
            Owner::UserId(user_id) if user_id.expose().is_empty() => {
                Err(wrong(("the passcode's user id", "DOLLR_PASSCODE_USER_ID"), "is empty"))
            }
            _ => Ok(self),
        }
    }

    fn secrets(&self) -> [Secret; 2] {
        let (Owner::Phone(owner) | Owner::UserId(owner)) = &self.owner;
        [self.code.clone(), owner.clone()]
    }
}

fn is_phone(text: &str) -> bool {
    (8..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
}

/// What sends the payouts; the provider keeps it for its audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Device {
    /// What it is called.
    pub name: String,
    /// What kind of machine it is.
    pub kind: String,
    /// What it runs.
    pub platform: String,
    /// The software that speaks.
    pub user_agent: String,
    /// Its address.
    pub client_ip: String,
}

impl Default for Device {
    /// A server that runs this crate.
    fn default() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME").to_owned(),
            kind: "SERVER".to_owned(),
            platform: std::env::consts::OS.to_ascii_uppercase(),
            user_agent: USER_AGENT.to_owned(),
            client_ip: "127.0.0.1".to_owned(),
        }
    }
}

/// The settings of a client. Only the client's id and secret have no default.
#[derive(Clone, Debug)]
pub struct Builder {
    common: Common,
    passcode: Option<Passcode>,
    device: Device,
    #[cfg(feature = "realtime")]
    realtime: Option<Realtime>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            common: Common::new(NAMES, BASE_URL, USER_AGENT),
            passcode: None,
            device: Device::default(),
            #[cfg(feature = "realtime")]
            realtime: None,
        }
    }
}

impl Builder {
    /// The client's id, from the merchant portal.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.common.client_id = Some(client_id.into());
        self
    }

    /// The client's secret, from the merchant portal.
    #[must_use]
    pub fn client_secret(mut self, client_secret: Secret) -> Self {
        self.common.client_secret = Some(client_secret);
        self
    }

    /// The merchant's stable identity in the derivation of keys; the client id unless it is set. Set it before
    /// credentials are rotated, to the first client id: under another namespace, old names get new keys.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.common.namespace = Some(namespace.into());
        self
    }

    /// What approves payouts. It is held in memory and added to each payout as it is sent; it is never journaled.
    #[must_use]
    pub fn passcode(mut self, passcode: Passcode) -> Self {
        self.passcode = Some(passcode);
        self
    }

    /// What sends the payouts.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Has collections followed over the provider's realtime channel. They are polled all the same; the channel only
    /// has the status read sooner.
    #[cfg(feature = "realtime")]
    #[must_use]
    pub fn realtime(mut self, realtime: Realtime) -> Self {
        self.realtime = Some(realtime);
        self
    }

    /// The client. Opens the journal; sends nothing.
    ///
    /// # Errors
    /// `Configuration`, naming the setting and never its value; `Journal` when the journal cannot be opened.
    pub fn build(self) -> Result<Dollr, Error> {
        let Ready { client_id, client_secret, namespace, base, http } = self.common.ready()?;
        let passcode = self.passcode.map(Passcode::checked).transpose()?;
        let Common { place, merchant, transport, settings, .. } = self.common;
        let mut secrets = vec![client_secret.clone()];
        secrets.extend(passcode.iter().flat_map(Passcode::secrets));
        let client_secret = client_secret.expose().into();
        let credentials = Credentials(types::ClientCredentialObtainTokenPayload { client_id, client_secret });
        let bare = raw::Client::new_with_client(&base.text, http, transport);
        let wire = Arc::new(Wire::new(credentials, bare, secrets, Arc::clone(&settings.clock)));
        let rail = DollrRail::new(wire, passcode.map(|passcode| approval(&passcode, self.device)));
        #[cfg(feature = "realtime")]
        let rail = {
            let live = self.realtime.map(|realtime| Live::new(realtime, &self.common.roots));
            rail.with_live(live.transpose()?)
        };
        Ok(Dollr::new(Engine::new(rail, place.open(merchant.as_deref())?, namespace, settings)))
    }
}

payonce_rest::common_settings! {
    Builder
    /// ```no_run
    /// # fn example(builder: dollr::Builder) -> Result<(), Box<dyn std::error::Error>> {
    /// let proxy = dollr::reqwest::Proxy::https("http://proxy.internal:3128")?;
    /// let dollr = builder.http(move |http| http.proxy(proxy.clone()).user_agent("till/2.1")).build()?;
    /// # Ok(())
    /// # }
    /// ```
}

/// The passcode and device as they are added to each payout.
fn approval(passcode: &Passcode, device: Device) -> types::PasscodePayload {
    let (phone, user_id) = match &passcode.owner {
        Owner::Phone(phone) => (Some(phone.expose().into()), None),
        Owner::UserId(user_id) => (None, Some(user_id.expose().into())),
    };
    let Device { name, kind, platform, user_agent, client_ip } = device;
    types::PasscodePayload {
        device: types::PasscodeDevice { client_ip, name, platform, type_: kind, user_agent },
        token: types::PasscodeToken { code: passcode.code.expose().into(), phone, user_id },
    }
}
