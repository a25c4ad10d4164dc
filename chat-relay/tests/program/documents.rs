//! The man page says what the program says. `UPDATE_DOCUMENTS=1 cargo test -p chat-relay --test program` writes it anew.

use std::path::Path;

use chat_relay::cli::Args;
use clap::CommandFactory as _;
use clap_mangen::Man;

/// What is no flag.
const SECTIONS: &str = r"
.SH FILES
.TP
\fBBASE_DIR/spool/\fR
What was submitted on this machine and is not in the rooms' logs yet, and the name of its origin. It belongs to the
machine: another machine's, or an old copy, is never put in its place.
.TP
\fBBASE_DIR/run/relay/\fR
Whether records are put in order now, and who waits for an answer.
.TP
\fBBASE_DIR/state/relay.pos\fR
How far the spool was taken.
.SH SIGNALS
SIGTERM and SIGINT end it: what waits in the spool is taken by the next one. People read on meanwhile; what they send is
refused, and their pages send it again.
.SH EXIT STATUS
.TP
\fB0\fR
It was told to end; with \-\-check: the ini file is good; with \-\-forget: it is done.
.TP
\fB1\fR
It could not go on; on standard error stands why.
.TP
\fB5\fR
The ini file is at fault, or has no section [cluster].
.SH SEE ALSO
chat.ini(5), chatctl(1), chat\-handler(1), redis\-server(1)
";

#[test]
fn the_man_page_is_made_from_the_definitions() {
    let mut page = Vec::new();
    let man = Man::new(Args::command()).title("CHAT-RELAY").section("1");
    man.render(&mut page).expect("memory");
    let page = String::from_utf8(page).expect("text") + SECTIONS.trim_start();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/man/chat-relay.1");
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/man/chat-relay.1 is not what the program says any more: UPDATE_DOCUMENTS=1 cargo test -p chat-relay \
         --test program"
    );
}
