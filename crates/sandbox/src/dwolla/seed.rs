//! What every sandbox begins with: the application's account, some customers, their funding sources, and in the mode of
//! the document of 2018 the transfers that it shows. The ids of that document are the ids here.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::{Uuid, uuid};

use super::books::Books;
use super::ledger::{Kind, TRANSIT};
use super::switches::Output;
use super::things::{
    Customer, CustomerStatus, CustomerType, Failure, FundingSource, Owner, Payee, Place, Status, Transfer,
};

/// The key of the one application.
pub const KEY: &str = "sandbox-key";
/// Its secret.
pub const SECRET: &str = "sandbox-secret";

/// The application's own account.
pub const ACCOUNT: Uuid = uuid!("ca32853c-48fa-40be-ae75-77b37504581b");
/// The account's bank.
pub const BANK: Uuid = uuid!("707177c3-bf15-4e7e-b37c-55c3898d9bf4");
/// The account's balance.
pub const BALANCE: Uuid = uuid!("00000000-0000-4000-8000-00000000ba10");
/// A bank of the account whose debits fail: R01.
pub const SHORT_BANK: Uuid = uuid!("00000000-0000-4000-8000-000000000a01");
/// A bank of the account whose debits fail after they were settled: R01.
pub const LATE_SHORT_BANK: Uuid = uuid!("00000000-0000-4000-8000-00000001a7e1");
/// A bank of the account that nobody has verified: it cannot be a source.
pub const UNVERIFIED_BANK: Uuid = uuid!("00000000-0000-4000-8000-000000000bad");

/// A customer who has not been verified, with a bank.
pub const CUSTOMER: Uuid = uuid!("07d59716-ef22-4fe6-98e8-f3190233dfb8");
/// The bank of [`CUSTOMER`].
pub const CUSTOMER_BANK: Uuid = uuid!("00000000-0000-4000-8000-00000000c0b1");
/// A bank of [`CUSTOMER`] that sends credits back: R03.
pub const RETURNING_BANK: Uuid = uuid!("00000000-0000-4000-8000-000000000a03");
/// A bank of [`CUSTOMER`] that sends credits back after they were settled: R03.
pub const LATE_RETURNING_BANK: Uuid = uuid!("00000000-0000-4000-8000-00000001a7e3");
/// A verified customer, with a bank and a balance.
pub const VERIFIED_CUSTOMER: Uuid = uuid!("d795f696-2cac-4662-8f16-95f1db9bddd8");
/// The bank of [`VERIFIED_CUSTOMER`].
pub const VERIFIED_BANK: Uuid = uuid!("00000000-0000-4000-8000-00000000c0b2");
/// The balance of [`VERIFIED_CUSTOMER`].
pub const VERIFIED_BALANCE: Uuid = uuid!("00000000-0000-4000-8000-00000000ba12");
/// A verified business, with a bank and a balance.
pub const BUSINESS: Uuid = uuid!("b442c936-1f87-465d-a4e2-a982164b26bd");
/// The balance of [`BUSINESS`], which holds one dollar.
pub const BUSINESS_BALANCE: Uuid = uuid!("00000000-0000-4000-8000-00000000ba13");
/// A customer who has no bank.
pub const CUSTOMER_WITHOUT_BANK: Uuid = uuid!("00000000-0000-4000-8000-0000000000c3");
/// A suspended customer, with a bank.
pub const SUSPENDED_CUSTOMER: Uuid = uuid!("00000000-0000-4000-8000-0000000000c4");
/// A customer of another application: 403.
pub const FOREIGN_CUSTOMER: Uuid = uuid!("00000000-0000-4000-8000-0000000000ff");
/// The account of another application: 403.
pub const FOREIGN_ACCOUNT: Uuid = uuid!("00000000-0000-4000-8000-0000000000fe");

/// The transfer that the document makes, which is the first to be made where its mode is on.
pub(crate) const FIRST_TRANSFER: Uuid = uuid!("74c9129b-d14a-e511-80da-0aa34a9b2388");
const RETRIEVED: Uuid = uuid!("4c8ad8b8-3d69-e511-80db-0aa34a9b2388");
const RETRIEVED_PAYEE: Uuid = uuid!("01b47cb2-52ac-42a7-926c-6f1f50b1f271");
const CANCELLED_PAYEE: Uuid = uuid!("05e267e5-c13d-491a-93a8-da52b721f123");

/// The ids that the document writes in capitals.
pub(crate) const UPPER_CASE: [Uuid; 3] = [RETRIEVED, RETRIEVED_PAYEE, CUSTOMER];

/// A billion dollars.
const PLENTY: i64 = 100_000_000_000;

/// Fills empty books.
pub(crate) fn fill(books: &mut Books) {
    let account = Owner::Account;
    balance(books, BALANCE, account, PLENTY);
    for (id, name) in [(BANK, "Superhero Savings Bank"), (SHORT_BANK, "R01"), (LATE_SHORT_BANK, "R01-late")] {
        add_bank(books, id, account, name, true);
    }
    add_bank(books, UNVERIFIED_BANK, account, "Not verified", false);

    let unverified = CustomerType::Unverified;
    for (id, first_name, last_name, kind) in [
        (CUSTOMER, "Jane", "Merchant", unverified),
        (VERIFIED_CUSTOMER, "Joe", "Buyer", CustomerType::Personal),
        (BUSINESS, "Ama", "Mensah", CustomerType::Business),
        (RETRIEVED_PAYEE, "Kofi", "Weah", unverified),
        (CANCELLED_PAYEE, "Musu", "Kollie", unverified),
        (CUSTOMER_WITHOUT_BANK, "Nora", "Bankless", unverified),
        (SUSPENDED_CUSTOMER, "Sam", "Suspended", unverified),
    ] {
        let email = format!("{}@example.com", first_name.to_lowercase());
        add_customer(books, id, [first_name, last_name, &email], None, kind);
    }
    for (id, owner, name) in [
        (CUSTOMER_BANK, CUSTOMER, "Checking"),
        (RETURNING_BANK, CUSTOMER, "R03"),
        (LATE_RETURNING_BANK, CUSTOMER, "R03-late"),
        (VERIFIED_BANK, VERIFIED_CUSTOMER, "Checking"),
        (uuid!("00000000-0000-4000-8000-00000000c0b3"), BUSINESS, "Operating"),
        (uuid!("00000000-0000-4000-8000-00000000c0b4"), RETRIEVED_PAYEE, "Checking"),
        (uuid!("00000000-0000-4000-8000-00000000c0b5"), CANCELLED_PAYEE, "Checking"),
        (uuid!("00000000-0000-4000-8000-00000000c0b6"), SUSPENDED_CUSTOMER, "Checking"),
    ] {
        add_bank(books, id, Owner::Customer(owner), name, true);
    }
    balance(books, VERIFIED_BALANCE, Owner::Customer(VERIFIED_CUSTOMER), PLENTY);
    balance(books, BUSINESS_BALANCE, Owner::Customer(BUSINESS), 100);
    if books.switches.output == Output::SeedExact {
        document(books);
    }
}

/// Adds a customer; one whose last name is a status is in it.
pub(crate) fn add_customer(
    books: &mut Books,
    id: Uuid,
    [first_name, last_name, email]: [&str; 3],
    business_name: Option<String>,
    kind: CustomerType,
) {
    let status = match last_name {
        "Suspended" => CustomerStatus::Suspended,
        "Deactivated" => CustomerStatus::Deactivated,
        _ if kind.is_verified() => CustomerStatus::Verified,
        _ => CustomerStatus::Unverified,
    };
    let [first_name, last_name, email] = [first_name, last_name, email].map(str::to_owned);
    let created = books.now;
    books.customers.put(Customer { id, first_name, last_name, email, business_name, kind, status, created });
}

/// Adds a bank with plenty of money; one that was verified can be a source.
pub(crate) fn add_bank(books: &mut Books, id: Uuid, owner: Owner, name: &str, verified: bool) -> Uuid {
    let place = Place::Bank {
        routing_number: "222222226".to_owned(),
        account_number: format!("{:010}", id.as_u128() % 10_000_000_000),
        account_type: "checking".to_owned(),
    };
    let (name, created) = (name.to_owned(), books.now);
    add_source(
        books,
        FundingSource { id, number: 0, owner, place, name, verified, removed: false, created },
        PLENTY,
    )
}

/// Adds a balance.
pub(crate) fn balance(books: &mut Books, id: Uuid, owner: Owner, cents: i64) -> Uuid {
    let (name, created) = ("Balance".to_owned(), books.now);
    let place = Place::Balance;
    let source = FundingSource { id, number: 0, owner, place, name, verified: true, removed: false, created };
    add_source(books, source, cents)
}

/// Adds a funding source and the money that is in it.
pub(crate) fn add_source(books: &mut Books, source: FundingSource, cents: i64) -> Uuid {
    if cents > 0 {
        books.journal.open(books.now, &source.account(), cents);
    }
    books.add_source(source)
}

/// The transfers that the document shows. Their money moved when the document says.
fn document(books: &mut Books) {
    let text = |text: &str| -> DateTime<Utc> { text.parse().expect("the document's instants are instants") };
    let notes = |notes: &[(&str, &str)]| -> BTreeMap<String, String> {
        notes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let bank_of = |books: &Books, customer| {
        books.sources_of(Owner::Customer(customer)).find(|source| source.is_bank()).map(|source| source.id)
    };
    let (retrieved_bank, cancelled_bank) = (bank_of(books, RETRIEVED_PAYEE), bank_of(books, CANCELLED_PAYEE));
    let to = |bank: Option<Uuid>| Payee::FundingSource(bank.expect("the payee has been given a bank"));

    let created = text("2015-10-02T19:42:32.950Z");
    let mut retrieved = shown(RETRIEVED, 22_500, created, BALANCE, to(retrieved_bank), Status::Pending);
    retrieved.metadata = notes(&[("foo", "bar"), ("baz", "foo")]);

    let fees = [
        (uuid!("416a2857-c887-4cca-bd02-8c3f75c4bb0e"), 200, "2016-02-22T20:46:38.777Z"),
        (uuid!("e58ae1f1-7007-47d3-a308-7e9aa6266d53"), 100, "2016-02-22T20:46:38.860Z"),
    ];
    let parent = uuid!("83eb4b5e-a5d9-e511-80de-0aa34a9b2388");
    let business = Payee::FundingSource(BUSINESS_BALANCE);
    let mut paid = shown(parent, 5_000, text(fees[0].2), BALANCE, business, Status::Pending);
    paid.fees = fees.iter().map(|(id, ..)| *id).collect();

    let failed = uuid!("e6d9a950-ac9e-e511-80dc-0aa34a9b2388");
    let business = Payee::FundingSource(BUSINESS_BALANCE);
    let mut failed = shown(failed, 1_000, text("2015-12-09T17:00:00.000Z"), BANK, business, Status::Failed);
    failed.failure = Some(Failure { code: "R01".to_owned(), bank: BANK });

    let created = text("2016-01-28T22:34:02.663Z");
    let leg = uuid!("3c48c13a-0fc6-e511-80de-0aa34a9b2388");
    let mut funding = shown(leg, 2_200, created, BANK, Payee::FundingSource(BALANCE), Status::Processed);
    let cancelled = uuid!("3d48c13a-0fc6-e511-80de-0aa34a9b2388");
    let mut cancelled = shown(cancelled, 2_200, created, BALANCE, to(cancelled_bank), Status::Pending);
    cancelled.metadata = notes(&[("foo", "bar"), ("baz", "boo")]);
    (cancelled.funded_by, funding.funds) = (Some(leg), Some(cancelled.id));
    cancelled.cancellable_until = Some(DateTime::<Utc>::MAX_UTC);

    for transfer in [retrieved, paid, failed, funding, cancelled] {
        book(books, transfer);
    }
    for (id, cents, created) in fees {
        let mut fee =
            shown(id, cents, text(created), BUSINESS_BALANCE, Payee::FundingSource(BALANCE), Status::Pending);
        fee.fee_of = Some(parent);
        // Charged once the payment is processed.
        books.add_transfer(fee);
    }
}

fn shown(
    id: Uuid,
    cents: i64,
    created: DateTime<Utc>,
    source: Uuid,
    destination: Payee,
    status: Status,
) -> Transfer {
    Transfer {
        id,
        number: 0,
        cents,
        source,
        destination,
        created,
        metadata: BTreeMap::new(),
        clearing: None,
        correlation_id: None,
        key: None,
        fee_of: None,
        fees: Vec::new(),
        leg_of: None,
        funded_by: None,
        funds: None,
        cancellable_until: None,
        next: None,
        due: None,
        begun: false,
        history: vec![(created, status)],
        failure: None,
    }
}

/// Adds a transfer and the postings that led to its status.
fn book(books: &mut Books, transfer: Transfer) {
    let account = |id: &Uuid| books.sources.find(id).map(FundingSource::account).unwrap_or_default();
    let source = account(&transfer.source);
    let destination = match &transfer.destination {
        Payee::FundingSource(id) => account(id),
        Payee::Email(_) => String::new(),
    };
    let (at, id, cents) = (transfer.created, Some(transfer.id), transfer.cents);
    let journal = &mut books.journal;
    journal.post(at, Kind::Principal, id, &[(&source, -cents), (TRANSIT, cents)]);
    match transfer.status() {
        Status::Processed => {
            journal.post(at, Kind::Settlement, id, &[(TRANSIT, -cents), (&destination, cents)]);
        }
        Status::Failed => journal.post(at, Kind::Reversal, id, &[(TRANSIT, -cents), (&source, cents)]),
        _ => {}
    }
    books.add_transfer(transfer);
}
