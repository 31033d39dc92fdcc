//! The facade on the wire and against the sandbox, one binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod broken;
mod look_up;
mod promise;
mod submit;
mod support;
mod switches;
mod token;
mod window;
mod world;
