//! Files of results that the user named.

use std::io::ErrorKind;
use std::path::Path;

use dartloom::record::{RecordError, write_whole};

use crate::error::EngineError;

/// Refuses a file that no result could be written to, before there is one.
///
/// # Errors
/// [`EngineError::Place`] for a directory, or a file in a directory that is not there.
pub fn check_place(path: &Path) -> Result<(), EngineError> {
    let refuse =
        |kind: ErrorKind| EngineError::Place { path: path.to_owned(), source: kind.into() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        _ if path.is_dir() => Err(refuse(ErrorKind::IsADirectory)),
        Some(folder) if !folder.is_dir() => Err(refuse(ErrorKind::NotFound)),
        _ => Ok(()),
    }
}

/// Refuses a file that is there already, and those of [`check_place`].
///
/// # Errors
/// [`EngineError::Exists`], and those of [`check_place`].
pub fn check_new(path: &Path) -> Result<(), EngineError> {
    check_place(path)?;
    match path.symlink_metadata() {
        Ok(found) if found.is_file() || found.is_symlink() => {
            Err(EngineError::Exists { path: path.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Refuses a file for a result that is one of `others`, which are read or written besides: nobody
/// wants the weights that were decoded to be gone. Other names of the same file are found out.
///
/// # Errors
/// [`EngineError::Shared`].
pub fn check_apart<'a>(
    path: &Path,
    others: impl IntoIterator<Item = &'a Path>,
) -> Result<(), EngineError> {
    let real = |path: &Path| path.is_file().then(|| path.canonicalize().ok()).flatten();
    let own = real(path);
    let is_same = |other: &Path| match own {
        Some(_) => real(other) == own,
        // Two results of one new file; a device has room for many.
        None => other == path && !path.exists(),
    };
    if others.into_iter().any(is_same) {
        return Err(EngineError::Shared { path: path.to_owned() });
    }
    Ok(())
}

/// Writes a result to a file: whole or not at all where it is a file of its own name, so that a
/// full disk leaves the previous one. A link or a device is written into.
///
/// # Errors
/// [`EngineError::Write`] with the system's reason.
pub fn write(path: &Path, text: &str) -> Result<(), EngineError> {
    write_bytes(path, text.as_bytes())
}

/// The same for a result that is no text.
///
/// # Errors
/// As [`write()`].
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    let write = |source| EngineError::Write { path: path.to_owned(), source };
    let is_plain = match path.symlink_metadata() {
        Ok(found) => found.is_file(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    if !is_plain {
        return std::fs::write(path, bytes).map_err(write);
    }
    write_whole(path, bytes).map_err(|error| match error {
        RecordError::File { source, .. } => write(source),
        other => EngineError::work(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_has_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("weights.json");
        std::fs::write(&file, "{}").unwrap();
        let detour = folder.path().join(".").join("weights.json");
        let new = folder.path().join("genotype.json");
        for (path, others) in [(&file, [&new, &detour]), (&new, [&file, &new])] {
            let found = check_apart(path, others.map(|other| other.as_path()));
            assert!(matches!(found, Err(EngineError::Shared { .. })), "{}", path.display());
        }
        check_apart(&new, [file.as_path(), folder.path()]).unwrap();
        // A terminal may be both ends.
        check_apart(Path::new("/dev/null"), [Path::new("/dev/./null")]).unwrap();
    }

    #[test]
    fn a_new_file_has_its_place_for_itself() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.ron");
        check_new(&file).unwrap();
        std::fs::write(&file, "()").unwrap();
        assert!(matches!(check_new(&file), Err(EngineError::Exists { .. })));
        let nowhere = folder.path().join("nowhere/a.ron");
        assert!(matches!(check_new(&nowhere), Err(EngineError::Place { .. })));
        assert!(matches!(check_new(folder.path()), Err(EngineError::Place { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_replaced_and_a_link_is_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for (path, text) in [(&file, "one"), (&link, "two"), (&file, "three")] {
            write(path, text).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
        assert!(link.symlink_metadata().unwrap().is_symlink());
        write(Path::new("/dev/null"), "text").unwrap();
        let error = write(&folder.path().join("nowhere/x"), "text").unwrap_err();
        assert!(matches!(error, EngineError::Write { .. }), "{error}");
    }
}
