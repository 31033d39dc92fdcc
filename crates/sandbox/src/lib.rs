//! A local, stateful Dollr: real HTTP, real state, real books, and faults on demand. The provider has no public
//! sandbox, so this one plays it, and its ledger is the judge of whether anybody was paid twice.
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
//! # What it serves
//!
//! The token, the four sessions, the four executions, the four status reads and the status of a source, under `/v1`
//! as `openapi.json` has them; and `/_sandbox/*` for the clock, the faults, the ledger, the request log and a reset.
//! Everything happens by the [virtual clock](Clock), which is also the `Date` of every reply.
//!
//! # The seeded merchant
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
//! # Outcomes by magic values
//!
//! The number of the payment account decides; [`Sandbox::seed_account`] makes more.
//!
//! | account | number | a payment to or from it |
//! |---|---|---|
//! | 18, 19, 20 | any other | completes after the settling time (3 s of virtual time unless built otherwise) |
//! | 21 | 231770000001 | is declined: `FAILED` after the settling time |
//! | 22 | 231770000002 | lacks funds: `FAILED` after the settling time |
//! | 23 | 231770000003 | stays `PROCESSING` for good |
//! | 24 | 231770000004 | completes after 10 minutes |
//! | 25 | 231770000005 | the account is inactive: 422 |
//! | 26 | 231770000006 | completes before the execution is answered |
//! | 31 | a card | `PROCESSING` with `requires_action` until [confirmed](Sandbox::confirm_card), then completes |
//! | 32 | a card named `Declined Card` | the same, then `FAILED` |
//!
//! A payout or refund that the wallet cannot cover with its fees ends `FAILED` with a `wallet_message`, and nothing
//! moves. Fees are 1 % of a collection and 0.5 % of a payout for the platform, and for the gateway 1.5 % of mobile
//! money collected, 1 % of mobile money paid out and 2.9 % + 0.30 of a card payment; transfers and refunds are free.

mod accounts;
mod app;
mod checkouts;
mod clock;
mod counterparties;
mod executions;
mod faults;
mod feed;
mod fees;
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
mod realtime;
mod realtime_keys;
mod requests;
mod routes;
mod sandbox;
mod seed;
mod server;
mod sessions;
mod shape;
mod sources;
mod store;
mod switches;
mod tokens;

pub use clock::Clock;
pub use faults::{Action, Call, Chance, Fault, FaultHandle, Held, Place, Rule, Spot, Storm};
pub use ledger::{Entry, Ledger, Movement};
pub use realtime::REALTIME_ANON_KEY;
pub use requests::Request;
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
