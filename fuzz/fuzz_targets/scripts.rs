//! See `prove_targets::scripts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| prove_targets::scripts(data));
