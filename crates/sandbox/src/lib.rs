//! A local, stateful Dollr: real HTTP, real state, real books, and faults on demand. The provider has no public
//! sandbox, so this one plays it, and its ledger is the judge of whether anybody was paid twice. Dwolla is played by
//! [`DwollaSandbox`], which is told of in [`dwolla`].
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use payonce_sandbox::Sandbox;
//!
//! let sandbox = Sandbox::start().await?;
//! sandbox.on("POST /v1/executions/payout").nth(1).after_effect().drop_reply();
//! // ... let a client at `sandbox.url()` pay ...
//! assert!(sandbox.ledger().is_balanced());
//! assert!(sandbox.ledger().paid_twice().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # In your own tests
//!
//! As a dev-dependency it takes three lines, whatever client is tested, because it is spoken to over HTTP alone:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! # use payonce_sandbox::{CLIENT_ID, CLIENT_SECRET, Sandbox};
//! # fn your_client(_: &str, _: &str, _: &str) {}
//! let sandbox = Sandbox::start().await?;
//! let client = your_client(sandbox.url(), CLIENT_ID, CLIENT_SECRET); // or sandbox.env(), for a child process
//! assert_eq!(sandbox.ledger().movements().len(), 0);
//! # Ok(())
//! # }
//! ```
//!
//! Single faults are set with [`Sandbox::on`]. [`storm::seeds`] runs your payment code through a storm of them, once for each
//! seed, and has the ledger judge it: nothing twice, nothing lost, and a line that replays the seed that failed. With the
//! feature `clock` a client made with `payonce` lives in the sandbox's time.
//!
//! # What it serves
//!
//! Every operation of `openapi.json`, under `/v1`; and `/_sandbox/*` for the clock, the faults, the ledger, the request
//! log and a reset. The reply of a collection names its payment intent, as the provider's guides say and its document
//! does not. Everything happens by the [virtual clock](Clock), which is also the `Date` of every reply.
//!
//! For people there are pages: a dashboard at `/` with wallets, payments and their timelines, faults and the clock, live;
//! the hosted checkouts and payment links that the API hands out, at `/pay/...`; and receipts at `/receipt/...`. A
//! customer who leaves a checkout has paid nothing and leaves its source `ACTIVE`.
//!
//! # The seeded merchants
//!
//! The client [`CLIENT_ID`] belongs to merchant 42, an `ORGANIZATION` on the fee tier `default`:
//!
//! | what | ids |
//! |---|---|
//! | wallets | 3 USD and 4 LRD, each with 1,000,000,000,000.00; 5 USD with 1.00; 6 RWF, empty. A payout takes the first wallet of its currency |
//! | parties | 42 Amara Kamara, 43, 44 |
//! | counterparties | 15 and 16 take transfers; 17 has a frozen wallet: transfers to it end `FAILED` |
//! | payment accounts | 18, 19, 20 ordinary mobile money; 21-26, 31, 32 see below |
//! | invoices | 101 USD 250.00, 102 LRD 5000.00, 103 USD 100.00 (fees borne by the payee), 111-160 USD 25.00 each: `ACTIVE`. 104 `IDLE`, 105 `CANCELED`, 9001-9050 `PAID` |
//! | orders | 88 LRD 1500.00 and 201 USD 75.50: `ACTIVE` |
//! | payment intents to refund | 9001 USD 250.00, 9002 LRD 5000.00, 9003 USD 100.00 by card, 9004-9050 USD 100.00 each |
//!
//! The client [`UNVERIFIED_CLIENT_ID`] belongs to merchant 5, a `MICRO_ORGANIZATION` on the tier `growth` that has not been
//! verified. It has wallet 1, party 11, counterparty 12, payment account 13 and the `ACTIVE` invoice 14 over USD 50.00.
//! Neither merchant sees anything of the other.
//!
//! # Outcomes by magic values
//!
//! The number of the payment account decides, also of accounts made by the API; [`Sandbox::seed_account`] makes more.
//!
#![doc = include_str!("magic.md")]
//!
//! # Fees and exchange
//!
//! On the tier `default` the platform takes 1 % of a collection and 0.5 % of a payout (`growth`: 0.75 % and 0.4 %), and
//! the gateway 1.5 % of mobile money collected, 1 % of mobile money paid out and 2.9 % + 0.30 of a card payment; transfers
//! and refunds are free. The payee bears the fees of a collection where its source says so; the merchant bears those of a
//! payout. Fees are in the currency of the amount, each rounded half up to a hundredth.
//!
//! A collection may be paid in another currency of its payment method: 1 USD is 190 LRD or 1450 RWF, rates have eight
//! places, 1 % (`growth`: 0.5 %) is added for the exchange, and what the payer pays is rounded up. A refund of it goes back at
//! the same rate, rounded down. What a prediction says is exactly what is settled.
//!
//! Phone numbers: 231770, 231771, 231773, 23188 and 23155 are MTN's in Liberia, any other 23177 is Orange's; 25078 and
//! 25079 are MTN's in Rwanda, 25072 and 25073 Airtel's, 25075 Orange's.
//!
//! # What it can be told
//!
//! | what | in Rust | over HTTP |
//! |---|---|---|
//! | faults, each at its places; what cannot happen is refused | [`Sandbox::on`], [`Sandbox::storm`] | `/_sandbox/faults`, `/_sandbox/storm` |
//! | the provider's two guards | [`Sandbox::guards`] | `/_sandbox/guards` |
//! | what the documents leave open | [`Sandbox::switches`] | `/_sandbox/switches` |
//! | time | [`Sandbox::clock`] | `/_sandbox/clock` |
//! | fixtures of one's own | [`Builder::seed_file`] | `POST /_sandbox/reset` brings them back |
//!
//! # Realtime
//!
//! A Supabase client whose URL is the sandbox's and whose anonymous key is [`REALTIME_ANON_KEY`] follows a collection
//! with the key of `POST /v1/realtime-keys/collection`: channel `payment-intent:{session_id}:{reference_id}`, table
//! `checkout_payment_intent_public_status`, filter `reference_id=eq.{reference_id}`.

mod accounts;
mod app;
mod checkouts;
mod clock;
mod control;
mod counterparties;
pub mod dwolla;
mod executions;
mod faults;
mod feed;
mod fees;
mod fixtures;
mod fx;
mod guard;
mod ledger;
mod merchants;
mod methods;
mod money;
mod outcomes;
mod pages;
mod parties;
mod problem;
mod provider;
mod realtime;
mod realtime_keys;
mod requests;
mod routes;
mod running;
mod sandbox;
mod seed;
mod server;
mod sessions;
mod shape;
mod sources;
mod store;
pub mod storm;
mod switches;
mod tokens;

/// The magic values and what each does, as a table in Markdown: for a help text.
pub fn magic_values() -> &'static str {
    include_str!("magic.md")
}

pub use clock::Clock;
pub use dwolla::sandbox::DwollaSandbox;
pub use faults::{Action, Call, Chance, Fault, FaultHandle, Held, Place, Rule, Spot, Storm};
pub use ledger::{Entry, Ledger, Movement};
pub use realtime::REALTIME_ANON_KEY;
pub use requests::{Late, Request};
pub use sandbox::{Builder, Sandbox, StartError};
pub use seed::{
    CLIENT_ID, CLIENT_SECRET, COMPLETED_INTENT, COUNTERPARTY, DEVICE_NAME, INVOICE, LRD_WALLET, PASSCODE,
    PASSCODE_PHONE, PAYOUT_ACCOUNT, UNVERIFIED_CLIENT_ID, USD_WALLET,
};
pub use store::Guards;
pub use switches::{
    CancelProcessing, DeadSession, ErrorText, FirstStatus, OpenSessions, SameOrder, Switches, TakenKey,
    Transfers, WrongPasscode,
};
