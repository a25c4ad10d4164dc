//! A handler that does everything a handler can do, well or badly. The first argument says what.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, SystemTime};

use nix::sys::signal::{SigSet, Signal};

const USAGE: &str = "e2e-handler WHAT [ARGUMENT...]
  echo                 each line back
  args ARG...          each argument on a line
  env                  each variable on a line
  cwd                  the working directory
  pid                  its process id, then each line back
  say TEXT...          each text on a line
  count N              1 to N, each written by itself
  burst N              1 to N in one write
  exit N               ends at once
  exit-after-line N    ends after the first line
  exit-after-eof N     ends at the end of stdin
  no-newline TEXT      TEXT without a newline
  bytes HEX            these bytes
  blob N               N bytes in one write
  line N               one line of N bytes
  flood                lines without end
  stream-byte          bytes without a newline, without end
  hang                 reads nothing, writes nothing
  greet-and-hang TEXT  one line, then hang
  sum                  reads all of stdin, then tells how many lines and bytes
  late-sum             sum, after stdin has been let to fill for a while
  slow-read MS         reads a line every MS milliseconds and echoes it
  close-stdin N        closes stdin, says `closed`, a second later 1 to N
  stderr TEXT          TEXT on stderr, then each line of stdin back
  stderr-line N        one line of N bytes on stderr, then `done`
  both                 `out` on stdout, `err` on stderr
  grandchild           starts a child that hangs and holds stdout, tells its id, ends
  with-grandchild      the same, and echoes
  ladder FILE          writes the signals it gets into FILE and lives on
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args_os()
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect();
    let what = args.get(1).map_or("", String::as_str);
    let rest = args.get(2..).unwrap_or_default();
    match run(what, rest) {
        Ok(code) => ExitCode::from(code),
        // The daemon closed our stdout: what a program that prints sees when its reader leaves.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(141),
        Err(error) => {
            let _ = writeln!(io::stderr(), "e2e-handler {what}: {error}");
            ExitCode::from(70)
        }
    }
}

fn run(what: &str, args: &[String]) -> io::Result<u8> {
    match what {
        "echo" | "pid" | "stderr" | "slow-read" | "sum" | "late-sum" | "exit-after-line"
        | "exit-after-eof" | "close-stdin" => return read(what, args),
        "grandchild" | "with-grandchild" | "hang" | "greet-and-hang" | "ladder" => {
            return live(what, args);
        }
        "exit" => return number(args),
        "args" | "say" => args.iter().try_for_each(|arg| say(arg))?,
        "env" => env::vars_os().try_for_each(|(name, value)| {
            say(&format!(
                "{}={}",
                name.to_string_lossy(),
                value.to_string_lossy()
            ))
        })?,
        "cwd" => say(&env::current_dir()?.to_string_lossy())?,
        "count" => (1..=number::<u64>(args)?).try_for_each(|n| say(&n.to_string()))?,
        "burst" => {
            let lines: String = (1..=number::<u64>(args)?).flat_map(numbered).collect();
            write(lines.as_bytes())?;
        }
        "no-newline" => write(args.join(" ").as_bytes())?,
        "bytes" => write(&unhex(args)?)?,
        "blob" => write(&vec![0xfe; number(args)?])?,
        "line" => say(&"x".repeat(number(args)?))?,
        "flood" => loop {
            write("a line of a flood that never ends\n".repeat(100).as_bytes())?;
        },
        "stream-byte" => loop {
            write(&vec![b'x'; 64 * 1024])?;
        },
        "stderr-line" => {
            let line = "e".repeat(number(args)?) + "\n";
            io::stderr().write_all(line.as_bytes())?;
            say("done")?;
        }
        "both" => {
            say("out")?;
            io::stderr().write_all(b"err\n")?;
        }
        _ => {
            write(USAGE.as_bytes())?;
            return Ok(64);
        }
    }
    Ok(0)
}

/// Those that read stdin.
fn read(what: &str, args: &[String]) -> io::Result<u8> {
    let mut stdin = io::stdin().lock();
    match what {
        "pid" => say(&std::process::id().to_string())?,
        "stderr" => writeln!(io::stderr(), "{}", args.join(" "))?,
        "close-stdin" => {
            nix::unistd::close(0)?;
            say("closed")?;
            // Time for whoever writes to us to find out.
            thread::sleep(Duration::from_secs(1));
            let lines: String = (1..=number::<u64>(args)?).flat_map(numbered).collect();
            write(lines.as_bytes())?;
            return Ok(0);
        }
        "exit-after-line" => {
            stdin.read_line(&mut String::new())?;
            return number(args);
        }
        "exit-after-eof" => {
            io::copy(&mut stdin, &mut io::sink())?;
            return number(args);
        }
        "sum" | "late-sum" => {
            if what == "late-sum" {
                // Long enough for a writer to fill every buffer between it and us.
                thread::sleep(Duration::from_secs(3));
            }
            let mut all = Vec::new();
            stdin.read_to_end(&mut all)?;
            let lines = all.split(|byte| *byte == b'\n').count() - 1;
            say(&format!("{lines} lines {} bytes", all.len()))?;
            return Ok(0);
        }
        _ => {}
    }
    let pause = if what == "slow-read" {
        number(args)?
    } else {
        0
    };
    let mut line = Vec::new();
    while stdin.read_until(b'\n', &mut line)? > 0 {
        write(&line)?;
        line.clear();
        thread::sleep(Duration::from_millis(pause));
    }
    Ok(0)
}

/// Those that stay.
fn live(what: &str, args: &[String]) -> io::Result<u8> {
    match what {
        "grandchild" | "with-grandchild" => {
            let child = Command::new(env::current_exe()?).arg("hang").spawn()?;
            say(&child.id().to_string())?;
            if what == "with-grandchild" {
                return read("echo", args);
            }
            return Ok(0);
        }
        "ladder" => note_signals(args)?,
        "greet-and-hang" => say(&args.join(" "))?,
        _ => {}
    }
    loop {
        thread::park();
    }
}

/// Notes the end of stdin and each signal, with the time in milliseconds, in a file. The time is the machine's: whoever caused
/// it compares with a look at the clock before, since we may have been late to hear of the end.
fn note_signals(args: &[String]) -> io::Result<()> {
    let path = args.first().ok_or(io::ErrorKind::InvalidInput)?.clone();
    let caught = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
    caught.thread_block()?;
    say("ready")?;
    io::copy(&mut io::stdin().lock(), &mut io::sink())?;
    note(&path, "EOF")?;
    loop {
        let signal = caught.wait()?;
        note(&path, signal.as_str())?;
    }
}

fn note(path: &str, what: &str) -> io::Result<()> {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(io::Error::other)?;
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{what} {}\n", now.as_millis()).as_bytes())
}

fn numbered(n: u64) -> [String; 2] {
    [n.to_string(), "\n".to_owned()]
}

fn say(line: &str) -> io::Result<()> {
    write(format!("{line}\n").as_bytes())
}

fn write(mut bytes: &[u8]) -> io::Result<()> {
    // Past std's buffer: what is one write here is one write there.
    let stdout = io::stdout();
    while !bytes.is_empty() {
        let count = nix::unistd::write(&stdout, bytes)?;
        bytes = &bytes[count..];
    }
    Ok(())
}

fn number<T: std::str::FromStr>(args: &[String]) -> io::Result<T> {
    let text = args.first().map_or("", String::as_str);
    text.parse()
        .map_err(|_| io::Error::other(format!("a number is needed, not {text:?}")))
}

fn unhex(args: &[String]) -> io::Result<Vec<u8>> {
    let digits = args.join("");
    let pairs = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| str::from_utf8(pair).unwrap_or_default());
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).map_err(io::Error::other))
        .collect()
}
