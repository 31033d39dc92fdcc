// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

use payonce_wire::open_enum;

open_enum! {
    BankAccountType {
        Checking = "checking",
        Savings = "savings",
        GeneralLedger = "general-ledger",
        Loan = "loan",
    }
}

open_enum! {
    CancelStatus {
        Cancelled = "cancelled",
    }
}

open_enum! {
    Channel {
        Ach = "ach",
        RealTimePayments = "real-time-payments",
        Wire = "wire",
        External = "external",
    }
}

open_enum! {
    ClearingSpeed {
        Standard = "standard",
        NextAvailable = "next-available",
        NextDay = "next-day",
        SameDay = "same-day",
    }
}

open_enum! {
    CustomerStatus {
        Unverified = "unverified",
        Retry = "retry",
        Document = "document",
        Verified = "verified",
        Suspended = "suspended",
        Deactivated = "deactivated",
    }
}

open_enum! {
    CustomerType {
        Unverified = "unverified",
        ReceiveOnly = "receive-only",
        Personal = "personal",
        Business = "business",
    }
}

open_enum! {
    FundingSourceStatus {
        Verified = "verified",
        Unverified = "unverified",
    }
}

open_enum! {
    FundingSourceType {
        Bank = "bank",
        Balance = "balance",
        Card = "card",
    }
}

open_enum! {
    GrantType {
        ClientCredentials = "client_credentials",
    }
}

open_enum! {
    TransferStatus {
        Pending = "pending",
        Processed = "processed",
        Cancelled = "cancelled",
        Failed = "failed",
        Reclaimed = "reclaimed",
    }
}
