//! Why a program file does not start, and what to do about it: execve(2) says "No such file or directory" of a script that is
//! there, and means its interpreter.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// How much of a file the kernel looks at for the `#!` line (`BINPRM_BUF_SIZE`, execve(2)).
const LOOKED_AT: usize = 256;

/// What is wrong with a program file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is no such file, and the name is a command line.
    CommandLine,
    /// It is a directory.
    Directory,
    /// It is no regular file: a device, a socket, a FIFO.
    NoFile,
    /// Its mode has no x bit.
    NotExecutable,
    /// It is empty.
    Empty,
    /// It begins with a UTF-8 byte order mark.
    ByteOrderMark,
    /// Its `#!` line ends in CR LF.
    CarriageReturn,
    /// It is text without a `#!` line.
    NoInterpreter,
    /// The interpreter of its `#!` line can't be executed.
    Interpreter(PathBuf),
    /// `env` in its `#!` line finds no such program in the `PATH` of programs.
    NotInPath(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => out.write_str(
                "it is a command line in one word; leave out the quotes around it, or run it by sh -c",
            ),
            Self::Directory => {
                out.write_str("it is a directory; to serve the programs in it use --dir")
            }
            Self::NoFile => out.write_str("it is not a regular file"),
            Self::NotExecutable => out.write_str("it is not executable; run chmod +x on it"),
            Self::Empty => out.write_str("it is empty"),
            Self::ByteOrderMark => out.write_str(
                "it begins with a byte order mark, which hides the #! line; save it as UTF-8 without one",
            ),
            Self::CarriageReturn => out.write_str(
                "its #! line ends in CR LF; save it with Unix line ends, or run sed -i 's/\\r$//' on it",
            ),
            Self::NoInterpreter => {
                out.write_str("it is text without a #! line; begin it with one, such as #!/bin/sh")
            }
            Self::Interpreter(path) => write!(
                out,
                "its interpreter {} cannot be executed; correct its #! line, or install the interpreter",
                path.display()
            ),
            Self::NotInPath(name) => write!(
                out,
                "its #! line asks env for {name}, which is not in the PATH that programs get"
            ),
        }
    }
}

/// What is wrong with the program `path`, if it can be told from outside. `search` is the `PATH` that it will get.
pub fn diagnose(path: &Path, search: Option<&OsStr>) -> Option<Fault> {
    let Ok(meta) = path.metadata() else {
        let is_line = path.as_os_str().as_bytes().contains(&b' ');
        return is_line.then_some(Fault::CommandLine);
    };
    if meta.is_dir() {
        return Some(Fault::Directory);
    }
    if !meta.is_file() {
        return Some(Fault::NoFile);
    }
    if meta.permissions().mode() & 0o111 == 0 {
        return Some(Fault::NotExecutable);
    }
    let mut start = Vec::new();
    let file = File::open(path).ok()?;
    file.take(LOOKED_AT as u64).read_to_end(&mut start).ok()?;
    match start_fault(&start)? {
        Start::Fault(fault) => Some(fault),
        Start::Interpreter(interpreter, argument) => {
            interpreter_fault(&interpreter, argument.as_deref(), search)
        }
    }
}

/// What the first bytes of a file say.
enum Start {
    Fault(Fault),
    /// The interpreter and the first word after it.
    Interpreter(PathBuf, Option<String>),
}

/// `None` for what is no script: the kernel or `binfmt_misc` decides.
fn start_fault(start: &[u8]) -> Option<Start> {
    if start.is_empty() {
        return Some(Start::Fault(Fault::Empty));
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        return Some(Start::Fault(Fault::ByteOrderMark));
    }
    let Some(rest) = start.strip_prefix(b"#!") else {
        let is_text = |byte: &u8| *byte >= b' ' || byte.is_ascii_whitespace();
        let is_script = start.iter().all(is_text);
        return is_script.then_some(Start::Fault(Fault::NoInterpreter));
    };
    let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if line.ends_with(b"\r") {
        return Some(Start::Fault(Fault::CarriageReturn));
    }
    let mut words = line
        .split(|byte| matches!(byte, b' ' | b'\t'))
        .filter(|word| !word.is_empty());
    let Some(interpreter) = words.next() else {
        return Some(Start::Fault(Fault::NoInterpreter));
    };
    let argument = words
        .next()
        .map(|word| String::from_utf8_lossy(word).into_owned());
    Some(Start::Interpreter(
        PathBuf::from(OsStr::from_bytes(interpreter)),
        argument,
    ))
}

fn interpreter_fault(
    interpreter: &Path,
    argument: Option<&str>,
    search: Option<&OsStr>,
) -> Option<Fault> {
    if !is_executable(interpreter) {
        return Some(Fault::Interpreter(interpreter.to_owned()));
    }
    let is_env = interpreter.file_name().is_some_and(|name| name == "env");
    // Options and variables of env are for env to read.
    let name = argument.filter(|word| is_env && !word.starts_with('-') && !word.contains('='))?;
    let found = name.contains('/')
        || search.is_some_and(|search| {
            std::env::split_paths(search).any(|dir| is_executable(&dir.join(name)))
        });
    (!found).then(|| Fault::NotInPath(name.to_owned()))
}

fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(name: &str, text: &[u8], mode: u32) -> Option<Fault> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        diagnose(&path, Some(OsStr::new("/usr/bin:/bin")))
    }

    #[test]
    fn each_fault_is_found_in_the_first_bytes() {
        let missing = |path: &str| Some(Fault::Interpreter(path.into()));
        for (text, expected) in [
            (&b"#!/bin/sh\necho\n"[..], None),
            (b"#! /bin/sh -e\n", None),
            (b"#!/usr/bin/env sh\n", None),
            (b"#!/usr/bin/env -S sh -e\n", None),
            (b"\x7fELF\x02\x01", None),
            (b"", Some(Fault::Empty)),
            (b"echo hello\n", Some(Fault::NoInterpreter)),
            ("# \u{e4}\n".as_bytes(), Some(Fault::NoInterpreter)),
            (b"#!\n", Some(Fault::NoInterpreter)),
            (b"#!/bin/sh\r\necho\r\n", Some(Fault::CarriageReturn)),
            (b"\xef\xbb\xbf#!/bin/sh\n", Some(Fault::ByteOrderMark)),
            (b"#!/usr/bin/python4\n", missing("/usr/bin/python4")),
            (b"#!/usr/bin\n", missing("/usr/bin")),
            (
                b"#!/usr/bin/env python4\n",
                Some(Fault::NotInPath("python4".into())),
            ),
        ] {
            assert_eq!(fault("x", text, 0o755), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_program_is_named() {
        assert_eq!(
            fault("x", b"#!/bin/sh\n", 0o644),
            Some(Fault::NotExecutable)
        );
        assert_eq!(diagnose(Path::new("/usr"), None), Some(Fault::Directory));
        assert_eq!(diagnose(Path::new("/dev/null"), None), Some(Fault::NoFile));
        assert_eq!(diagnose(Path::new("/nope"), None), None);
        let line = Path::new("/bin/cat | tee x");
        assert_eq!(diagnose(line, None), Some(Fault::CommandLine));
    }
}
