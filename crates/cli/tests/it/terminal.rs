//! What is asked and shown on a terminal, in a real one.

use payonce_sandbox::{CLIENT_ID, CLIENT_SECRET, PASSCODE, PASSCODE_PHONE};
use rexpect::session::{PtySession, spawn_command};

use crate::payonce::{Ran, Shop, payonce};

/// How long the command may keep silent, in milliseconds.
const PATIENCE: u64 = 60_000;

fn at_a_terminal(shop: &Shop, arguments: &[&str]) -> PtySession {
    // Whoever runs the tests in the background may have them ignore Ctrl-C, and a process inherits that.
    let mut command = std::process::Command::new("env");
    if cfg!(target_os = "linux") {
        command.arg("--default-signal=INT");
    }
    command.arg(env!("CARGO_BIN_EXE_payonce"));
    command.args(arguments).current_dir(shop.directory.path()).env_clear().env("HOME", shop.directory.path());
    command.env("TERM", "xterm");
    if arguments[0] != "login" {
        command.envs(shop.sandbox.env());
    }
    spawn_command(command, Some(PATIENCE)).unwrap()
}

/// The exit code, if the command was not killed.
fn exit_code(terminal: &PtySession) -> Option<i32> {
    // Waits for `Exited(Pid(4711), 0)`, a type that the crate does not name.
    let ended = format!("{:?}", terminal.process().wait().unwrap());
    let code = ended.strip_prefix("Exited(")?.rsplit_once(", ")?.1;
    code.strip_suffix(')')?.parse().ok()
}

#[tokio::test]
async fn a_login_at_a_terminal_does_not_show_what_is_secret() {
    let shop = Shop::open().await;
    let mut terminal = at_a_terminal(&shop, &["login", "--base-url", shop.sandbox.url()]);
    let mut screen = String::new();
    for (question, answer) in [
        ("the client id (dollr): ", CLIENT_ID),
        ("its secret (not shown): ", CLIENT_SECRET),
        ("empty if there is none): ", PASSCODE),
        ("with the country code: ", PASSCODE_PHONE),
    ] {
        screen.push_str(&terminal.exp_string(question).unwrap());
        terminal.send_line(answer).unwrap();
    }
    screen.push_str(&terminal.exp_eof().unwrap());
    assert_eq!(exit_code(&terminal), Some(0), "{screen}");
    assert!(screen.contains(CLIENT_ID) && screen.contains("took the credentials"), "{screen}");
    assert!(!screen.contains(CLIENT_SECRET) && !screen.contains(PASSCODE), "{screen}");
    let mut pay = payonce(
        shop.directory.path(),
        &["payout", "pay/1", "--account", "18", "--amount", "1.00", "--currency", "USD"],
    );
    Ran::of(pay.env("HOME", shop.directory.path()).output().unwrap()).exits(0);
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn a_login_that_is_interrupted_keeps_nothing() {
    let shop = Shop::open().await;
    let mut terminal = at_a_terminal(&shop, &["login", "--base-url", shop.sandbox.url()]);
    terminal.exp_string("the client id (dollr): ").unwrap();
    terminal.send_line(CLIENT_ID).unwrap();
    terminal.exp_string("its secret (not shown): ").unwrap();
    terminal.send("sandbox-sec").unwrap();
    terminal.send_control('c').unwrap();
    let screen = terminal.exp_eof().unwrap();
    assert!(!screen.contains("sandbox-sec"), "{screen}");
    assert_ne!(exit_code(&terminal), Some(0), "{screen}");
    assert!(!shop.directory.path().join(".config").exists());
    assert_eq!(shop.sandbox.request_count(), 0);
}

/// The evidence comes first, then the question; anything but yes decides nothing.
#[tokio::test]
async fn a_decision_is_asked_for_after_the_evidence_and_only_yes_is_one() {
    let shop = Shop::open().await;
    crate::resolve::parked(&shop, false).await;
    let decide = ["resolve", "salary/ama", "--not-paid", "--reason", "support looked", "--by", "ama"];
    for (answer, code, standing) in [("no", 2, "parked"), ("yes", 3, "failed")] {
        let mut command = shop.command(&decide);
        command.stdin(std::process::Stdio::inherit());
        let mut terminal = spawn_command(command, Some(PATIENCE)).unwrap();
        let before = terminal.exp_string("It cannot be undone. Type yes: ").unwrap();
        assert!(before.contains("it knows no such reference id"), "{before}");
        terminal.send_line(answer).unwrap();
        let after = terminal.exp_eof().unwrap();
        assert_eq!(exit_code(&terminal), Some(code), "{after}");
        let shown = shop.run(&["show", "salary/ama", "--json"]).exits(0).json();
        assert_eq!(shown["standing"], standing);
    }
    assert_eq!(shop.movements(), 0);
}

/// A file of so many payouts.
fn file(shop: &Shop, lines: u32) {
    let lines = (1..=lines).map(|line| format!("salary/{line:04},18,1.00,USD\n"));
    let text = format!("name,account,amount,currency\n{}", lines.collect::<String>());
    std::fs::write(shop.directory.path().join("pay.csv"), text).unwrap();
}

const RUN: [&str; 5] = ["batch", "run", "pay.csv", "--concurrency", "1"];

#[tokio::test]
async fn a_batch_asks_before_it_pays_and_only_yes_is_yes() {
    let shop = Shop::open().await;
    file(&shop, 3);
    for answer in ["no", "", "y"] {
        let mut terminal = at_a_terminal(&shop, &RUN);
        terminal.exp_string("Pay 3 lines, 3.00 USD? Type yes: ").unwrap();
        terminal.send_line(answer).unwrap();
        let screen = terminal.exp_eof().unwrap();
        assert_ne!(exit_code(&terminal), Some(0), "{answer:?}: {screen}");
        assert_eq!(shop.movements(), 0, "{answer:?}");
    }
    let mut terminal = at_a_terminal(&shop, &RUN);
    terminal.exp_string("Type yes: ").unwrap();
    terminal.send_line("yes").unwrap();
    let screen = terminal.exp_eof().unwrap();
    assert_eq!(exit_code(&terminal), Some(0), "{screen}");
    assert_eq!(shop.movements(), 3);
}

#[tokio::test]
async fn a_batch_shows_how_it_goes_and_ctrl_c_ends_its_calls_and_says_what_remains() {
    let shop = Shop::open().await;
    file(&shop, 20);
    let held = shop.sandbox.on("POST /v1/executions/payout").nth(5).after_effect().hold();
    let mut terminal = at_a_terminal(&shop, &RUN);
    terminal.exp_string("Type yes: ").unwrap();
    terminal.send_line("yes").unwrap();
    held.wait_until_held().await;
    terminal.exp_string("4/20 lines").unwrap();
    terminal.exp_string("1 in flight").unwrap();
    terminal.exp_string("moved: 4.00 USD").unwrap();
    terminal.send_control('c').unwrap();
    held.release();
    let screen = terminal.exp_eof().unwrap();
    assert_eq!(exit_code(&terminal), Some(4), "{screen}");
    assert!(screen.contains("run `payonce batch run pay.csv` again"), "{screen}");
    let paid = shop.movements();
    assert!((5..20).contains(&paid), "{paid} paid");
    let mut terminal = at_a_terminal(&shop, &RUN);
    terminal.exp_string(&format!("Pay {} lines", 20 - paid)).unwrap();
    terminal.exp_string("Type yes: ").unwrap();
    terminal.send_line("yes").unwrap();
    terminal.exp_eof().unwrap();
    assert_eq!((exit_code(&terminal), shop.movements()), (Some(0), 20));
}

#[tokio::test]
async fn a_probe_says_whom_it_pays_and_asks() {
    let shop = Shop::open().await;
    let mut terminal = at_a_terminal(&shop, &["probe", "--account", "18", "--settle", "0"]);
    terminal.exp_string("pays 0.01 USD to payment account 18").unwrap();
    terminal.exp_string("Type yes: ").unwrap();
    terminal.send_control('c').unwrap();
    terminal.exp_eof().unwrap();
    assert_ne!(exit_code(&terminal), Some(0));
    assert_eq!(shop.movements(), 0);
}
