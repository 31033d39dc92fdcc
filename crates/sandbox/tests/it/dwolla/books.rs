//! Whatever is asked, in whatever order and through whatever faults, the books balance, and no key pays twice while keys
//! are honoured.

use std::collections::HashMap;
use std::time::Duration;

use payonce_sandbox::dwolla::switches::{BankRemoval, OtherBody, SameBody, Settlement};
use payonce_sandbox::dwolla::{
    ACCOUNT, BALANCE, BANK, BUSINESS, BUSINESS_BALANCE, CUSTOMER, CUSTOMER_BANK, LATE_RETURNING_BANK,
    LATE_SHORT_BANK, RETURNING_BANK, SHORT_BANK, Switches, VERIFIED_BALANCE, VERIFIED_BANK,
    VERIFIED_CUSTOMER,
};
use payonce_sandbox::{DwollaSandbox, Storm};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{Application, transfer};

const SOURCES: [Uuid; 11] = [
    BALANCE,
    BANK,
    SHORT_BANK,
    LATE_SHORT_BANK,
    CUSTOMER_BANK,
    RETURNING_BANK,
    LATE_RETURNING_BANK,
    VERIFIED_BANK,
    VERIFIED_BALANCE,
    BUSINESS_BALANCE,
    Uuid::nil(),
];
const PARTIES: [(&str, Uuid); 4] = [
    ("accounts", ACCOUNT),
    ("customers", CUSTOMER),
    ("customers", VERIFIED_CUSTOMER),
    ("customers", BUSINESS),
];

/// One thing a client or time may do. Numbers choose among the keys and transfers of the run.
#[derive(Clone, Debug)]
enum Act {
    Pay { source: usize, destination: usize, cents: i64, key: usize, fee: Option<(usize, i64)> },
    PayStranger { source: usize, cents: i64 },
    Cancel { transfer: usize },
    Simulate,
    Rename { source: usize, code: usize },
    Remove { source: usize },
    Wait { minutes: u64 },
}

const NAMES: [&str; 6] = ["Checking", "R01", "R03", "R10-late", "R09", "R07"];

fn act() -> impl Strategy<Value = Act> {
    let source = || 0..SOURCES.len();
    prop_oneof![
        6 => (source(), source(), 0_i64..200_000, 0..6_usize, prop::option::of((0..PARTIES.len(), 0_i64..5_000))).prop_map(
            |(source, destination, cents, key, fee)| Act::Pay { source, destination, cents, key, fee }
        ),
        1 => (source(), 1_i64..100).prop_map(|(source, cents)| Act::PayStranger { source, cents }),
        2 => (0..8_usize).prop_map(|transfer| Act::Cancel { transfer }),
        3 => Just(Act::Simulate),
        1 => (source(), 0..NAMES.len()).prop_map(|(source, code)| Act::Rename { source, code }),
        1 => source().prop_map(|source| Act::Remove { source }),
        2 => (1_u64..6_000).prop_map(|minutes| Act::Wait { minutes }),
    ]
}

fn amount(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

struct Run {
    sandbox: DwollaSandbox,
    application: Application,
    made: Vec<Uuid>,
    /// What was sent under each key, as a careful client does: one body for one key.
    bodies: HashMap<usize, serde_json::Value>,
    born: Duration,
}

impl Run {
    async fn act(&mut self, act: &Act) {
        match *act {
            Act::Pay { source, destination, cents, key, fee } => {
                let body = self.bodies.entry(key).or_insert_with(|| {
                    let mut body = transfer(SOURCES[source], SOURCES[destination], &amount(cents));
                    body["correlationId"] = json!(format!("payment-{key}"));
                    if let Some((payer, cents)) = fee {
                        let (kind, id) = PARTIES[payer];
                        body["fees"] = json!([{ "_links": { "charge-to": { "href": format!("/{kind}/{id}") } },
                            "amount": { "value": amount(cents), "currency": "USD" } }]);
                    }
                    body
                });
                let reply = self.application.keyed("/transfers", &format!("payment-{key}"), body).await;
                if let Ok(reply) = reply.as_ref()
                    && reply.status == 201
                {
                    self.made.push(reply.made());
                }
            }
            Act::PayStranger { source, cents } => {
                let mut body = transfer(SOURCES[source], Uuid::nil(), &amount(cents));
                body["_links"]["destination"]["href"] = json!("mailto:nobody@example.com");
                // Whatever is answered, here as below, the books are asked.
                let _ = self.application.keyed("/transfers", "stranger", &body).await;
            }
            Act::Cancel { transfer } => {
                if let Some(id) = self.made.get(transfer) {
                    let body = json!({ "status": "cancelled" });
                    let _ = self.application.keyed(&format!("/transfers/{id}"), "cancel", &body).await;
                }
            }
            Act::Simulate => {
                self.sandbox.simulate();
            }
            Act::Rename { source, code } => self.update(source, json!({ "name": NAMES[code] })).await,
            Act::Remove { source } => self.update(source, json!({ "removed": true })).await,
            Act::Wait { minutes } => {
                // Not so long that a key is forgotten, which is when the provider pays twice.
                let left = Duration::from_secs(23 * 3600).saturating_sub(self.born);
                let wait = Duration::from_secs(60 * minutes).min(left);
                self.born += wait;
                self.sandbox.clock().advance(wait);
            }
        }
    }

    async fn update(&self, source: usize, body: serde_json::Value) {
        let _ =
            self.application.keyed(&format!("/funding-sources/{}", SOURCES[source]), "update", &body).await;
    }
}

async fn run(acts: &[Act], switches: Switches, storm: Option<u64>) -> Result<(), String> {
    let sandbox = DwollaSandbox::builder().switches(switches).start().await.unwrap();
    let application = Application::of(&sandbox).await;
    if let Some(seed) = storm {
        let storm = Storm::new(seed).lost_requests(0.1).lost_replies(0.1).resets(0.1).garbage(0.1);
        sandbox.storm(storm.errors_before(0.1).errors_after(0.1));
        sandbox.on("POST /transfers").probability(0.3, seed).before_effect().duplicate_delivery();
        let late = Duration::from_secs(seed % 2000);
        sandbox.on("POST /transfers").probability(0.2, seed).before_effect().deliver_late(late);
    }
    let mut run =
        Run { sandbox, application, made: Vec::new(), bodies: HashMap::new(), born: Duration::ZERO };
    for act in acts {
        run.act(act).await;
        if !run.sandbox.ledger().is_balanced() {
            return Err(format!("unbalanced after {act:?}: {:?}", run.sandbox.ledger().entries()));
        }
    }
    let failed = run.sandbox.requests().into_iter().find(|request| request.status >= Some(500));
    if let Some(failed) = failed.filter(|_| storm.is_none()) {
        return Err(format!("the sandbox itself fails: {failed:?}"));
    }
    // Everything ends, and what is in transit then is a stranger's.
    run.sandbox.clear_faults();
    // First what is delivered late, while its key is remembered: it has its turn before these are answered.
    run.sandbox.clock().advance(Duration::from_secs(2000));
    for _ in 0..20 {
        run.application.get("/").await;
    }
    run.sandbox.clock().advance(Duration::from_secs(100 * 24 * 3600));
    while run.sandbox.simulate() > 0 {}
    let ledger = run.sandbox.ledger();
    if !ledger.is_balanced() || ledger.balance("transit") != rust_decimal::Decimal::ZERO {
        return Err(format!("{} is left in transit", ledger.balance("transit")));
    }
    match ledger.paid_twice() {
        twice if twice.is_empty() => Ok(()),
        twice => Err(format!("{twice:?} paid twice: {:?}", ledger.movements())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_balance_and_no_key_is_paid_twice(
        acts in prop::collection::vec(act(), 1..60),
        storm in prop::option::of(any::<u64>()),
        banking_days: bool,
        conflict: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let switches = Switches {
            settlement: if banking_days { Settlement::BankingDays } else { Settlement::Simulated },
            other_body: if conflict { OtherBody::Conflict } else { OtherBody::CreateNew },
            same_body: if conflict { SameBody::Json } else { SameBody::Bytes },
            bank_removal: if conflict { BankRemoval::Table } else { BankRemoval::Seed },
            token_seconds: 200 * 24 * 3600,
            ..Switches::default()
        };
        let outcome = runtime.block_on(run(&acts, switches, storm));
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }
}
