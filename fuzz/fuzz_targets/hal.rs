//! See `prove_targets::hal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| prove_targets::hal(data));
