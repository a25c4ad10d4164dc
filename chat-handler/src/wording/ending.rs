//! Why a connection ends, where it is not by what somebody did.

use super::Line;

pub(super) fn english(line: Line<'_>) -> &'static str {
    match line {
        Line::Draining => "you are being moved to another server",
        Line::LoggedOut => "you were logged out",
        _ => "the server is shutting down",
    }
}

pub(super) fn czech(line: Line<'_>) -> &'static str {
    match line {
        Line::Draining => "přecházíte na jiný server",
        Line::LoggedOut => "byli jste odhlášeni",
        _ => "server končí",
    }
}
