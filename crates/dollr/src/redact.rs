//! What may be repeated of a provider's words: one line, not too long, and nothing that is secret.
//!
//! Reasons end up in the journal, in errors and in logs. The order matters: first the control characters go, because
//! one in the middle would hide a secret; then the secrets; and only then is the text cut, because a cut could leave
//! the half of a secret.

use crate::raw;

/// The most characters that are kept.
const LONGEST: usize = 300;

/// Cleans a text of the provider; the second argument is a secret that came with it.
pub(crate) type Clean<'a> = &'a dyn Fn(&str, Option<&raw::Secret>) -> String;

/// The text on one line, without the secrets, cut to length.
pub(crate) fn redact<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let mut kept = if plain { text.to_owned() } else { text.chars().filter(|c| !c.is_control()).collect() };
    for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
        if kept.contains(secret) {
            kept = kept.replace(secret, "[redacted]");
        }
    }
    if kept.len() > LONGEST
        && let Some((end, _)) = kept.char_indices().nth(LONGEST)
    {
        kept.truncate(end);
    }
    kept
}

#[cfg(test)]
mod tests {
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
    fn the_cut_falls_between_characters() {
        assert_eq!(redact(&"é".repeat(400), []).chars().count(), LONGEST);
    }
}
