//! Any session file: no panic, no value that is not in the file, and what is written is read again.

#![no_main]

use chat_handler::identity::php_session::serialized::{Scalar, encode, entries, lookup, text_value};
use chat_handler::settings::Serializer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, file) = input;
    let serializers =
        [Serializer::Auto, Serializer::Php, Serializer::PhpSerialize, Serializer::PhpBinary];
    let serializer = serializers[usize::from(choice) % serializers.len()];
    if let Some((_, found)) = entries(file, serializer) {
        for path in ["username", "user.name", "a.0.b"] {
            if let Some(Scalar::Text(text)) = lookup(&found, path) {
                assert!(text.is_empty() || file.windows(text.len()).any(|part| part == text));
            }
        }
    }
    // Whatever a person calls themselves, the session says that and nothing else.
    let pairs = [(b"text".to_vec(), text_value(file)), (b"username".to_vec(), text_value(b"eve"))];
    for serializer in &serializers[1..] {
        let written = encode(*serializer, &pairs);
        let (_, found) = entries(&written, Serializer::Auto).expect("well-formed");
        assert_eq!(lookup(&found, "username"), Some(Scalar::Text(b"eve")));
        assert_eq!(lookup(&found, "text"), Some(Scalar::Text(file)));
    }
});
