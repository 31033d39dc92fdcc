//! How the description that a provider publishes today differs from the one that this program was made from.
//!
//! What must stay true: only what could change a request or the reading of a reply counts. Prose does not, nor does
//! what the provider has added: a reply may always hold more, and a value that is not known is kept as it came.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Keys of a description that are for people.
const PROSE: [&str; 7] = ["description", "summary", "title", "example", "examples", "tags", "externalDocs"];

/// What holds an operation, beside what is no method.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// What is different of each operation of `ours`, one line for each, and how many operations were compared. None if
/// `theirs` is no description of an API.
pub(crate) fn compare(ours: &str, theirs: &str) -> Option<(usize, Vec<String>)> {
    let ours: Value =
        serde_json::from_str(ours).expect("the document that this program is made from is JSON");
    let theirs: Value = serde_json::from_str(theirs).ok()?;
    theirs["paths"].as_object()?;
    let (mut compared, mut lines) = (0, Vec::new());
    for (path, methods) in ours["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = methods.get(method) else { continue };
            compared += 1;
            let name = format!("{} {path}", method.to_uppercase());
            let Some(published) = theirs["paths"].get(path).and_then(|methods| methods.get(method)) else {
                lines.push(format!("{name} is gone"));
                continue;
            };
            let mut walk = Walk { ours: &ours, theirs: &theirs, seen: HashSet::new(), found: Vec::new() };
            walk.values(operation, published, "");
            if let Some(first) = walk.found.first() {
                let more = walk.found.len() - 1;
                let more = if more > 0 { format!(", and {more} more") } else { String::new() };
                lines.push(format!("{name}: {first}{more}"));
            }
        }
    }
    Some((compared, lines))
}

/// A walk through one operation in both documents at once.
struct Walk<'d> {
    ours: &'d Value,
    theirs: &'d Value,
    /// The pairs of references that were followed.
    seen: HashSet<(&'d str, &'d str)>,
    found: Vec<String>,
}

impl<'d> Walk<'d> {
    fn values(&mut self, ours: &'d Value, theirs: &'d Value, at: &str) {
        let references = (reference(ours), reference(theirs));
        if let (Some(our), Some(their)) = references
            && !self.seen.insert((our, their))
        {
            return;
        }
        let (ours, theirs) = (resolved(self.ours, ours), resolved(self.theirs, theirs));
        match (ours, theirs) {
            (Value::Object(ours), Value::Object(theirs)) => self.objects(ours, theirs, at),
            (Value::Array(ours), Value::Array(theirs)) => self.arrays(ours, theirs, at),
            _ if ours == theirs => {}
            _ => self.found.push(format!("{} is {theirs}, not {ours}", named(at))),
        }
    }

    fn objects(&mut self, ours: &'d Map<String, Value>, theirs: &'d Map<String, Value>, at: &str) {
        let fields = at.ends_with("properties");
        for (key, our) in ours.iter().filter(|(key, _)| fields || !PROSE.contains(&key.as_str())) {
            let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
            match theirs.get(key) {
                Some(their) => self.values(our, their, &at),
                None => self.found.push(format!("{} is gone", named(&at))),
            }
        }
        if !ours.contains_key("required") && theirs.contains_key("required") && !fields {
            self.found.push(format!("{} asks for more", named(at)));
        }
    }

    fn arrays(&mut self, ours: &'d [Value], theirs: &'d [Value], at: &str) {
        if at.ends_with(".required") || at.ends_with(".enum") {
            self.found.extend(
                ours.iter()
                    .filter(|our| !theirs.contains(our))
                    .map(|our| format!("{} has no {our}", named(at))),
            );
            let new = theirs.iter().filter(|their| at.ends_with(".required") && !ours.contains(their));
            self.found.extend(new.map(|new| format!("{} has {new}", named(at))));
        } else if at.ends_with("parameters") {
            let name = |value: &Value| value["name"].clone();
            for our in ours {
                match theirs.iter().find(|their| name(their) == name(our)) {
                    Some(their) => self.values(our, their, &format!("{at}.{}", text(&name(our)))),
                    None => self.found.push(format!("{at} has no {}", name(our))),
                }
            }
            let new = theirs.iter().filter(|their| their["required"] == true);
            let new = new.filter(|their| !ours.iter().any(|our| name(our) == name(their)));
            self.found.extend(new.map(|new| format!("{at} asks for {}", name(new))));
        } else if ours.len() != theirs.len() {
            self.found.push(format!("{} has {} parts, not {}", named(at), theirs.len(), ours.len()));
        } else {
            for (index, (our, their)) in ours.iter().zip(theirs).enumerate() {
                self.values(our, their, &format!("{at}.{index}"));
            }
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn named(at: &str) -> &str {
    if at.is_empty() { "it" } else { at }
}

fn reference(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()
}

fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match reference(value).and_then(|reference| document.pointer(reference.strip_prefix('#')?)) {
        Some(target) => target,
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = dollr::raw::DOCUMENT;

    /// What is said when the document has this in place of that.
    fn with(that: &str, this: &str) -> Vec<String> {
        assert!(OURS.contains(that), "{that}");
        compare(OURS, &OURS.replace(that, this)).unwrap().1
    }

    #[test]
    fn the_same_document_differs_in_nothing_and_prose_and_additions_do_not_count() {
        let (compared, lines) = compare(OURS, OURS).unwrap();
        assert_eq!((compared, lines), (dollr::raw::OPERATIONS.len(), vec![]));
        let mut theirs: Value = serde_json::from_str(OURS).unwrap();
        theirs["paths"]["/{version}/executions/payout"]["post"]["summary"] = "Pays".into();
        theirs["paths"]["/{version}/new"] = serde_json::json!({ "get": {} });
        for schema in theirs["components"]["schemas"].as_object_mut().unwrap().values_mut() {
            if let Some(fields) = schema.get_mut("properties") {
                fields["added"] = serde_json::json!({ "type": "string" });
            }
        }
        assert_eq!(compare(OURS, &theirs.to_string()).unwrap().1, Vec::<String>::new());
    }

    #[test]
    fn what_is_gone_renamed_or_newly_asked_for_is_named() {
        let gone = with("/executions/payout\"", "/executions/payouts\"");
        assert_eq!(gone, ["POST /{version}/executions/payout is gone"]);
        let renamed = with("\"reference_id\"", "\"referenceId\"");
        assert!(
            renamed.iter().any(|line| line.starts_with("POST /{version}/executions/payout: ")),
            "{renamed:?}"
        );
        let mut theirs: Value = serde_json::from_str(OURS).unwrap();
        let payload = &mut theirs["components"]["schemas"]["PayoutExecutionPayload"];
        payload["required"].as_array_mut().unwrap().push("purpose".into());
        let lines = compare(OURS, &theirs.to_string()).unwrap().1;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("required has \"purpose\""), "{lines:?}");
    }

    #[test]
    fn what_describes_no_api_is_not_compared() {
        assert!(compare(OURS, "<html>").is_none());
        assert!(compare(OURS, "{}").is_none());
    }
}
