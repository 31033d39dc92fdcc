//! The command on a journal in a database, and `payonce work`, one worker or two.

use std::io::{BufRead, BufReader, Lines, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use payonce::journal::tokio_postgres::{NoTls, connect};
use test_postgres::{TestPostgres, until};

use crate::payonce::{Ran, Shop};

mod archive;

const PAY: [&str; 8] = ["payout", "pay/1", "--account", "18", "--amount", "1.00", "--currency", "USD"];

/// A shop whose journal is in a database of its own.
pub(crate) struct Fleet {
    pub(crate) shop: Shop,
    server: &'static TestPostgres,
    url: String,
}

impl Fleet {
    /// None where there is no PostgreSQL.
    async fn settling_after(settles_after: Duration) -> Option<Self> {
        let server = TestPostgres::shared()?;
        Some(Self { shop: Shop::settling_after(settles_after).await, server, url: server.database() })
    }

    async fn open() -> Option<Self> {
        Self::settling_after(Duration::ZERO).await
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.shop.command(arguments);
        command.env("PAYONCE_JOURNAL", &self.url);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    fn sql(&self, sql: &str) -> String {
        self.server.sql(self.url.rsplit('/').next().unwrap(), sql)
    }

    /// Records payments as a service does, in a transaction of its own, and drives nothing.
    async fn enqueue(&self, names: impl IntoIterator<Item = String>) {
        self.enqueue_for("default", names).await;
    }

    async fn enqueue_for(&self, merchant: &str, names: impl IntoIterator<Item = String>) {
        let builder = dollr::Builder::from_variables(self.shop.sandbox.env()).unwrap();
        let dollr = builder.journal_in_memory().build().unwrap();
        let journal =
            dollr::journal::PostgresJournal::open(&self.url).await.unwrap().merchant(merchant).unwrap();
        let (mut client, connection) = connect(&self.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let transaction = client.transaction().await.unwrap();
        for name in names {
            let order = dollr.payout(name, dollr::AccountId::from(18), dollr::usd("1.00").unwrap());
            order.enqueue_in(&journal, &transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    fn unfinished(&self) -> String {
        self.sql("SELECT count(*) FROM payonce.unfinished")
    }
}

/// What is answered there, whole.
fn fetch(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A worker, the lines it prints, and what it has said to standard error.
struct Worker(Child, Lines<BufReader<ChildStdout>>, Arc<Mutex<String>>, String);

impl Worker {
    /// One that has begun.
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        assert!(first.starts_with("working on dollr from postgresql://"), "{first}");
        let (errors, said) =
            (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::new(Mutex::default()));
        let heard: Arc<Mutex<String>> = Arc::clone(&said);
        std::thread::spawn(move || {
            errors.map_while(Result::ok).for_each(|line| heard.lock().unwrap().push_str(&(line + "\n")));
        });
        Self(child, lines, said, first)
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap().success());
    }

    /// What it said last, what it said to standard error, and its exit code.
    fn end(mut self) -> (String, String, Option<i32>) {
        let last = self.1.next().unwrap().unwrap();
        let code = self.0.wait().unwrap().code();
        (last, self.said(), code)
    }

    fn said(&self) -> String {
        self.2.lock().unwrap().clone()
    }
}

impl Drop for Worker {
    /// A test that fails leaves none behind, and shows what it said.
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        if std::thread::panicking() {
            // The output of a test that fails is shown.
            let _ = writeln!(std::io::stderr(), "{}", self.said());
        }
    }
}

const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn every_command_works_on_a_journal_in_a_database() {
    let Some(fleet) = Fleet::open().await else { return };
    // The sandbox has documents that were paid before.
    let since = chrono::Utc::now().to_rfc3339();
    fleet.run(&PAY).exits(0);
    fleet.run(&PAY).exits(0);
    assert!(fleet.run(&["list"]).exits(0).out.contains("pay/1"));
    assert_eq!(fleet.run(&["show", "pay/1", "--json"]).exits(0).json()["standing"], "completed");
    assert!(fleet.run(&["explain", "pay/1"]).exits(0).out.contains("completed"));
    assert_eq!(fleet.run(&["export"]).exits(0).out.lines().count(), 1);
    assert!(fleet.run(&["reconcile", "--since", &since]).exits(0).out.contains("agrees"));
    let told = fleet.run(&["doctor"]);
    assert!(told.out.contains("is whole and waits for nothing"), "{told:?}");
    let shown = fleet.run(&["config", "show"]).exits(0).out;
    assert!(shown.contains("postgresql://") && !shown.contains("payonce@"), "{shown}");
    let lines = "name,operation,account,amount,currency\nb/1,payout,18,2.00,USD\nb/2,payout,18,3.00,USD\n";
    std::fs::write(fleet.shop.directory.path().join("pay.csv"), lines).unwrap();
    for _ in 0..2 {
        fleet.run(&["batch", "run", "pay.csv", "--yes"]).exits(0);
    }
    assert_eq!(fleet.shop.movements(), 3);
    assert!(!fleet.shop.directory.path().join("payonce.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stuck_in_a_database_is_listed_and_resumed() {
    let Some(fleet) = Fleet::open().await else { return };
    fleet.enqueue(["pay/1".to_owned()]).await;
    assert_eq!(fleet.run(&["list", "--stuck"]).exits(0).out.lines().count(), 0);
    fleet.sql("UPDATE payonce.payments SET created_at = created_at - 3600000");
    assert!(fleet.run(&["list", "--stuck"]).exits(0).out.contains("pay/1"));
    assert!(fleet.run(&["resume"]).exits(0).out.contains("1 completed"));
    assert_eq!(fleet.run(&["list", "--stuck"]).exits(0).out.lines().count(), 0);
    assert_eq!(fleet.shop.movements(), 1);
}

#[tokio::test]
async fn what_only_a_file_has_is_refused_on_a_database_in_plain_words() {
    let Some(fleet) = Fleet::open().await else { return };
    for arguments in [&["journal", "check"][..], &["journal", "backup", "copy.db"], &["journal", "compact"]] {
        let refused = fleet.run(arguments).exits(1);
        assert!(refused.err.contains("pg_dump"), "{arguments:?}: {refused:?}");
    }
}

#[tokio::test]
async fn a_password_on_the_command_line_is_refused_and_not_repeated_and_elsewhere_it_is_taken() {
    let Some(fleet) = Fleet::open().await else { return };
    let with_password = fleet.url.replace("payonce@", "payonce:canary-4711@");
    for arguments in
        [["--journal", &with_password], ["--journal", &format!("{}?password=canary-4711", fleet.url)]]
    {
        let refused = Ran::of(fleet.shop.command(&["list"]).args(arguments).output().unwrap()).exits(1);
        assert!(refused.err.contains("every process of this machine can read"), "{refused:?}");
        assert!(!format!("{refused:?}").contains("canary"), "{refused:?}");
    }
    Ran::of(fleet.shop.command(&["list"]).args(["--journal", &fleet.url]).output().unwrap()).exits(0);
    let config = fleet.shop.directory.path().join("payonce");
    std::fs::create_dir(&config).unwrap();
    std::fs::write(config.join("config.toml"), format!("[profile.default]\njournal = \"{with_password}\"\n"))
        .unwrap();
    let file = std::fs::File::open(config.join("config.toml")).unwrap();
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut by_profile = fleet.shop.command(&["config", "show"]);
    let shown =
        Ran::of(by_profile.env("XDG_CONFIG_HOME", fleet.shop.directory.path()).output().unwrap()).exits(0);
    assert!(shown.out.contains("postgresql://") && !shown.out.contains("canary"), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_pays_what_a_service_recorded_and_ends_when_told() {
    let Some(fleet) = Fleet::open().await else { return };
    let worker = Worker::start(&mut fleet.command(&["work"]));
    fleet.enqueue((0..40).map(|n| format!("pay/{n}"))).await;
    until(SOON, "all are paid", || fleet.unfinished() == "0");
    worker.signal("-TERM");
    let (last, error, code) = worker.end();
    assert_eq!((last.as_str(), code), ("stopped; what waited is given back", Some(0)), "{error}");
    assert_eq!(fleet.shop.movements(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_gives_back_is_free_at_once_and_another_goes_on_with_it() {
    let Some(fleet) = Fleet::settling_after(Duration::from_secs(3600)).await else { return };
    let first = Worker::start(&mut fleet.command(&["work"]));
    fleet.enqueue((0..20).map(|n| format!("pay/{n}"))).await;
    until(SOON, "all are sent", || fleet.shop.movements() == 20);
    first.signal("-INT");
    let (last, error, code) = first.end();
    assert_eq!((last.as_str(), code), ("stopped; what waited is given back", Some(0)), "{error}");
    assert_eq!(fleet.sql("SELECT count(*) FROM payonce.unfinished WHERE owner IS NULL"), "20");
    let second = Worker::start(&mut fleet.command(&["work"]));
    until(SOON, "all are taken", || {
        fleet.sql("SELECT count(*) FROM payonce.unfinished WHERE owner IS NOT NULL") == "20"
    });
    second.signal("-TERM");
    assert_eq!(second.end().2, Some(0));
    assert_eq!(fleet.shop.movements(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_what_there_is_and_one_that_is_killed_is_no_loss() {
    let Some(fleet) = Fleet::open().await else { return };
    let (mut first, second) = (
        Worker::start(&mut fleet.command(&["work", "--concurrency", "4"])),
        Worker::start(&mut fleet.command(&["work", "--concurrency", "4"])),
    );
    fleet.enqueue((0..100).map(|n| format!("pay/{n}"))).await;
    until(SOON, "both have some", || {
        fleet.sql("SELECT count(DISTINCT owner) FROM payonce.unfinished WHERE owner IS NOT NULL") == "2"
            || fleet.unfinished() == "0"
    });
    first.0.kill().unwrap();
    first.0.wait().unwrap();
    // Its lease has run out, as it does after 30 seconds.
    fleet.sql(
        "UPDATE payonce.owners SET until = clock_timestamp() - interval '1 ms' WHERE NOT dead
               AND id <> (SELECT id FROM payonce.owners ORDER BY until DESC LIMIT 1)",
    );
    until(Duration::from_secs(60), "all are paid", || fleet.unfinished() == "0");
    second.signal("-TERM");
    assert_eq!(second.end().2, Some(0));
    assert_eq!(fleet.shop.movements(), 100);
}

/// The call is in flight when the signal comes, and does not end.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_outlasts_the_grace_is_left_to_whoever_comes_next() {
    let Some(fleet) = Fleet::open().await else { return };
    let held = fleet.shop.sandbox.on("POST /v1/executions/payout").nth(1).after_effect().hold();
    let worker = Worker::start(&mut fleet.command(&["work", "--grace", "0"]));
    fleet.enqueue(["pay/1".to_owned()]).await;
    held.wait_until_held().await;
    worker.signal("-TERM");
    let (last, error, code) = worker.end();
    assert!(last.starts_with("stopped with calls in flight"), "{last} {error}");
    assert_eq!(code, Some(4));
    held.release();
    assert_ne!(
        fleet.sql("SELECT count(*) FROM payonce.unfinished WHERE owner IS NOT NULL"),
        "0",
        "it is not given back"
    );
    fleet.sql("UPDATE payonce.owners SET until = clock_timestamp() - interval '1 ms'");
    assert!(fleet.run(&["resume"]).exits(0).out.contains("1 completed"));
    assert_eq!(fleet.shop.movements(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_rides_out_a_database_that_is_killed() {
    let Some(server) = TestPostgres::start() else { return };
    let (shop, url) = (Shop::open().await, server.database());
    // Its own server, which lives as long as the process.
    let server: &'static TestPostgres = Box::leak(Box::new(server));
    let fleet = Fleet { shop, server, url };
    let worker = Worker::start(&mut fleet.command(&["work"]));
    fleet.enqueue((0..5).map(|n| format!("before/{n}"))).await;
    until(SOON, "the first are paid", || fleet.unfinished() == "0");
    server.kill();
    until(SOON, "it has noticed", || worker.said().contains("it is asked again until it does"));
    server.go();
    fleet.enqueue((0..5).map(|n| format!("after/{n}"))).await;
    until(Duration::from_secs(60), "the others are paid", || fleet.unfinished() == "0");
    worker.signal("-TERM");
    let (last, error, code) = worker.end();
    assert_eq!((last.as_str(), code), ("stopped; what waited is given back", Some(0)), "{error}");
    assert_eq!(fleet.shop.movements(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_tells_how_it_is_and_what_it_did_and_no_names() {
    let Some(fleet) = Fleet::open().await else { return };
    let worker = Worker::start(&mut fleet.command(&["work", "--listen", "127.0.0.1:0"]));
    let address = worker.3.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    fleet.enqueue((0..7).map(|n| format!("canary/{n}"))).await;
    until(SOON, "all are paid", || fleet.unfinished() == "0");
    until(SOON, "it is well", || fetch(&address, "/health").starts_with("HTTP/1.1 200"));
    let text = fetch(&address, "/metrics");
    for line in [
        "payonce_payments_total{rail=\"dollr\",operation=\"payout\",outcome=\"completed\"} 7",
        "payonce_taken_up_total{rail=\"dollr\"} 7",
        "payonce_in_hand{rail=\"dollr\"} 0",
        "payonce_in_flight{rail=\"dollr\"} 0",
        "# TYPE dollr_request_seconds histogram",
        "# TYPE payonce_lease_seconds_left gauge",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("canary") && !text.contains("1.00"), "{text}");
    // A payment that waits for the provider keeps the worker from ending, and the health check says that it is.
    let held = fleet.shop.sandbox.on("POST /v1/executions/payout").nth(1).after_effect().hold();
    fleet.enqueue(["last".to_owned()]).await;
    held.wait_until_held().await;
    worker.signal("-TERM");
    until(SOON, "it says that it ends", || fetch(&address, "/health").contains("it was told to stop"));
    held.release();
    assert_eq!(worker.end().2, Some(0));
    assert_eq!(fleet.shop.movements(), 8);
    let refused = fleet.run(&["work", "--listen", "0.0.0.0:9464"]).exits(2);
    assert!(refused.err.contains("other machines could ask there"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_take_up_no_more_together_than_the_rate_allows() {
    let Some(fleet) = Fleet::open().await else { return };
    fleet.enqueue((0..12).map(|n| format!("pay/{n}"))).await;
    let began = std::time::Instant::now();
    let workers = [(), ()].map(|()| Worker::start(&mut fleet.command(&["work", "--rate", "4"])));
    until(SOON, "all are paid", || fleet.unfinished() == "0");
    // Twelve are eleven pauses of a quarter of a second, and one that nobody had asked for before is no pause.
    assert!(began.elapsed() > Duration::from_millis(2_400), "within {:?}", began.elapsed());
    for worker in workers {
        worker.signal("-TERM");
        assert_eq!(worker.end().2, Some(0));
    }
    assert_eq!(fleet.shop.movements(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_sees_the_payments_of_its_merchant_alone() {
    let Some(fleet) = Fleet::open().await else { return };
    fleet.run(&PAY).exits(0);
    let of = |merchant: &str, mut command: Command| {
        Ran::of(command.env("PAYONCE_MERCHANT", merchant).output().unwrap())
    };
    for merchant in ["acme", "zenith"] {
        assert_eq!(of(merchant, fleet.command(&["list"])).exits(0).out, "");
    }
    fleet.enqueue_for("acme", ["pay/1".to_owned()]).await;
    let list = |merchant: &str| of(merchant, fleet.command(&["list", "--unfinished"])).exits(0).out;
    assert_eq!((list("default"), list("zenith")), (String::new(), String::new()));
    assert!(list("acme").contains("pay/1"));
    assert!(fleet.run(&["resume"]).exits(0).out.starts_with("0 taken up"));
    // Of the provider it is the same account, and so the same key: the payment is there already, and is not made again.
    assert!(of("acme", fleet.command(&["resume"])).exits(0).out.contains("1 completed"));
    assert_eq!(fleet.shop.movements(), 1);
    let on_file = of("acme", fleet.shop.command(&["list"])).exits(1);
    assert!(on_file.err.contains("a file of its own"), "{on_file:?}");
    let home = fleet.shop.directory.path();
    std::fs::create_dir(home.join("payonce")).unwrap();
    let config = home.join("payonce/config.toml");
    std::fs::write(&config, format!("[profile.default]\njournal = \"{}\"\nmerchant = \"acme\"\n", fleet.url))
        .unwrap();
    std::fs::set_permissions(&config, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let by_profile = |arguments: &[&str]| {
        let mut command = fleet.shop.command(arguments);
        command.env("XDG_CONFIG_HOME", home);
        command
    };
    let ran = |arguments: &[&str]| Ran::of(by_profile(arguments).output().unwrap()).exits(0).out;
    assert!(ran(&["show", "pay/1"]).contains("pay/1"));
    assert!(ran(&["config", "show"]).contains("acme"));
    assert_eq!(of("zenith", by_profile(&["list"])).exits(0).out, "");
}

/// On a file there is no fleet, and the command does its work all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_on_a_file_pays_what_another_process_left() {
    let shop = Shop::open().await;
    let wrong = shop.command(&PAY).env("DOLLR_CLIENT_SECRET", "wrong").output().unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    let mut child = shop.command(&["work"]).stdout(Stdio::null()).spawn().unwrap();
    until(SOON, "it is paid", || shop.movements() == 1);
    until(SOON, "it has ended", || shop.run(&["list", "--unfinished"]).out.is_empty());
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(shop.movements(), 1);
}
