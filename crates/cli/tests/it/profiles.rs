//! Profiles: what `login` keeps, what a payment takes from it, and what comes first.

use std::fs::{Permissions, create_dir_all, metadata, read_to_string, set_permissions, write};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use payonce_sandbox::dwolla::{BALANCE, VERIFIED_BALANCE};

use crate::payonce::{Banks, Ran, Shop, payonce};

const PAY: [&str; 8] = ["payout", "pay/1", "--account", "18", "--amount", "1.00", "--currency", "USD"];

/// The command, whose home is the shop's directory and whose environment holds nothing else.
fn at_home(shop: &Shop, arguments: &[&str]) -> Command {
    let mut command = payonce(shop.directory.path(), arguments);
    command.env("HOME", shop.directory.path());
    command
}

fn run(shop: &Shop, arguments: &[&str]) -> Ran {
    Ran::of(at_home(shop, arguments).output().unwrap())
}

/// Logs in with these lines on standard input.
fn login(shop: &Shop, arguments: &[&str], lines: &str) -> Ran {
    let mut command = at_home(shop, &[&["login"], arguments].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut login = command.spawn().unwrap();
    login.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    Ran::of(login.wait_with_output().unwrap())
}

/// The sandbox's settings, with these in place of its own.
fn lines(shop: &Shop, changed: &[(&str, &str)]) -> String {
    let settings = shop.sandbox.env().into_iter().filter(|(key, _)| !key.starts_with("DOLLR_DEVICE"));
    let of = |key: &str, value: String| {
        let change = changed.iter().find(|change| change.0 == key);
        format!("{key}={}\n", change.map_or(value, |change| change.1.to_owned()))
    };
    settings.map(|(key, value)| of(key, value)).collect()
}

fn configuration(shop: &Shop) -> PathBuf {
    shop.directory.path().join(".config/payonce/config.toml")
}

fn configured(shop: &Shop, text: &str) {
    let path = configuration(shop);
    create_dir_all(path.parent().unwrap()).unwrap();
    write(&path, text).unwrap();
    set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn a_login_is_all_that_a_payment_needs_and_its_files_are_the_owners_alone() {
    let shop = Shop::open().await;
    let said = login(&shop, &[], &lines(&shop, &[])).exits(0);
    let path = configuration(&shop);
    assert!(said.out.contains(&path.display().to_string()), "{}", said.out);
    let secrets = path.with_file_name("default.dollr.secrets");
    for (path, mode) in [(path.as_path(), 0o600), (&secrets, 0o600), (path.parent().unwrap(), 0o700)] {
        let found = metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
    let kept = read_to_string(&path).unwrap();
    for (variable, value) in shop.sandbox.env() {
        let secret = ["DOLLR_CLIENT_SECRET", "DOLLR_PASSCODE", "DOLLR_PASSCODE_PHONE"].contains(&variable);
        assert!(!secret || !(kept.contains(&value) || said.out.contains(&value)), "{variable}: {kept}");
    }
    run(&shop, &PAY).exits(0);
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn credentials_that_the_provider_refuses_are_not_kept_and_not_shown() {
    let shop = Shop::open().await;
    let refused =
        login(&shop, &["--json"], &lines(&shop, &[("DOLLR_CLIENT_SECRET", "canary-4711")])).exits(1);
    assert_eq!(refused.json()["error"]["kind"], "unauthorized");
    assert!(!refused.err.contains("canary") && !refused.out.contains("canary"), "{refused:?}");
    assert!(!configuration(&shop).parent().unwrap().exists());
    let missing = login(&shop, &[], "DOLLR_CLIENT_ID=me\n").exits(1);
    assert!(missing.err.contains("DOLLR_CLIENT_SECRET is missing"), "{}", missing.err);
}

#[tokio::test]
async fn both_rails_and_several_profiles_stand_side_by_side() {
    let (shop, banks) = (Shop::open().await, Banks::open().await);
    login(&shop, &["--profile", "live"], &lines(&shop, &[])).exits(0);
    let dwolla: String = banks.sandbox.env().iter().map(|(key, value)| format!("{key}={value}\n")).collect();
    login(&shop, &["--profile", "live", "--rail", "dwolla"], &dwolla).exits(0);
    let none = run(&shop, &PAY).exits(1);
    assert!(none.err.contains("DOLLR_CLIENT_ID"), "no profile was asked for: {}", none.err);
    let unknown = run(&shop, &[&PAY[..], &["--profile", "test"]].concat()).exits(1);
    assert!(unknown.err.contains("no profile test, but live"), "{}", unknown.err);
    assert_eq!(shop.movements() + banks.movements(), 0);
    run(&shop, &[&PAY[..], &["--profile", "live"]].concat()).exits(0);
    let (from, to) = (BALANCE.to_string(), VERIFIED_BALANCE.to_string());
    let transfer =
        ["transfer", "pay/2", "--rail", "dwolla", "--from", &from, "--to", &to, "--amount", "2.00"];
    let mut command = at_home(&shop, &[&transfer[..], &["--wait"]].concat());
    Ran::of(command.env("PAYONCE_PROFILE", "live").output().unwrap()).exits(0);
    assert_eq!((shop.movements(), banks.movements()), (1, 1));
}

#[tokio::test]
async fn the_command_line_comes_before_the_environment_and_that_before_the_profile() {
    let shop = Shop::open().await;
    login(&shop, &["--namespace", "merchant-42"], &lines(&shop, &[])).exits(0);
    let text = read_to_string(configuration(&shop)).unwrap();
    configured(&shop, &format!("[profile.default]\njournal = \"of-the-profile.db\"\n\n{text}"));
    let journal = |command: &mut Command| {
        let shown = Ran::of(command.output().unwrap()).exits(0).out;
        shown.lines().next().unwrap().split_whitespace().nth(1).unwrap().to_owned()
    };
    let show = ["config", "show"];
    let of_the_profile = configuration(&shop).with_file_name("of-the-profile.db").display().to_string();
    assert_eq!(journal(&mut at_home(&shop, &show)), of_the_profile);
    assert_eq!(journal(at_home(&shop, &show).env("PAYONCE_JOURNAL", "of-env.db")), "of-env.db");
    let named = [&show[..], &["--journal", "of-argv.db"]].concat();
    assert_eq!(journal(at_home(&shop, &named).env("PAYONCE_JOURNAL", "of-env.db")), "of-argv.db");

    let namespace = |command: &mut Command| {
        let shown = Ran::of(command.output().unwrap()).exits(0).out;
        let line = shown.lines().find(|line| line.starts_with("DOLLR_NAMESPACE")).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(namespace(&mut at_home(&shop, &show)), "merchant-42 from the profile default");
    let of_env = namespace(at_home(&shop, &show).env("DOLLR_NAMESPACE", "merchant-43"));
    assert_eq!(of_env, "merchant-43 from the environment");
    // What the environment says is what pays: with a wrong secret there, the right one of the profile is not used.
    let wrong = at_home(&shop, &PAY).env("DOLLR_CLIENT_SECRET", "canary-4711").output().unwrap();
    let wrong = Ran::of(wrong).exits(1);
    assert!(wrong.err.contains("refused the credentials") && !wrong.err.contains("canary"), "{}", wrong.err);
    assert_eq!(shop.movements(), 0);
    run(&shop, &PAY).exits(0);
    assert!(PathBuf::from(of_the_profile).exists(), "the profile's journal has the payment");
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn a_profile_and_the_account_of_another_are_never_mixed() {
    let shop = Shop::open().await;
    configured(
        &shop,
        "[profile.default]\njournal = \"live.db\"\n[profile.default.dollr]\nclient_id = \"live\"\n",
    );
    let live = configuration(&shop).with_file_name("live.db");
    // The sandbox's account is in the environment: the profile is put aside whole, its journal too.
    let pay = |arguments: &[&str]| {
        let mut command = at_home(&shop, &[&PAY[..], arguments].concat());
        Ran::of(command.envs(shop.sandbox.env()).output().unwrap())
    };
    pay(&[]).exits(0);
    assert!(!live.exists() && shop.directory.path().join("payonce.db").exists());
    let refused = pay(&["--profile", "default"]).exits(1);
    assert!(
        refused.err.contains("DOLLR_CLIENT_ID names another account than the profile default"),
        "{}",
        refused.err
    );
    // A secrets file with another account wants a journal of its own.
    write(shop.directory.path().join("secrets"), lines(&shop, &[])).unwrap();
    set_permissions(shop.directory.path().join("secrets"), Permissions::from_mode(0o600)).unwrap();
    let secrets = [&PAY[..], &["--secrets", "secrets"]].concat();
    let refused = run(&shop, &secrets).exits(1);
    assert!(refused.err.contains("--journal"), "{}", refused.err);
    assert!(!live.exists());
    run(&shop, &[&secrets[..], &["--journal", "payonce.db"]].concat()).exits(0);
    assert_eq!(shop.movements(), 1, "the name is the same in the same journal");
}

#[tokio::test]
async fn a_profile_does_not_become_another_clients_in_silence() {
    let shop = Shop::open().await;
    configured(&shop, "[profile.default.dollr]\nclient_id = \"till-1\"\n");
    let refused = login(&shop, &[], &lines(&shop, &[])).exits(1);
    assert!(refused.err.contains("--namespace till-1"), "{}", refused.err);
    login(&shop, &["--namespace", "till-1"], &lines(&shop, &[])).exits(0);
    let kept = read_to_string(configuration(&shop)).unwrap();
    assert!(kept.contains("namespace = \"till-1\""), "{kept}");
}

#[tokio::test]
async fn a_configuration_that_others_can_read_or_that_is_wrong_is_refused_and_nothing_is_sent() {
    let shop = Shop::open().await;
    configured(&shop, "[profile.default]\nclient_secret = \"canary-4711\"\n");
    let wrong = run(&shop, &PAY).exits(1);
    assert!(
        wrong.err.contains("line 2 of ") && wrong.err.contains("no setting client_secret"),
        "{}",
        wrong.err
    );
    assert!(!wrong.err.contains("canary"), "{}", wrong.err);
    set_permissions(configuration(&shop), Permissions::from_mode(0o640)).unwrap();
    for command in [&PAY[..], &["list"], &["config", "show"]] {
        let exposed = run(&shop, command).exits(1);
        assert!(exposed.err.contains("mode 640") && exposed.err.contains("chmod 600"), "{}", exposed.err);
    }
    assert_eq!(shop.sandbox.request_count(), 0);
}

#[tokio::test]
async fn what_is_shown_of_the_settings_holds_no_secret() {
    let shop = Shop::open().await;
    login(&shop, &[], &lines(&shop, &[])).exits(0);
    let (text, json) =
        (run(&shop, &["config", "show"]).exits(0), run(&shop, &["config", "show", "--json"]).exits(0));
    assert!(text.out.contains("DOLLR_CLIENT_SECRET     (secret)  from "), "{}", text.out);
    assert!(text.out.contains("default.dollr.secrets"), "{}", text.out);
    assert!(
        json.out.contains("\"setting\":\"DWOLLA_SECRET\",\"secret\":true,\"from\":\"nowhere\""),
        "{}",
        json.out
    );
    for (variable, value) in shop.sandbox.env() {
        let secret = ["DOLLR_CLIENT_SECRET", "DOLLR_PASSCODE", "DOLLR_PASSCODE_PHONE"].contains(&variable);
        assert!(!secret || !(text.out.contains(&value) || json.out.contains(&value)), "{variable}");
    }
    assert_eq!(
        run(&shop, &["config", "path"]).exits(0).out.trim_end(),
        configuration(&shop).display().to_string()
    );
    let put_aside =
        Ran::of(at_home(&shop, &["config", "show"]).env("DOLLR_CLIENT_ID", "me").output().unwrap());
    assert!(put_aside.err.contains("nothing is taken from the profile default"), "{put_aside:?}");
}
