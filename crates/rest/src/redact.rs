//! What may be repeated of a provider's words: one line, not too long, and nothing that is secret.
//!
//! Reasons end up in the journal, in errors and in logs. The order matters: first the control characters go, because
//! one in the middle would hide a secret; then the secrets; and only then is the text cut, because a cut could leave
//! the half of a secret.

use payonce::Error;
use payonce_wire::Secret;

/// The most characters that are kept.
pub(crate) const LONGEST: usize = 300;

/// What stands in a secret's place.
const REDACTED: &str = "[redacted]";

/// Cleans a text of the provider; the second argument is a secret that came with it.
pub type Clean<'a> = &'a dyn Fn(&str, Option<&Secret>) -> String;

/// The text on one line, without the secrets, cut to length.
///
/// It takes no more room than the text, whatever the secrets are: the provider chooses some of them itself, and a
/// token of one letter would make a long text many times longer.
pub fn redact<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    redact_to(LONGEST, text, secrets)
}

/// The error without a text that is not the provider's to repeat; `shown` stands in its place.
pub fn hide(error: Error, text: &str, shown: &str) -> Error {
    if !format!("{error} {error:?}").contains(text) {
        return error;
    }
    let hidden = Error::new(error.kind(), error.message().replace(text, shown))
        .with_effect(error.effect())
        .with_request_id(error.request_id().map(|id| id.replace(text, shown)));
    match error.status() {
        Some(status) => hidden.with_status(status),
        None => hidden,
    }
}

/// The same, cut to another length.
pub(crate) fn redact_to<'a>(
    longest: usize,
    text: &str,
    secrets: impl IntoIterator<Item = &'a str>,
) -> String {
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let printable: String;
    let mut rest = text;
    if !plain {
        printable = text.chars().filter(|c| !c.is_control()).collect();
        rest = &printable;
    }
    let secrets: Vec<_> = secrets.into_iter().filter(|secret| !secret.is_empty()).collect();
    if rest.len() <= longest && !secrets.iter().any(|secret| rest.contains(secret)) {
        return rest.to_owned();
    }
    let (mut kept, mut room) = (String::new(), longest);
    while room > 0 && !rest.is_empty() {
        let here =
            secrets.iter().filter(|secret| rest.starts_with(**secret)).map(|secret| secret.len()).max();
        let (taken, shown) = match (here, rest.chars().next()) {
            (Some(length), _) => (length, REDACTED),
            (None, next) => {
                let length = next.map_or(rest.len(), char::len_utf8);
                (length, &rest[..length])
            }
        };
        kept.extend(shown.chars().take(room));
        room -= shown.chars().count().min(room);
        rest = &rest[taken..];
    }
    kept
}

#[cfg(test)]
mod tests {
    use payonce::ErrorKind;

    use super::*;

    #[test]
    fn a_secret_is_found_behind_control_characters_and_across_the_cut() {
        let secrets = ["canary-4711", ""];
        assert_eq!(redact("a canary-\u{1b}4711\r\nb", secrets), "a [redacted]b");
        let long = format!("{}canary-4711", "x".repeat(LONGEST - 4));
        let kept = redact(&long, secrets);
        assert!(!kept.contains("cana"), "{kept}");
        assert_eq!(kept.chars().count(), LONGEST);
    }

    #[test]
    fn the_longest_secret_is_taken_out_whole_and_what_follows_the_cut_is_not_looked_at() {
        assert_eq!(redact("canary-4711-b", ["canary", "canary-4711"]), "[redacted]-b");
        // A token of one letter, chosen by the provider.
        let kept = redact(&"e".repeat(2 << 20), ["e", "d"]);
        assert!(kept.len() == LONGEST && kept.capacity() < 4 * LONGEST, "{}", kept.capacity());
    }

    #[test]
    fn a_text_that_is_not_to_be_repeated_is_taken_out_of_an_error_and_its_cause() {
        let error = |message: &str| Error::new(ErrorKind::Refused, message.to_owned()).with_status(400);
        let hidden = hide(error("no").with_source(error("not 123456789")), "123456789", REDACTED);
        assert_eq!((hidden.message(), hidden.status()), ("no", Some(400)));
        assert!(!format!("{hidden:?}").contains("123456789"));
        assert_eq!(hide(error("not 123456789"), "123456789", "it").message(), "not it");
    }

    #[test]
    fn the_cut_falls_between_characters() {
        assert_eq!(redact(&"é".repeat(400), []).chars().count(), LONGEST);
    }
}
