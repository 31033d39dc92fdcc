//! Names that are in a file twice, found in a memory of a fixed size.
//!
//! Of each name sixteen bytes of a digest are kept, sorted a part at a time and written to a nameless temporary file; in the
//! end the sorted parts are gone through side by side, and equal digests meet. That two names share a digest does not happen.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use payonce::Name;
use sha2::{Digest, Sha256};

use crate::rail::Rail;

/// So many names are sorted in memory: 1.5 MiB.
const PART: usize = 1 << 16;

/// So many of each part are read at a time.
const CHUNK: usize = 256;

/// A digest and the line it is of.
const SIZE: usize = 24;

type Entry = ([u8; 16], u64);

/// The names of a file.
#[derive(Debug)]
pub(super) struct Names {
    part: Vec<Entry>,
    file: Option<File>,
    /// How many entries each part in the file has.
    parts: Vec<usize>,
}

/// A name that is there again: in this line, after that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Twice {
    pub(super) line: u64,
    pub(super) before: u64,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { part: Vec::new(), file: None, parts: Vec::new() }
    }

    /// Takes the name in a line.
    pub(super) fn add(&mut self, rail: Rail, name: &Name, line: u64) -> io::Result<()> {
        let digest = Sha256::new().chain_update([rail as u8]).chain_update(name.as_str()).finalize();
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        self.part.push((short, line));
        if self.part.len() == PART { self.write_part() } else { Ok(()) }
    }

    fn write_part(&mut self) -> io::Result<()> {
        self.part.sort_unstable();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let mut bytes = Vec::with_capacity(self.part.len() * SIZE);
        for (digest, line) in &self.part {
            bytes.extend_from_slice(digest);
            bytes.extend_from_slice(&line.to_be_bytes());
        }
        file.write_all(&bytes)?;
        self.parts.push(self.part.len());
        self.part.clear();
        Ok(())
    }

    /// Tells each name that was there before, in no order of lines.
    pub(super) fn find(mut self, mut found: impl FnMut(Twice)) -> io::Result<()> {
        let mut last: Option<Entry> = None;
        let mut see = |(digest, line): Entry| match last {
            Some((same, first)) if same == digest => found(Twice { line, before: first }),
            _ => last = Some((digest, line)),
        };
        if self.file.is_none() {
            self.part.sort_unstable();
            self.part.into_iter().for_each(see);
            return Ok(());
        }
        if !self.part.is_empty() {
            self.write_part()?;
        }
        let mut file = self.file.take().expect("a part was written");
        let mut parts = Vec::with_capacity(self.parts.len());
        let mut at = 0;
        for &count in &self.parts {
            let end = at + (count * SIZE) as u64;
            parts.push(Part { at, end, read: Vec::new() });
            at = end;
        }
        let mut least = BinaryHeap::with_capacity(parts.len());
        for (number, part) in parts.iter_mut().enumerate() {
            least.extend(part.next(&mut file)?.map(|entry| Reverse((entry, number))));
        }
        while let Some(Reverse((entry, number))) = least.pop() {
            see(entry);
            least.extend(parts[number].next(&mut file)?.map(|entry| Reverse((entry, number))));
        }
        Ok(())
    }
}

/// What is left of a sorted part in the file.
struct Part {
    at: u64,
    end: u64,
    /// Read and not taken, the next one last.
    read: Vec<Entry>,
}

impl Part {
    fn next(&mut self, file: &mut File) -> io::Result<Option<Entry>> {
        if self.read.is_empty() && self.at < self.end {
            let length = (self.end - self.at).min((CHUNK * SIZE) as u64);
            let mut bytes = vec![0; length as usize];
            file.seek(SeekFrom::Start(self.at))?;
            file.read_exact(&mut bytes)?;
            self.at += length;
            self.read.extend(bytes.chunks_exact(SIZE).rev().map(|entry| {
                let (mut digest, mut line) = ([0; 16], [0; 8]);
                digest.copy_from_slice(&entry[..16]);
                line.copy_from_slice(&entry[16..]);
                (digest, u64::from_be_bytes(line))
            }));
        }
        Ok(self.read.pop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twice(names: impl IntoIterator<Item = String>) -> Vec<(u64, u64)> {
        let mut all = Names::new();
        for (name, line) in names.into_iter().zip(2..) {
            all.add(Rail::Dollr, &Name::new(name).unwrap(), line).unwrap();
        }
        let mut found = Vec::new();
        all.find(|Twice { line, before }| found.push((line, before))).unwrap();
        found.sort_unstable();
        found
    }

    #[test]
    fn a_name_is_found_again_however_far_apart_and_on_one_rail_only() {
        let names = |count: u64| (0..count).map(|n| format!("pay/{n}"));
        assert_eq!(twice(names(10)), []);
        let again = ["pay/3", "pay/0", "pay/3"].map(str::to_owned);
        assert_eq!(twice(names(10).chain(again.clone())), [(12, 5), (13, 2), (14, 5)]);
        let many = 3 * PART as u64 + 7;
        assert_eq!(twice(names(many)), []);
        let (first, second, third) = (many + 2, many + 3, many + 4);
        assert_eq!(twice(names(many).chain(again)), [(first, 5), (second, 2), (third, 5)]);
        let mut both = Names::new();
        for rail in [Rail::Dollr, Rail::Dwolla] {
            both.add(rail, &Name::new("a").unwrap(), 2).unwrap();
        }
        both.find(|twice| panic!("{twice:?}")).unwrap();
    }
}
