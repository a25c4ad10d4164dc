//! Deleting a site. Its routes go first, so that the daemon forgets it at its next reload; an archive stays.

use serde_json::json;

use super::{Place, list};
use crate::ctl::report::Report;
use crate::ctl::{Failure, backup};
use chat_handler::settings::Settings;
use chat_store::record::RecordId;

pub(super) fn remove(
    place: &Place,
    is_meant: bool,
    also_with_people: bool,
) -> Result<Report, Failure> {
    let name = &place.name;
    let settings = Settings::load(Some(&place.ini()), None)
        .map_err(|error| Failure::Config(error.to_string()))?;
    let inside = settings.base_dir.starts_with(place.state_dir());
    if !inside {
        return Err(Failure::Refused(format!(
            "{}: is its BASE_DIR and not below {}: delete it by hand",
            settings.base_dir.display(),
            place.state_dir().display()
        )));
    }
    if !is_meant {
        return Err(Failure::Refused(format!(
            "--yes deletes {}, {} and {}; an archive of them stays in {}",
            settings.base_dir.display(),
            place.settings_dir().display(),
            place.routes().display(),
            place.state_dir().display()
        )));
    }
    let people = list::people(&settings.dirs());
    if people > 0 && !also_with_people {
        return Err(Failure::Refused(format!(
            "{people} people are in its rooms; move {} away and reload the daemon, wait until they are gone, or use --force",
            place.routes().display()
        )));
    }
    // Colons are no help in names of files.
    let when: String = RecordId::now()
        .to_string()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(15)
        .collect();
    let archive = place.state_dir().join(format!("{name}-{when}.tar.gz"));
    let routes = place.routes();
    let more: &[(&str, &std::path::Path)] = if routes.exists() {
        &[("routes.ini", &routes)]
    } else {
        &[]
    };
    // As root, which alone may delete the rest: nobody else reads the archive.
    let file = backup::new_file(&archive)?;
    let summary = backup::save_to(&settings, more, &archive, &file)?;
    if routes.exists() {
        std::fs::remove_file(&routes)?;
    }
    std::fs::remove_dir_all(&settings.base_dir)?;
    std::fs::remove_dir_all(place.settings_dir())?;
    let text = format!(
        "{name}: deleted; {} holds its {} files\nnow: systemctl reload websocketd-rs; its user stays: userdel",
        archive.display(),
        summary.files
    );
    let value = json!({ "done": true, "site": name.to_string(), "archive": archive, "files": summary.files });
    Ok(Report::new(text, value))
}
