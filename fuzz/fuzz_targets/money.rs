//! See `prove_targets::money`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| prove_targets::money(data));
