//! What the documents leave open beside the keys: each switch, each way.

use std::time::Duration;

use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::switches::{
    BankHolidays, BankRemoval, DateBounds, FailureOfSound, Feature, FeesLink, ListOrder, RepeatedCancel,
    Settlement, Uncancellable,
};
use payonce_sandbox::dwolla::{ACCOUNT, BALANCE, BANK, CUSTOMER, CUSTOMER_BANK, Switches, VERIFIED_BALANCE};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Application, transfer};

const HOUR: Duration = Duration::from_secs(3600);

async fn world(switches: Switches) -> (DwollaSandbox, Application) {
    let sandbox = DwollaSandbox::builder().switches(switches).start().await.unwrap();
    let application = Application::of(&sandbox).await;
    (sandbox, application)
}

fn ids(list: &Value) -> Vec<String> {
    let transfers = list["_embedded"]["transfers"].as_array().unwrap();
    transfers.iter().map(|transfer| transfer["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_paged_in_either_order_and_no_page_is_longer_than_the_longest() {
    for list_order in [ListOrder::NewestFirst, ListOrder::OldestFirst] {
        let (_sandbox, application) =
            world(Switches { list_order, longest_page: 3, ..Switches::default() }).await;
        let mut made = Vec::new();
        for _ in 0..7 {
            let body = transfer(BALANCE, VERIFIED_BALANCE, "1.00");
            made.push(application.post("/transfers", &body).await.made().to_string());
        }
        if list_order == ListOrder::NewestFirst {
            made.reverse();
        }
        let mut path = format!("/accounts/{ACCOUNT}/transfers");
        let mut seen = Vec::new();
        let mut pages = 0;
        loop {
            let page = application.get(&path).await.body;
            assert_eq!(page["total"], 7);
            seen.extend(ids(&page));
            pages += 1;
            let Some(next) = page["_links"]["next"]["href"].as_str() else { break };
            path = next.strip_prefix(&application.url).unwrap().to_owned();
        }
        assert_eq!((pages, &seen), (3, &made), "{list_order:?}");
        let last = application.get(&path).await.body;
        assert_eq!(last["_links"]["self"], last["_links"]["last"]);
        let previous =
            last["_links"]["prev"]["href"].as_str().unwrap().strip_prefix(&application.url).unwrap();
        assert_eq!(ids(&application.get(previous).await.body), made[3..6]);
    }
}

#[tokio::test]
async fn a_list_holds_what_every_filter_lets_through() {
    let (sandbox, application) = world(Switches::default()).await;
    let mut small = transfer(BALANCE, CUSTOMER_BANK, "5.00");
    small["correlationId"] = json!("order-1");
    application.post("/transfers", &small).await.made();
    application.post("/transfers", &transfer(BALANCE, VERIFIED_BALANCE, "50.00")).await.made();
    let own = |query: &str| format!("/accounts/{ACCOUNT}/transfers?{query}");
    let total = async |path: String| application.get(&path).await.body["total"].as_u64();
    for (query, found) in [
        ("", 2),
        ("status=pending", 1),
        ("status=processed", 1),
        ("status=failed", 0),
        ("correlationId=order-1", 1),
        ("correlationId=order-2", 0),
        ("startAmount=5.00&endAmount=5.00", 1),
        ("startAmount=5.01", 1),
        ("endAmount=49.99", 1),
        ("search=jane", 1),
        ("search=JOE@example", 1),
        (&format!("search={CUSTOMER}"), 1),
        ("search=nobody", 0),
        ("status=pending&search=joe", 0),
    ] {
        assert_eq!(total(own(query)).await, Some(found), "{query}");
    }
    assert_eq!(total(format!("/customers/{CUSTOMER}/transfers?correlationId=order-1")).await, Some(1));
    for query in [
        "status=reclaimed",
        "limit=0",
        "limit=x",
        "offset=-1",
        "startAmount=x",
        "endDate=today",
        "startDate=",
    ] {
        assert_eq!(application.get(&own(query)).await.status, 400, "{query}");
    }
    for (removed, status) in [("true", 200), ("false", 200), ("null", 400), ("", 400)] {
        let path = format!("/accounts/{ACCOUNT}/funding-sources?removed={removed}");
        assert_eq!(application.get(&path).await.status, status, "{removed:?}");
    }
    assert_eq!(application.get(&own("offset=9990&limit=25")).await.refusal().1, "BadRequest");
    assert!(sandbox.ledger().is_balanced());
}

#[tokio::test]
async fn the_days_at_the_ends_are_in_a_list_or_not() {
    for (date_bounds, found) in [(DateBounds::Inclusive, 1), (DateBounds::Exclusive, 0)] {
        let (sandbox, application) = world(Switches { date_bounds, ..Switches::default() }).await;
        sandbox.clock().freeze();
        application.post("/transfers", &transfer(BALANCE, VERIFIED_BALANCE, "1.00")).await.made();
        let today = sandbox.clock().now().date_naive();
        let (before, after) = (today.pred_opt().unwrap(), today.succ_opt().unwrap());
        for (query, found) in [
            (format!("startDate={today}"), found),
            (format!("endDate={today}"), found),
            (format!("startDate={before}&endDate={after}"), 1),
            (format!("startDate={after}"), 0),
        ] {
            let list = application.get(&format!("/accounts/{ACCOUNT}/transfers?{query}")).await.body;
            assert_eq!(list["total"], found, "{date_bounds:?} {query}");
        }
    }
}

#[tokio::test]
async fn a_second_cancellation_is_refused_or_answered() {
    for (repeated_cancel, status) in [(RepeatedCancel::Refused, 400), (RepeatedCancel::Answered, 200)] {
        let (sandbox, application) = world(Switches { repeated_cancel, ..Switches::default() }).await;
        let made = application.post("/transfers", &transfer(BANK, CUSTOMER_BANK, "1.00")).await.made();
        assert_eq!(application.cancel(made).await.status, 200);
        assert_eq!(application.cancel(made).await.status, status, "{repeated_cancel:?}");
        assert!(sandbox.ledger().is_balanced() && sandbox.ledger().movements().is_empty());
    }
}

#[tokio::test]
async fn what_cannot_be_cancelled_says_so_in_either_way() {
    for (uncancellable, refusal) in [
        (Uncancellable::NotAllowed, (400, "NotAllowed".to_owned(), "/status".to_owned())),
        (Uncancellable::InvalidResourceState, (403, "InvalidResourceState".to_owned(), String::new())),
    ] {
        let (sandbox, application) = world(Switches { uncancellable, ..Switches::default() }).await;
        let made = application.post("/transfers", &transfer(BANK, CUSTOMER_BANK, "1.00")).await.made();
        let path = format!("/transfers/{made}");
        assert_eq!(application.post(&path, &json!({})).await.refusal().1, "Required");
        assert_eq!(application.post(&path, &json!({ "status": "failed" })).await.refusal().1, "Invalid");
        assert_eq!(application.post(&path, &json!([])).await.refusal().1, "BadRequest");
        sandbox.simulate();
        assert_eq!(application.get(&path).await.body["_links"].get("cancel"), None);
        assert_eq!(application.cancel(made).await.refusal(), refusal);
        assert_eq!(sandbox.ledger().movements().len(), 1);
    }
}

#[tokio::test]
async fn why_a_sound_transfer_failed_is_not_found_or_forbidden() {
    for (failure_of_sound, status) in [(FailureOfSound::NotFound, 404), (FailureOfSound::Forbidden, 403)] {
        let (_sandbox, application) = world(Switches { failure_of_sound, ..Switches::default() }).await;
        let made = application.post("/transfers", &transfer(BALANCE, VERIFIED_BALANCE, "1.00")).await.made();
        assert_eq!(application.get(&format!("/transfers/{made}/failure")).await.status, status);
    }
}

#[tokio::test]
async fn the_link_to_the_fees_is_there_as_the_switch_says() {
    for (fees_link, with, without) in
        [(FeesLink::WithFees, true, false), (FeesLink::Always, true, true), (FeesLink::Never, false, false)]
    {
        let (_sandbox, application) = world(Switches { fees_link, ..Switches::default() }).await;
        let mut charged = transfer(BANK, CUSTOMER_BANK, "10.00");
        charged["fees"] = json!([{ "_links": { "charge-to": { "href": format!("/customers/{CUSTOMER}") } },
            "amount": { "value": "1.00", "currency": "USD" } }]);
        for (body, expected) in [(charged, with), (transfer(BANK, CUSTOMER_BANK, "10.00"), without)] {
            let made = application.post("/transfers", &body).await.made();
            let shown = application.get(&format!("/transfers/{made}")).await.body;
            assert_eq!(shown["_links"].get("fees").is_some(), expected, "{fees_link:?}");
        }
    }
}

#[tokio::test]
async fn a_bank_is_removed_after_the_codes_that_the_switch_says() {
    for (bank_removal, kept) in [
        (BankRemoval::Seed, vec!["R01"]),
        (BankRemoval::Page, vec!["R01", "R09", "R20"]),
        (BankRemoval::Table, vec!["R01", "R09", "R22"]),
    ] {
        let (sandbox, application) = world(Switches { bank_removal, ..Switches::default() }).await;
        for code in ["R01", "R02", "R09", "R20", "R22"] {
            let bank = sandbox.seed_bank(CUSTOMER, code);
            let made = application.post("/transfers", &transfer(BALANCE, bank, "1.00")).await.made();
            sandbox.simulate();
            assert_eq!(application.status(made).await, "failed");
            let shown = application.get(&format!("/funding-sources/{bank}")).await.body;
            assert_eq!(shown["removed"], !kept.contains(&code), "{bank_removal:?} {code}");
        }
        assert!(sandbox.ledger().is_balanced() && sandbox.ledger().movements().is_empty());
    }
}

#[tokio::test]
async fn a_return_suspends_or_deactivates_the_customer() {
    let (sandbox, application) = world(Switches::default()).await;
    for (code, status) in [("R10", "suspended"), ("R07", "deactivated"), ("R02", "unverified")] {
        let customer = sandbox.seed_customer(false);
        let bank = sandbox.seed_bank(customer, code);
        application.post("/transfers", &transfer(BALANCE, bank, "1.00")).await.made();
        sandbox.simulate();
        let shown = application.get(&format!("/customers/{customer}")).await.body;
        assert_eq!(shown["status"], status, "{code}");
    }
}

#[tokio::test]
async fn what_is_not_enabled_is_refused() {
    let switches =
        Switches { clearing: Feature::Disabled, balance_metadata: Feature::Disabled, ..Switches::default() };
    let (sandbox, application) = world(switches).await;
    let with = |source: Uuid, member: &str, value: Value| {
        let mut body = transfer(source, CUSTOMER_BANK, "1.00");
        body[member] = value;
        body
    };
    for (body, refusal) in [
        (
            with(BANK, "clearing", json!({ "destination": "next-available" })),
            Some(("Restricted", "/clearing/destination")),
        ),
        (with(BALANCE, "metadata", json!({ "note": "x" })), Some(("Invalid", "/metadata"))),
        (with(BANK, "metadata", json!({ "note": "x" })), None),
    ] {
        let reply = application.post("/transfers", &body).await;
        match refusal {
            Some((code, path)) => assert_eq!(reply.refusal(), (400, code.into(), path.into())),
            None => assert_eq!(reply.status, 201),
        }
    }
    assert_eq!(sandbox.ledger().movements().len(), 1);
}

#[tokio::test]
async fn a_token_lives_as_long_as_it_says_by_the_virtual_clock() {
    let (sandbox, mut application) = world(Switches { token_seconds: 600, ..Switches::default() }).await;
    sandbox.clock().freeze();
    application.renew_token().await;
    let other = Application::of(&sandbox).await;
    sandbox.clock().advance(Duration::from_secs(590));
    assert_eq!(application.get("/").await.status, 200);
    sandbox.clock().advance(Duration::from_secs(20));
    for application in [application, other] {
        assert_eq!(application.get("/").await.refusal(), (401, "ExpiredAccessToken".into(), String::new()));
    }
}

/// Moves the clock to the next time that this hour of this weekday comes round in UTC.
fn until(sandbox: &DwollaSandbox, weekday: chrono::Weekday, hour: u32) {
    use chrono::{Datelike, Timelike};
    let clock = sandbox.clock();
    clock.freeze();
    let now = clock.now();
    let into = u64::from(now.num_seconds_from_midnight());
    clock.advance(Duration::from_secs(24 * 3600 - into) - Duration::from_nanos(u64::from(now.nanosecond())));
    while clock.now().weekday() != weekday {
        clock.advance(24 * HOUR);
    }
    clock.advance(HOUR * hour);
}

#[tokio::test]
async fn with_banking_days_time_settles_what_nobody_simulates() {
    let switches = Switches {
        settlement: Settlement::BankingDays,
        bank_holidays: BankHolidays::Ignored,
        token_seconds: 30 * 24 * 3600,
        ..Switches::default()
    };
    for (source, destination, clearing, days) in [
        // Debited on the next day.
        (BANK, BALANCE, json!({}), 1..=1),
        (BANK, BALANCE, json!({ "source": "next-available" }), 0..=0),
        (BANK, BALANCE, json!({ "source": "standard" }), 3..=4),
        (BALANCE, CUSTOMER_BANK, json!({ "destination": "next-available" }), 0..=0),
        (BALANCE, CUSTOMER_BANK, json!({}), 3..=4),
    ] {
        let (sandbox, application) = world(switches).await;
        // Noon in Chicago, or an hour off, on a Monday.
        until(&sandbox, chrono::Weekday::Mon, 18);
        let mut body = transfer(source, destination, "1.00");
        body["clearing"] = clearing;
        let made = application.post("/transfers", &body).await.made();
        let mut passed = 0;
        // What is settled on the same day is so in the evening there.
        sandbox.clock().advance(8 * HOUR);
        while application.status(made).await == "pending" {
            passed += 1;
            sandbox.clock().advance(24 * HOUR);
        }
        assert_eq!(application.status(made).await, "processed");
        assert!(days.contains(&passed), "{body}: {passed} days");
        assert_eq!(sandbox.ledger().movements().len(), 1);
    }
}

#[tokio::test]
async fn a_weekend_is_no_time_for_banks_and_a_late_return_takes_its_own() {
    let switches = Switches {
        settlement: Settlement::BankingDays,
        bank_holidays: BankHolidays::Ignored,
        token_seconds: 60 * 24 * 3600,
        ..Switches::default()
    };
    let (sandbox, application) = world(switches).await;
    let late = sandbox.seed_bank(ACCOUNT, "R01-late");
    // Friday evening: handed over on Monday, debited on Tuesday.
    until(&sandbox, chrono::Weekday::Fri, 23);
    let made = application.post("/transfers", &transfer(late, BALANCE, "1.00")).await.made();
    for (hours, status) in [(3 * 24, "pending"), (16, "processed"), (24, "processed"), (24, "failed")] {
        sandbox.clock().advance(HOUR * hours);
        assert_eq!(application.status(made).await, status, "{}", sandbox.clock().now());
    }
    assert!(sandbox.ledger().is_balanced() && sandbox.ledger().movements().is_empty());
}

#[tokio::test]
async fn a_transfer_can_be_cancelled_until_the_file_is_made_and_the_clock_decides() {
    let switches = Switches {
        bank_holidays: BankHolidays::Ignored,
        token_seconds: 30 * 24 * 3600,
        ..Switches::default()
    };
    for (before, cancelled) in [(true, true), (false, false)] {
        let (sandbox, application) = world(switches).await;
        until(&sandbox, chrono::Weekday::Mon, 12);
        let made = application.post("/transfers", &transfer(BANK, CUSTOMER_BANK, "1.00")).await.made();
        let path = format!("/transfers/{made}");
        let linked = async || application.get(&path).await.body["_links"].get("cancel").is_some();
        // 16:00 in Chicago is 21:00 or 22:00 in UTC.
        let chicago = sandbox.clock().now().with_timezone(&chrono_tz::America::Chicago);
        let until_file = 16 - chrono::Timelike::hour(&chicago);
        sandbox.clock().advance(HOUR * until_file - Duration::from_millis(1));
        assert!(linked().await);
        if !before {
            sandbox.clock().advance(Duration::from_millis(1));
            assert!(!linked().await);
        }
        assert_eq!(application.cancel(made).await.status == 200, cancelled);
        assert_eq!(sandbox.ledger().movements().is_empty(), cancelled);
    }
}

#[tokio::test]
async fn banks_rest_on_holidays_or_do_not() {
    use chrono::Datelike;
    for bank_holidays in [BankHolidays::Observed, BankHolidays::Ignored] {
        let (sandbox, _) = world(Switches { bank_holidays, ..Switches::default() }).await;
        // The evening before a Christmas in the middle of a week, after the file has been made.
        until(&sandbox, chrono::Weekday::Wed, 23);
        let is_eve = |day: chrono::DateTime<chrono::Utc>| {
            let middle = (1..4).contains(&day.weekday().num_days_from_monday());
            middle && (day.month(), day.day()) == (12, 24)
        };
        while !is_eve(sandbox.clock().now()) {
            sandbox.clock().advance(24 * HOUR);
        }
        let mut application = Application::of(&sandbox).await;
        let made = application.post("/transfers", &transfer(BANK, CUSTOMER_BANK, "1.00")).await.made();
        // The next evening.
        sandbox.clock().advance(24 * HOUR);
        application.renew_token().await;
        let cancelled = application.cancel(made).await.status == 200;
        assert_eq!(cancelled, bank_holidays == BankHolidays::Observed);
        assert_eq!(sandbox.ledger().movements().is_empty(), cancelled);
    }
}
