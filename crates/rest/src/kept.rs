//! The little of a refusal's JSON that is read: a few members, not deep, and few of a list.
//!
//! What must stay true: reading takes no more room than the text itself, whatever the text is. A whole JSON tree would
//! take some forty times as much, and a hostile provider chooses the text. Nothing but those members is looked at: a
//! validation error may also repeat what was sent, and that holds secrets.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// How many values of a list are read.
const LONGEST_LIST: usize = 20;

/// How deep `{"_embedded": {"errors": [{"_links": {"about": {"href": "..."}}}]}}` is.
const DEEPEST: u32 = 7;

/// What is kept of a JSON value.
#[derive(Debug)]
pub enum Kept {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i128),
    /// The first values of a list.
    List(Vec<Kept>),
    /// Those members that were asked for.
    Object(BTreeMap<&'static str, Kept>),
    /// Something else, or something too deep.
    Other,
}

impl Kept {
    /// Reads a whole JSON text, and of its objects these members; none if it is not JSON.
    pub fn read(json: &[u8], members: &[&'static str]) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_slice(json);
        let kept = Within { deep: DEEPEST, members }.deserialize(&mut json).ok()?;
        json.end().is_ok().then_some(kept)
    }
}

/// Reads a value, and what is within it, so many levels deep.
#[derive(Clone, Copy)]
struct Within<'a> {
    deep: u32,
    members: &'a [&'static str],
}

impl<'de> DeserializeSeed<'de> for Within<'_> {
    type Value = Kept;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kept, D::Error> {
        match self.deep {
            0 => deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Kept::Other),
            deep => deserializer.deserialize_any(Self { deep: deep - 1, ..self }),
        }
    }
}

impl<'de> Visitor<'de> for Within<'_> {
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
            match self.members.iter().copied().find(|member| *member == name) {
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

    fn read(json: &[u8]) -> Option<Kept> {
        Kept::read(json, &["detail", "loc", "msg"])
    }

    #[test]
    fn the_members_of_a_refusal_are_kept_and_no_more_than_that() {
        let json =
            br#"{"detail":[{"loc":["body","a",0,1.5,null],"msg":"no","input":{"code":"canary"}}],"b":[1]}"#;
        let kept = format!("{:?}", read(json).unwrap());
        let loc = r#"[Text("body"), Text("a"), Number(0), Other, Other]"#;
        assert_eq!(
            kept,
            format!(r#"Object({{"detail": List([Object({{"loc": List({loc}), "msg": Text("no")}})])}})"#)
        );
        for broken in ["", "{", "{}x", "{\"detail\":}", "[1,]", "\u{1}"] {
            assert!(read(broken.as_bytes()).is_none(), "{broken}");
        }
    }

    #[test]
    fn a_long_list_and_a_deep_one_are_cut() {
        let long = format!("{{\"detail\":[{}0]}}", "0,".repeat(100_000));
        let Some(Kept::Object(object)) = read(long.as_bytes()) else { panic!("an object") };
        assert!(matches!(&object["detail"], Kept::List(list) if list.len() == LONGEST_LIST));
        let deep = format!("{{\"detail\":{}{}}}", "[".repeat(100), "]".repeat(100));
        let kept = format!("{:?}", read(deep.as_bytes()).unwrap());
        assert_eq!(kept.matches("List").count() as u32, DEEPEST - 1, "{kept}");
        // Too deep even to be skipped.
        assert!(read("[".repeat(1_000_000).as_bytes()).is_none());
    }
}
