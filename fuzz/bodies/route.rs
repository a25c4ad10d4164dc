//! Any request under any rules (the first byte): what leads elsewhere stays on this server.

use std::path::Path;

use websocketd::config::{Page, Runnable};
use websocketd::http::request::{find_end, parse};
use websocketd::http::route::{Route, RouteRules, route};

pub fn run(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    let Ok(Some(end)) = find_end(bytes, 0) else {
        return;
    };
    let Ok(head) = parse(&bytes[..end], 64) else {
        return;
    };
    let program = Runnable::ScriptDir("/d".into());
    let chosen = |bit: u8| choice & bit != 0;
    let rules = RouteRules {
        program: chosen(1).then_some(&program),
        page: match (chosen(2), chosen(16)) {
            (true, _) => Some(Page::Console),
            (_, true) => Some(Page::Terminal),
            _ => None,
        },
        cgi_dir: chosen(4).then_some(Path::new("/c")),
        static_dir: chosen(8).then_some(Path::new("/s")),
    };
    match route(&head, &rules) {
        Route::Redirect(location) => {
            assert!(location.starts_with('/') && !location.starts_with("//"));
            let path = location.split('?').next().unwrap_or_default();
            assert!(!path.contains('\\'));
            assert!(!location.bytes().any(|byte| byte <= b' ' || byte == 0x7f));
        }
        Route::Session(_) => assert!(head.is_upgrade() && rules.program.is_some()),
        Route::Console => assert_eq!(rules.page, Some(Page::Console)),
        Route::Options => assert_eq!(head.method, "OPTIONS"),
        Route::Terminal => assert_eq!(rules.page, Some(Page::Terminal)),
        Route::Content { .. } => assert_eq!(rules.page, None),
    }
}
