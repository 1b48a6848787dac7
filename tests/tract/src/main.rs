//! Runs every exported model of a folder in tract, on all images and on the first of them alone,
//! and compares the outputs with those stored beside it.
//!
//! The folder has pairs of files, `NAME.onnx` and `NAME.safetensors`, as the program `onnx` of
//! `dartloom-tests` writes them. The exit code is 0 when every difference is at most 1e-4, 1 when
//! one is not or a model fails, 2 when there is no model or the command line is not understood.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use safetensors::SafeTensors;
use tract_onnx::prelude::*;

/// The largest difference that rounding explains.
const LIMIT: f32 = 1e-4;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder] = &arguments[..] else {
        eprintln!("expected a folder, found {arguments:?}");
        return ExitCode::from(2);
    };
    let models = match models(Path::new(folder)) {
        Ok(models) if !models.is_empty() => models,
        Ok(_) => {
            eprintln!("{folder}: no models");
            return ExitCode::from(2);
        }
        Err(error) => {
            eprintln!("{folder}: {error}");
            return ExitCode::from(2);
        }
    };
    let mut largest = 0.0_f32;
    let mut failed = 0;
    for path in &models {
        match difference(path) {
            Ok(found) if found <= LIMIT => largest = largest.max(found),
            Ok(found) => {
                println!("{}: a difference of {found:.2e}", path.display());
                failed += 1;
            }
            Err(error) => {
                println!("{}: {error:?}", path.display());
                failed += 1;
            }
        }
    }
    println!("{} models, {failed} failed, largest difference {largest:.2e}", models.len());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn models(folder: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let mut models = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "onnx") {
            models.push(path);
        }
    }
    models.sort();
    Ok(models)
}

/// The largest difference of a model's outputs from those stored beside it.
fn difference(path: &Path) -> Result<f32, Box<dyn Error>> {
    let bytes = std::fs::read(path.with_extension("safetensors"))?;
    let stored = SafeTensors::deserialize(&bytes)?;
    let images = tensor(&stored, "image")?;
    let model = tract_onnx::onnx().model_for_path(path)?;
    let any = model.input_fact(0)?.shape.as_concrete_finite()?.is_none();
    let typed = model.into_typed()?;
    // The optimiser cannot move some strides in front of what a value is split for.
    let optimised = typed.clone().into_optimized();
    let runnable = optimised.or_else(|_| Ok::<_, TractError>(typed))?.into_runnable()?;
    let mut largest = compare(&runnable, &stored, images.clone())?;
    if any {
        largest = largest.max(compare(&runnable, &stored, images.slice(0, 0, 1)?)?);
    }
    Ok(largest)
}

/// The same for some images, the first ones.
fn compare(
    model: &Arc<TypedRunnableModel>,
    stored: &SafeTensors<'_>,
    images: Tensor,
) -> Result<f32, Box<dyn Error>> {
    let count = images.shape()[0];
    let found = model.run(tvec!(images.into()))?;
    if found.len() + 1 != stored.len() {
        return Err(format!("{} outputs, {} stored", found.len(), stored.len() - 1).into());
    }
    let mut largest = 0.0_f32;
    for (index, found) in found.iter().enumerate() {
        let outlet = model.model().output_outlets()?[index];
        let name = model.model().outlet_label(outlet).unwrap_or("output");
        let expected = tensor(stored, name)?.slice(0, 0, count)?;
        if found.shape() != expected.shape() {
            let shapes = (found.shape(), expected.shape());
            return Err(format!("{name}: shape {:?}, expected {:?}", shapes.0, shapes.1).into());
        }
        let found = found.to_plain_array_view::<f32>()?;
        let expected = expected.to_plain_array_view::<f32>()?;
        for (found, expected) in found.iter().zip(expected.iter()) {
            let own = (found - expected).abs();
            // No number is a difference, too.
            largest = if own <= largest { largest } else { own };
        }
    }
    Ok(largest)
}

fn tensor(stored: &SafeTensors<'_>, name: &str) -> Result<Tensor, Box<dyn Error>> {
    let own = stored.tensor(name)?;
    let values = own.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    Ok(Tensor::from_shape(own.shape(), &values.collect::<Vec<f32>>())?)
}
