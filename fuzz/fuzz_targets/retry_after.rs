//! See `prove_targets::retry_after`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| prove_targets::retry_after(data));
