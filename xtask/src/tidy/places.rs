//! The project works on any machine: no text names a place on one.

use super::{Finding, Tree};

/// First folders of absolute paths that exist on somebody's machine only.
const MACHINE_FOLDERS: [&str; 4] = ["work", "root", "home", "Users"];

/// A relative path that leaves the clone. In halves, because this file is a text too.
const OUTSIDE: &str = concat!("../", "shared");

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files().flat_map(|(path, text)| check_text(path, text)).collect()
}

fn check_text(path: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(index, line)| {
            let place = place(line)?;
            Some(Finding::line(path, index + 1, format!("`{place}` is a place on one machine")))
        })
        .collect()
}

fn place(line: &str) -> Option<String> {
    if line.contains(OUTSIDE) {
        return Some(OUTSIDE.to_owned());
    }
    let folders = MACHINE_FOLDERS.iter().map(|folder| format!("/{folder}"));
    folders.into_iter().find(|folder| {
        line.match_indices(folder.as_str()).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + folder.len()..].chars().next();
            !before.is_some_and(continues_a_path) && !after.is_some_and(continues_a_name)
        })
    })
}

/// `true` if a slash after this character is in the middle of a path or of an address.
fn continues_a_path(character: char) -> bool {
    character.is_alphanumeric() || "._-/}*".contains(character)
}

fn continues_a_name(character: char) -> bool {
    character.is_alphanumeric() || "_-".contains(character)
}
