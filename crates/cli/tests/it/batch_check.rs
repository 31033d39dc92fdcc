//! `payonce batch check`: everything that is wrong with a file in one report, and what the journal knows of its lines.

use std::fs;

use crate::payonce::{Banks, Ran, Shop, payonce};

/// What is wrong with a file of that name, as a command without a journal and without credentials says it.
fn checked(name: &str, contents: &[u8]) -> Ran {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(name), contents).unwrap();
    let ran = Ran::of(payonce(directory.path(), &["batch", "check", name]).output().unwrap());
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "a check leaves nothing behind: {left:?}");
    ran
}

#[track_caller]
fn is_golden(said: &str, golden: &str) {
    assert!(said == golden, "the text is not the expected one; it is:\n{said}");
}

const EVERYTHING: &[u8] =
    b"\xEF\xBB\xBFname,operation,account,phone,fullname,wallet,counterparty,intent,amount,currency,note,Payee
good/1,payout,18,,,,,,250.00,USD,\"a note
over two lines, with a comma\",
good/2,payout,18,,,,,,250.00,USD,,
good/3,,,+231 770-000-000,Amara Kamara,,,,0.29,USD,,
good/4,transfer,,,,3,15,,12345678901234.56,USD,,
good/5,refund,,,,,,9001,10,USD,damaged,
thousands,payout,18,,,,,,\"1,000.00\",USD,,
apostrophes,payout,18,,,,,,1'000.00,USD,,
decimal comma,payout,18,,,,,,\"250,00\",USD,,
exponent,payout,18,,,,,,1.00E+02,USD,,
sign,payout,18,,,,,,$250.00,USD,,
negative,payout,18,,,,,,-1.00,USD,,
nothing,payout,18,,,,,,0.00,USD,,
none,payout,18,,,,,,,USD,,
cents,payout,18,,,,,,0.001,USD,,
francs,payout,18,,,,,,10.50,RWF,,
dinars,payout,18,,,,,,0.001,KWD,,
lower case,payout,18,,,,,,1.00,usd,,
no such,payout,18,,,,,,1.00,ZZZ,,
no currency,payout,18,,,,,,1.00,,,

 spaces ,payout, 18,,,,,, 1.00 ,USD,,
fraction,payout,18.0,,,,,,1.00,USD,,
nobody,payout,,,,,,,1.00,USD,,
no country,payout,,0770000000,Amara Kamara,,,,1.00,USD,,
no name,payout,,231770000000,,,,,1.00,USD,,
two ways,payout,18,231770000000,Amara Kamara,,,,1.00,USD,,
half,transfer,,,,3,,,1.00,USD,,
gift,gift,18,,,,,,1.00,USD,,
good/2,payout,18,,,,,,250.00,USD,,
caf\xC3\xA9,payout,18,,,,,,1.00,USD,,
latin,payout,18,,,,,,1.00,USD,caf\xE9,
few,payout,18,,,,,,1.00,USD
many,payout,18,,,,,,1.00,USD,,,
,,,,,,,,,,,
,payout,18,,,,,,1.00,USD,,
open,payout,18,,,,,,1.00,USD,\"never closed,
mac,payout,18,,,,,,1.00,USD,,\rmac,payout,18,,,,,,1.00,USD,,
good/6,payout,18,,,,,,1,USD,,

";

#[test]
fn everything_that_is_wrong_is_told_at_once_by_its_line_and_column() {
    let ran = checked("bad.csv", EVERYTHING).exits(2);
    is_golden(&ran.out, include_str!("golden/batch_bad_csv.txt"));
    assert_eq!(ran.err, "payonce: bad.csv: 34 lines are wrong, as shown above; nothing was sent\n");
}

#[test]
fn windows_line_ends_and_a_missing_last_one_change_nothing() {
    let unix = "name,account,amount,currency,note\na,18,1.00,USD,\"x\ny\"\nb,18,1e2,USD,\nc,18,1.00,USD,";
    let windows = unix.replace('\n', "\r\n");
    let said = |text: &str| checked("pay.csv", text.as_bytes()).exits(2).out;
    assert!(said(unix).contains("pay.csv:4: amount: read \"1e2\""), "{}", said(unix));
    assert!(said(unix).contains("pay.csv:2: note:"), "{}", said(unix));
    assert_eq!(said(unix), said(&windows).replace("\\r\\n", "\\n"));
}

#[test]
fn a_first_line_that_names_no_columns_is_told_once_and_not_for_every_line() {
    for (text, told) in [
        ("", "pay.csv:1: read \"\"; expected a first line that names the columns\n"),
        (
            "name,operation,method,wallet,counterparty,amount,currency\na,transfer,WALLET,3,15,1,USD\n",
            "pay.csv:2: method: read \"WALLET\"; expected nothing here: a transfer on dollr has no use for it\n",
        ),
        ("name;account;amount\na;18;1,00\n", "expected columns with a comma between them, not ';'"),
        (
            "name,account\na,18\nb,18\n",
            "pay.csv:1: amount: read \"name,account\"; expected a column amount\n",
        ),
        ("Name,account,amount,amount\na,18,1,2\n", "expected name, written like this\n"),
        (
            "name,account,amount,amount\na,18,1,2\n",
            "pay.csv:1: amount: read \"amount\"; expected each column once\n",
        ),
    ] {
        let ran = checked("pay.csv", text.as_bytes()).exits(2);
        assert!(ran.out.contains(told), "{ran:?}");
        assert!(ran.out.lines().count() <= 6, "{ran:?}");
    }
    let utf_16: Vec<u8> = "\u{feff}name,amount\na,1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let ran = checked("pay.csv", &utf_16).exits(2);
    assert!(ran.out.contains("UTF-8"), "{ran:?}");
}

#[test]
fn json_is_read_line_by_line_or_as_one_array_and_no_amount_is_ever_a_float() {
    let rows = [
        r#"{"name":"a","account":18,"amount":12345678901234.56,"currency":"USD","note":null}"#,
        r#"{"name":"b","account":"18","amount":"0.29","currency":"USD"}"#,
        r#"{"name":"c","account":18,"amount":1.00E+02,"currency":"USD"}"#,
        r#"{"name":"d","account":18,"amount":0.001,"currency":"USD","amount":"1"}"#,
        r#"{"name":"e","account":[18],"sum":1,"amount":true,"currency":"USD"}"#,
        r#"{"name":"f","account":18 "amount":1,"currency":"USD"}"#,
        r#"{"name":"a","account":18,"amount":"1","currency":"USD","note":"twice { [ \" \\"}"#,
    ];
    let lines = checked("pay.jsonl", rows.join("\n").as_bytes()).exits(2);
    is_golden(&lines.out, include_str!("golden/batch_bad_jsonl.txt"));
    let array = checked("pay.json", format!("[{}\n]\n", rows.join(",\n")).as_bytes()).exits(2);
    assert_eq!(array.out.replace("pay.json:", "pay.jsonl:"), lines.out);
    for (text, told) in [
        ("[{\"name\":\"a\"", "pay.json:1: read \"\"; expected an object that ends"),
        ("[", "expected a ] that ends the array"),
        ("[1]", "expected one array of objects"),
        ("{}", "expected one array of objects"),
        ("", "expected a ] that ends the array"),
    ] {
        let ran = checked("pay.json", text.as_bytes()).exits(2);
        assert!(ran.out.contains(told), "{ran:?}");
    }
}

#[test]
fn a_file_in_order_is_summed_up_without_credentials_and_says_what_it_left_out() {
    let text =
        "name,account,method,amount,currency\na,18,MTN_MOMO_LBR,1.10,USD\nb,18,,2.20,USD\nc,18,,500,LRD\n";
    let ran = checked("pay.csv", text.as_bytes()).exits(0);
    for said in [
        "pay.csv: 3 lines in order",
        "2                3.30 USD on dollr",
        "1              500.00 LRD",
        "fees unknown of 1 line:",
        "DOLLR_CLIENT_ID",
        "fees unknown of 2 lines:",
    ] {
        assert!(ran.out.contains(said), "{said:?} in {}", ran.out);
    }
    let empty = checked("pay.csv", b"name,account,amount,currency\n").exits(0);
    assert_eq!(empty.out, "pay.csv: 0 lines in order\n");
}

#[tokio::test]
async fn the_fees_are_those_that_the_provider_then_takes_and_a_check_pays_nothing() {
    let shop = Shop::open().await;
    let text = "name,operation,account,phone,fullname,method,wallet,counterparty,amount,currency\n\
                a,payout,18,,,MTN_MOMO_LBR,,,100.00,USD\nb,payout,18,,,MTN_MOMO_LBR,,,100.00,USD\n\
                c,payout,,231771234567,Amara Kamara,,,,50.00,USD\nd,transfer,,,,,3,15,10.00,USD\n";
    fs::write(shop.directory.path().join("pay.csv"), text).unwrap();
    let check = shop.run(&["batch", "check", "pay.csv", "--json"]).exits(0).json();
    assert_eq!((&check["lines"], &check["fees"]["lines"]), (&4.into(), &4.into()));
    assert_eq!(shop.movements(), 0);
    shop.run(&["batch", "run", "pay.csv", "--yes", "--no-fees"]).exits(0);
    let result = fs::read_to_string(shop.directory.path().join("pay.csv.result.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(result.as_bytes());
    let fee = rows.headers().unwrap().iter().position(|column| column == "fee").unwrap();
    let paid: rust_decimal::Decimal =
        rows.records().map(|row| row.unwrap()[fee].parse::<rust_decimal::Decimal>().unwrap()).sum();
    assert_eq!(check["fees"]["fees"][0], format!("{} USD", paid.normalize()));
    assert_eq!(shop.movements(), 4);
}

#[tokio::test]
async fn a_name_that_was_recorded_with_other_contents_is_told_with_both_values() {
    let shop = Shop::open().await;
    let write = |text: &str| fs::write(shop.directory.path().join("pay.csv"), text).unwrap();
    let header = "name,operation,account,phone,fullname,wallet,counterparty,amount,currency\n";
    write(&format!(
        "{header}a,,18,,,,,1.00,USD\nb,,,231771234567,Amara Kamara,,,2.00,USD\nc,transfer,,,,3,15,3.00,USD\n"
    ));
    shop.run(&["batch", "run", "pay.csv", "--yes"]).exits(0);
    let requests = shop.sandbox.request_count();
    write(&format!(
        "{header}a,,19,,,,,1.50,LRD\nb,,,231772345678,Blessing Cooper,,,2.00,USD\nc,,18,,,,,3.00,USD\nd,,18,,,,,4.00,USD\n"
    ));
    for command in ["check", "run"] {
        let ran = shop.run(&["batch", command, "pay.csv"]).exits(1);
        for said in [
            "pay.csv:2: account: read \"19\"; expected 18, as \"a\" was recorded at ",
            "pay.csv:2: amount: read \"1.50\"; expected 1.00, as ",
            "pay.csv:2: currency: read \"LRD\"; expected USD, as ",
            "pay.csv:3: phone: read \"another phone\"; expected the phone that it was first for, as \"b\" was",
            "pay.csv:4: operation: read \"a payout of 3.00 USD\"; expected a transfer of 3.00 USD, as \"c\" was",
        ] {
            assert!(ran.out.contains(said), "{said:?} in {}", ran.out);
        }
        assert!(
            ran.err.contains("3 lines are each not what") && ran.err.contains("nothing was sent"),
            "{}",
            ran.err
        );
    }
    assert_eq!((shop.movements(), shop.sandbox.request_count()), (3, requests));
}

#[tokio::test]
async fn a_transfer_on_the_other_rail_is_checked_in_its_own_terms() {
    let banks = Banks::open().await;
    let (bank, customer) = ("707177c3-bf15-4e7e-b37c-55c3898d9bf4", "07d59716-ef22-4fe6-98e8-f3190233dfb8");
    let text = format!(
        "name,rail,from,customer,email,amount,currency\n\
         ok,dwolla,{bank},{customer},,1.00,\nno source,dwolla,,{customer},,1.00,USD\n\
         two,dwolla,{bank},{customer},a@b.c,1.00,USD\nnone,dwolla,{bank},,,1.00,USD\n\
         short,dwolla,18,{customer},,1.00,USD\nfar,dwolla,{bank},,not an address,1.00,USD\n\
         money,dwolla,{bank},{customer},,1.00,LRD\nother,visa,{bank},{customer},,1.00,USD\n"
    );
    fs::write(banks.directory.path().join("pay.csv"), text).unwrap();
    let ran = banks.run(&["batch", "check", "pay.csv"]).exits(2);
    is_golden(&ran.out, include_str!("golden/batch_bad_dwolla.txt"));
    assert_eq!(banks.sandbox.request_count(), 0);
}
