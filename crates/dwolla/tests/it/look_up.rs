//! Finding out what became of a transfer: by its place, by the list, and what each reply means for the payment.

use dwolla::{Dwolla, Effect};
use httpmock::{Method, MockServer};
use payonce::Rail;
use payonce::rail::{LookUp, Then};

use crate::support::*;

const NOT_FOUND: &str = "not found at 1795176000";
const COMPLETED: &str = "completed 225.00 USD 225.00 USD as 74c9129b-d14a-e511-80da-0aa34a9b2388";

async fn looked(server: &MockServer) -> String {
    looked_up(&builder(&server.base_url()).build().unwrap().rail().look_up(&order()).await)
}

fn list() -> String {
    format!("/customers/{CUSTOMER}/transfers")
}

/// Has the server know the source, and answer the search so.
async fn listing(reply: (u16, String)) -> MockServer {
    let server = server().await;
    has_source(&server).await;
    let (status, body) = reply;
    server
        .mock_async(|when, then| {
            when.method(Method::GET)
                .path(list())
                .header("accept", HAL)
                .header("authorization", format!("Bearer {TOKEN}"))
                .query_param("correlationId", REFERENCE);
            then.status(status).header("date", DATE).body(body);
        })
        .await;
    server
}

fn of(correlation: &str, links: &str) -> String {
    transfer(OTHER, "processed", &format!(r#","_links":{{{links}}},"correlationId":"{correlation}""#))
}

#[tokio::test]
async fn each_reply_to_a_search_is_what_it_means_for_the_payment() {
    let parent =
        format!(r#""created-from-transfer":{{"href":"https://api.dwolla.com/transfers/{TRANSFER}"}}"#);
    let fee = || transfer(OTHER, "pending", &format!(r#","_links":{{{parent}}}"#));
    let paid = || payment(TRANSFER, "processed");
    let nameless = transfer(OTHER, "processed", r#","_links":{}"#);
    let rows: Vec<(u16, String, &str)> = vec![
        (200, page(&[], 0), NOT_FOUND),
        (200, page(&[paid()], 1), COMPLETED),
        (200, page(&[payment(&TRANSFER.to_uppercase(), "processed").replace("USD", "usd")], 1), COMPLETED),
        (
            200,
            page(&[paid().replace("225.00", "22.50")], 1),
            "completed 22.50 USD 22.50 USD as 74c9129b-d14a-e511-80da-0aa34a9b2388",
        ),
        (200, page(&[payment(TRANSFER, "pending")], 1), "pending"),
        (200, page(&[payment(TRANSFER, "on-hold")], 1), "pending"),
        (200, page(&[payment(TRANSFER, "cancelled")], 1), "failed recorded=true cancelled"),
        (
            200,
            page(&[payment(TRANSFER, "reclaimed")], 1),
            "failed recorded=true reclaimed: nobody claimed the money",
        ),
        // Fees are no payments, whatever key they have; but where there is one, there is a payment.
        (200, page(&[fee(), paid(), of(REFERENCE, &parent)], 3), COMPLETED),
        (200, page(&[fee()], 1), NOT_FOUND),
        (200, page(&[of(REFERENCE, &parent)], 1), "Unreadable Retry"),
        // Another key is another payment, and one spelt otherwise is another key.
        (200, page(&[of(OTHER, ""), of("", ""), of(&REFERENCE.to_uppercase(), "")], 3), NOT_FOUND),
        (200, page(&[of(OTHER, ""), paid()], 2), COMPLETED),
        // What may be the payment is not passed over.
        (200, page(&[nameless], 1), "Unreadable Retry"),
        (200, page(&[paid(), payment(OTHER, "cancelled")], 2), "Unreadable Stop"),
        (200, page(&[paid(), payment(&TRANSFER.to_uppercase(), "processed")], 2), COMPLETED),
        (200, page(&[], 1), "Unreadable Retry"),
        (200, page(&[payment("7", "processed")], 1), "Unreadable Retry"),
        (200, page(&[paid().replace("225.00", "1e3")], 1), "Unreadable Retry"),
        (200, page(&[paid().replace("USD", "dollars")], 1), "Unreadable Retry"),
        (200, r#"{"total":0}"#.to_owned(), "Unreadable Retry"),
        (200, r#"{"_embedded":{},"total":0}"#.to_owned(), "Unreadable Retry"),
        (200, "{".to_owned(), "Unreadable Retry"),
        (200, "<html>".to_owned(), "Unreadable Retry"),
        (204, String::new(), "Unreadable Retry"),
        (401, problem("InvalidAccessToken", "no"), "Unauthorized Retry"),
        (403, problem("Forbidden", "no"), "Forbidden Stop"),
        (404, problem("NotFound", "no"), "NotFound Retry"),
        (404, "<html>".to_owned(), "Unreadable Retry"),
        (429, problem("TooManyRequests", "no"), "RateLimited Retry"),
        (500, problem("ServerError", "no"), "Unavailable Retry"),
        (503, String::new(), "Unavailable Retry"),
    ];
    for (status, body, meaning) in rows {
        let server = listing((status, body.clone())).await;
        assert_eq!(looked(&server).await, meaning, "{status} {body}");
    }
}

#[tokio::test]
async fn two_transfers_of_one_payment_are_for_a_person_to_look_at() {
    let server = listing((200, page(&[payment(TRANSFER, "processed"), payment(OTHER, "pending")], 2))).await;
    let dwolla = builder(&server.base_url()).build().unwrap();
    let LookUp::Setback(setback) = dwolla.rail().look_up(&order()).await else { panic!("guessed") };
    assert_eq!((setback.then, setback.error.effect()), (Then::Stop, Effect::Unknown));
    assert!(setback.error.message().contains(TRANSFER) && setback.error.message().contains(OTHER));
    // And so it reaches whoever asked for the payment, although nothing was sent.
    let bank = dwolla::FundingSourceId::new(SOURCE);
    let jane = dwolla::CustomerId::new(CUSTOMER);
    let key = dwolla.reference_id(&"invoice/4711".parse().unwrap());
    let both = [TRANSFER, OTHER].map(|id| payment(id, "processed").replace(REFERENCE, &key.to_string()));
    server
        .mock_async(|when, then| {
            when.method(Method::GET).path(list()).query_param("correlationId", key.to_string());
            then.status(200).body(page(&both, 2));
        })
        .await;
    let order = dwolla.transfer("invoice/4711", bank, jane, dwolla::usd("225.00").unwrap());
    let error = order.send().await.unwrap_err();
    assert_eq!((error.effect(), error.reference_id()), (Effect::Unknown, Some(key)));
    assert!(error.to_string().contains("more than once; a person must look at"), "{error}");
}

/// Where the money goes by way of a balance, there are several transfers, and they may share the key.
#[tokio::test]
async fn legs_are_told_from_the_payment_by_their_source_and_their_links() {
    let owner = format!("/customers/{CUSTOMER}");
    let bank = format!("/funding-sources/{SOURCE}");
    let third = "83eb4b5e-a5d9-e511-80de-0aa34a9b2388";
    let chain = [(OTHER, &bank, Some(TRANSFER)), (TRANSFER, &owner, None), (third, &bank, Some(TRANSFER))];
    for (transfers, meaning) in [
        (chain.to_vec(), COMPLETED),
        (chain[..2].to_vec(), COMPLETED),
        // Not linked, it is a payment of its own.
        (vec![(OTHER, &bank, None), (TRANSFER, &owner, None)], "Unreadable Stop"),
        (vec![(OTHER, &bank, Some(third)), (TRANSFER, &owner, None)], "Unreadable Stop"),
        // Linked, but from one owner to another.
        (vec![(OTHER, &owner, Some(TRANSFER)), (TRANSFER, &owner, None)], "Unreadable Stop"),
        // Nothing but legs: which of them is meant, nobody can tell.
        (vec![(OTHER, &bank, Some(TRANSFER)), (TRANSFER, &bank, None)], "Unreadable Stop"),
    ] {
        let server = server().await;
        has_source(&server).await;
        let link = |path: &str| format!(r#"{{"href":"{}{path}"}}"#, server.base_url());
        let written = transfers.iter().map(|(id, source, funds)| {
            let funds =
                funds.map(|id| format!(r#","funded-transfer":{}"#, link(&format!("/transfers/{id}"))));
            let links = format!(r#"{{"source":{}{}}}"#, link(source), funds.unwrap_or_default());
            transfer(id, "processed", &format!(r#","_links":{links},"correlationId":"{REFERENCE}""#))
        });
        let listed = page(&written.collect::<Vec<_>>(), transfers.len());
        says(&server, &list(), (200, listed)).await;
        assert_eq!(looked(&server).await, meaning, "{transfers:?}");
    }
}

#[tokio::test]
async fn a_search_is_read_to_its_end() {
    let server = server().await;
    has_source(&server).await;
    let strangers = || (0..25).map(|_| of(OTHER, "")).collect::<Vec<_>>();
    let reply = |offset: &'static str, body: String| {
        server.mock_async(move |when, then| {
            let when = when.method(Method::GET).path(list());
            if offset == "0" {
                when.query_param_missing("offset")
            } else {
                when.query_param("offset", offset)
            };
            then.status(200).header("date", DATE).body(body);
        })
    };
    let first = reply("0", page(&strangers(), 51)).await;
    let second = reply("25", page(&strangers(), 51)).await;
    let third = reply("50", page(&[payment(TRANSFER, "processed")], 51)).await;
    assert_eq!(looked(&server).await, COMPLETED);
    assert_eq!((first.calls(), second.calls(), third.calls()), (1, 1, 1));

    // One that breaks off says nothing of what is missing; nor does one that never ends.
    third.delete_async().await;
    reply("50", page(&[], 51)).await;
    assert_eq!(looked(&server).await, "Unreadable Retry");
    let endless = listing((200, page(&strangers(), usize::MAX >> 1))).await;
    assert_eq!(looked(&endless).await, "Unreadable Retry");
}

#[tokio::test]
async fn the_list_is_that_of_whoever_owns_the_source() {
    for (owner, list) in [
        (format!("accounts/{ACCOUNT}"), format!("/accounts/{ACCOUNT}/transfers")),
        (format!("customers/{CUSTOMER}"), format!("/customers/{CUSTOMER}/transfers")),
    ] {
        let server = server().await;
        let kind = owner.split_once("s/").unwrap().0;
        let source = format!(
            r#"{{"id":"{SOURCE}","status":"verified","type":"bank","_links":{{"{kind}":{{"href":"{}/{owner}"}}}}}}"#,
            server.base_url()
        );
        let asked = says(&server, &format!("/funding-sources/{SOURCE}"), (200, source)).await;
        let listed = says(&server, &list, (200, page(&[], 0))).await;
        let dwolla = builder(&server.base_url()).build().unwrap();
        for times in 1..=2 {
            assert_eq!(looked_up(&dwolla.rail().look_up(&order()).await), NOT_FOUND);
            assert_eq!((asked.calls(), listed.calls()), (1, times), "who owns it is asked once");
        }
    }
}

#[tokio::test]
async fn without_an_owner_nothing_is_said_of_the_payment() {
    let with = |links: &str| {
        format!(r#"{{"id":"{SOURCE}","status":"verified","type":"bank","_links":{{{links}}}}}"#)
    };
    let elsewhere = format!(r#""customer":{{"href":"https://evil.example/customers/{CUSTOMER}"}}"#);
    for (status, body, meaning) in [
        (200, with(""), "Unreadable Retry"),
        (200, with(&elsewhere), "Unreadable Retry"),
        (200, "{}".to_owned(), "Unreadable Retry"),
        (404, problem("NotFound", "no"), "NotFound Stop"),
        (404, "<html>".to_owned(), "Unreadable Retry"),
        (403, problem("Forbidden", "no"), "Forbidden Stop"),
        (500, String::new(), "Unavailable Retry"),
    ] {
        let server = server().await;
        says(&server, &format!("/funding-sources/{SOURCE}"), (status, body.clone())).await;
        let listed = says(&server, &list(), (200, page(&[], 0))).await;
        assert_eq!(looked(&server).await, meaning, "{status} {body}");
        assert_eq!(listed.calls(), 0);
    }
}

/// A client that was told where its transfer is.
async fn sent(server: &MockServer, location: &str) -> Dwolla {
    let location = location.to_owned();
    server
        .mock_async(|when, then| {
            when.method(Method::POST).path("/transfers");
            then.status(201).header("location", location);
        })
        .await;
    let dwolla = builder(&server.base_url()).build().unwrap();
    assert_eq!(submitted(&dwolla.rail().submit(&order(), BODY).await), "pending");
    dwolla
}

#[tokio::test]
async fn a_transfer_whose_place_is_known_is_asked_for_there() {
    let server = listing((200, page(&[], 0))).await;
    let dwolla = sent(&server, &format!("{}/transfers/{}", server.base_url(), TRANSFER.to_uppercase())).await;
    let place = format!("/transfers/{TRANSFER}");
    for (body, meaning) in [
        (payment(TRANSFER, "pending"), "pending"),
        (payment(&TRANSFER.to_uppercase(), "pending"), "pending"),
        // Replies of 2018 do not say whose they are, and were asked for by name.
        (transfer(TRANSFER, "pending", r#","_links":{}"#), "pending"),
        (payment(TRANSFER, "processed"), COMPLETED),
        // Once it has ended, there is nothing to remember.
        (payment(TRANSFER, "processed"), NOT_FOUND),
    ] {
        let told = says(&server, &place, (200, body.clone())).await;
        assert_eq!(looked_up(&dwolla.rail().look_up(&order()).await), meaning, "{body}");
        told.delete_async().await;
    }
}

#[tokio::test]
async fn a_place_that_is_not_the_payments_is_forgotten() {
    for (reply, first) in [
        ((404, problem("NotFound", "no")), COMPLETED),
        ((200, payment(OTHER, "processed")), "Unreadable Retry"),
        (
            (200, of(OTHER, "").replace(&format!(r#""id":"{OTHER}""#), &format!(r#""id":"{TRANSFER}""#))),
            "Unreadable Retry",
        ),
        ((200, "{".to_owned()), "Unreadable Retry"),
    ] {
        let server = listing((200, page(&[payment(TRANSFER, "processed")], 1))).await;
        let dwolla = sent(&server, &format!("{}/transfers/{TRANSFER}", server.base_url())).await;
        says(&server, &format!("/transfers/{TRANSFER}"), reply.clone()).await;
        assert_eq!(looked_up(&dwolla.rail().look_up(&order()).await), first, "{reply:?}");
        if first != COMPLETED {
            assert_eq!(looked_up(&dwolla.rail().look_up(&order()).await), COMPLETED, "{reply:?}");
        }
    }
}

#[tokio::test]
async fn a_place_elsewhere_is_not_gone_to() {
    let server = listing((200, page(&[], 0))).await;
    for place in [
        format!("https://evil.example/transfers/{TRANSFER}"),
        format!("{}@evil.example/transfers/{TRANSFER}", server.base_url()),
        format!("{}/customers/{TRANSFER}", server.base_url()),
        format!("{}/transfers/..%2f{TRANSFER}", server.base_url()),
        "7".to_owned(),
    ] {
        let told =
            says(&server, &format!("/transfers/{TRANSFER}"), (200, payment(TRANSFER, "processed"))).await;
        let dwolla = sent(&server, &place).await;
        assert_eq!(looked_up(&dwolla.rail().look_up(&order()).await), NOT_FOUND, "{place}");
        assert_eq!(told.calls(), 0, "{place}");
    }
}

#[tokio::test]
async fn a_return_says_why_as_far_as_the_provider_does() {
    let none = "failed recorded=true returned by the bank; the provider does not say why";
    for (status, body, meaning) in [
        (
            200,
            r#"{"code":"R1","description":"Insufficient Funds"}"#.to_owned(),
            "failed recorded=true returned by the bank with R01: Insufficient Funds",
        ),
        (
            200,
            r#"{"code":"R03","description":""}"#.to_owned(),
            "failed recorded=true returned by the bank with R03: There is no such account, or it is not in that name",
        ),
        (
            200,
            r#"{"code":"R99","description":""}"#.to_owned(),
            "failed recorded=true returned by the bank with R99",
        ),
        (
            200,
            format!(r#"{{"code":"R99","description":"see {SECRET}"}}"#),
            "failed recorded=true returned by the bank with R99: see [redacted]",
        ),
        (200, "{".to_owned(), none),
        (403, problem("Forbidden", "no"), none),
        (404, problem("NotFound", "no"), none),
        // A fault about this very transfer may last; an outage does not.
        (500, problem("ServerError", "no"), none),
        (429, String::new(), "RateLimited Retry"),
        (503, String::new(), "Unavailable Retry"),
    ] {
        let server = listing((200, page(&[payment(TRANSFER, "failed")], 1))).await;
        says(&server, &format!("/transfers/{TRANSFER}/failure"), (status, body.clone())).await;
        assert_eq!(looked(&server).await, meaning, "{status} {body}");
    }
}
