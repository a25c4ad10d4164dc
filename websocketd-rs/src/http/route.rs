//! Where a request goes, from its head and the configuration alone. Pure: what exists on disk is found out later.

use std::path::Path;

use super::request::Head;
use super::target;
use crate::config::{Page, Runnable, SiteConfig};

/// What a site serves.
#[derive(Debug, Clone, Copy)]
pub struct RouteRules<'a> {
    /// What runs for upgrade requests.
    pub program: Option<&'a Runnable>,
    /// `--devconsole` or `--terminal`.
    pub page: Option<Page>,
    /// `--cgidir`.
    pub cgi_dir: Option<&'a Path>,
    /// `--staticdir`.
    pub static_dir: Option<&'a Path>,
}

impl<'a> From<&'a SiteConfig> for RouteRules<'a> {
    fn from(config: &'a SiteConfig) -> Self {
        Self {
            program: config.session.program.as_ref(),
            page: config.http.page,
            cgi_dir: config.http.cgi_dir.as_deref(),
            static_dir: config.http.static_dir.as_deref(),
        }
    }
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route<'a> {
    /// 301 to this target: the cleaned path, with the query.
    Redirect(String),
    /// A WebSocket session with this program.
    Session(&'a Runnable),
    /// The developer console.
    Console,
    /// The page of a terminal.
    Terminal,
    /// The first of these that has what the path names, else 404.
    Content {
        /// Scripts to run.
        cgi_dir: Option<&'a Path>,
        /// Files to send.
        static_dir: Option<&'a Path>,
    },
    /// `OPTIONS *`: an empty reply.
    Options,
}

/// Decides in websocketd's order: clean path, upgrade, console, CGI, static.
pub fn route<'a>(head: &Head, rules: &RouteRules<'a>) -> Route<'a> {
    if head.target.raw == "*" {
        return Route::Options;
    }
    if let Some(path) = target::clean(&head.target.path) {
        let mut location = target::encode(&path);
        if let Some(query) = head.target.query() {
            location.push('?');
            location.push_str(query);
        }
        return Route::Redirect(location);
    }
    match rules.program {
        Some(program) if head.is_upgrade() => Route::Session(program),
        _ => match rules.page {
            Some(Page::Console) => Route::Console,
            Some(Page::Terminal) => Route::Terminal,
            None => Route::Content {
                cgi_dir: rules.cgi_dir,
                static_dir: rules.static_dir,
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request;
    use std::path::PathBuf;

    const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n";

    fn decide<'a>(target: &str, fields: &str, rules: &RouteRules<'a>) -> Route<'a> {
        let method = if target == "*" { "OPTIONS" } else { "GET" };
        let text = format!("{method} {target} HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        route(&request::parse(text.as_bytes(), 16).unwrap(), rules)
    }

    const NOTHING: RouteRules<'_> = RouteRules {
        program: None,
        page: None,
        cgi_dir: None,
        static_dir: None,
    };

    #[test]
    fn order() {
        let program = Runnable::ScriptDir(PathBuf::from("/s"));
        let (cgi_dir, static_dir) = (Some(Path::new("/c")), Some(Path::new("/w")));
        let content = Route::Content {
            cgi_dir,
            static_dir,
        };
        let files = RouteRules {
            cgi_dir,
            static_dir,
            ..NOTHING
        };
        let all = RouteRules {
            program: Some(&program),
            ..files
        };
        let console = RouteRules {
            program: Some(&program),
            page: Some(Page::Console),
            ..NOTHING
        };
        assert_eq!(decide("/x", UPGRADE, &all), Route::Session(&program));
        assert_eq!(decide("/x", "", &all), content);
        assert_eq!(decide("/x", UPGRADE, &files), content);
        assert_eq!(decide("/x", UPGRADE, &console), Route::Session(&program));
        assert_eq!(decide("/x", "", &console), Route::Console);
        let terminal = RouteRules {
            program: Some(&program),
            page: Some(Page::Terminal),
            ..NOTHING
        };
        assert_eq!(decide("/x", UPGRADE, &terminal), Route::Session(&program));
        assert_eq!(decide("/x", "", &terminal), Route::Terminal);
        assert_eq!(decide("//x", UPGRADE, &all), Route::Redirect("/x".into()));
        assert_eq!(decide("*", "", &all), Route::Options);
    }

    #[test]
    fn redirects_keep_the_query_and_the_host() {
        for (target, location) in [
            ("/a/../x.txt?q=1&r=//", "/x.txt?q=1&r=//"),
            ("//evil.example", "/evil.example"),
            ("//evil.example/..", "/"),
            ("/%2fevil.example", "/evil.example"),
            ("/.//evil.example", "/evil.example"),
            ("/\\evil.example/..", "/"),
            ("/./\\evil.example", "/%5Cevil.example"),
            ("/a//%0d%0aX:1", "/a/%0D%0AX%3A1"),
            ("http://h//x", "/x"),
        ] {
            let route = decide(target, "", &NOTHING);
            assert_eq!(route, Route::Redirect(location.into()), "{target}");
        }
    }
}
