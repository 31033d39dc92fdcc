//! The pages over plain HTTP, as a browser without scripts uses them. What was paid, the ledger says.

use std::time::Duration;

use payonce_sandbox::Sandbox;
use reqwest::{Client, Method, Response, redirect::Policy};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::merchant::{Merchant, http};

/// A merchant's hosted checkout, and a customer on it.
pub(crate) struct Hosted {
    pub(crate) merchant: Merchant,
    pub(crate) created: Value,
    browser: Client,
}

impl Hosted {
    pub(crate) async fn create(sandbox: &Sandbox, more: Value) -> Self {
        let merchant = Merchant::of(sandbox).await;
        let mut body = json!({ "mode": "HOSTED", "source_kind": "INVOICE", "party_phone": "231771234567",
            "currency": "USD", "success_url": "http://127.0.0.1:1/done?basket=7&source_id=mine#top",
            "cancel_url": "http://127.0.0.1:1/left",
            "items": [{ "name": "Lamp", "amount": 40, "currency": "USD" },
                      { "name": "Shade", "amount": 10, "currency": "USD" }] });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let (status, created) = merchant.post("/v1/checkouts/create", body).await.unwrap();
        assert_eq!(status, 200, "{created}");
        let browser = http().redirect(Policy::none()).build().unwrap();
        Self { merchant, created, browser }
    }

    pub(crate) fn url(&self) -> &str {
        self.created["url"].as_str().unwrap()
    }

    pub(crate) async fn source_status(&self) -> String {
        let id = &self.created["source_id"];
        let path = format!("/v1/status/source?source_type=INVOICE&source_id={id}");
        let (_, shown) = self.merchant.get(&path).await.unwrap();
        shown["status"].as_str().unwrap().to_owned()
    }

    async fn open(&self, url: &str) -> (u16, String) {
        let reply = self.browser.get(url).send().await.unwrap();
        (reply.status().as_u16(), reply.text().await.unwrap())
    }

    async fn fill_in(&self, fields: &[(&str, &str)]) -> Response {
        self.browser.post(self.url()).form(fields).send().await.unwrap()
    }
}

/// The address a reply sends the browser to.
fn location(reply: &Response) -> String {
    assert_eq!(reply.status().as_u16(), 303);
    reply.headers()["location"].to_str().unwrap().to_owned()
}

/// The value of a form's hidden field.
fn reference(html: &str) -> String {
    let (_, rest) = html.split_once("name=\"reference_id\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_form_sent_three_times_is_one_payment_of_exactly_the_total_it_showed() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.clock().freeze();
    let hosted = Hosted::create(&sandbox, json!({})).await;
    let (status, form) = hosted.open(hosted.url()).await;
    assert_eq!(status, 200);
    for shown in ["Kamara Trading", "USD 50.00", "Lamp", "USD 51.25", "LRD 9,832.50", "USD 52.25"] {
        assert!(form.contains(shown), "{shown}");
    }
    let reference = reference(&form);
    let fields =
        [("reference_id", &*reference), ("way", "mobile"), ("currency", "LRD"), ("phone", "+231 771 234567")];
    for _ in 0..3 {
        let next = location(&hosted.fill_in(&fields).await);
        let (_, waiting) = hosted.open(&format!("{}{next}", sandbox.url())).await;
        assert!(waiting.contains("Approve it on your phone") && waiting.contains("ending in 567"));
    }
    assert_eq!(hosted.source_status().await, "PROCESSING");
    assert_eq!(
        location(&hosted.browser.get(hosted.url()).send().await.unwrap()).matches(&reference).count(),
        1
    );
    sandbox.clock().advance(Duration::from_secs(3));
    let paid = hosted.open(&format!("{}/payments/{reference}", hosted.url())).await.1;
    assert!(paid.contains("Thank you") && paid.contains("LRD 9,832.50"));
    assert_eq!(hosted.source_status().await, "PAID");
    let reference = reference.parse::<Uuid>().unwrap();
    assert_eq!(sandbox.ledger().payments(reference), 1);
    assert_eq!(sandbox.ledger().movements().len(), 1);
    assert!(sandbox.ledger().is_balanced());
    let leg = sandbox.ledger().entries().into_iter().find(|entry| {
        entry.reference_id == Some(reference) && entry.kind == "EXCHANGE" && entry.account == "fx:position"
    });
    assert_eq!(leg.unwrap().amount.to_string(), "9832.50");
}

#[tokio::test]
async fn what_cannot_be_paid_is_said_beside_the_form_and_moves_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    let hosted = Hosted::create(&sandbox, json!({})).await;
    let key = Uuid::new_v4().to_string();
    let nil = Uuid::nil().to_string();
    for (fields, said) in [
        (
            vec![("reference_id", &*key), ("way", "mobile"), ("currency", "USD"), ("phone", "12")],
            "mobile money wallet",
        ),
        (
            vec![("reference_id", &*key), ("way", "mobile"), ("currency", "RWF"), ("phone", "231771234567")],
            "currency",
        ),
        (
            vec![("reference_id", &*key), ("way", "mobile"), ("currency", "USD"), ("phone", "231770000005")],
            "not active",
        ),
        (vec![("reference_id", &*key), ("way", "card"), ("currency", "RWF")], "does not take this currency"),
        (vec![("reference_id", &*key), ("way", "cash"), ("currency", "USD")], "Choose how to pay"),
        (vec![("reference_id", &*nil), ("way", "card"), ("currency", "USD")], "form is damaged"),
        (vec![("way", "card"), ("currency", "USD")], "form is damaged"),
    ] {
        let reply = hosted.fill_in(&fields).await;
        assert_eq!(reply.status(), 422, "{fields:?}");
        let html = reply.text().await.unwrap();
        let (_, alert) = html.split_once("role=\"alert\"").unwrap();
        assert!(alert.split("</p>").next().unwrap().contains(said), "{fields:?}");
    }
    assert_eq!(hosted.source_status().await, "ACTIVE");
    assert!(sandbox.ledger().movements().is_empty());
}

#[tokio::test]
async fn a_declined_wallet_can_be_tried_again_with_another_one() {
    let sandbox = Sandbox::start().await.unwrap();
    let hosted = Hosted::create(&sandbox, json!({})).await;
    for (phone, shown, payments) in
        [("231770000001", "did not go through", 0), ("231771234567", "Thank you", 1)]
    {
        let reference = reference(&hosted.open(hosted.url()).await.1);
        let fields =
            [("reference_id", &*reference), ("way", "mobile"), ("currency", "USD"), ("phone", phone)];
        let next = location(&hosted.fill_in(&fields).await);
        sandbox.clock().advance(Duration::from_secs(3));
        assert!(hosted.open(&format!("{}{next}", sandbox.url())).await.1.contains(shown));
        assert_eq!(sandbox.ledger().movements().len(), payments);
    }
}

#[tokio::test]
async fn the_success_address_keeps_what_it_has_and_never_says_how_it_went() {
    let sandbox = Sandbox::builder().settle_after(Duration::ZERO).start().await.unwrap();
    let hosted = Hosted::create(&sandbox, json!({})).await;
    let reference = reference(&hosted.open(hosted.url()).await.1);
    let fields =
        [("reference_id", &*reference), ("way", "mobile"), ("currency", "USD"), ("phone", "231771234567")];
    let next = location(&hosted.fill_in(&fields).await);
    let paid = hosted.open(&format!("{}{next}", sandbox.url())).await.1;
    let number = hosted.created["source_number"].as_str().unwrap();
    let address = format!(
        "http://127.0.0.1:1/done?basket=7&#38;source_id=mine&#38;source_type=INVOICE&#38;source_number={number}#top"
    );
    assert!(paid.contains(&format!("content=\"1; url={address}\"")), "{paid}");
    assert!(paid.contains(&format!("id=\"continue\" href=\"{address}\"")));
}

#[tokio::test]
async fn leaving_a_checkout_pays_nothing_and_leaves_it_payable() {
    let sandbox = Sandbox::start().await.unwrap();
    let hosted = Hosted::create(&sandbox, json!({})).await;
    let left = hosted.browser.get(format!("{}/cancel", hosted.url())).send().await.unwrap();
    let (id, number) = (&hosted.created["source_id"], hosted.created["source_number"].as_str().unwrap());
    assert_eq!(
        location(&left),
        format!("http://127.0.0.1:1/left?source_type=INVOICE&source_id={id}&source_number={number}")
    );
    assert_eq!(hosted.source_status().await, "ACTIVE");
    assert!(sandbox.ledger().movements().is_empty());
}

#[tokio::test]
async fn a_checkout_that_is_over_takes_no_money() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.clock().freeze();
    let expires_at = (sandbox.clock().now() + Duration::from_secs(60)).to_rfc3339();
    let expiring = Hosted::create(&sandbox, json!({ "expires_at": expires_at })).await;
    let canceled = Hosted::create(&sandbox, json!({})).await;
    let path = format!("/v1/invoices/cancel/{}", canceled.created["source_id"]);
    assert!(canceled.merchant.send(Method::DELETE, &path, None).await.unwrap().status().is_success());
    let unsent = reference(&expiring.open(expiring.url()).await.1);
    sandbox.clock().advance(Duration::from_secs(60));
    for (hosted, heading) in [(&expiring, "<h1>Expired</h1>"), (&canceled, "<h1>Canceled</h1>")] {
        let fields =
            [("reference_id", &*unsent), ("way", "mobile"), ("currency", "USD"), ("phone", "231771234567")];
        let refused = hosted.fill_in(&fields).await;
        assert_eq!(refused.status(), 410);
        assert!(refused.text().await.unwrap().contains(heading));
        let (status, html) = hosted.open(hosted.url()).await;
        assert_eq!((status, html.contains(heading)), (410, true));
    }
    assert!(sandbox.ledger().movements().is_empty());
}

#[tokio::test]
async fn a_card_is_charged_once_its_holder_confirms_and_the_receipt_says_what_was_settled() {
    let sandbox = Sandbox::start().await.unwrap();
    let hosted = Hosted::create(&sandbox, json!({})).await;
    let reference = reference(&hosted.open(hosted.url()).await.1);
    let fields = [("reference_id", &*reference), ("way", "card"), ("currency", "USD"), ("card", "approved")];
    let next = format!("{}{}", sandbox.url(), location(&hosted.fill_in(&fields).await));
    assert!(hosted.open(&next).await.1.contains("3-D Secure"));
    assert!(sandbox.ledger().movements().is_empty());
    for _ in 0..2 {
        let confirmed = hosted.browser.post(format!("{next}/confirm")).send().await.unwrap();
        assert_eq!(format!("{}{}", sandbox.url(), location(&confirmed)), next);
    }
    assert_eq!((hosted.source_status().await.as_str(), sandbox.ledger().movements().len()), ("PAID", 1));
    let (status, again) = hosted.open(hosted.url()).await;
    assert_eq!((status, again.contains("Already paid")), (200, true));

    let number = hosted.created["source_number"].as_str().unwrap();
    let path = format!("/v1/links/receipt?source_type=INVOICE&source_number={number}");
    let (_, link) = hosted.merchant.get(&path).await.unwrap();
    let (status, receipt) = hosted.open(link["url"].as_str().unwrap()).await;
    assert_eq!(status, 200);
    for shown in [number, "Lamp", "USD 50.00", "USD 2.25", "USD 52.25", "Card", &reference] {
        assert!(receipt.contains(shown), "{shown}: {receipt}");
    }
}

#[tokio::test]
async fn a_payment_is_nothing_on_the_page_of_another_checkout() {
    let sandbox = Sandbox::start().await.unwrap();
    let own = Hosted::create(&sandbox, json!({})).await;
    let other = Hosted::create(&sandbox, json!({})).await;
    let reference = reference(&own.open(own.url()).await.1);
    let fields = [("reference_id", &*reference), ("way", "card"), ("currency", "USD")];
    own.fill_in(&fields).await;
    assert_eq!(other.open(&format!("{}/payments/{reference}", other.url())).await.0, 404);
    let stolen = other.browser.post(format!("{}/payments/{reference}/confirm", other.url())).send().await;
    assert_eq!(stolen.unwrap().status(), 404);
    // Nor is the key of one checkout an answer to the form of another.
    other.fill_in(&fields).await;
    assert_eq!(other.source_status().await, "ACTIVE");
    assert!(sandbox.ledger().movements().is_empty());
}

#[tokio::test]
async fn pages_are_strict_about_what_runs_and_who_posts() {
    let sandbox = Sandbox::start().await.unwrap();
    let hosted = Hosted::create(&sandbox, json!({})).await;
    let reply = hosted.browser.get(hosted.url()).send().await.unwrap();
    let policy = reply.headers()["content-security-policy"].to_str().unwrap().to_owned();
    for rule in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"));
    let html = reply.text().await.unwrap();
    assert!(!html.contains(" style=") && !html.contains("<script>") && !html.contains(" onclick"));
    let fields =
        [("reference_id", Uuid::new_v4().to_string()), ("way", "card".into()), ("currency", "USD".into())];
    let forged = hosted.browser.post(hosted.url()).header("origin", "http://evil.example").form(&fields);
    assert_eq!(forged.send().await.unwrap().status(), 403);
    assert_eq!(hosted.source_status().await, "ACTIVE");
    let lost = hosted.open(&format!("{}/pay/nothing", sandbox.url())).await;
    assert_eq!((lost.0, lost.1.contains("There is no such page")), (404, true));
}

#[tokio::test]
async fn the_dashboard_answers_no_page_of_another_origin() {
    let sandbox = Sandbox::start().await.unwrap();
    for path in ["/", "/_pages/overview", "/_pages/payments/9001", "/_pages/events"] {
        for (header, value, status) in
            [("accept", "*/*", 200), ("origin", "http://evil.example", 403), ("host", "evil.example", 403)]
        {
            let asked = http().build().unwrap().get(format!("{}{path}", sandbox.url())).header(header, value);
            assert_eq!(asked.send().await.unwrap().status(), status, "{path} {header}");
        }
    }
    let unknown = http().build().unwrap().get(format!("{}/_pages/payments/1", sandbox.url())).send().await;
    assert_eq!(unknown.unwrap().status(), 404);
}

#[tokio::test]
async fn the_life_of_a_payment_tells_every_posting_of_the_ledger_and_every_request() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let reference = Uuid::new_v4();
    // Declined: what was set aside comes back.
    let session = merchant.payout_session(21).await;
    merchant.pay(&session, 21, reference).await.unwrap();
    sandbox.clock().advance(Duration::from_secs(3));
    assert_eq!(merchant.status("payout", reference).await, "FAILED");
    let (_, overview) = merchant.get("/_pages/overview").await.unwrap();
    let id = &overview["payments"][0]["id"];
    assert_eq!(overview["payments"][0]["reference_id"], json!(reference));
    let (_, life) = merchant.get(&format!("/_pages/payments/{id}")).await.unwrap();
    let titles: Vec<&str> =
        life["steps"].as_array().unwrap().iter().map(|step| step["title"].as_str().unwrap()).collect();
    for title in [
        "Payout executed",
        "Failed",
        "Posted: principal",
        "Posted: reversal",
        "POST /v1/executions/payout",
        "GET /v1/status/payout/{reference_id}",
    ] {
        assert_eq!(titles.iter().filter(|told| **told == title).count(), 1, "{title}: {titles:?}");
    }
    let of_the_ledger = sandbox.ledger().entries();
    for entry in of_the_ledger.iter().filter(|entry| entry.reference_id == Some(reference)) {
        let told = format!("{} {} {}", entry.account, entry.currency, entry.amount);
        assert!(life.to_string().contains(&told), "{told}: {life}");
    }
}

#[tokio::test]
async fn whatever_a_stranger_wrote_is_text() {
    let sandbox = Sandbox::start().await.unwrap();
    let nasty = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let more = json!({ "party_phone": "231777000111", "party_name": nasty, "note": nasty,
        "items": [{ "name": nasty, "amount": 1, "currency": "USD" }] });
    let hosted = Hosted::create(&sandbox, more).await;
    let (_, html) = hosted.open(hosted.url()).await;
    assert!(html.contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
    assert!(!html.contains("<script>alert") && !html.contains("<img"));
}
