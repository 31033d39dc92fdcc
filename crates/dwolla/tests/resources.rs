//! What the facade makes of each answer about transfers, customers and funding sources.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod provider;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use dwolla::raw::OPERATIONS;
use dwolla::{
    AccountId, BankAccountType, Cancellation, CustomerId, Dwolla, ErrorKind, FundingSourceId, NaiveDate,
    OnDemandAuthorizationId, ReturnCode, Secret, Transfer, TransferStatus, usd,
};
use futures_util::StreamExt;
use provider::{ACCOUNT, Answer, Asked, BANK, CUSTOMER, ID, OTHER, Provider};
use serde_json::{Value, json};

/// A provider that answers the first request with the first answer, and so on.
async fn in_turn(answers: Vec<fn(&Asked) -> Answer>) -> Provider {
    let next = AtomicUsize::new(0);
    Provider::start(move |asked| answers[next.fetch_add(1, Ordering::SeqCst)](asked)).await
}

fn get() -> String {
    format!("GET /transfers/{ID}")
}

fn post() -> String {
    format!("POST /transfers/{ID}")
}

fn not_allowed() -> Answer {
    let error = json!({ "code": "NotAllowed", "message": "Too late.", "path": "/status" });
    Answer::new(
        400,
        json!({ "code": "ValidationError", "message": "No.", "_embedded": { "errors": [error] } }),
    )
}

async fn cancel(answers: Vec<fn(&Asked) -> Answer>) -> (Result<Cancellation, dwolla::Error>, Vec<String>) {
    let provider = in_turn(answers).await;
    let cancelled = provider.client().transfers().cancel(ID.into()).await;
    (cancelled, provider.lines())
}

#[tokio::test]
async fn a_pending_transfer_with_a_cancel_link_is_cancelled_by_one_request() {
    let (cancelled, lines) = cancel(vec![
        |asked| Answer::ok(asked.cancellable()),
        // The link is still there, as the provider's own sample has it; the id is in upper case.
        |asked| {
            assert_eq!(asked.body, r#"{"status":"cancelled"}"#);
            let mut transfer = asked.cancellable();
            transfer["status"] = json!("cancelled");
            transfer["id"] = json!(ID.to_uppercase());
            Answer::ok(transfer)
        },
    ])
    .await;
    let Cancellation::Cancelled(transfer) = cancelled.unwrap() else { panic!("it is cancelled") };
    assert_eq!(transfer.status, TransferStatus::Cancelled);
    assert!(!transfer.is_cancellable());
    assert_eq!(lines, [get(), post()]);
}

#[tokio::test]
async fn without_a_cancel_link_or_a_pending_status_no_cancellation_is_sent() {
    let (cancelled, lines) = cancel(vec![|asked| Answer::ok(asked.transfer(ID, "pending", &[]))]).await;
    assert!(matches!(cancelled.unwrap(), Cancellation::TooLate(transfer) if !transfer.is_cancellable()));
    assert_eq!(lines, [get()]);
    for (status, is_cancelled) in
        [("processed", false), ("failed", false), ("reclaimed", false), ("held", false), ("cancelled", true)]
    {
        let provider = Provider::start(move |asked| {
            let mut transfer = asked.cancellable();
            transfer["status"] = json!(status);
            Answer::ok(transfer)
        });
        let provider = provider.await;
        let cancelled = provider.client().transfers().cancel(ID.into()).await.unwrap();
        assert_eq!(matches!(cancelled, Cancellation::Cancelled(_)), is_cancelled, "{status}");
        assert_eq!(provider.lines(), [get()], "{status}");
    }
}

#[tokio::test]
async fn a_cancellation_that_settlement_outran_says_what_became_of_the_transfer() {
    let refusals: [fn(&Asked) -> Answer; 4] = [
        |_| not_allowed(),
        |_| Answer::new(403, json!({ "code": "InvalidResourceState", "message": "No." })),
        |_| Answer::new(500, json!({ "code": "ServerError", "message": "Oh." })),
        // A success that says something else.
        |asked| Answer::ok(asked.transfer(ID, "processed", &[])),
    ];
    for refusal in refusals {
        let settled: fn(&Asked) -> Answer = |asked| Answer::ok(asked.transfer(ID, "processed", &[]));
        let (outcome, lines) = cancel(vec![|asked| Answer::ok(asked.cancellable()), refusal, settled]).await;
        let Cancellation::TooLate(transfer) = outcome.unwrap() else { panic!("it was too late") };
        assert_eq!(transfer.status, TransferStatus::Processed);
        assert_eq!(lines, [get(), post(), get()]);
    }
}

#[tokio::test]
async fn a_cancellation_whose_answer_was_lost_is_found_out() {
    let (outcome, _) =
        cancel(vec![|asked| Answer::ok(asked.cancellable()), |_| Answer::new(500, Value::Null), |asked| {
            Answer::ok(asked.transfer(ID, "cancelled", &[]))
        }])
        .await;
    assert!(matches!(outcome.unwrap(), Cancellation::Cancelled(_)));
}

#[tokio::test]
async fn a_cancellation_that_is_refused_while_it_still_looks_possible_is_an_error() {
    let (outcome, lines) =
        cancel(vec![|asked| Answer::ok(asked.cancellable()), |_| not_allowed(), |asked| {
            Answer::ok(asked.cancellable())
        }])
        .await;
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Refused, Some(400)));
    assert!(error.message().contains("NotAllowed at /status"), "{error}");
    assert_eq!(lines, [get(), post(), get()]);
}

#[tokio::test]
async fn fees_are_listed_with_their_parent_and_no_other_transfers() {
    fn fees(asked: &Asked, parents: &[&str], total: usize) -> Answer {
        let fees = parents.iter().map(|parent| {
            let mut fee = asked.transfer(OTHER, "pending", &[]);
            fee["_links"]["created-from-transfer"] = asked.link(&format!("/transfers/{parent}"));
            fee["amount"] = json!({ "value": "2.00", "currency": "usd" });
            fee
        });
        Answer::ok(json!({ "transactions": fees.collect::<Vec<_>>(), "total": total }))
    }
    let shouted = ID.to_uppercase();
    let provider = Provider::start(move |asked| fees(asked, &[ID, &shouted], 2)).await;
    let read = provider.client().transfers().fees(ID.into()).await.unwrap();
    assert_eq!(read.iter().map(|fee| fee.amount).collect::<Vec<_>>(), [usd("2.00").unwrap(); 2]);
    assert!(read.iter().all(|fee| fee.created_from_transfer == Some(ID.into())));

    let none = Provider::start(|asked| fees(asked, &[], 0)).await;
    assert!(none.client().transfers().fees(ID.into()).await.unwrap().is_empty());
    let wrong: [fn(&Asked) -> Answer; 3] = [
        |asked| fees(asked, &[OTHER], 1),
        |asked| fees(asked, &[ID], 2),
        |asked| Answer::ok(json!({ "transactions": [asked.transfer(OTHER, "pending", &[])], "total": 1 })),
    ];
    for wrong in wrong {
        let error = in_turn(vec![wrong]).await.client().transfers().fees(ID.into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable);
    }
}

#[tokio::test]
async fn an_answer_about_another_transfer_is_not_taken_for_the_one_asked_for() {
    let provider = Provider::start(|asked| Answer::ok(asked.transfer(OTHER, "processed", &[]))).await;
    let error = provider.client().transfers().retrieve(ID.into()).await.unwrap_err();
    assert_eq!(error.message(), "the provider answered about another transfer");
}

#[tokio::test]
async fn an_id_that_is_none_is_refused_before_anything_is_sent() {
    let provider = Provider::start(Asked::not_found).await;
    let dwolla = provider.client();
    for bad in ["", "7", "../token", "74c9129b-d14a-e511-80da-0aa34a9b2388/fees"] {
        let kinds = [
            dwolla.transfers().retrieve(bad.into()).await.unwrap_err().kind(),
            dwolla.transfers().cancel(bad.into()).await.unwrap_err().kind(),
            dwolla.transfers().list(AccountId::new(bad)).await.unwrap_err().kind(),
            dwolla.customers().retrieve(bad.into()).await.unwrap_err().kind(),
            dwolla.funding_sources().remove(bad.into()).await.unwrap_err().kind(),
        ];
        assert_eq!(kinds, [ErrorKind::Invalid; 5], "{bad}");
    }
    assert!(provider.lines().is_empty());
}

/// The transfer of that number.
fn numbered(asked: &Asked, number: usize) -> Value {
    asked.transfer(&format!("74c9129b-d14a-e511-80da-{number:012}"), "processed", &[])
}

fn page(transfers: Vec<Value>, total: usize) -> Answer {
    Answer::ok(json!({ "_embedded": { "transfers": transfers }, "total": total }))
}

fn offset(asked: &Asked) -> usize {
    let offset = asked.query.split('&').find_map(|pair| pair.strip_prefix("offset="));
    offset.map_or(0, |offset| offset.parse().unwrap())
}

#[tokio::test]
async fn a_list_is_read_page_by_page_to_its_end_and_shows_nothing_twice() {
    // Before the second page is read, a transfer is made: everything moves on by one.
    let provider = Provider::start(|asked| match offset(asked) {
        0 => page((0..25).map(|number| numbered(asked, number)).collect(), 40),
        offset => page((offset - 1..40).map(|number| numbered(asked, number)).take(25).collect(), 41),
    });
    let provider = provider.await;
    let read = provider.client().transfers().list(CustomerId::new(CUSTOMER)).await.unwrap();
    let distinct: BTreeSet<_> = read.iter().map(|transfer| &transfer.id).collect();
    assert_eq!((read.len(), distinct.len()), (40, 40));
    let asked = provider.asked();
    assert!(asked.iter().all(|asked| asked.line == format!("GET /customers/{CUSTOMER}/transfers")));
    assert_eq!(asked.iter().map(offset).collect::<Vec<_>>(), [0, 25]);
}

#[tokio::test]
async fn a_list_that_breaks_off_is_an_error_and_never_looks_whole() {
    let provider = Provider::start(|asked| match offset(asked) {
        0 => page((0..2).map(|number| numbered(asked, number)).collect(), 10_001),
        _ => page(Vec::new(), 10_001),
    });
    let dwolla = provider.await.client();
    let error = dwolla.transfers().list(AccountId::new(ACCOUNT)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert!(error.message().contains("2 of 10001"), "{error}");
    let stream = dwolla.transfers().list(AccountId::new(ACCOUNT)).stream();
    let read: Vec<_> = stream.map(|transfer| transfer.is_ok()).collect().await;
    assert_eq!(read, [true, true, false]);
}

/// A provider that always has one more page is not followed for ever.
#[tokio::test]
async fn a_list_without_an_end_is_an_error() {
    let provider = Provider::start(|asked| {
        let offset = offset(asked);
        page(vec![numbered(asked, offset)], usize::MAX >> 1)
    });
    let provider = provider.await;
    let error = provider.client().transfers().list(CustomerId::new(CUSTOMER)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert!(error.message().contains("no end after 1000 pages"), "{error}");
    assert_eq!(provider.lines().len(), 1000);
}

#[tokio::test]
async fn a_part_of_the_way_that_came_back_is_found_through_the_chain() {
    const THIRD: &str = "99999999-0fc6-e511-80de-0aa34a9b2388";
    fn leg(asked: &Asked, id: &str) -> Value {
        let link = |id: &str| asked.link(&format!("/transfers/{id}"));
        match id {
            ID => asked.transfer(
                ID,
                "processed",
                &[("funding-transfer", link(OTHER)), ("funded-transfer", link(THIRD))],
            ),
            OTHER => asked.transfer(OTHER, "processed", &[("funded-transfer", link(ID))]),
            _ => asked.transfer(
                THIRD,
                "failed",
                &[
                    ("funding-transfer", link(ID)),
                    ("failure", asked.link(&format!("/transfers/{THIRD}/failure"))),
                ],
            ),
        }
    }
    let provider = Provider::start(|asked| {
        let last = asked.line.rsplit('/').next().unwrap_or_default();
        match asked.line.split_once(' ').unwrap() {
            ("POST", _) => Answer::created(&format!("{}/transfers/{ID}", asked.base)),
            (_, path) if path.starts_with("/funding-sources") => Answer::ok(bank(asked, false)),
            (_, path) if path.starts_with("/customers") => page(Vec::new(), 0),
            _ if last == "failure" => Answer::ok(json!({ "code": "R03", "description": "No account" })),
            _ => Answer::ok(leg(asked, last)),
        }
    });
    let dwolla = provider.await.client();
    let order = dwolla.transfer("invoice/1", BANK.into(), CustomerId::new(CUSTOMER), usd("225.00").unwrap());
    let payment = order.send().await.unwrap();
    let returned = dwolla.returned(&payment).await.unwrap().unwrap();
    assert_eq!(returned.transfer.id, THIRD.into());
    assert_eq!(returned.failure.unwrap().code, ReturnCode::R03);
}

#[tokio::test]
async fn a_search_asks_for_what_it_was_told() {
    let provider = Provider::start(|_| page(Vec::new(), 0)).await;
    let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
    let list = provider.client().transfers().list(AccountId::new(ACCOUNT));
    let list = list
        .search("Jane & Co")
        .start_amount(usd("1").unwrap())
        .end_amount(usd("12345678901234.56").unwrap());
    let list = list.start_date(day(1)).end_date(day(21)).status(TransferStatus::Failed).page_size(7);
    assert!(list.correlation_id("550e8400-e29b-41d4-a716-446655440000").await.unwrap().is_empty());
    let asked = provider.asked().remove(0);
    assert_eq!(asked.line, format!("GET /accounts/{ACCOUNT}/transfers"));
    let pairs: BTreeSet<_> = asked.query.split('&').collect();
    for pair in [
        "startAmount=1.00",
        "endAmount=12345678901234.56",
        "startDate=2026-11-01",
        "endDate=2026-11-21",
        "status=failed",
        "limit=7",
        "correlationId=550e8400-e29b-41d4-a716-446655440000",
    ] {
        assert!(pairs.contains(pair), "{pair} is not in {}", asked.query);
    }
    assert!(
        asked.query.contains("search=Jane+%26+Co") || asked.query.contains("search=Jane%20%26%20Co"),
        "{asked:?}"
    );
}

fn bank(asked: &Asked, removed: bool) -> Value {
    json!({
        "_links": { "self": asked.link(&format!("/funding-sources/{BANK}")), "customer": asked.link(&format!("/customers/{CUSTOMER}")) },
        "id": BANK, "status": "verified", "type": "bank", "bankAccountType": "checking", "name": "Jane's bank",
        "created": "2026-11-02T19:42:32.950Z", "removed": removed, "channels": ["ach", "carrier-pigeon"],
    })
}

#[tokio::test]
async fn a_funding_source_is_removed_once_and_stays_removed() {
    let provider = in_turn(vec![
        |asked| {
            assert_eq!(asked.body, r#"{"removed":true}"#);
            Answer::ok(bank(asked, true))
        },
        |_| Answer::new(403, json!({ "code": "InvalidResourceState", "message": "It was removed." })),
        |asked| Answer::ok(bank(asked, true)),
    ]);
    let provider = provider.await;
    let sources = provider.client().funding_sources();
    for _ in 0..2 {
        let removed = sources.remove(BANK.into()).await.unwrap();
        assert!(removed.removed == Some(true) && !removed.is_ready());
    }
    let not_removed =
        in_turn(vec![|_| Answer::new(403, json!({ "code": "Forbidden", "message": "No." })), |asked| {
            Answer::ok(bank(asked, false))
        }]);
    let error = not_removed.await.client().funding_sources().remove(BANK.into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}

async fn add_bank(dwolla: &Dwolla, routing: &str, number: &str) -> Result<FundingSourceId, dwolla::Error> {
    let number = Secret::new(number);
    let sources = dwolla.funding_sources();
    sources.add_bank(CUSTOMER.into(), routing, number, BankAccountType::Checking, "Jane's bank").await
}

#[tokio::test]
async fn a_bank_account_that_is_refused_keeps_its_number_to_itself() {
    let provider = Provider::start(|asked| {
        assert!(asked.body.contains(r#""accountNumber":"123456789""#), "{}", asked.body);
        let error = json!({ "code": "Duplicate", "message": "123456789 is there already.", "path": "/accountNumber" });
        Answer::new(
            400,
            json!({ "code": "ValidationError", "message": "No.", "_embedded": { "errors": [error] } }),
        )
    });
    let provider = provider.await;
    let error = add_bank(&provider.client(), "222222226", "123456789").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.message().contains("Duplicate at /accountNumber: [redacted] is there"), "{error}");
    assert!(!format!("{error} {error:?}").contains("123456789"));
    for (routing, number) in
        [("222222227", "123456789"), ("222222226", "123"), ("222222226", "12345678901234567x")]
    {
        let error = add_bank(&provider.client(), routing, number).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(!format!("{error} {error:?}").contains(number), "{error:?}");
    }
    assert_eq!(provider.lines().len(), 1);
}

/// The two shapes in which the provider says that there is one already.
fn duplicate(about: Value) -> [Answer; 2] {
    let links = json!({ "about": about });
    let error = json!({ "code": "Duplicate", "message": "It exists.", "path": "/email", "_links": links });
    [
        json!({ "code": "DuplicateResource", "message": "It exists.", "_links": links }),
        json!({ "code": "ValidationError", "message": "No.", "_embedded": { "errors": [error] } }),
    ]
    .map(|body| Answer::new(400, body))
}

#[tokio::test]
async fn what_is_there_already_is_named_by_the_error_or_taken() {
    for shape in 0..2 {
        let provider = Provider::start(move |asked| {
            let there = match asked.line.as_str() {
                "POST /customers" => format!("/customers/{}", CUSTOMER.to_uppercase()),
                _ => format!("/funding-sources/{BANK}"),
            };
            duplicate(asked.link(&there)).into_iter().nth(shape).unwrap()
        });
        let provider = provider.await;
        let dwolla = provider.client();
        let jane = || dwolla.customers().create("Jane", "Doe", "jane@example.com");
        let error = jane().await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Refused, Some(400)));
        assert!(error.message().ends_with(&format!("that is there already is {CUSTOMER}")), "{error}");
        assert_eq!(jane().or_existing().await.unwrap(), CustomerId::new(CUSTOMER));
        let bank = || {
            let number = Secret::new("123456789");
            dwolla.funding_sources().add_bank(
                CUSTOMER.into(),
                "222222226",
                number,
                BankAccountType::Checking,
                "Jane's",
            )
        };
        assert!(bank().await.unwrap_err().message().contains(BANK));
        assert_eq!(bank().or_existing().await.unwrap(), FundingSourceId::new(BANK));
    }
}

#[tokio::test]
async fn what_is_there_already_is_not_taken_from_a_link_that_leads_elsewhere_or_names_something_else() {
    let wrong: [fn(&Asked) -> Value; 3] = [
        |_| json!({ "href": format!("https://evil.example/customers/{CUSTOMER}") }),
        |asked| asked.link(&format!("/funding-sources/{BANK}")),
        |_| json!("nothing"),
    ];
    for wrong in wrong {
        for shape in 0..2 {
            let provider =
                Provider::start(move |asked| duplicate(wrong(asked)).into_iter().nth(shape).unwrap()).await;
            let customers = provider.client().customers();
            let error = customers.create("Jane", "Doe", "jane@example.com").or_existing().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Refused);
            assert!(!format!("{error} {error:?}").contains("evil"), "{error:?}");
        }
    }
    // A refusal that is about something else is none of a duplicate.
    let provider = Provider::start(|asked| {
        let about = json!({ "about": asked.link(&format!("/customers/{CUSTOMER}")) });
        Answer::new(403, json!({ "code": "Forbidden", "message": "No.", "_links": about }))
    });
    let error = provider.await.client().customers().create("J", "D", "j@example.com").or_existing().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_creation_that_may_have_been_made_says_so() {
    let answers: [fn(&Asked) -> Answer; 3] = [
        |_| Answer::new(500, Value::Null),
        |_| Answer::created("https://elsewhere.example/customers/1"),
        |_| Answer::new(201, Value::Null),
    ];
    for answer in answers {
        let provider = in_turn(vec![answer]).await;
        let error =
            provider.client().customers().create("Jane", "Doe", "jane@example.com").await.unwrap_err();
        let told = error.message();
        assert!(told.contains("may have been created") || told.contains("was created, but its id"), "{told}");
        assert_eq!(provider.lines(), ["POST /customers"]);
    }
}

#[tokio::test]
async fn production_is_not_asked_to_simulate() {
    let dwolla = Dwolla::builder().key("key-1").secret(Secret::new("canary-secret")).journal_in_memory();
    let dwolla = dwolla.base_url("https://api.dwolla.com").build().unwrap();
    assert_eq!(dwolla.simulations().run().await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn what_the_provider_repeats_of_a_secret_is_not_kept() {
    // Every text that an answer may have is a secret; the token is one of them.
    let provider = Provider::start(|asked| {
        let secret = "canary-token canary-secret";
        let mut transfer =
            asked.transfer(ID, secret, &[("source", asked.link("/canary-token/canary-secret"))]);
        transfer["_links"]["destination"] = json!({ "href": "mailto:canary-token@canary-secret" });
        transfer["metadata"] = json!({ secret: secret });
        transfer["clearing"] = json!({ "source": secret, "destination": secret });
        transfer["correlationId"] = json!(secret);
        transfer["individualAchId"] = json!(secret);
        Answer::ok(match asked.line.rsplit('/').next().unwrap_or_default() {
            ID => transfer,
            "failure" => json!({ "code": secret, "description": secret, "explanation": secret }),
            CUSTOMER => json!({
                "id": CUSTOMER, "firstName": secret, "lastName": secret, "email": secret, "type": secret, "status": secret,
            }),
            BANK => json!({
                "id": BANK, "status": secret, "type": secret, "bankAccountType": secret, "name": secret,
                "channels": [secret], "bankName": secret, "fingerprint": secret,
            }),
            "on-demand-authorizations" => json!({
                "_links": { "self": asked.link(&format!("/on-demand-authorizations/{ID}")) },
                "bodyText": secret, "buttonText": secret,
            }),
            _ => json!({ "id": ACCOUNT, "name": secret }),
        })
    });
    let dwolla = provider.await.client();
    let number = Secret::new("canary-secret");
    let bank =
        dwolla.funding_sources().add_bank(CUSTOMER.into(), "222222226", number, BankAccountType::Loan, "");
    let shown = [
        format!("{:?}", dwolla.transfers().retrieve(ID.into()).await.unwrap()),
        format!("{:?}", dwolla.transfers().failure(ID.into()).await.unwrap()),
        format!("{:?}", dwolla.customers().retrieve(CUSTOMER.into()).await.unwrap()),
        format!("{:?}", dwolla.funding_sources().retrieve(BANK.into()).await.unwrap()),
        format!("{:?}", dwolla.accounts().retrieve(ACCOUNT.into()).await.unwrap()),
        format!("{:?}", dwolla.on_demand_authorizations().create().await.unwrap()),
    ];
    for shown in shown {
        assert!(shown.contains("[redacted]") && !shown.contains("canary"), "{shown}");
    }
    for shown in [format!("{bank:?}"), format!("{:?} {dwolla:?}", dwolla.transfers())] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}

/// Answers every operation of the API in the way of today.
fn anything(asked: &Asked) -> Answer {
    let (method, path) = asked.line.split_once(' ').unwrap();
    let last = path.rsplit('/').next().unwrap_or_default();
    let own = |rel: &str, path: &str| json!({ rel: asked.link(path) });
    let place = |path: &str| Answer::created(&format!("{}{path}", asked.base));
    Answer::ok(match (method, last) {
        ("POST", "transfers") => return place(&format!("/transfers/{ID}")),
        ("POST", "customers") => return place(&format!("/customers/{CUSTOMER}")),
        ("POST", "funding-sources") => return place(&format!("/funding-sources/{BANK}")),
        ("POST", "on-demand-authorizations") => {
            json!({ "_links": own("self", &format!("/on-demand-authorizations/{OTHER}")), "bodyText": "I agree. ".repeat(50) })
        }
        ("POST", "sandbox-simulations") => json!({ "total": 3 }),
        ("GET", "") => json!({ "_links": own("account", &format!("/accounts/{ACCOUNT}")) }),
        ("GET", "failure") => json!({ "code": "R3", "description": "No account" }),
        ("GET", "fees") => json!({ "transactions": [], "total": 0 }),
        ("GET", "balance") => json!({ "balance": { "value": "4616.87", "currency": "USD" } }),
        ("GET", "transfers") => return page(Vec::new(), 0),
        ("GET", "funding-sources") => json!({ "_embedded": { "funding-sources": [bank(asked, false)] } }),
        ("POST", BANK) => bank(asked, asked.body.contains("removed")),
        (_, BANK) => bank(asked, false),
        (_, CUSTOMER) => {
            json!({ "id": CUSTOMER, "firstName": "Jane", "type": "unverified", "status": "retry" })
        }
        (_, ACCOUNT) => json!({ "id": ACCOUNT, "name": "Jane & Co" }),
        ("POST", ID) => asked.transfer(ID, "cancelled", &[]),
        ("GET", ID) => asked.cancellable(),
        _ => return asked.not_found(),
    })
}

/// The route of a request: each id is `{id}`.
fn route(line: &str) -> String {
    [ID, OTHER, CUSTOMER, ACCOUNT, BANK].iter().fold(line.to_owned(), |line, id| line.replace(id, "{id}"))
}

#[tokio::test]
async fn every_operation_of_the_api_has_a_call_of_the_facade() {
    let provider = Provider::start(anything).await;
    let dwolla = provider.client();
    let (jane, own) = (CustomerId::new(CUSTOMER), AccountId::new(ACCOUNT));
    let sent =
        dwolla.transfer("invoice/4711", BANK.into(), jane.clone(), usd("225.00").unwrap()).send().await;
    sent.unwrap();

    assert_eq!(dwolla.accounts().own().await.unwrap().name.as_deref(), Some("Jane & Co"));
    let customers = dwolla.customers();
    assert_eq!(customers.create("Jane", "Doe", "jane@example.com").receive_only().await.unwrap(), jane);
    assert_eq!(customers.retrieve(jane.clone()).await.unwrap().first_name.as_deref(), Some("Jane"));

    let transfers = dwolla.transfers();
    let pending: Transfer = transfers.retrieve(ID.into()).await.unwrap();
    assert!(pending.is_cancellable());
    assert!(matches!(transfers.cancel(ID.into()).await.unwrap(), Cancellation::Cancelled(_)));
    assert_eq!(transfers.failure(ID.into()).await.unwrap().code, ReturnCode::R03);
    assert!(transfers.fees(ID.into()).await.unwrap().is_empty());
    assert!(transfers.list(jane.clone()).await.unwrap().is_empty());
    assert!(transfers.list(own.clone()).await.unwrap().is_empty());

    let sources = dwolla.funding_sources();
    assert_eq!(sources.list(jane.clone()).await.unwrap(), sources.list(own).await.unwrap());
    let authorization = dwolla.on_demand_authorizations().create().await.unwrap();
    assert_eq!(authorization.id, OnDemandAuthorizationId::new(OTHER));
    assert_eq!(authorization.body_text.unwrap().len(), 450, "what is agreed to is shown whole");
    let added = sources
        .add_bank(jane.clone(), "222222226", Secret::new("123456789"), BankAccountType::Savings, "Savings")
        .authorized_by(authorization.id)
        .await;
    assert_eq!(added.unwrap(), FundingSourceId::new(BANK));
    let retrieved = sources.retrieve(BANK.into()).await.unwrap();
    assert!(retrieved.is_ready() && retrieved.owner == Some(jane.into()));
    sources.rename(BANK.into(), "Old bank").await.unwrap();
    assert_eq!(sources.balance(BANK.into()).await.unwrap().balance, usd("4616.87").unwrap());
    sources.remove(BANK.into()).await.unwrap();
    assert_eq!(dwolla.simulations().run().await.unwrap(), 3);

    let mut seen: BTreeSet<_> = provider.lines().iter().map(|line| route(line)).collect();
    // The provider of the tests gives a token to whoever asks, and notes nothing of it.
    seen.insert("POST /token".to_owned());
    let table: BTreeSet<_> =
        OPERATIONS.iter().map(|known| format!("{} {}", known.method, known.path)).collect();
    assert_eq!(seen, table);
}
