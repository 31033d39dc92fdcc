//! What may leave the house: a text or a JSON value without phone numbers, e-mail addresses and the settings' secrets.
//!
//! What must stay true: too much is hidden rather than too little, but for ids, amounts and moments, which are what the
//! provider's support needs.

use serde_json::Value;

use crate::facade::Variables;

/// The settings whose values are shown to nobody.
const SECRET: [&str; 6] = [
    "DOLLR_CLIENT_SECRET",
    "DOLLR_PASSCODE",
    "DOLLR_PASSCODE_PHONE",
    "DOLLR_PASSCODE_USER_ID",
    "DWOLLA_SECRET",
    "DOLLR_REALTIME_ANON_KEY",
];

/// What stands in the place of a secret.
const HIDDEN: &str = "[redacted]";

/// Takes out what is nobody else's business.
pub(crate) struct Redaction {
    secrets: Vec<String>,
}

impl Redaction {
    pub(crate) fn of(variables: &Variables) -> Self {
        let value = |name: &&str| variables.get(*name).and_then(|value| value.to_str()).map(str::to_owned);
        let mut secrets: Vec<_> =
            SECRET.iter().filter_map(value).filter(|secret| secret.len() >= 4).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    /// The value, redacted all through. What stands under the name of an id stays whole, unless it is a secret.
    pub(crate) fn value(&self, value: Value) -> Value {
        self.under("", value)
    }

    fn under(&self, name: &str, value: Value) -> Value {
        match value {
            Value::String(text) if is_id(name) => Value::String(self.without_secrets(&text)),
            Value::String(text) => Value::String(self.text(&text)),
            Value::Number(number) if is_personal(name) => Value::String(hide_digits(&number.to_string())),
            Value::Array(all) => all.into_iter().map(|one| self.under(name, one)).collect(),
            Value::Object(all) => all
                .into_iter()
                .map(|(name, value)| {
                    let value = match value {
                        Value::String(text) if is_personal(&name) => Value::String(hide_personal(&text)),
                        value => self.under(&name, value),
                    };
                    (name, value)
                })
                .collect(),
            other => other,
        }
    }

    /// The text without secrets, phone numbers and addresses. A text that is JSON is redacted as what it is.
    pub(crate) fn text(&self, text: &str) -> String {
        if let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
            return self.value(value).to_string();
        }
        hide_numbers(&hide_addresses(&self.without_secrets(text)))
    }

    fn without_secrets(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN))
    }
}

fn is_id(name: &str) -> bool {
    ["id", "ids", "at", "created", "amount", "reference_id"].contains(&name)
        || ["_id", "_ids", "_at", "_key", "_amount"].iter().any(|ending| name.ends_with(ending))
}

fn is_personal(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["phone", "msisdn", "email", "fullname", "full_name", "account_number", "passcode", "device"]
        .iter()
        .any(|word| name.contains(word))
}

fn hide_personal(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if digits >= 8 { hide_digits(text) } else { HIDDEN.to_owned() }
}

/// The last three digits, which a person who knows the number recognises.
fn hide_digits(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let shown = digits.len().saturating_sub(3);
    format!("[...{}]", &digits[shown..])
}

/// Hides whatever may be a phone number: eight to fifteen digits, with the marks between them that people write. A run that
/// is part of a longer word, an amount or a moment is none.
fn hide_numbers(text: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(first) = rest.chars().next() {
        let part = first == '+' || first.is_ascii_digit();
        let joined = before.is_some_and(|c: char| c.is_ascii_alphanumeric() || "-.:_".contains(c));
        if !part || joined {
            hidden.push(first);
            before = Some(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let mark = |c: char| " -()/".contains(c);
        let run = rest.find(|c: char| !(c.is_ascii_digit() || c == '+' || mark(c))).unwrap_or(rest.len());
        let run = rest[..run].trim_end_matches(mark).len().max(1);
        let (mut number, mut after) = rest.split_at(run);
        if let Some(date) = date(number) {
            (number, after) = rest.split_at(date);
        }
        let digits = number.chars().filter(char::is_ascii_digit).count();
        let ends = !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == ':' || c == '_');
        let fraction =
            after.strip_prefix('.').is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()));
        let is_date = date(number).is_some();
        if (8..=15).contains(&digits) && (ends || number.starts_with('+')) && !fraction && !is_date {
            hidden.push_str(&hide_digits(number));
        } else {
            hidden.push_str(number);
        }
        before = number.chars().next_back();
        rest = after;
    }
    hidden
}

/// How long the date is that the text begins with: a day, or a month as in the names of payments.
fn date(text: &str) -> Option<usize> {
    let is = |shape: &[u8]| {
        let same =
            |(byte, shape): (u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == *shape };
        text.len() >= shape.len()
            && text.bytes().zip(shape).all(same)
            && !text.as_bytes().get(shape.len()).is_some_and(u8::is_ascii_digit)
    };
    let century = text.starts_with("19") || text.starts_with("20");
    [&b"0000-00-00"[..], b"0000-00"].into_iter().find(|shape| century && is(shape)).map(<[u8]>::len)
}

/// Hides e-mail addresses, but for the first letter.
fn hide_addresses(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
    let mut hidden = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let start = rest[..at]
            .rfind(|c| !is_part(c))
            .map_or(0, |before| before + rest[before..].chars().next().map_or(1, char::len_utf8));
        let end = rest[at + 1..].find(|c| !is_part(c)).map_or(rest.len(), |end| at + 1 + end);
        if start == at || end == at + 1 {
            hidden.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        }
        hidden.push_str(&rest[..start]);
        hidden.push_str(&rest[start..=start]);
        hidden.push_str("...@[redacted]");
        rest = &rest[end..];
    }
    hidden.push_str(rest);
    hidden
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn redaction() -> Redaction {
        let set = [("DOLLR_CLIENT_SECRET", "canary-4711"), ("DOLLR_PASSCODE", "0815-passcode")];
        Redaction::of(&set.map(|(name, value)| (name.to_owned(), value.into())).into())
    }

    #[test]
    fn phone_numbers_addresses_and_secrets_go_and_what_support_needs_stays() {
        for (text, redacted) in [
            ("no wallet under 231771234567", "no wallet under [...567]"),
            ("called +231 77 123 4567, no answer", "called [...567], no answer"),
            ("(231)771234567.", "([...567]."),
            ("write to ama.k@example.com or kofi@x.org", "write to a...@[redacted] or k...@[redacted]"),
            ("the secret canary-4711 leaked", "the secret [redacted] leaked"),
            ("550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000"),
            ("at 2026-11-21 18:52:55.123Z", "at 2026-11-21 18:52:55.123Z"),
            ("at 2026-11-21T18:52:55Z", "at 2026-11-21T18:52:55Z"),
            ("salary/2026-11/0097-ama", "salary/2026-11/0097-ama"),
            ("salary/2026-11-21/0097-ama", "salary/2026-11-21/0097-ama"),
            ("salary/2026-11/0771234567", "salary/2026-11/[...567]"),
            ("since 2026-11 on 077/123-4567", "since 2026-11 on [...567]"),
            ("12345678901.25 USD", "12345678901.25 USD"),
            ("status 503, attempt 2", "status 503, attempt 2"),
            ("@home, a@", "@home, a@"),
            ("é231771234567é", "é[...567]é"),
        ] {
            assert_eq!(redaction().text(text), redacted, "{text}");
        }
    }

    #[test]
    fn a_value_is_redacted_all_through_but_for_ids() {
        let value = json!({
            "reference_id": "550e8400-e29b-41d4-a716-446655440000",
            "provider_transaction_id": "9876543210",
            "phone": "231771234567",
            "payer": { "msisdn": 231_771_234_567_u64, "fullname": "Ama Kamara" },
            "body": "{\"session_id\":\"55\",\"phone\":\"231771234567\"}",
            "notes": ["call 0771234567", "canary-4711"],
            "amount": "12345678.00",
        });
        let redacted = redaction().value(value);
        assert_eq!(redacted["reference_id"], "550e8400-e29b-41d4-a716-446655440000");
        assert_eq!(redacted["provider_transaction_id"], "9876543210");
        assert_eq!(redacted["amount"], "12345678.00");
        let text = redacted.to_string();
        for secret in ["1771234567", "0771234567", "Kamara", "canary"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert!(redacted["body"].as_str().unwrap().contains("\"session_id\":\"55\""), "{text}");
    }
}
