//! Any session file: no panic, no value that is not in the file, and what is written is read again.

use chat_handler::identity::php_session::serialized::{
    Scalar, encode, entries, lookup, text_value,
};
use chat_handler::settings::Serializer;

const SERIALIZERS: [Serializer; 4] = [
    Serializer::Auto,
    Serializer::Php,
    Serializer::PhpSerialize,
    Serializer::PhpBinary,
];

pub fn run(file: &[u8]) {
    for serializer in SERIALIZERS {
        let Some((_, found)) = entries(file, serializer) else {
            continue;
        };
        for path in ["username", "user.name", "a.0.b"] {
            if let Some(Scalar::Text(text)) = lookup(&found, path) {
                assert!(text.is_empty() || file.windows(text.len()).any(|part| part == text));
            }
        }
    }
    // Whatever a person calls themselves, the session says that and nothing else.
    let pairs = [
        (b"text".to_vec(), text_value(file)),
        (b"username".to_vec(), text_value(b"eve")),
    ];
    for serializer in &SERIALIZERS[1..] {
        let written = encode(*serializer, &pairs);
        let (_, found) = entries(&written, Serializer::Auto).expect("well-formed");
        assert_eq!(lookup(&found, "username"), Some(Scalar::Text(b"eve")));
        assert_eq!(lookup(&found, "text"), Some(Scalar::Text(file)));
    }
}
