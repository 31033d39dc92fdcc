//! `payonce evidence`: what the provider's support asks for, of one payment, without what is nobody's business there.
//!
//! What must stay true: what is printed or written was redacted as a whole, whatever put it there; and what is not known is
//! said to be so, because support must not be led astray.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::Args;
use payonce::journal::Record;
use payonce::step::{Entry, Event};
use payonce::{Name, ReferenceId, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::cmd_again::unknown;
use crate::cmd_history::keys;
use crate::config::{Client, Problem};
use crate::exit::{Error, Exit};
use crate::facade::Variables;
use crate::print;
use crate::rail::{Rail, Rails};
use crate::redact::Redaction;
use crate::story::{Story, ask};

/// Put together what the provider's support asks for: the reference id, the request, the answers, the merchant and its
/// environment, the means of payment; and the payment's whole story.
///
/// Phone numbers, e-mail addresses and secrets are taken out. Printed as text, with --json as JSON; with --out both are
/// written to files that only you can read. The provider is asked once, to read, if its credentials are there.
#[derive(Debug, Args)]
pub(crate) struct Evidence {
    /// The payment's name, or the reference id of any of its attempts.
    #[arg(value_name = "NAME|REFERENCE_ID")]
    payment: Name,
    /// Write evidence.json and evidence.txt to this directory, which is made if there is none.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The merchant's id with the provider, from its dashboard, which the settings do not have.
    #[arg(long, value_name = "ID")]
    merchant: Option<String>,
    #[command(flatten)]
    rails: Rails,
    #[command(flatten)]
    client: Client,
}

/// One request that was put on the wire, or was about to be.
#[derive(Serialize)]
struct Request {
    at: Timestamp,
    method: &'static str,
    url: String,
    /// The header of the key, where the key is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<ReferenceId>,
    /// What the journal holds; a secret that is added at the send is not in it.
    body: Value,
}

/// An answer, or the lack of one.
#[derive(Serialize)]
struct Response {
    at: Timestamp,
    event: Value,
}

impl Evidence {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let journal = self.client.journal.open()?;
        let found = self.rails.find(&*journal, &self.payment).await?;
        let (rail, record) = found.ok_or_else(|| unknown(self.payment.as_str()))?;
        // Without them nothing can be told apart from a secret, so they are needed even where nobody is asked.
        let variables = Ok(self.client.variables(&[rail])?);
        let asked = ask(&variables, &journal, rail, &record.intent.name).await?;
        let variables = variables?;
        let story = Story::of(rail, &record, asked, journal.is_held_elsewhere(record.id).await?)?;
        let redaction = Redaction::of(&variables);
        let bundle = redaction.value(self.bundle(rail, &record, &variables, &story));
        let lines = text(&bundle);
        if let Some(directory) = &self.out {
            let written = write(directory, &bundle, &lines);
            written.map_err(|error| Problem::NotWritten(directory.clone(), error))?;
            if !json {
                print::line(format!("evidence.json and evidence.txt are in {}", directory.display()));
                return Ok(Exit::Done);
            }
        }
        if json {
            print::json(&bundle);
        } else {
            lines.iter().for_each(print::line);
        }
        Ok(Exit::Done)
    }

    /// Everything, as it is before the redaction.
    fn bundle(&self, rail: Rail, record: &Record, variables: &Variables, story: &Story) -> Value {
        let base_url = base_url(rail, variables);
        let environment = environment(rail, variables, &base_url);
        let identity = |names: [&str; 2]| names.iter().find_map(|name| variables.get(*name)?.to_str());
        let namespace = match rail {
            Rail::Dollr => identity(["DOLLR_NAMESPACE", "DOLLR_CLIENT_ID"]),
            Rail::Dwolla => identity(["DWOLLA_NAMESPACE", "DWOLLA_KEY"]),
        };
        json!({
            "made_at": Utc::now(),
            "made_by": concat!("payonce ", env!("CARGO_PKG_VERSION")),
            "reference_ids": keys(record),
            "requests": requests(rail, record, &base_url),
            "responses": {
                "journaled": responses(record),
                "note": "of each answer the journal keeps what it meant, in the provider's words, and not its bytes",
                "status_now": story.provider,
            },
            "merchant": {
                "merchant_id": self.merchant,
                "client": namespace,
                "base_url": base_url,
                "environment": environment,
            },
            "means": {
                "rail": rail,
                "operation": record.intent.operation,
                "contents": serde_json::from_str::<Value>(&record.intent.contents).unwrap_or_default(),
                "note": "method, provider and market are in the provider's own record of the account that is named here",
            },
            "story": story,
            "lines": story.lines(),
        })
    }
}

/// The setting of the base URL, and what it is without one.
fn base_url_setting(rail: Rail) -> (&'static str, &'static str) {
    match rail {
        Rail::Dollr => ("DOLLR_BASE_URL", "https://api.heydollr.app"),
        Rail::Dwolla => ("DWOLLA_BASE_URL", "https://api.dwolla.com"),
    }
}

fn base_url(rail: Rail, variables: &Variables) -> String {
    let (name, usual) = base_url_setting(rail);
    let set = variables.get(name).and_then(|url| url.to_str()).unwrap_or(usual);
    set.trim_end_matches('/').to_owned()
}

/// Where the present settings lead; the journal does not say where the payment went.
fn environment(rail: Rail, variables: &Variables, base_url: &str) -> String {
    let (name, _) = base_url_setting(rail);
    let local = ["http://127.", "http://localhost", "http://[::1]"];
    if !variables.contains_key(name) {
        format!("live, if {name} was not set when it was paid; it is not set now")
    } else if local.iter().any(|it| base_url.starts_with(it)) {
        "a sandbox on this machine".to_owned()
    } else {
        "live".to_owned()
    }
}

/// Each send, with the body that it carried.
fn requests(rail: Rail, record: &Record, base_url: &str) -> Vec<Request> {
    let path = match rail {
        Rail::Dollr => format!("/v1/executions/{}", record.intent.operation),
        Rail::Dwolla => "/transfers".to_owned(),
    };
    let mut prepared = Value::Null;
    let mut key = record.intent.reference_id;
    let mut requests = Vec::new();
    for Entry { at, event } in &record.entries {
        match event {
            Event::Prepared { body, .. } => {
                prepared = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.clone()));
            }
            Event::Sending => requests.push(Request {
                at: *at,
                method: "POST",
                url: format!("{base_url}{path}"),
                idempotency_key: (rail == Rail::Dwolla).then_some(key),
                body: prepared.clone(),
            }),
            Event::Again { reference_id, .. } => key = *reference_id,
            _ => {}
        }
    }
    requests
}

/// What came back, as it was journaled.
fn responses(record: &Record) -> Vec<Response> {
    let came_back = |event: &Event| {
        !matches!(
            event,
            Event::Prepared { .. } | Event::Sending | Event::Again { .. } | Event::Resolved { .. }
        )
    };
    let entries = record.entries.iter().filter(|entry| came_back(&entry.event));
    entries.map(|Entry { at, event }| Response { at: *at, event: json!(event) }).collect()
}

/// The bundle as a person reads it, made of what was redacted.
fn text(bundle: &Value) -> Vec<String> {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "not known here; add it".to_owned(),
        other => other.to_string(),
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut lines = vec!["1. Reference id".to_owned()];
    lines.extend(list(&bundle["reference_ids"]).iter().map(|key| format!("   {}", plain(key))));
    lines.push("2. Requests".to_owned());
    let requests = list(&bundle["requests"]);
    if requests.is_empty() {
        lines.push("   nothing was sent".to_owned());
    }
    for request in &requests {
        let [at, method, url, body] = ["at", "method", "url", "body"].map(|name| plain(&request[name]));
        lines.push(format!("   {at}  {method} {url}"));
        if let Some(key) = request.get("idempotency_key") {
            lines.push(format!("   Idempotency-Key: {}", plain(key)));
        }
        lines.push(format!("   {body}"));
    }
    if bundle["means"]["operation"] == "payout" {
        lines.push(
            "   (without the passcode and the device, which are added when it is sent and never kept)"
                .to_owned(),
        );
    }
    lines.push("3. Answers".to_owned());
    for response in list(&bundle["responses"]["journaled"]) {
        lines.push(format!("   {}  {}", plain(&response["at"]), response["event"]));
    }
    let now = &bundle["responses"]["status_now"];
    lines.push(format!("   {}  the provider's status now: {now}", plain(&now["at"])));
    lines.push(format!("   ({})", plain(&bundle["responses"]["note"])));
    lines.push("4. Merchant and environment".to_owned());
    for (name, words) in [
        ("merchant_id", "merchant id"),
        ("client", "client"),
        ("base_url", "base URL"),
        ("environment", "environment"),
    ] {
        lines.push(format!("   {words:<12} {}", plain(&bundle["merchant"][name])));
    }
    lines.push("5. Means of payment".to_owned());
    for name in ["rail", "operation", "contents"] {
        lines.push(format!("   {name:<12} {}", plain(&bundle["means"][name])));
    }
    lines.push(format!("   ({})", plain(&bundle["means"]["note"])));
    lines.push("The payment".to_owned());
    lines.extend(
        list(&bundle["lines"]).iter().map(|line| format!("   {}", plain(line)).trim_end().to_owned()),
    );
    lines.push(format!("Made at {} by {}.", plain(&bundle["made_at"]), plain(&bundle["made_by"])));
    lines
}

/// Writes both files, each readable for its owner only. Files that are there are not overwritten.
fn write(directory: &Path, bundle: &Value, lines: &[String]) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    for (name, text) in [("evidence.json", format!("{bundle:#}")), ("evidence.txt", lines.join("\n"))] {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        writeln!(options.open(directory.join(name))?, "{text}")?;
    }
    Ok(())
}
