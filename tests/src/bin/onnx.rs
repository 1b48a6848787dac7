//! Writes exported models with inputs and outputs into a folder, for tract
//! (`tests/tract`) and ONNX Runtime (`tests/scripts/check_onnx.py`).

#![allow(clippy::print_stderr, reason = "a program says what went wrong")]

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

use dartloom_tests::onnx::{Case, ExportCaseError, cases};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder] = &arguments[..] else {
        eprintln!("expected a folder, found {arguments:?}");
        return ExitCode::from(2);
    };
    if let Err(error) = empty(Path::new(folder)) {
        eprintln!("{folder}: {error}");
        return ExitCode::FAILURE;
    }
    let mut count = 0;
    let written = cases(&mut |case| {
        write(&case, Path::new(folder), count)?;
        count += 1;
        Ok::<(), WriteError>(())
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{folder}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes the folder, and removes models from before.
fn empty(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let own = ["onnx", "safetensors"];
        if path.extension().is_some_and(|extension| own.iter().any(|own| extension == *own)) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// The reason for which a case was not written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Case(#[from] ExportCaseError),
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// The models, and a file of tensors beside each.
fn write(case: &Case, folder: &Path, count: usize) -> Result<(), WriteError> {
    let mut tensors = HashMap::from([("image".to_owned(), case.images.clone())]);
    tensors.extend(case.outputs.iter().cloned());
    for (at, (_, bytes)) in case.models.iter().enumerate() {
        let name: String =
            case.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let stem = format!("{count:03}-{at}-{}-{name}", case.kind);
        std::fs::write(folder.join(format!("{stem}.onnx")), bytes)?;
        candle_core::safetensors::save(&tensors, folder.join(format!("{stem}.safetensors")))?;
    }
    Ok(())
}
