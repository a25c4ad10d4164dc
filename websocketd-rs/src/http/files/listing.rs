//! The page that lists a directory.

use std::fmt::Write as _;
use std::fs::File;
use std::io;

use rustix::fs::{AtFlags, Dir, FileType, statat};

use crate::http::response::escape_html;
use crate::http::target;

/// Most names on one page: more would be of no use to a reader, and building the page holds up other connections.
const MAX_ENTRIES: usize = 5000;

/// Lists the open directory `dir`, directories in it with a `/`, in byte order. Not by a path, which may lead elsewhere by now.
pub(super) fn render(dir: &File) -> io::Result<String> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    let mut is_cut = false;
    for entry in Dir::read_from(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        if names.len() == MAX_ENTRIES {
            is_cut = true;
            break;
        }
        let kind = statat(dir, entry.file_name(), AtFlags::empty());
        let is_dir = kind.is_ok_and(|kind| FileType::from_raw_mode(kind.st_mode).is_dir());
        let mut name = name.to_vec();
        if is_dir {
            name.push(b'/');
        }
        names.push(name);
    }
    names.sort_unstable();
    Ok(page(&names, is_cut))
}

fn page(names: &[Vec<u8>], is_cut: bool) -> String {
    let mut page = String::from(
        "<!doctype html>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n",
    );
    for name in names {
        let href = escape_html(&target::encode(name));
        let text = escape_html(&String::from_utf8_lossy(name));
        let _ = writeln!(page, "<a href=\"{href}\">{text}</a>");
    }
    if is_cut {
        page.push_str("(there are more)\n");
    }
    page.push_str("</pre>\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn names_are_escaped_and_sorted() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b", "<i>\"'&", "javascript:alert(1)", "q?x#y%z"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        fs::create_dir(dir.path().join("a dir")).unwrap();
        let page = render(&File::open(dir.path()).unwrap()).unwrap();
        let links: Vec<&str> = page
            .lines()
            .filter(|line| line.starts_with("<a "))
            .collect();
        assert_eq!(
            links,
            [
                "<a href=\"%3Ci%3E%22%27&amp;\">&lt;i&gt;&#34;&#39;&amp;</a>",
                "<a href=\"a%20dir/\">a dir/</a>",
                "<a href=\"b\">b</a>",
                "<a href=\"javascript%3Aalert(1)\">javascript:alert(1)</a>",
                "<a href=\"q%3Fx%23y%25z\">q?x#y%z</a>",
            ]
        );
    }

    #[test]
    fn a_huge_directory_is_cut() {
        assert!(page(&vec![b"x".to_vec(); 3], true).contains("there are more"));
        assert!(!page(&[], false).contains("there are more"));
    }
}
