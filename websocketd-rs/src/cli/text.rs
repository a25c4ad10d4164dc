//! The texts that end the program: help, short usage, version, license.

use clap::CommandFactory;

/// The license, as shown by `--license`.
pub(super) const LICENSE: &str = concat!(
    include_str!("license.txt"),
    "\n\nThe page of --terminal contains xterm.js:\n\n",
    include_str!("../../assets/xterm/LICENSE"),
    "\nand its addon fit:\n\n",
    include_str!("../../assets/xterm/LICENSE-addon-fit"),
);

/// What stderr shows after an error: how the program is called.
pub(super) fn short_usage(program: &str) -> String {
    format!(
        "
Usage:

  Export a single executable program a WebSocket server:
    {program} [options] COMMAND [command args]

  Or, export an entire directory of executables as WebSocket endpoints:
    {program} [options] --dir=SOMEDIR

  Or, show extended help message using:
    {program} --help
"
    )
}

/// Every flag with its meaning, rendered from the definition.
pub(super) fn help(program: &str) -> String {
    let rendered = super::Args::command().render_long_help().to_string();
    let mut text = rendered.replace("websocketd-rs [options]", &format!("{program} [options]"));
    text.push_str(
        "\nFlags are parsed as websocketd's are: -x is --x, values follow as --x=v or --x v, booleans only as --x=v;\n\
         the first word that is no flag is COMMAND.\n",
    );
    text
}

/// `<program> <version> (<toolchain> <os>-<arch>) <build>`, in the form of websocketd's.
pub fn version(program: &str) -> String {
    format!(
        "{program} {} ({} {}-{}) websocketd-rs",
        env!("CARGO_PKG_VERSION"),
        env!("WEBSOCKETD_TOOLCHAIN"),
        std::env::consts::OS,
        std::env::consts::ARCH,
    )
}
