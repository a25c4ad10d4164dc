//! PHP's serialization format, read without building anything: values are slices of the file.
//! Pure. Nothing here trusts a length: each is checked against what is left.

use crate::settings::Serializer;

/// Nesting that is followed. Sessions of real frameworks stay below ten; deeper ones are refused
/// whole, because skipping a value recurses.
const MAX_DEPTH: usize = 64;

/// One variable of a session: its name and its value, still serialized.
pub type Entry<'a> = (&'a [u8], &'a [u8]);

/// A value that can tell who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// `s:5:"alice";`
    Text(&'a [u8]),
    /// `i:42;`
    Int(i64),
    /// `b:1;`
    Bool(bool),
}

/// The top-level variables of a session file, and how it was written; `None` if it is malformed
/// anywhere, also behind the part that interests us.
pub fn entries(file: &[u8], serializer: Serializer) -> Option<(Serializer, Vec<Entry<'_>>)> {
    let serializer = match serializer {
        Serializer::Auto => detect(file),
        given => given,
    };
    let mut reader = Reader { rest: file };
    let mut found = Vec::new();
    if serializer == Serializer::PhpSerialize {
        reader.take(b"a:")?;
        let count = reader.number(b":{")?;
        for _ in 0..count {
            let name = reader.key()?;
            found.push((name, reader.raw_value()?));
        }
        reader.take(b"}")?;
        return reader.rest.is_empty().then_some((serializer, found));
    }
    while !reader.rest.is_empty() {
        let (name, has_value) = if serializer == Serializer::PhpBinary {
            let length = reader.bytes(1)?[0];
            // The high bit marks a variable that was registered but never set.
            (
                reader.bytes(usize::from(length & 0x7f))?,
                length & 0x80 == 0,
            )
        } else {
            let name = reader.until(b'|')?;
            name.strip_prefix(b"!")
                .map_or((name, true), |name| (name, false))
        };
        if has_value {
            found.push((name, reader.raw_value()?));
        }
    }
    Some((serializer, found))
}

/// Which serializer wrote this, by its first bytes alone.
///
/// Not by trying all three: a user's own text inside one form can be a whole session in another.
/// What stands before the first `"` is never a user's.
fn detect(file: &[u8]) -> Serializer {
    let mut reader = Reader { rest: file };
    if reader.take(b"a:").is_some() && reader.number(b":{").is_some() {
        return Serializer::PhpSerialize;
    }
    let end = file
        .iter()
        .position(|&byte| byte == b'|' || byte == b'"' || byte < 0x20);
    match end.map(|at| file[at]) {
        Some(b'|') => Serializer::Php,
        _ => Serializer::PhpBinary,
    }
}

/// Writes variables as `serializer` does (`Auto` as `php`).
pub fn encode(serializer: Serializer, entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    match serializer {
        Serializer::PhpSerialize => {
            file.extend(format!("a:{}:{{", entries.len()).into_bytes());
            for (name, value) in entries {
                file.extend(text_value(name));
                file.extend(value);
            }
            file.push(b'}');
        }
        Serializer::PhpBinary => {
            for (name, value) in entries {
                // PHP leaves out names that do not fit the length byte; so do we.
                if let Some(length) = u8::try_from(name.len()).ok().filter(|&length| length < 128) {
                    file.push(length);
                    file.extend(name);
                    file.extend(value);
                }
            }
        }
        Serializer::Php | Serializer::Auto => {
            for (name, value) in entries {
                file.extend(name);
                file.push(b'|');
                file.extend(value);
            }
        }
    }
    file
}

/// `text` as a serialized string.
pub fn text_value(text: &[u8]) -> Vec<u8> {
    let mut value = format!("s:{}:\"", text.len()).into_bytes();
    value.extend(text);
    value.extend(b"\";");
    value
}

/// The scalar at `path` (names joined by dots) below the variables; arrays are descended into,
/// objects are not: what their properties mean is their class's business.
pub fn lookup<'a>(entries: &[Entry<'a>], path: &str) -> Option<Scalar<'a>> {
    let mut names = path.split('.');
    let first = names.next()?.as_bytes();
    let mut value = entries.iter().rev().find(|(name, _)| *name == first)?.1;
    for name in names {
        value = member(value, name.as_bytes())?;
    }
    scalar(value)
}

fn member<'a>(array: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let mut reader = Reader { rest: array };
    reader.take(b"a:")?;
    let count = reader.number(b":{")?;
    let mut found = None;
    for _ in 0..count {
        let name = reader.key()?;
        let value = reader.raw_value()?;
        if name == wanted {
            found = Some(value);
        }
    }
    found
}

fn scalar(value: &[u8]) -> Option<Scalar<'_>> {
    let mut reader = Reader { rest: value };
    match reader.bytes(2)? {
        b"s:" => reader.quoted(b";").map(Scalar::Text),
        b"i:" => std::str::from_utf8(reader.until(b';')?)
            .ok()?
            .parse()
            .ok()
            .map(Scalar::Int),
        b"b:" => Some(Scalar::Bool(reader.until(b';')? == b"1")),
        _ => None,
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn take(&mut self, expected: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    fn until(&mut self, end: u8) -> Option<&'a [u8]> {
        let at = memchr::memchr(end, self.rest)?;
        let taken = self.bytes(at)?;
        self.bytes(1)?;
        Some(taken)
    }

    /// Digits, then `end`.
    fn number(&mut self, end: &[u8]) -> Option<usize> {
        let digits = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let number = std::str::from_utf8(self.bytes(digits)?)
            .ok()?
            .parse()
            .ok()?;
        self.take(end)?;
        Some(number)
    }

    /// `LEN:"bytes"`, then `end`.
    fn quoted(&mut self, end: &[u8]) -> Option<&'a [u8]> {
        let length = self.number(b":\"")?;
        let text = self.bytes(length)?;
        self.take(b"\"")?;
        self.take(end)?;
        Some(text)
    }

    /// A key of an array: its text, also of a number's.
    fn key(&mut self) -> Option<&'a [u8]> {
        match self.bytes(2)? {
            b"s:" => self.quoted(b";"),
            b"i:" => self.until(b';').filter(|number| is_number(number, b"-")),
            _ => None,
        }
    }

    fn raw_value(&mut self) -> Option<&'a [u8]> {
        let before = self.rest;
        self.skip_value(0)?;
        Some(&before[..before.len() - self.rest.len()])
    }

    fn skip_value(&mut self, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.bytes(2)? {
            b"N;" => {}
            b"b:" | b"i:" | b"r:" | b"R:" => {
                self.until(b';').filter(|number| is_number(number, b"-+"))?;
            }
            b"d:" => {
                self.until(b';')
                    .filter(|number| is_number(number, b"-+.EeINFA"))?;
            }
            b"s:" | b"E:" => {
                self.quoted(b";")?;
            }
            b"S:" => self.skip_escaped()?,
            b"a:" => self.skip_members(depth)?,
            b"O:" => {
                self.quoted(b":")?;
                self.skip_members(depth)?;
            }
            b"C:" => {
                self.quoted(b":")?;
                let length = self.number(b":{")?;
                self.bytes(length)?;
                self.take(b"}")?;
            }
            _ => return None,
        }
        Some(())
    }

    fn skip_members(&mut self, depth: usize) -> Option<()> {
        // A count is only ever a promise: each member takes bytes, so a lie ends with the file.
        let count = self.number(b":{")?;
        for _ in 0..count {
            self.key()?;
            self.skip_value(depth + 1)?;
        }
        self.take(b"}")
    }

    /// `S:LEN:"...";` where `\41` is one byte of LEN.
    fn skip_escaped(&mut self) -> Option<()> {
        let length = self.number(b":\"")?;
        for _ in 0..length {
            if self.bytes(1)? == b"\\" {
                self.bytes(2)?;
            }
        }
        self.take(b"\";")
    }
}

fn is_number(text: &[u8], also: &[u8]) -> bool {
    !text.is_empty()
        && text
            .iter()
            .all(|byte| byte.is_ascii_digit() || also.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn find(file: &[u8], path: &str) -> Option<String> {
        let (_, entries) = entries(file, Serializer::Auto)?;
        match lookup(&entries, path)? {
            Scalar::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            Scalar::Int(number) => Some(number.to_string()),
            Scalar::Bool(flag) => Some(flag.to_string()),
        }
    }

    const PHP: &[u8] = "username|s:8:\"Žan:red\";a|a:5:{i:0;i:1;i:1;d:2.5;i:2;b:1;i:3;N;i:4;a:1:{s:1:\"x\";s:1:\"y\";}}o|O:8:\"stdClass\":1:{s:1:\"p\";a:1:{i:0;i:1;}}n|i:-3;f|d:1.0E+100;r|R:2;".as_bytes();

    #[test]
    fn what_php_wrote_is_understood() {
        assert_eq!(find(PHP, "username").as_deref(), Some("Žan:red"));
        assert_eq!(find(PHP, "a.4.x").as_deref(), Some("y"));
        assert_eq!(find(PHP, "n").as_deref(), Some("-3"));
        assert_eq!(find(PHP, "o.p"), None);
        assert_eq!(
            find(b"a:2:{s:1:\"e\";E:3:\"E:A\";s:1:\"u\";s:1:\"v\";}", "u").as_deref(),
            Some("v")
        );
        assert_eq!(find(b"\x01uO:11:\"ArrayObject\":4:{i:0;i:0;i:1;a:1:{i:0;i:1;}i:2;a:0:{}i:3;N;}\x02ids:1:\"v\";", "id").as_deref(), Some("v"));
        assert_eq!(
            find(b"s|C:1:\"S\":3:{a}b}u|s:1:\"v\";", "u").as_deref(),
            Some("v")
        );
        assert_eq!(
            find(
                b"d|a:3:{i:0;d:INF;i:1;d:NAN;i:2;d:-0;}u|S:2:\"\\41b\";v|b:1;",
                "v"
            )
            .as_deref(),
            Some("true")
        );
    }

    #[test]
    fn a_users_own_text_is_never_read_as_structure() {
        let hostile = b"|s:0:\"\";username|s:5:\"admin\";z|s:0:\"";
        for (serializer, path) in [
            Serializer::Php,
            Serializer::PhpSerialize,
            Serializer::PhpBinary,
        ]
        .map(|s| (s, "username"))
        {
            let variables = [
                (b"text".to_vec(), text_value(hostile)),
                (b"username".to_vec(), text_value(b"eve")),
            ];
            assert_eq!(
                find(&encode(serializer, &variables), path).as_deref(),
                Some("eve"),
                "{serializer:?}"
            );
        }
    }

    #[test]
    fn malformed_and_bombs_are_refused() {
        let deep = [
            b"u|".to_vec(),
            b"a:1:{i:0;".repeat(100_000),
            b"}".repeat(100_000),
        ]
        .concat();
        for file in [
            &b"username|s:9:\"alice\";"[..],
            b"username|s:5:\"alice\"",
            b"username|",
            b"username",
            b"a:99999999999:{}",
            b"a:1:{s:1:\"u\";s:99999999999999999999:\"",
            b"u|i:;",
            b"u|x:1;",
            b"username|s:5:\"alice\";junk",
            b"\x7fshort",
            &deep,
        ] {
            assert_eq!(
                find(file, "username"),
                None,
                "{:?}",
                String::from_utf8_lossy(&file[..file.len().min(40)])
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(file in proptest::collection::vec(any::<u8>(), 0..300), path in "[a-z.]{0,12}") {
            for serializer in [Serializer::Auto, Serializer::Php, Serializer::PhpSerialize, Serializer::PhpBinary] {
                if let Some((_, entries)) = entries(&file, serializer) {
                    lookup(&entries, &path);
                }
            }
        }

        #[test]
        fn what_is_written_is_read(names in proptest::collection::btree_map("[a-z_]{1,20}", proptest::collection::vec(any::<u8>(), 0..60), 1..6)) {
            for serializer in [Serializer::Php, Serializer::PhpSerialize, Serializer::PhpBinary] {
                let variables: Vec<_> = names.iter().map(|(name, text)| (name.clone().into_bytes(), text_value(text))).collect();
                let file = encode(serializer, &variables);
                let (detected, read) = entries(&file, Serializer::Auto).expect("well-formed");
                prop_assert_eq!(detected, serializer);
                for (name, text) in &names {
                    prop_assert_eq!(lookup(&read, name), Some(Scalar::Text(text)));
                }
            }
        }
    }
}
