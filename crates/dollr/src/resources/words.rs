//! The provider's words that several resources share.

payonce_rest::open_enum! {
    /// Who bears the fees of a collection.
    FeeBearer from crate::raw::enums::FeeBearer {
        /// The payer pays them on top; the merchant receives the whole total.
        Payer = "PAYER",
        /// The merchant receives the total less the fees.
        Payee = "PAYEE",
    }
}

payonce_rest::open_enum! {
    /// What somebody is to the merchant.
    Relationship from crate::raw::enums::RelationshipType {
        /// A customer.
        Customer = "CUSTOMER",
        /// A friend.
        Friend = "FRIEND",
        /// Somebody who gives.
        Donor = "DONOR",
        /// Somebody who is given.
        Donee = "DONEE",
        /// One of the family.
        Family = "FAMILY",
        /// An employee.
        Employee = "EMPLOYEE",
        /// A supplier of goods.
        Supplier = "SUPPLIER",
        /// A contact.
        Contact = "CONTACT",
        /// A provider of services.
        ServiceProvider = "SERVICE_PROVIDER",
        /// A partner.
        Partner = "PARTNER",
        /// Somebody who benefits.
        Beneficiary = "BENEFICIARY",
        /// The merchant itself.
        Self_ = "SELF",
    }
}

payonce_rest::open_enum! {
    /// By what means money moves.
    PaymentMethod from crate::raw::enums::PaymentMethod {
        /// MTN's mobile money in Liberia.
        MtnMomoLbr = "MTN_MOMO_LBR",
        /// Orange Money in Liberia.
        OrangeMoneyLbr = "ORANGE_MONEY_LBR",
        /// Airtel's mobile money in Rwanda.
        AirtelRwa = "AIRTEL_RWA",
        /// MTN's mobile money in Rwanda.
        MtnMomoRwa = "MTN_MOMO_RWA",
        /// Orange Money in Rwanda.
        OrangeMoneyRwa = "ORANGE_MONEY_RWA",
        /// A card.
        CreditCard = "CREDIT_CARD",
        /// A wallet of the platform.
        Wallet = "WALLET",
    }
}

payonce_rest::open_enum! {
    /// Through which gateway money moves.
    PaymentProvider from crate::raw::enums::PaymentProvider {
        /// MTN's own, in Liberia.
        MtnMomoLbr = "MTN_MOMO_LBR",
        /// Orange's own, in Liberia.
        OrangeMoneyLbr = "ORANGE_MONEY_LBR",
        /// pawaPay, for mobile money.
        Pawapay = "PAWAPAY",
        /// Stripe, for cards.
        Stripe = "STRIPE",
        /// The platform itself, for wallets.
        Platform = "PLATFORM",
    }
}
