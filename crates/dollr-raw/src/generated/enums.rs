// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use payonce_wire::open_enum;

open_enum! {
    CheckoutMode {
        Hosted = "HOSTED",
        Direct = "DIRECT",
    }
}

open_enum! {
    ExecutionStatus {
        Pending = "PENDING",
        Processing = "PROCESSING",
        Completed = "COMPLETED",
        Failed = "FAILED",
    }
}

open_enum! {
    FeeBearer {
        Payer = "PAYER",
        Payee = "PAYEE",
    }
}

open_enum! {
    MerchantType {
        MicroOrganization = "MICRO_ORGANIZATION",
        Organization = "ORGANIZATION",
    }
}

open_enum! {
    OperationType {
        Collection = "COLLECTION",
        Payout = "PAYOUT",
        Transfer = "TRANSFER",
        Refund = "REFUND",
    }
}

open_enum! {
    OwnerType {
        User = "USER",
        MicroOrganization = "MICRO_ORGANIZATION",
        Organization = "ORGANIZATION",
    }
}

open_enum! {
    PaymentMethod {
        MtnMomoLbr = "MTN_MOMO_LBR",
        OrangeMoneyLbr = "ORANGE_MONEY_LBR",
        AirtelRwa = "AIRTEL_RWA",
        MtnMomoRwa = "MTN_MOMO_RWA",
        OrangeMoneyRwa = "ORANGE_MONEY_RWA",
        CreditCard = "CREDIT_CARD",
        Wallet = "WALLET",
    }
}

open_enum! {
    PaymentProvider {
        MtnMomoLbr = "MTN_MOMO_LBR",
        OrangeMoneyLbr = "ORANGE_MONEY_LBR",
        Pawapay = "PAWAPAY",
        Stripe = "STRIPE",
        Platform = "PLATFORM",
    }
}

open_enum! {
    RelationshipType {
        Customer = "CUSTOMER",
        Friend = "FRIEND",
        Donor = "DONOR",
        Donee = "DONEE",
        Family = "FAMILY",
        Employee = "EMPLOYEE",
        Supplier = "SUPPLIER",
        Contact = "CONTACT",
        ServiceProvider = "SERVICE_PROVIDER",
        Partner = "PARTNER",
        Beneficiary = "BENEFICIARY",
        Self_ = "SELF",
    }
}

open_enum! {
    SessionStatus {
        Active = "ACTIVE",
    }
}

open_enum! {
    SourceStatus {
        Idle = "IDLE",
        Active = "ACTIVE",
        Processing = "PROCESSING",
        Paid = "PAID",
        Canceled = "CANCELED",
    }
}

open_enum! {
    SourceType {
        Invoice = "INVOICE",
        Order = "ORDER",
        Subscription = "SUBSCRIPTION",
    }
}
