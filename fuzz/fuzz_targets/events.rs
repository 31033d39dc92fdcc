//! See `prove_targets::events`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| prove_targets::events(data));
