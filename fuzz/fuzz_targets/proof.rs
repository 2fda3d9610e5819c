#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    sensilla_fuzz::proof::run(data);
});
