//! A file line by line, with the number of each.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use super::LONGEST;

/// One line as it stands, with its end if it has one.
pub(super) struct Line {
    /// The first is 1.
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
}

impl Line {
    /// Without the end of the line.
    pub(super) fn text(&self) -> &[u8] {
        let text = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    /// Whether it is only a part of a line that is too long.
    pub(super) fn is_cut(&self) -> bool {
        self.bytes.len() >= LONGEST && !self.bytes.ends_with(b"\n")
    }
}

/// The lines of a file. A byte order mark at its beginning is passed over.
pub(super) struct Lines {
    input: BufReader<File>,
    number: u64,
    again: VecDeque<Line>,
}

impl Lines {
    pub(super) fn new(input: BufReader<File>) -> Self {
        Self { input, number: 0, again: VecDeque::new() }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.again.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        (&mut self.input).take(LONGEST as u64).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        if self.number == 1 && bytes.starts_with(super::json::MARK) {
            bytes.drain(..super::json::MARK.len());
        }
        let line = Line { number: self.number, bytes };
        if line.is_cut() {
            // The rest of the line is of no interest, but where it ends is.
            while !self.input.fill_buf()?.is_empty() {
                let (length, ends) = match self.input.fill_buf()?.iter().position(|&byte| byte == b'\n') {
                    Some(end) => (end + 1, true),
                    None => (self.input.fill_buf()?.len(), false),
                };
                self.input.consume(length);
                if ends {
                    break;
                }
            }
        }
        Ok(Some(line))
    }

    /// Has these lines read again, before all others.
    pub(super) fn again(&mut self, lines: impl DoubleEndedIterator<Item = Line>) {
        for line in lines.rev() {
            self.again.push_front(line);
        }
    }
}
