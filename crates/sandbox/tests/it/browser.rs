//! The pages in a real browser, driven as a person would: by what is on the screen. What was paid, the API and the
//! ledger say.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use payonce_sandbox::{PAYOUT_ACCOUNT, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::merchant::Merchant;
use crate::pages::Hosted;

/// How long the browser may take for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A Chromium of its own, with the driver that controls it. Both end with it.
struct Browser {
    page: Client,
    _driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser as wide as a desktop, or as narrow as a small phone. `None` when the machine has none, which is
    /// a failure where everything has to be tested.
    async fn start(phone: bool) -> Option<Self> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let mut driver = match driver {
            Ok(driver) => driver,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return skipped(
                    "chromedriver is not installed (Debian: apt-get install chromium chromium-driver)",
                );
            }
            Err(error) => panic!("chromedriver does not start: {error}"),
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap().expect("chromedriver says its port before it ends");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // What it says later has to go somewhere.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let profile = tempfile::tempdir().unwrap();
        let mut options = json!({ "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--window-size=1280,1000",
            format!("--user-data-dir={}", profile.path().display())] });
        if phone {
            options["mobileEmulation"] =
                json!({ "deviceMetrics": { "width": 320, "height": 640, "pixelRatio": 1.0 } });
        }
        let capabilities = json!({ "goog:chromeOptions": options });
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await;
        let page = match page {
            Ok(page) => page,
            Err(error) if error.to_string().contains("cannot find Chrome binary") => {
                return skipped(
                    "chromium is not installed (Debian: apt-get install chromium chromium-driver)",
                );
            }
            Err(error) => panic!("chromium does not start: {error}"),
        };
        Some(Self { page, _driver: driver, _profile: profile })
    }

    async fn open(&self, url: &str) {
        self.page.goto(url).await.unwrap();
    }

    async fn find(&self, css: &str) -> Element {
        self.page.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await.unwrap()
    }

    async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Waits until this text stands on the page.
    async fn read(&self, text: &str) {
        let path = format!("//body//*[contains(normalize-space(.), \"{text}\")]");
        let found = self.page.wait().at_most(PATIENCE).for_element(Locator::XPath(&path)).await;
        assert!(found.is_ok(), "no {text:?} in {}", self.page.source().await.unwrap());
    }

    async fn arrive_at(&self, url: &str) {
        let url = url.parse().unwrap();
        self.page.wait().at_most(PATIENCE).for_url(&url).await.unwrap();
    }

    async fn run(&self, script: &str) -> Value {
        self.page.execute(script, Vec::new()).await.unwrap()
    }

    async fn close(self) {
        self.page.close().await.unwrap();
    }
}

fn skipped(why: &str) -> Option<Browser> {
    crate::skipped(why);
    None
}

/// A shop on another origin than the sandbox: the same server by another name.
fn shop(sandbox: &Sandbox, path: &str) -> String {
    format!("http://localhost:{}/_pages/{path}", sandbox.addr().port())
}

async fn checkout(sandbox: &Sandbox) -> Hosted {
    let shop =
        json!({ "success_url": shop(sandbox, "icon.svg?paid"), "cancel_url": shop(sandbox, "icon.svg") });
    Hosted::create(sandbox, shop).await
}

/// What the shop is told about the source.
fn told(hosted: &Hosted) -> String {
    let (id, number) = (&hosted.created["source_id"], hosted.created["source_number"].as_str().unwrap());
    format!("source_type=INVOICE&source_id={id}&source_number={number}")
}

#[tokio::test]
async fn a_customer_pays_by_mobile_money() {
    let Some(browser) = Browser::start(false).await else { return };
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.clock().freeze();
    let hosted = checkout(&sandbox).await;
    browser.open(hosted.url()).await;
    let item = browser.find(".lines tbody th").await;
    assert!(!item.is_displayed().await.unwrap(), "the details are folded");
    browser.click("summary").await;
    assert!(item.is_displayed().await.unwrap());
    // The price follows the choice.
    for (way, currency, total) in
        [("card", "usd", "USD 52.25"), ("card", "lrd", "LRD 10,022.50"), ("mobile", "usd", "USD 51.25")]
    {
        browser.click(&format!("#{way}")).await;
        browser.click(&format!("#{currency}")).await;
        let sum = browser.find(&format!("div.offer.{way}-{currency} .total dd")).await;
        assert_eq!(sum.text().await.unwrap(), total);
        assert_eq!(browser.find("#pay").await.text().await.unwrap().replace('\n', ""), format!("Pay{total}"));
    }
    let phone = browser.find("#phone").await;
    assert_eq!(phone.prop("value").await.unwrap().as_deref(), Some("231771234567"));
    browser.click("#pay").await;
    browser.read("Approve it on your phone").await;
    assert_eq!(hosted.source_status().await, "PROCESSING");
    assert!(sandbox.ledger().movements().is_empty());
    sandbox.clock().advance(Duration::from_secs(3));
    browser.arrive_at(&shop(&sandbox, &format!("icon.svg?paid&{}", told(&hosted)))).await;
    assert_eq!(hosted.source_status().await, "PAID");
    let movements = sandbox.ledger().movements();
    assert_eq!((movements.len(), movements[0].amount.to_string()), (1, "50.00".to_owned()));
    assert!(sandbox.ledger().is_balanced());
    browser.open(hosted.url()).await;
    browser.read("Already paid").await;
    browser.click(".button").await;
    browser.read("Total paid").await;
    browser.close().await;
}

#[tokio::test]
async fn a_customer_pays_by_card_with_3_d_secure_with_the_keyboard_alone_on_a_small_phone() {
    let Some(browser) = Browser::start(true).await else { return };
    let sandbox = Sandbox::start().await.unwrap();
    let hosted = checkout(&sandbox).await;
    browser.open(hosted.url()).await;
    fits(&browser).await;
    browser.find("#mobile").await.send_keys(&char::from(Key::Right).to_string()).await.unwrap();
    let select = browser.page.active_element().await.unwrap();
    assert_eq!(select.attr("id").await.unwrap().as_deref(), Some("card"));
    browser.find("#card-choice").await.send_keys(&char::from(Key::Tab).to_string()).await.unwrap();
    let button = browser.page.active_element().await.unwrap();
    assert_eq!(button.attr("id").await.unwrap().as_deref(), Some("pay"));
    assert_ne!(button.css_value("outline-style").await.unwrap(), "none", "the focus is visible");
    button.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    browser.read("3-D Secure").await;
    fits(&browser).await;
    assert_eq!(hosted.source_status().await, "PROCESSING");
    assert!(sandbox.ledger().movements().is_empty());
    browser.find("#confirm").await.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    browser.arrive_at(&shop(&sandbox, &format!("icon.svg?paid&{}", told(&hosted)))).await;
    assert_eq!(hosted.source_status().await, "PAID");
    assert_eq!(sandbox.ledger().movements().len(), 1);
    for path in ["/", "/pay/nothing"] {
        browser.open(&format!("{}{path}", sandbox.url())).await;
        fits(&browser).await;
    }
    browser.close().await;
}

/// Nothing is wider than the screen.
async fn fits(browser: &Browser) {
    let widths = "const page = document.documentElement; return [page.scrollWidth, page.clientWidth];";
    let widths = browser.run(widths).await;
    assert_eq!(widths, json!([320, 320]));
}

#[tokio::test]
async fn a_customer_leaves_and_nothing_was_paid() {
    let Some(browser) = Browser::start(false).await else { return };
    let sandbox = Sandbox::start().await.unwrap();
    let hosted = checkout(&sandbox).await;
    browser.open(hosted.url()).await;
    browser.click("#cancel").await;
    browser.arrive_at(&shop(&sandbox, &format!("icon.svg?{}", told(&hosted)))).await;
    assert_eq!(hosted.source_status().await, "ACTIVE");
    assert!(sandbox.ledger().movements().is_empty());
    browser.close().await;
}

#[tokio::test]
async fn what_a_stranger_wrote_is_text_in_the_document() {
    let Some(browser) = Browser::start(false).await else { return };
    let sandbox = Sandbox::builder().settle_after(Duration::ZERO).start().await.unwrap();
    let nasty = "<script>alert(1)</script><img src=x onerror=alert(2)>";
    let more = json!({ "party_phone": "231777000111", "party_name": nasty, "note": nasty, "success_url": null,
        "items": [{ "name": nasty, "amount": 1, "currency": "USD" }] });
    let hosted = Hosted::create(&sandbox, more).await;
    let is_text = async |css: &str| {
        assert!(browser.find(css).await.prop("textContent").await.unwrap().unwrap().contains(nasty), "{css}");
        let foreign = "return document.querySelectorAll('script:not([src]), img').length;";
        assert_eq!(browser.run(foreign).await, json!(0), "{css}");
        assert!(browser.page.get_alert_text().await.is_err(), "{css}");
    };
    browser.open(hosted.url()).await;
    is_text(".lines tbody th").await;
    is_text("header .muted").await;
    browser.click("#pay").await;
    browser.click("#receipt").await;
    is_text(".facts").await;
    browser.open(sandbox.url()).await;
    is_text(".payment .muted").await;
    browser.close().await;
}

#[tokio::test]
async fn the_dashboard_shows_a_payment_arrive_and_settle_without_a_reload() {
    let Some(browser) = Browser::start(false).await else { return };
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    browser.open(sandbox.url()).await;
    browser.read("USD 1,000,000,005,050.00").await;
    browser.run("window.untouched = true;").await;
    browser.click("#freeze").await;
    browser.find("#freeze[aria-pressed=true]").await;
    assert!(sandbox.clock().is_frozen());

    let reference = Uuid::new_v4();
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    merchant.pay_out(&session, reference).await.unwrap();
    let row = browser.find(&format!("[data-reference='{reference}']")).await;
    row.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    for step in ["Posted: principal", "Payout executed", "POST /v1/executions/payout", "Is being processed"] {
        browser.read(step).await;
    }
    assert_eq!(sandbox.ledger().payments(reference), 1);
    browser.click("[data-advance='60000']").await;
    browser.find(&format!("[data-reference='{reference}'] .good")).await;
    browser.read("Posted: settlement").await;
    assert_eq!(merchant.status("payout", reference).await, "COMPLETED");
    browser.read("USD 1,000,000,005,039.85").await;

    browser.click("#preset-0").await;
    browser.read("drop reply after effect").await;
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    assert!(merchant.pay_out(&session, Uuid::new_v4()).await.is_err(), "the reply is lost");
    browser.read("struck 1 of 1").await;
    assert_eq!(sandbox.ledger().movements().len(), 2);
    browser.click("#preset-0").await;
    browser.page.wait().at_most(PATIENCE).for_element(Locator::Css("#faults:empty")).await.unwrap();
    assert!(sandbox.faults().is_empty());
    assert_eq!(browser.run("return window.untouched;").await, json!(true));
    browser.close().await;
}
