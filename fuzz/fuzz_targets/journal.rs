#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    stentor_fuzz_targets::journal(bytes);
});
