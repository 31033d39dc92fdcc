//! CSV: the first line names the columns; what a spreadsheet may have done to the file is told, not guessed at.

use std::collections::VecDeque;

use csv_core::{ReadRecordResult, Reader};

use super::lines::{Line, Lines};
use super::{LONGEST, Next, Record};
use crate::batch::Bad;
use crate::batch::rows::{Cells, Column};

/// A quoted cell goes over no more lines than this; a quote that is not closed by then was never meant as one.
const MOST_LINES: usize = 50;

/// More columns than anybody has.
const MOST_COLUMNS: usize = 256;

/// The records of a CSV file.
pub(super) struct Csv {
    lines: Lines,
    parser: Reader,
    /// What the first line says; a column that is none is passed over, and was told.
    columns: Option<Vec<Option<Column>>>,
    /// What was read and not yet taken.
    ready: VecDeque<Result<Record, Vec<Bad>>>,
    /// Empty lines, which are wrong only if something follows.
    empty: Vec<u64>,
    output: Vec<u8>,
    ends: Vec<usize>,
    over: bool,
}

impl Csv {
    pub(super) fn new(lines: Lines) -> Self {
        let (output, ends) = (vec![0; LONGEST * 2], vec![0; MOST_COLUMNS]);
        let (ready, empty) = (VecDeque::new(), Vec::new());
        Self { lines, parser: Reader::new(), columns: None, ready, empty, output, ends, over: false }
    }

    pub(super) fn next(&mut self) -> Next {
        while self.ready.is_empty() && !self.over {
            match self.lines.next()? {
                None => {
                    self.over = true;
                    if self.columns.is_none() {
                        self.tell(Bad::new(1, "", "", "a first line that names the columns"));
                    }
                }
                // A file may end in as many as it likes.
                Some(line) if line.text().is_empty() && self.columns.is_some() => {
                    if self.empty.len() < LONGEST {
                        self.empty.push(line.number);
                    }
                }
                Some(line) => {
                    for number in std::mem::take(&mut self.empty) {
                        self.tell(Bad::new(number, "", "", "a payment; the line is empty"));
                    }
                    self.read(line)?;
                }
            }
        }
        Ok(self.ready.pop_front())
    }

    fn tell(&mut self, bad: Bad) {
        self.ready.push_back(Err(vec![bad]));
    }

    /// Reads the record that begins in that line.
    fn read(&mut self, line: Line) -> std::io::Result<()> {
        let number = line.number;
        if self.columns.is_none() && line.bytes.contains(&0) {
            let shown = String::from_utf8_lossy(line.text()).replace('\0', "");
            self.tell(Bad::new(number, "", &shown, "text in UTF-8, not in UTF-16: save it as CSV UTF-8"));
            (self.over, self.columns) = (true, Some(Vec::new()));
            return Ok(());
        }
        let count = match self.split(line)? {
            Ok(count) => count,
            Err(bad) => {
                self.tell(bad);
                return Ok(());
            }
        };
        let Some(columns) = &self.columns else {
            let named = self.texts(count).map(|text| text.unwrap_or_else(|lossy| lossy)).collect::<Vec<_>>();
            self.name_columns(number, &named);
            return Ok(());
        };
        let record = self.cells(number, columns, count);
        self.ready.push_back(record);
        Ok(())
    }

    /// Takes the record that begins in that line apart, with as many further lines as it has.
    fn split(&mut self, first: Line) -> std::io::Result<Result<usize, Bad>> {
        let (number, shown) = (first.number, String::from_utf8_lossy(first.text()).into_owned());
        let bad = |expected: &str| Err(Bad::new(number, "", &shown, expected));
        self.parser.reset();
        let (mut wrote, mut count) = (0, 0);
        let mut taken: Vec<Line> = Vec::new();
        let mut line = first;
        loop {
            if line.is_cut() {
                return Ok(bad("a line of less than 64 KiB"));
            }
            if !line.bytes.ends_with(b"\n") {
                line.bytes.push(b'\n');
            }
            let (output, ends) = (&mut self.output[wrote..], &mut self.ends[count..]);
            let (result, read, bytes, fields) = self.parser.read_record(&line.bytes, output, ends);
            (wrote, count) = (wrote + bytes, count + fields);
            match result {
                ReadRecordResult::Record if matches!(line.bytes[read..], [] | [b'\n']) => {
                    return Ok(Ok(count));
                }
                ReadRecordResult::Record => {
                    return Ok(bad(
                        "lines that end in a line feed; there is a lone carriage return in this one",
                    ));
                }
                ReadRecordResult::InputEmpty => {}
                _ => return Ok(bad("a payment; the line has more than one has")),
            }
            taken.push(line);
            let next = if taken.len() < MOST_LINES { self.lines.next()? } else { None };
            match next {
                Some(next) => line = next,
                None => {
                    // Only the line with the quote is wrong.
                    self.lines.again(taken.into_iter().skip(1));
                    return Ok(bad("a second quotation mark that closes the first; none follows"));
                }
            }
        }
    }

    /// The fields that were split, each as text, or as near to it as can be shown.
    fn texts(&self, count: usize) -> impl Iterator<Item = Result<String, String>> + '_ {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends[..count]).map(|(begin, &end)| {
            let bytes = &self.output[begin..end];
            String::from_utf8(bytes.to_vec()).map_err(|_| String::from_utf8_lossy(bytes).into_owned())
        })
    }

    /// Reads the first line.
    fn name_columns(&mut self, number: u64, named: &[String]) {
        let mut columns = Vec::with_capacity(named.len());
        if let [only] = named
            && let Some(other) = [';', '\t', '|'].into_iter().find(|&other| only.contains(other))
        {
            let how = format!("columns with a comma between them, not {other:?}: save it as CSV with commas");
            self.tell(Bad::new(number, "", only, how));
            self.over = true;
            return;
        }
        for name in named {
            let column = Column::of(name);
            match column {
                None => self.tell(Bad::new(number, name, name, Column::expected(name))),
                Some(_) if columns.contains(&column) => {
                    self.tell(Bad::new(number, name, name, "each column once"));
                }
                Some(_) => {}
            }
            columns.push(column);
        }
        for missing in [Column::Name, Column::Amount] {
            if !columns.contains(&Some(missing)) {
                let how = format!("a column {}", missing.as_str());
                self.tell(Bad::new(number, missing.as_str(), &named.join(","), how));
                // Without it, every line would be wrong for the same reason.
                self.over = true;
            }
        }
        self.columns = Some(columns);
    }

    fn cells(&self, number: u64, columns: &[Option<Column>], count: usize) -> Result<Record, Vec<Bad>> {
        let all = |count: usize| format!("{count} {}", if count == 1 { "cell" } else { "cells" });
        if count != columns.len() {
            let how =
                format!("{}, as the first line has; a comma inside a cell needs quotes", all(columns.len()));
            return Err(vec![Bad::new(number, "", &all(count), how)]);
        }
        let (mut cells, mut bad) = (Cells::default(), Vec::new());
        for (column, text) in columns.iter().zip(self.texts(count)) {
            match (column, text) {
                (Some(column), Ok(text)) => cells[*column] = text,
                (Some(column), Err(shown)) => {
                    bad.push(Bad::new(
                        number,
                        column.as_str(),
                        &shown,
                        "text in UTF-8: save it as CSV UTF-8",
                    ));
                }
                (None, _) => {}
            }
        }
        if bad.is_empty() && self.ends[..count].last() == Some(&0) {
            bad.push(Bad::new(number, "", "", "a payment; every cell is empty"));
        }
        if bad.is_empty() { Ok((number, cells)) } else { Err(bad) }
    }
}
