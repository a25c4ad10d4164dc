//! `chat-handler`: see the library crate.

use std::io::Write as _;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use chat_handler::cgi::Cgi;
use chat_handler::cli::Args;
use chat_handler::identity::token::{self, Distrust};
use chat_handler::occupant::{Bye, Code, Event, Refusal};
use chat_handler::person::{Audience as _, Entry, KeyRing, Person, Visit};
use chat_handler::pipe::client::Client;
use chat_handler::pipe::event_loop::{EventLoop, watch_signals};
use chat_handler::pipe::first;
use chat_handler::pipe::input::Input;
use chat_handler::pipe::output::Output;
use chat_handler::settings::Settings;
use chat_handler::wire::{Clock, Wire};
use chat_handler::wording::Line;
use chat_handler::{identity, journal};
use chat_store::name::RoomName;
use chat_store::record::RecordId;
use clap::Parser;

/// musl's own maps and unmaps pages twenty times more often in the life of such a program: docs/decisions.md no. 117.
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// The configuration is at fault (as chatctl's).
const BAD_CONFIG: u8 = 5;

fn main() -> ExitCode {
    let args = Args::parse();
    let variable = |name: &str| std::env::var_os(name);
    let from_environment = variable("CHAT_CONFIG").filter(|path| !path.is_empty());
    let loaded = Settings::load(
        args.config.as_deref(),
        from_environment.as_deref().map(Path::new),
    );
    let settings = match loaded {
        Ok(settings) => settings,
        Err(error) => {
            // For the administrator: people in the browser learn nothing about paths.
            let _ = writeln!(std::io::stderr(), "{error}");
            return ExitCode::from(BAD_CONFIG);
        }
    };
    let missing = settings.missing();
    for problem in &missing {
        let _ = writeln!(std::io::stderr(), "{problem}");
    }
    if args.check {
        if !missing.is_empty() {
            return ExitCode::from(BAD_CONFIG);
        }
        let _ = writeln!(std::io::stdout(), "{}: good", settings.source.display());
        return ExitCode::SUCCESS;
    }
    let remote_user = settings.identity.remote_user.as_deref();
    let cgi = Cgi::read(
        |name| variable(name).map(OsStringExt::into_vec),
        remote_user,
    );
    match chat(&settings, &cgi) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            journal::note(error);
            ExitCode::FAILURE
        }
    }
}

fn chat(settings: &Settings, cgi: &Cgi) -> std::io::Result<()> {
    let mut input = Input::new(settings.limits.max_message, settings.limits.max_signal);
    let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
    let wire = Wire::of(cgi, settings.lang);
    let (many, comes_back) = (wire.has_many_rooms(), wire.comes_back());
    let whole_history = wire.shows_whole_history();
    let mut client = Client::new(wire, Output::new(stdout.as_fd()));
    let machine = settings.machine();
    if machine.is_some_and(|machine| machine.time_to_go().is_some()) {
        let (reason, line) = (Bye::Draining, Line::Draining);
        client.put_from(None, &Event::Bye { reason, line });
        client.finish();
        return Ok(());
    }
    let person = match who(settings, cgi, stdin.as_fd(), &mut input) {
        Ok(person) => person,
        Err(refusal) => {
            client.put_from(None, &refusal.event());
            client.finish();
            return Ok(());
        }
    };
    let from = cgi.client_address(&settings.identity.trusted_proxies);
    let clock = Clock::new(cgi.tz.as_deref());
    let when = || clock.date_and_time(RecordId::now());
    let visit = Visit {
        person,
        nick: cgi.query.nick.clone(),
        client: cgi.query.client.as_deref(),
        page: cgi.query.page.as_deref(),
        address: &cgi.visitor.address,
        from: &from,
        when: &when,
        whole_history,
        many,
        ping_timeout: cgi.ping_timeout,
        comes_back,
        grace: if comes_back {
            settings.presence_grace
        } else {
            Duration::ZERO
        },
    };
    // From here on there is something to give back at the end.
    let signals = watch_signals()?;
    let mut person = Person::new(settings, visit);
    person.greet(&mut client);
    let room = String::from_utf8_lossy(&cgi.path_info);
    let room = room.trim_start_matches('/');
    let entered = (many && room.is_empty()) || {
        let entry = Entry {
            asked: room.to_owned(),
            room: RoomName::from_path_info(&cgi.path_info),
            since: cgi.query.since,
            history: cgi.query.history,
            keys: KeyRing {
                invitation: cgi.query.invitation.clone(),
                password: cgi.query.password.clone(),
            },
        };
        person.enter_asked(&entry, &mut client)
    };
    if entered || many {
        EventLoop::new(stdin.as_fd(), input, client, signals, person)?.run();
    } else {
        client.finish();
    }
    Ok(())
}

/// Who it is: by the token that they bring, if they said so; else by what came with the connection.
fn who(
    settings: &Settings,
    cgi: &Cgi,
    stdin: BorrowedFd<'_>,
    input: &mut Input,
) -> Result<identity::Person, Refusal> {
    if !(cgi.query.auth && cgi.query.json) {
        let person = token::recognized(settings, &cgi.visitor, &mut |reason| {
            journal::note(format_args!("not logged in: {reason}"));
        });
        return Ok(person);
    }
    let refused = |code: Code, reason: &str| {
        journal::note(format_args!("refused ({}): {reason}", code.as_str()));
        Refusal::new(code, "")
    };
    let token = first::token(stdin, input).map_err(|code| refused(code, "no token came"))?;
    match token::read(settings, &token) {
        Ok(person) => Ok(token::with_powers(settings, person, &cgi.visitor.address)),
        Err(distrust @ Distrust::Expired) => Err(refused(Code::TokenExpired, distrust.reason())),
        Err(distrust) => Err(refused(Code::BadToken, distrust.reason())),
    }
}
