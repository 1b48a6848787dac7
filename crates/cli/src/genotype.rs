//! Genotypes by name or from a file.

use std::path::Path;

use dartloom::space::Genotype;

use crate::error::CliError;
use crate::output;

/// A published genotype, or else the one in the file of that name.
pub(crate) fn resolve(name: &str) -> Result<Genotype, CliError> {
    if let Ok(genotype) = Genotype::published(name) {
        return Ok(genotype);
    }
    let path = Path::new(name);
    if !path.exists() {
        return Err(CliError::UnknownName {
            found: name.to_owned(),
            what: "published genotype",
            known: Genotype::published_names().into_iter().map(str::to_owned).collect(),
        });
    }
    read(path)
}

/// The genotype in a file, in JSON, RON or Python text.
pub(crate) fn read(path: &Path) -> Result<Genotype, CliError> {
    Genotype::read(&output::read(path)?).map_err(|error| CliError::content(path, error))
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
