//! See `prove_targets::replies`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| prove_targets::replies(data));
