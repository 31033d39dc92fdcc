//! `payonce doctor`: whether payments can be made from here, looked at from every side without making one.

use clap::Args;
use dollr::Dollr;
use dwolla::Dwolla;
use payonce::ErrorKind;

use crate::config::{
    self, {Client, Settings, profile},
};
use crate::doctor::{Finding, State, drift, journal};
use crate::exit::{Error, Exit};
use crate::facade::{Facade, Place};
use crate::print;
use crate::rail::{Rail, Rails};

/// How far the clocks may be apart before it is worth a word, in seconds. It does no harm to payments.
const SKEW: i64 = 5;

/// How many differences of a provider's document are shown.
const MOST_DIFFERENCES: usize = 5;

/// Look whether payments can be made from here: configuration, credentials, clocks, journal, and whether the provider's
/// API is still the one that this program knows. Moves no money.
///
/// Each line says ok, warning or PROBLEM, and what to do; with `--json` each is an object with check, rail, state (ok,
/// warning or problem), found and to_do. The exit code is 0 without a problem, and 1 with one.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    rails: Rails,
    #[command(flatten)]
    client: Client,
}

impl Doctor {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let mut worst = State::Ok;
        let mut tell = |finding: Finding| {
            worst = worst.max(finding.state);
            if json { print::json(&finding) } else { print::line(finding.line()) }
        };
        match self.client.settings(self.rails.each()) {
            Ok(settings) => {
                tell(self.configuration());
                for finding in self.rails(&settings).await {
                    tell(finding);
                }
            }
            Err(problem) => tell(Finding::problem("configuration", problem.to_string(), "mend that first")),
        }
        match self.client.journal.place() {
            Ok(place) => journal::look(&place).await.into_iter().for_each(tell),
            Err(problem @ config::Problem::ShownPassword) => {
                tell(Finding::problem("journal", problem.to_string(), "mend that first"));
            }
            // What else is wrong with a profile has been told.
            Err(_) => {}
        }
        Ok(if worst == State::Problem { Exit::Error } else { Exit::Done })
    }

    fn configuration(&self) -> Finding {
        let path = profile::path().map(|path| path.display().to_string()).unwrap_or_default();
        match (self.client.journal.put_aside(), self.client.journal.used()) {
            (Ok(Some((variable, name))), _) => Finding::warning(
                "configuration",
                format!("nothing is taken from the profile {name}, because {variable} names another account"),
                "unset it if the profile is meant",
            ),
            (_, Ok(Some(name))) => Finding::ok("configuration", format!("the profile {name} in {path}")),
            _ => Finding::ok("configuration", "the environment alone; there is no profile"),
        }
    }

    async fn rails(&self, settings: &Settings) -> Vec<Finding> {
        let mut found = Vec::new();
        for rail in self.rails.each() {
            let names = rail.setting_names();
            let set = [names.client_id, names.client_secret]
                .iter()
                .any(|name| settings.variables.contains_key(*name));
            if !set && self.rails.each().len() > 1 {
                continue;
            }
            found.extend(match rail {
                Rail::Dollr => dollr(settings).await,
                Rail::Dwolla => look::<Dwolla>(settings).await.1,
            });
        }
        if found.is_empty() {
            let to_do = "payonce login, or set the variables that payonce --help lists";
            found.push(Finding::problem("credentials", "there are none, for no rail", to_do));
        }
        found
    }
}

/// What is Dollr's own.
async fn dollr(settings: &Settings) -> Vec<Finding> {
    let (client, mut found) = look::<Dollr>(settings).await;
    if !settings.variables.contains_key("DOLLR_PASSCODE") {
        let found_none =
            Finding::warning("passcode", "there is none", "payouts need DOLLR_PASSCODE; nothing else does");
        found.push(found_none.on(Rail::Dollr));
    }
    if let Some(client) = client {
        found.push(published(&client).await.on(Rail::Dollr));
    }
    found
}

/// Whether the API is still the one that this program was made for.
async fn published(dollr: &Dollr) -> Finding {
    let text = match dollr.published_document().await {
        Ok(text) => text,
        Err(error) => {
            let found = format!("the provider's document cannot be read: {error}");
            return Finding::warning("api", found, "try again later");
        }
    };
    match drift::compare(dollr::raw::DOCUMENT, &text) {
        Some((compared, differences)) if differences.is_empty() => {
            Finding::ok("api", format!("all {compared} operations are described as this program knows them"))
        }
        Some((compared, differences)) => {
            let shown = differences.iter().take(MOST_DIFFERENCES).cloned().collect::<Vec<_>>().join("; ");
            let found = format!("{} of {compared} operations differ: {shown}", differences.len());
            Finding::warning("api", found, "look for a newer payonce, and try it before you rely on it")
        }
        None => Finding::warning(
            "api",
            "what is at /openapi.json describes no API",
            "see that the base URL is right",
        ),
    }
}

/// What every rail has, and its client, if it could sign in.
async fn look<F: Facade>(settings: &Settings) -> (Option<F>, Vec<Finding>) {
    let rail = F::RAIL;
    let names = rail.setting_names();
    let client = match F::open(settings.variables.clone(), Place::Memory) {
        Ok(client) => client,
        Err(error) => {
            let to_do = format!("payonce login --rail {rail}, or mend the variable");
            return (None, vec![Finding::problem("credentials", error.to_string(), to_do).on(rail)]);
        }
    };
    let told = |name: &str| settings.variables.get(name).map(|value| value.to_string_lossy().into_owned());
    let place = told(names.base_url);
    let at = place.as_deref().unwrap_or("its public address");
    let ahead = match client.sign_in().await {
        Ok(ahead) => ahead,
        Err(error) if error.kind() == ErrorKind::Unauthorized => {
            let reached = Finding::ok("reachable", format!("at {at}")).on(rail);
            let to_do = format!("payonce login --rail {rail}");
            return (None, vec![reached, Finding::problem("credentials", error.to_string(), to_do).on(rail)]);
        }
        Err(error) => {
            let to_do = "see that the network and the base URL are right";
            return (
                None,
                vec![Finding::problem("reachable", format!("not at {at}: {error}"), to_do).on(rail)],
            );
        }
    };
    let client_id = told(names.client_id).unwrap_or_default();
    let mut found = vec![
        match &place {
            Some(url) if url.starts_with("http:") => Finding::warning(
                "reachable",
                format!("at {url}, in the clear and on this machine"),
                "no real money is there",
            ),
            _ => Finding::ok("reachable", format!("at {at}")),
        },
        Finding::ok("credentials", format!("a token was granted to {client_id}")),
    ];
    found.push(match ahead.map(|ahead| ahead.num_seconds()) {
        Some(seconds) if seconds.abs() <= SKEW => Finding::ok("clock", "within seconds of the provider's"),
        Some(seconds) => Finding::warning(
            "clock",
            format!("the provider's is {} s {}", seconds.abs(), if seconds > 0 { "ahead" } else { "behind" }),
            "set this machine's clock; payments are not harmed, but times in the journal are wrong",
        ),
        None => {
            Finding::warning("clock", "the provider did not say what time it is", "nothing can be compared")
        }
    });
    (Some(client), found.into_iter().map(|finding| finding.on(rail)).collect())
}
