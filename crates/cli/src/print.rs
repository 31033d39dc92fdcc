//! The only place that writes to the terminal. A reader that goes away (`payonce list | head -1`) is no error, and
//! never a panic: the exit code tells what became of the money, whoever listens.

use std::io::{ErrorKind, Write};

use serde::Serialize;

/// Writes a line to standard output.
pub(crate) fn line(text: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        note(format!("payonce: cannot write to standard output: {error}"));
    }
}

/// Writes many lines to standard output, as long as somebody reads them.
pub(crate) fn lines(texts: impl Iterator<Item = String>) {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = texts.into_iter().try_for_each(|text| writeln!(out, "{text}")).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        note(format!("payonce: cannot write to standard output: {error}"));
    }
}

/// Writes one JSON object on a line of its own to standard output.
pub(crate) fn json(object: &impl Serialize) {
    line(serde_json::to_string(object).expect("what is printed is plain data with text for keys"));
}

/// Writes a line to standard error.
pub(crate) fn note(text: impl AsRef<str>) {
    // There is nobody left to tell when this fails.
    let _ = writeln!(std::io::stderr().lock(), "{}", text.as_ref());
}

/// Writes over the terminal's present line on standard error; nothing begins a new one.
pub(crate) fn over(text: impl AsRef<str>) {
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "\r\x1b[2K{}", text.as_ref()).and_then(|()| out.flush());
}

/// Writes a question to standard error, and leaves the answer room on its line.
pub(crate) fn ask(text: impl AsRef<str>) {
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "{}", text.as_ref()).and_then(|()| out.flush());
}
