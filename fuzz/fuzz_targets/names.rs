//! See `prove_targets::names`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| prove_targets::names(data));
