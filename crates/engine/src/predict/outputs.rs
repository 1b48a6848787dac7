//! The files of a prediction.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::PredictConfig;
use crate::error::EngineError;

/// Endings of names that are images.
const ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "tif", "tiff"];

/// The files that are written for an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outputs {
    pub(super) mask: Option<PathBuf>,
    pub(super) probabilities: Option<PathBuf>,
    pub(super) overlay: Option<PathBuf>,
}

impl Outputs {
    pub(super) fn of(image: &Path, out: &Path, masks: bool, config: &PredictConfig) -> Self {
        let named = |ending: &str| {
            let mut name = image.file_stem().unwrap_or_default().to_owned();
            name.push(ending);
            out.join(name)
        };
        let ending = if is_tiff(image) { ".tif" } else { ".png" };
        Self {
            mask: masks.then(|| named(ending)),
            probabilities: (masks && config.probabilities).then(|| named(".probabilities.tif")),
            overlay: (masks && config.overlay).then(|| named(".overlay.png")),
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.mask, &self.probabilities, &self.overlay].into_iter().flatten()
    }
}

fn ending(path: &Path) -> Option<String> {
    path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase)
}

fn is_tiff(path: &Path) -> bool {
    matches!(ending(path).as_deref(), Some("tif" | "tiff"))
}

/// The images that are named: files as they are, folders with all images in them, sorted.
pub(super) fn images(named: &[PathBuf]) -> Result<Vec<PathBuf>, EngineError> {
    let mut images = Vec::new();
    for path in named {
        if !path.is_dir() {
            images.push(path.clone());
            continue;
        }
        let failed = |source| EngineError::Read { path: path.clone(), source };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?.path();
            if entry.is_file() && ending(&entry).is_some_and(|all| ENDINGS.contains(&&*all)) {
                found.push(entry);
            }
        }
        if found.is_empty() {
            return Err(EngineError::Prediction {
                expected: format!("images ({}) in {}", ENDINGS.join(", "), path.display()),
                found: "none".to_owned(),
            });
        }
        found.sort();
        images.append(&mut found);
    }
    if images.is_empty() {
        let expected = "at least one image".to_owned();
        return Err(EngineError::Prediction { expected, found: "none".to_owned() });
    }
    Ok(images)
}

/// Refuses two results of one name, and a result in the place of an image.
pub(super) fn check(images: &[PathBuf], outputs: &[Outputs]) -> Result<(), EngineError> {
    let mut from: BTreeMap<&PathBuf, &PathBuf> = BTreeMap::new();
    for (image, outputs) in images.iter().zip(outputs) {
        for output in outputs.all() {
            if let Some(other) = from.insert(output, image) {
                return Err(EngineError::Prediction {
                    expected: format!(
                        "a name of its own for each image, as {} is written",
                        output.display()
                    ),
                    found: format!("{} and {}", other.display(), image.display()),
                });
            }
        }
    }
    // The same file may have several names.
    let real = |path: &Path| path.canonicalize().ok();
    let sources: Vec<PathBuf> = images.iter().filter_map(|image| real(image)).collect();
    for output in outputs.iter().flat_map(Outputs::all) {
        if real(output).is_some_and(|place| sources.contains(&place)) {
            return Err(EngineError::Prediction {
                expected: "a directory for results other than that of the images".to_owned(),
                found: format!("an image in the place of the result {}", output.display()),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(image: &str, config: &PredictConfig) -> Outputs {
        Outputs::of(Path::new(image), Path::new("out"), true, config)
    }

    #[test]
    fn results_are_named_after_images() {
        let all = PredictConfig { probabilities: true, overlay: true, ..PredictConfig::default() };
        let names = |image: &str| -> Vec<String> {
            of(image, &all).all().map(|path| path.display().to_string()).collect()
        };
        assert_eq!(
            names("a/b.1.jpg"),
            ["out/b.1.png", "out/b.1.probabilities.tif", "out/b.1.overlay.png"]
        );
        assert_eq!(names("c.TIFF"), ["out/c.tif", "out/c.probabilities.tif", "out/c.overlay.png"]);
    }

    #[test]
    fn names_that_meet_are_refused_before_anything_is_written() {
        let config = PredictConfig::default();
        let images = ["a/x.png", "b/x.jpg"].map(PathBuf::from).to_vec();
        let outputs: Vec<Outputs> = images
            .iter()
            .map(|image| Outputs::of(image, Path::new("out"), true, &config))
            .collect();
        let text = check(&images, &outputs).unwrap_err().to_string();
        assert!(text.contains("a/x.png and b/x.jpg"), "{text}");

        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("x.png");
        std::fs::write(&image, "").unwrap();
        let roundabout = folder.path().join(".");
        let outputs = vec![Outputs::of(&image, &roundabout, true, &config)];
        let text = check(&[image], &outputs).unwrap_err().to_string();
        assert!(text.contains("other than that of the images"), "{text}");
    }

    #[test]
    fn folders_are_read_in_the_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let none = images(&[folder.path().to_owned()]).unwrap_err().to_string();
        assert!(none.contains("found none"), "{none}");
        for name in ["b.png", "a.JPG", "notes.txt", "c.tif"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = images(&[folder.path().to_owned()]).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["a.JPG", "b.png", "c.tif"]);
        assert!(images(&[]).is_err());
    }
}
