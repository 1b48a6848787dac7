//! The command line that started this run.

use std::ffi::OsStr;

/// Its words, for people to read: what is no UTF-8 in them is replaced.
pub(super) fn words() -> Vec<String> {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// The command that goes on with this run.
pub(super) fn again() -> String {
    let words = std::env::args_os().filter(|word| word != "--overwrite");
    words.map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
}

/// A word as a shell reads it.
fn quoted(word: &OsStr) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:".contains(c);
    match word.to_str() {
        Some(word) if !word.is_empty() && word.chars().all(plain) => word.to_owned(),
        Some(word) => format!("'{}'", word.replace('\'', "'\\''")),
        None => escaped(word.as_encoded_bytes()),
    }
}

/// Bytes that are no UTF-8 as a shell reads them.
fn escaped(bytes: &[u8]) -> String {
    let byte = |&byte: &u8| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    };
    format!("$'{}'", bytes.iter().map(byte).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_shells_read_them() {
        assert_eq!(quoted(OsStr::new("--set=data=Idx")), "--set=data=Idx");
        assert_eq!(quoted(OsStr::new("")), "''");
        assert_eq!(quoted(OsStr::new("it's (mine)")), "'it'\\''s (mine)'");
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_bytes_that_are_no_text() {
        use std::os::unix::ffi::OsStrExt as _;
        let word = OsStr::from_bytes(b"a\xfe 1\\'\n.ron");
        assert_eq!(quoted(word), "$'a\\376 1\\\\\\'\\012.ron'");
        let script = format!("printf %s {}", quoted(word));
        let output = std::process::Command::new("bash").args(["-c", &script]).output();
        // Where there is no such shell, the form above has to do.
        if let Ok(output) = output {
            assert_eq!(output.stdout, word.as_bytes());
        }
    }
}
