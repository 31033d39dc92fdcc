//! The little of a refusal's JSON that is read: the members `detail`, `loc` and `msg`, not deep, and few of a list.
//!
//! What must stay true: reading takes no more room than the text itself, whatever the text is. A whole JSON tree would
//! take some forty times as much, and a hostile provider chooses the text. Nothing but those members is looked at: a
//! validation error may also repeat what was sent, and that holds secrets.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The members that are read.
const MEMBERS: [&str; 3] = ["detail", "loc", "msg"];

/// How many values of a list are read.
const LONGEST_LIST: usize = 20;

/// How deep `{"detail": [{"loc": ["body"]}]}` is.
const DEEPEST: u32 = 5;

/// What is kept of a JSON value.
#[derive(Debug)]
pub(crate) enum Kept {
    Text(String),
    Number(i128),
    List(Vec<Kept>),
    Object(BTreeMap<&'static str, Kept>),
    /// Something else, or something too deep.
    Other,
}

impl Kept {
    /// Reads a whole JSON text; none if it is not JSON.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_slice(json);
        let kept = Within(DEEPEST).deserialize(&mut json).ok()?;
        json.end().is_ok().then_some(kept)
    }
}

/// Reads a value, and what is within it, so many levels deep.
#[derive(Clone, Copy)]
struct Within(u32);

impl<'de> DeserializeSeed<'de> for Within {
    type Value = Kept;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kept, D::Error> {
        match self.0 {
            0 => deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Kept::Other),
            deep => deserializer.deserialize_any(Self(deep - 1)),
        }
    }
}

impl<'de> Visitor<'de> for Within {
    type Value = Kept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Kept, E> {
        Ok(Kept::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Kept, E> {
        Ok(Kept::Other)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Kept, E> {
        Ok(Kept::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Kept, E> {
        Ok(Kept::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Kept, E> {
        Ok(Kept::Other)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Kept, E> {
        Ok(Kept::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Kept, E> {
        Ok(Kept::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kept, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < LONGEST_LIST {
            let Some(value) = list.next_element_seed(self)? else { return Ok(Kept::List(kept)) };
            kept.push(value);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Kept::List(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Kept, A::Error> {
        let mut kept = BTreeMap::new();
        while let Some(name) = object.next_key::<String>()? {
            match MEMBERS.into_iter().find(|member| *member == name) {
                Some(member) => drop(kept.insert(member, object.next_value_seed(self)?)),
                None => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Kept::Object(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_of_a_refusal_are_kept_and_no_more_than_that() {
        let json =
            br#"{"detail":[{"loc":["body","a",0,1.5,null],"msg":"no","input":{"code":"canary"}}],"b":[1]}"#;
        let kept = format!("{:?}", Kept::read(json).unwrap());
        let loc = r#"[Text("body"), Text("a"), Number(0), Other, Other]"#;
        assert_eq!(
            kept,
            format!(r#"Object({{"detail": List([Object({{"loc": List({loc}), "msg": Text("no")}})])}})"#)
        );
        for broken in ["", "{", "{}x", "{\"detail\":}", "[1,]", "\u{1}"] {
            assert!(Kept::read(broken.as_bytes()).is_none(), "{broken}");
        }
    }

    #[test]
    fn a_long_list_and_a_deep_one_are_cut() {
        let long = format!("{{\"detail\":[{}0]}}", "0,".repeat(100_000));
        let Some(Kept::Object(object)) = Kept::read(long.as_bytes()) else { panic!("an object") };
        assert!(matches!(&object["detail"], Kept::List(list) if list.len() == LONGEST_LIST));
        let deep = format!("{{\"detail\":{}{}}}", "[".repeat(100), "]".repeat(100));
        let kept = format!("{:?}", Kept::read(deep.as_bytes()).unwrap());
        assert_eq!(kept.matches("List").count() as u32, DEEPEST - 1, "{kept}");
        // Too deep even to be skipped.
        assert!(Kept::read("[".repeat(1_000_000).as_bytes()).is_none());
    }
}
