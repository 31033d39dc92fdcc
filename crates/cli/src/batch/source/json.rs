//! JSON: one object a line, or one array of objects. A number is read by its digits and never becomes a float.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::lines::Lines;
use super::{LONGEST, Next, Record};
use crate::batch::Bad;
use crate::batch::rows::{Cells, Column};

/// The byte order mark of UTF-8, which some programs put before a text.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The records of a file that has one object a line.
pub(super) struct JsonLines {
    lines: Lines,
    /// Empty lines are wrong only if something follows.
    empty: Option<u64>,
    ready: Option<Result<Record, Vec<Bad>>>,
}

impl JsonLines {
    pub(super) fn new(lines: Lines) -> Self {
        Self { lines, empty: None, ready: None }
    }

    pub(super) fn next(&mut self) -> Next {
        if let Some(ready) = self.ready.take() {
            return Ok(Some(ready));
        }
        while let Some(line) = self.lines.next()? {
            if line.text().is_empty() {
                self.empty.get_or_insert(line.number);
                continue;
            }
            let record = if line.is_cut() {
                let shown = String::from_utf8_lossy(&line.bytes[..80]);
                Err(vec![Bad::new(line.number, "", &shown, "a line of less than 64 KiB")])
            } else {
                object(line.number, line.text())
            };
            return Ok(Some(match self.empty.take() {
                None => record,
                Some(number) => {
                    self.ready = Some(record);
                    Err(vec![Bad::new(number, "", "", "a payment; the line is empty")])
                }
            }));
        }
        Ok(None)
    }
}

/// The records of a file that is one array. The bytes of each are found by counting brackets, so that one that cannot be
/// read does not hide the next, and none but the present one is in memory.
pub(super) struct Array {
    input: BufReader<File>,
    line: u64,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    /// Where an element or the end may be.
    First,
    /// Behind a comma.
    Element,
    /// Behind an element.
    Between,
    Over,
}

impl Array {
    pub(super) fn new(input: BufReader<File>) -> Self {
        Self { input, line: 1, place: Place::Before }
    }

    pub(super) fn next(&mut self) -> Next {
        loop {
            let Some(byte) = self.peek()? else {
                let over = std::mem::replace(&mut self.place, Place::Over) == Place::Over;
                let missing =
                    || Err(vec![Bad::new(self.line, "", "", "a ] that ends the array; the file is cut off")]);
                return Ok((!over).then(missing));
            };
            match (self.place, byte) {
                (_, b' ' | b'\t' | b'\r' | b'\n') => self.step(byte),
                (Place::Before, 0xEF) if self.input.fill_buf()?.starts_with(MARK) => {
                    self.input.consume(MARK.len())
                }
                (Place::Before, b'[') => self.to(Place::First, byte),
                (Place::First | Place::Between, b']') => self.to(Place::Over, byte),
                (Place::Between, b',') => self.to(Place::Element, byte),
                (Place::First | Place::Element, b'{') => {
                    self.place = Place::Between;
                    let line = self.line;
                    let Some(bytes) = self.object_bytes()? else {
                        self.place = Place::Over;
                        return self
                            .stop("an object that ends, of less than 64 KiB; what follows was not read");
                    };
                    return Ok(Some(object(line, &bytes)));
                }
                (Place::Over, _) if self.line == 0 => return Ok(None),
                _ => return self.stop("one array of objects: [{...}, {...}]; what follows was not read"),
            }
        }
    }

    /// Says what is expected here, and reads no more.
    fn stop(&mut self, expected: &str) -> Next {
        let here = self.input.fill_buf()?;
        let shown = String::from_utf8_lossy(&here[..here.len().min(20)]).into_owned();
        let bad = Bad::new(self.line, "", &shown, expected);
        (self.place, self.line) = (Place::Over, 0);
        let rest = std::io::copy(&mut self.input, &mut std::io::sink());
        rest.map(|_| Some(Err(vec![bad])))
    }

    fn peek(&mut self) -> std::io::Result<Option<u8>> {
        Ok(self.input.fill_buf()?.first().copied())
    }

    fn step(&mut self, byte: u8) {
        self.input.consume(1);
        self.line += u64::from(byte == b'\n');
    }

    fn to(&mut self, place: Place, byte: u8) {
        self.step(byte);
        self.place = place;
    }

    /// The bytes of the object that begins here, or nothing when it does not end.
    fn object_bytes(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let (mut bytes, mut depth, mut quoted, mut escaped) = (Vec::new(), 0_u32, false, false);
        while let Some(byte) = self.peek()? {
            self.step(byte);
            bytes.push(byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(Some(bytes));
            }
            if bytes.len() >= LONGEST {
                break;
            }
        }
        Ok(None)
    }
}

/// The members of an object in their order, with those that are there twice.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

/// Reads the object that begins in that line.
fn object(line: u64, bytes: &[u8]) -> Result<Record, Vec<Bad>> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(vec![Bad::new(line, "", &String::from_utf8_lossy(bytes), "text in UTF-8")]);
    };
    let Members(members) = serde_json::from_str(text).map_err(|error| {
        let at = line + (error.line() as u64).saturating_sub(1);
        vec![Bad::new(at, "", text, format!("an object of JSON: {error}"))]
    })?;
    let (mut cells, mut bad, mut seen) = (Cells::default(), Vec::new(), Vec::new());
    for (key, value) in members {
        let Some(column) = Column::of(&key) else {
            bad.push(Bad::new(line, &key, &key, Column::expected(&key)));
            continue;
        };
        if seen.contains(&column) {
            bad.push(Bad::new(line, &key, value.get(), "each member once"));
        }
        seen.push(column);
        match value.get().as_bytes().first() {
            Some(b'"') => match serde_json::from_str(value.get()) {
                Ok(text) => cells[column] = text,
                Err(error) => bad.push(Bad::new(line, &key, value.get(), format!("a text: {error}"))),
            },
            Some(b'-' | b'0'..=b'9') => cells[column] = value.get().to_owned(),
            Some(b'n') => {}
            _ => bad.push(Bad::new(line, &key, value.get(), "a text or a number")),
        }
    }
    if bad.is_empty() { Ok((line, cells)) } else { Err(bad) }
}
