//! `chatctl`: see [`chat_admin::ctl`].

use std::io;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let variable = std::env::var_os("CHAT_CONFIG").filter(|path| !path.is_empty());
    chat_admin::ctl::run(
        std::env::args_os(),
        variable.as_deref().map(Path::new),
        &mut io::stdout().lock(),
        &mut io::stderr().lock(),
    )
}
