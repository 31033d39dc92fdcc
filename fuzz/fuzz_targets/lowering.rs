//! See `prove_targets::lowering`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| prove_targets::lowering(data));
