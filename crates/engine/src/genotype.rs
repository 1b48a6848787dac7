//! Genotypes by name or from a file.

use std::ffi::OsStr;
use std::path::Path;

use dartloom::space::{Genotype, SpaceError};

use crate::benchmark::Benchmark;
use crate::error::EngineError;
use crate::input;

/// A genotype, and the benchmark whose string it was.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The genotype.
    pub genotype: Genotype,
    /// The benchmark, where there was one.
    pub benchmark: Option<Benchmark>,
}

/// A published genotype or a benchmark's string, or else what is in the file of that name, which
/// need not be UTF-8.
///
/// # Errors
/// A name that is neither published nor a file, or a file that holds no genotype.
pub fn subject(name: impl AsRef<OsStr>) -> Result<Subject, EngineError> {
    let name = name.as_ref();
    // What is no UTF-8 is not built in.
    if let Some(found) = name.to_str().and_then(builtin) {
        return found;
    }
    let path = Path::new(name);
    if !path.exists() {
        return Err(EngineError::UnknownName {
            found: name.to_string_lossy().into_owned(),
            what: "published genotype",
            known: Genotype::published_names().into_iter().map(str::to_owned).collect(),
        });
    }
    parse(&input::read(path)?).map_err(|error| EngineError::content(path, error))
}

/// The genotype that the program knows by this name or string, if it does.
fn builtin(name: &str) -> Option<Result<Subject, EngineError>> {
    if let Some(benchmark) = Benchmark::of(name) {
        let genotype = benchmark.parse(name).map_err(EngineError::input);
        return Some(genotype.map(|genotype| Subject { genotype, benchmark: Some(benchmark) }));
    }
    let genotype = Genotype::published(name).ok()?;
    Some(Ok(Subject { genotype, benchmark: None }))
}

/// A genotype in a text: JSON, RON, Python text or a benchmark's string.
///
/// # Errors
/// [`SpaceError`] with the place of the mistake.
pub fn parse(text: &str) -> Result<Subject, SpaceError> {
    let line = text.trim();
    match Benchmark::of(line) {
        Some(benchmark) => {
            Ok(Subject { genotype: benchmark.parse(line)?, benchmark: Some(benchmark) })
        }
        None => Ok(Subject { genotype: Genotype::read(text)?, benchmark: None }),
    }
}

/// The genotype of [`subject`].
///
/// # Errors
/// As [`subject`].
pub fn resolve(name: impl AsRef<OsStr>) -> Result<Genotype, EngineError> {
    subject(name).map(|subject| subject.genotype)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_before_files_and_all_forms_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let genotype = resolve("DARTS_V2").unwrap();
        let unnamed = Genotype::new(genotype.layout().clone(), genotype.cells().to_vec()).unwrap();
        let forms =
            [genotype.to_json().unwrap(), genotype.to_ron().unwrap(), genotype.to_text().unwrap()];
        for (index, form) in forms.into_iter().enumerate() {
            let path = folder.path().join(format!("genotype-{index}"));
            std::fs::write(&path, form).unwrap();
            let read = resolve(path.to_str().unwrap()).unwrap();
            assert_eq!(read.cells(), unnamed.cells(), "form {index}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_of_files_need_not_be_text() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        let genotype = resolve("DARTS_V2").unwrap();
        let path = folder.path().join(OsStr::from_bytes(b"a\xfe.json"));
        std::fs::write(&path, genotype.to_json().unwrap()).unwrap();
        assert_eq!(resolve(&path).unwrap().cells(), genotype.cells());
        let error = resolve(path.with_extension("ron")).unwrap_err();
        assert!(matches!(error, EngineError::UnknownName { .. }), "{error}");
    }

    #[test]
    fn unknown_names_list_the_known_ones() {
        let error = resolve("DARTS_V3").unwrap_err();
        assert!(error.to_string().contains("DARTS_V2"), "{error}");
    }

    #[test]
    fn damaged_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broken.json");
        std::fs::write(&path, "{\"version\": 1,\n \"layout\": 3}").unwrap();
        let error = resolve(path.to_str().unwrap()).unwrap_err().to_string();
        assert!(error.contains("broken.json") && error.contains("line 2"), "{error}");
    }
}
