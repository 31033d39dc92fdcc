// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

mod checkouts;
mod counterparties;
mod executions;
mod fees;
mod invoices;
mod jwt;
mod links;
mod merchants;
mod orders;
mod parties;
mod payment_accounts;
mod predictions;
mod realtime_keys;
mod sessions;
mod status;
