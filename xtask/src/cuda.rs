//! `cargo xtask cuda`: the workspace type-checks with the feature `cuda`.
//!
//! Where there is no CUDA toolkit, a script stands in for nvcc, which candle's build runs. It makes
//! empty kernel files, so this checks Rust types: not kernels, not linking, not results.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::invocation::Invocation;
use crate::say::say;

const STUB: &str = include_str!("nvcc_stub.sh");

/// Type-checks all targets, with the toolkit's nvcc or with a stand-in, and says which.
///
/// # Errors
/// [`Error::Access`] when the stand-in cannot be written, [`Error::Failed`] when the check fails.
pub fn run(root: &Path) -> Result<(), Error> {
    // Two directories: the build of candle's kernels keeps what it finds, and would take the
    // stand-in's empty files for compiled kernels.
    let command = if has_nvcc() {
        say!("checking with the nvcc of this machine: candle's kernels are compiled as well");
        check(&root.join("target/cuda-check/nvcc"))
    } else {
        say!("no nvcc here: a script stands in for it, so that Rust types alone are checked");
        let target = root.join("target/cuda-check/stub");
        with_stub(check(&target), &write_stub(&target.join("toolkit"))?)
    };
    say!("$ {command}");
    command.run(root)
}

fn check(target: &Path) -> Invocation {
    Invocation::cargo("check --workspace --all-targets --features cuda --target-dir")
        .argument(target)
}

/// The variables that candle's build reads where it finds no toolkit and no GPU.
fn with_stub(command: Invocation, toolkit: &Path) -> Invocation {
    command
        .variable("NVCC", toolkit.join("bin/nvcc"))
        .variable("CUDA_HOME", toolkit)
        .variable("CUDA_PATH", toolkit)
        .variable("CUDA_COMPUTE_CAP", "80")
        .variable("CUDARC_CUDA_VERSION", "13020")
}

/// `true` if a real nvcc answers: the one `NVCC` names, or the one of the search path.
fn has_nvcc() -> bool {
    let program = std::env::var_os("NVCC").unwrap_or_else(|| "nvcc".into());
    let status = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// Writes a toolkit that is only a stand-in for nvcc, and gives back its folder.
fn write_stub(toolkit: &Path) -> Result<PathBuf, Error> {
    let program = toolkit.join("bin/nvcc");
    let failed = |source| Error::Access { path: program.clone(), source };
    for folder in ["bin", "include", "lib64"] {
        fs::create_dir_all(toolkit.join(folder)).map_err(failed)?;
    }
    fs::write(&program, STUB).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    }
    Ok(toolkit.to_path_buf())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::{check, with_stub, write_stub};

    fn stub(toolkit: &Path, arguments: &[&str]) -> std::process::Output {
        let program = write_stub(toolkit).unwrap().join("bin/nvcc");
        // Through the shell: a file just written cannot be executed itself while another test's
        // child, forked in between, still holds it open for writing (ETXTBSY).
        Command::new("sh").arg(program).args(arguments).current_dir(toolkit).output().unwrap()
    }

    #[test]
    fn the_stand_in_answers_the_version_where_builds_look_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let answer = stub(folder.path(), &["--version"]);
        let text = String::from_utf8(answer.stdout).unwrap();
        assert!(text.lines().nth(3).unwrap().contains(", release 13.2,"), "{text}");
    }

    #[test]
    fn the_stand_in_makes_the_files_it_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        fs::create_dir(&out).unwrap();
        let folder = folder.path();
        let calls: [&[&str]; 3] = [
            &["--ptx", "--output-directory", "out", "-O3", "src/affine.cu"],
            &["-c", "-o", "out/affine.o", "src/affine.cu"],
            &["--lib", "-o", "out/libmoe.a", "out/affine.o"],
        ];
        for (call, made) in calls.into_iter().zip(["affine.ptx", "affine.o", "libmoe.a"]) {
            assert!(stub(folder, call).status.success(), "{call:?}");
            assert_eq!(fs::read(out.join(made)).unwrap(), b"", "{call:?}");
        }
    }

    #[test]
    fn the_stand_in_refuses_what_it_does_not_know() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!stub(folder.path(), &["--list-gpu-code"]).status.success());
    }

    #[test]
    fn the_check_has_a_build_directory_of_its_own() {
        let target = Path::new("target/cuda-check/stub");
        let line = with_stub(check(target), Path::new("toolkit")).to_string();
        assert!(line.starts_with("NVCC=toolkit/bin/nvcc CUDA_HOME=toolkit CUDA_PATH=toolkit "));
        assert!(line.ends_with("--features cuda --target-dir target/cuda-check/stub"), "{line}");
    }
}
