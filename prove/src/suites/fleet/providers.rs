//! Both providers, their bad weather, and what their books say at the end.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Result;
use payonce_sandbox::dwolla::Switches;
use payonce_sandbox::dwolla::switches::Keys;
use payonce_sandbox::{DwollaSandbox, Guards, Sandbox, Storm};
use uuid::Uuid;

/// How long money takes to settle: long enough for blows to meet work in flight.
const SETTLES_AFTER: Duration = Duration::from_millis(40);

/// Both, each with its guards or without any.
pub(super) struct Providers {
    pub(super) dollr: Sandbox,
    pub(super) dwolla: DwollaSandbox,
}

impl Providers {
    /// Opens both.
    pub(super) async fn open(guarded: bool) -> Result<Self> {
        let dollr = Sandbox::builder().settle_after(SETTLES_AFTER).start().await?;
        dollr.guards(Guards { key_once: guarded, session_once: guarded });
        let keys = if guarded { Keys::Honoured } else { Keys::Ignored };
        let switches = Switches { keys, ..Switches::default() };
        Ok(Self { dollr, dwolla: DwollaSandbox::builder().switches(switches).start().await? })
    }

    /// Where they listen.
    pub(super) fn addresses(&self) -> [String; 2] {
        [self.dollr.url(), self.dwolla.url()].map(|url| url.trim_start_matches("http://").to_owned())
    }

    /// From now on requests and replies are lost, answered wrongly, and delivered late. Dwolla answers no 500: it would
    /// lock the key for a day.
    pub(super) fn weather(&self, seed: u64) {
        let lost = Storm::new(seed).lost_requests(0.02).lost_replies(0.03).delays(0.1).resets(0.03);
        self.dwolla.storm(lost);
        self.dollr.storm(lost.errors_before(0.02).errors_after(0.02).too_many(0.005).garbage(0.01));
        let late = Duration::from_millis(300);
        self.dollr.on("POST /v1/executions/*").probability(0.02, seed).before_effect().deliver_late(late);
        self.dwolla.on("POST /transfers").probability(0.02, seed).before_effect().deliver_late(late);
    }

    /// Fair weather again.
    pub(super) fn calm(&self) {
        self.dollr.clear_faults();
        self.dwolla.clear_faults();
    }

    /// How often money has moved, by keys.
    pub(super) fn paid(&self) -> HashMap<Uuid, u64> {
        let dollr = self.dollr.ledger().movements().into_iter().map(|movement| Some(movement.reference_id));
        let dwolla = self.dwolla.ledger().movements();
        let dwolla = dwolla.into_iter().map(|movement| movement.idempotency_key?.parse().ok());
        let mut paid = HashMap::new();
        for key in dollr.chain(dwolla) {
            // What has no key that we know was asked for by nobody.
            *paid.entry(key.unwrap_or(Uuid::nil())).or_default() += 1;
        }
        paid
    }

    /// Whether the books add up.
    pub(super) fn are_balanced(&self) -> bool {
        self.dollr.ledger().is_balanced() && self.dwolla.ledger().is_balanced()
    }
}
