// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

use payonce_wire::{Auth, OperationMeta};

/// Every operation of the API, sorted by path and method.
pub const OPERATIONS: &[OperationMeta] = &[
    OperationMeta { id: "retrieve_root", method: "GET", path: "/", tag: "root", auth: Auth::Bearer },
    OperationMeta { id: "retrieve_account", method: "GET", path: "/accounts/{id}", tag: "accounts", auth: Auth::Bearer },
    OperationMeta { id: "list_account_funding_sources", method: "GET", path: "/accounts/{id}/funding-sources", tag: "accounts", auth: Auth::Bearer },
    OperationMeta { id: "list_account_transfers", method: "GET", path: "/accounts/{id}/transfers", tag: "accounts", auth: Auth::Bearer },
    OperationMeta { id: "create_customer", method: "POST", path: "/customers", tag: "customers", auth: Auth::Bearer },
    OperationMeta { id: "retrieve_customer", method: "GET", path: "/customers/{id}", tag: "customers", auth: Auth::Bearer },
    OperationMeta { id: "list_customer_funding_sources", method: "GET", path: "/customers/{id}/funding-sources", tag: "customers", auth: Auth::Bearer },
    OperationMeta { id: "create_customer_funding_source", method: "POST", path: "/customers/{id}/funding-sources", tag: "customers", auth: Auth::Bearer },
    OperationMeta { id: "list_customer_transfers", method: "GET", path: "/customers/{id}/transfers", tag: "customers", auth: Auth::Bearer },
    OperationMeta { id: "retrieve_funding_source", method: "GET", path: "/funding-sources/{id}", tag: "funding-sources", auth: Auth::Bearer },
    OperationMeta { id: "update_funding_source", method: "POST", path: "/funding-sources/{id}", tag: "funding-sources", auth: Auth::Bearer },
    OperationMeta { id: "retrieve_funding_source_balance", method: "GET", path: "/funding-sources/{id}/balance", tag: "funding-sources", auth: Auth::Bearer },
    OperationMeta { id: "create_on_demand_authorization", method: "POST", path: "/on-demand-authorizations", tag: "on-demand-authorizations", auth: Auth::Bearer },
    OperationMeta { id: "simulate_bank_transfers", method: "POST", path: "/sandbox-simulations", tag: "sandbox-simulations", auth: Auth::Bearer },
    OperationMeta { id: "obtain_token", method: "POST", path: "/token", tag: "token", auth: Auth::Basic },
    OperationMeta { id: "initiate_transfer", method: "POST", path: "/transfers", tag: "transfers", auth: Auth::Bearer },
    OperationMeta { id: "retrieve_transfer", method: "GET", path: "/transfers/{id}", tag: "transfers", auth: Auth::Bearer },
    OperationMeta { id: "cancel_transfer", method: "POST", path: "/transfers/{id}", tag: "transfers", auth: Auth::Bearer },
    OperationMeta { id: "retrieve_transfer_failure", method: "GET", path: "/transfers/{id}/failure", tag: "transfers", auth: Auth::Bearer },
    OperationMeta { id: "list_transfer_fees", method: "GET", path: "/transfers/{id}/fees", tag: "transfers", auth: Auth::Bearer },
];
