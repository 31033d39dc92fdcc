//! The only place that writes to the terminal. A reader that goes away (`payonce list | head -1`) is no error, and
//! never a panic: the exit code tells what became of the money, whoever listens.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

/// Whether `--quiet` was given: then nothing is told but errors, questions, and JSON that was asked for.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Whether the reader of standard output has gone away.
static UNREAD: AtomicBool = AtomicBool::new(false);

/// Tells nothing from here on but errors, questions and JSON.
pub(crate) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Whether nothing is told but errors, questions and JSON.
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Whether anybody still reads standard output; a long list need not go on when nobody does.
pub(crate) fn is_read() -> bool {
    !UNREAD.load(Ordering::Relaxed)
}

/// Writes a line to standard output.
pub(crate) fn line(text: impl AsRef<str>) {
    if !is_quiet() {
        write_out(text.as_ref());
    }
}

/// Writes many lines to standard output, as long as somebody reads them.
pub(crate) fn lines(texts: impl Iterator<Item = String>) {
    if is_quiet() {
        return;
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = texts.into_iter().try_for_each(|text| writeln!(out, "{text}")).and_then(|()| out.flush());
    told(written);
}

/// Writes one JSON object on a line of its own to standard output.
pub(crate) fn json(object: &impl Serialize) {
    write_out(&serde_json::to_string(object).expect("what is printed is plain data with text for keys"));
}

fn write_out(text: &str) {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    told(written);
}

/// Notes that nobody reads any more, and says what else is wrong.
fn told(written: std::io::Result<()>) {
    match written {
        Ok(()) => {}
        Err(gone) if gone.kind() == ErrorKind::BrokenPipe => UNREAD.store(true, Ordering::Relaxed),
        Err(failed) => error(format!("payonce: cannot write to standard output: {failed}")),
    }
}

/// Writes a line that nobody needs to standard error.
pub(crate) fn note(text: impl AsRef<str>) {
    if !is_quiet() {
        error(text);
    }
}

/// Writes what went wrong to standard error.
pub(crate) fn error(text: impl AsRef<str>) {
    // There is nobody left to tell when this fails.
    let _ = writeln!(std::io::stderr().lock(), "{}", text.as_ref());
}

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    /// Anything else, or the end of the input.
    No,
    /// This is no terminal, and the question was not put.
    NobodyToAsk,
}

/// Asks on the terminal, whatever may be quiet. Only the whole word is a yes.
pub(crate) fn ask(question: impl AsRef<str>) -> Answer {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Answer::NobodyToAsk;
    }
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "{} Type yes: ", question.as_ref()).and_then(|()| out.flush());
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer) {
        Ok(_) if answer.trim() == "yes" => Answer::Yes,
        _ => Answer::No,
    }
}

/// Writes over the terminal's present line on standard error; nothing begins a new one.
pub(crate) fn over(text: impl AsRef<str>) {
    if is_quiet() {
        return;
    }
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "\r\x1b[2K{}", text.as_ref()).and_then(|()| out.flush());
}
