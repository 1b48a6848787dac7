//! A command line as a value: printed before it runs, compared in tests.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::error::Error;

/// A program, its arguments and the environment variables added for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
}

impl Invocation {
    /// `program`, with arguments given as one line separated by blanks.
    pub fn new(program: &str, line: &str) -> Self {
        Self {
            program: program.into(),
            arguments: line.split_whitespace().map(OsString::from).collect(),
            environment: Vec::new(),
        }
    }

    /// `cargo`, with arguments given as one line separated by blanks.
    pub fn cargo(line: &str) -> Self {
        Self::new("cargo", line)
    }

    /// More arguments, given as one line separated by blanks.
    #[must_use]
    pub fn words(mut self, line: &str) -> Self {
        self.arguments.extend(line.split_whitespace().map(OsString::from));
        self
    }

    /// One more argument, which may hold blanks.
    #[must_use]
    pub fn argument(mut self, value: impl Into<OsString>) -> Self {
        self.arguments.push(value.into());
        self
    }

    /// One more environment variable.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Runs it in `directory` with no input, output passed through, until it ends.
    ///
    /// # Errors
    /// [`Error::Start`] when the program cannot be started, [`Error::Failed`] when it does not
    /// exit with 0.
    pub fn run(&self, directory: &Path) -> Result<(), Error> {
        let status = self.command(directory).status().map_err(|source| self.unstarted(source))?;
        self.judge(status)
    }

    /// Runs it as [`Invocation::run`] does and returns what it prints to stdout.
    ///
    /// # Errors
    /// As [`Invocation::run`].
    pub fn output(&self, directory: &Path) -> Result<String, Error> {
        let output = self
            .command(directory)
            .stderr(Stdio::inherit())
            .output()
            .map_err(|source| self.unstarted(source))?;
        self.judge(output.status)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn command(&self, directory: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(directory)
            .stdin(Stdio::null());
        command
    }

    fn unstarted(&self, source: std::io::Error) -> Error {
        Error::Start { command: self.to_string(), source }
    }

    fn judge(&self, status: ExitStatus) -> Result<(), Error> {
        if status.success() {
            Ok(())
        } else {
            Err(Error::Failed { command: self.to_string(), status })
        }
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(f, "{name}={} ", quoted(&value.to_string_lossy()))?;
        }
        write!(f, "{}", self.program.to_string_lossy())?;
        for argument in &self.arguments {
            write!(f, " {}", quoted(&argument.to_string_lossy()))?;
        }
        Ok(())
    }
}

/// The word as a shell would need it: in quotes when it holds blanks.
fn quoted(word: &str) -> String {
    if word.contains(char::is_whitespace) { format!("'{word}'") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::Invocation;
    use crate::error::Error;

    #[test]
    fn a_command_is_printed_as_a_shell_would_take_it() {
        let docs = Invocation::cargo("doc --no-deps").variable("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(docs.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
    }

    #[test]
    fn exit_status_decides() {
        let here = std::path::Path::new(".");
        assert!(Invocation::new("true", "").run(here).is_ok());
        assert!(matches!(Invocation::new("false", "").run(here), Err(Error::Failed { .. })));
        assert_eq!(Invocation::new("echo", "a b").output(here).unwrap(), "a b\n");
        assert!(matches!(Invocation::new("false", "").output(here), Err(Error::Failed { .. })));
        let absent = Invocation::new("no-such-program-anywhere", "");
        assert!(matches!(absent.run(here), Err(Error::Start { .. })));
    }
}
