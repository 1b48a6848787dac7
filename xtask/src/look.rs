//! `cargo xtask look`: a page in a real browser, as pictures, and what the browser has to say.
//!
//! A browser shows what no test of texts sees: lines that are too long, labels upon each other,
//! colours that cannot be told apart. The pictures are for eyes; what the console says is a
//! failure.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::say::say;

/// Names under which Chromium is installed.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Widths in pixels: a telephone and a desk.
const WIDTHS: [u32; 2] = [400, 1280];

/// The name of a run's page.
const PAGE: &str = "report.html";

/// Takes pictures of the page of a run, or of any HTML file, light and dark, at two widths, into
/// `out`, and fails when the browser's console has a word.
///
/// # Errors
/// [`Error::NoBrowser`], [`Error::Access`], [`Error::Start`], [`Error::Console`].
pub fn run(page: &Path, out: &Path, height: u32) -> Result<(), Error> {
    let page = if page.is_dir() { page.join(PAGE) } else { page.to_owned() };
    let refuse = |path: &Path, source| Error::Access { path: path.to_owned(), source };
    let page = page.canonicalize().map_err(|source| refuse(&page, source))?;
    fs::create_dir_all(out).map_err(|source| refuse(out, source))?;
    let out = out.canonicalize().map_err(|source| refuse(out, source))?;
    let browser = browser()?;
    let mut said = Vec::new();
    for width in WIDTHS {
        // A window is never narrower than some 500 pixels: the page stands in a frame.
        let frame = out.join(format!("frame-{width}.html"));
        fs::write(&frame, framed(&page, width, height)).map_err(|source| refuse(&frame, source))?;
        for scheme in ["light", "dark"] {
            let picture = out.join(format!("{width}-{scheme}.png"));
            let shown = Shown { frame: &frame, picture: &picture, width, height, scheme };
            let heard = shown.take(browser)?;
            say!("{}", picture.display());
            said.extend(heard.lines().filter(|line| is_of_console(line)).map(str::to_owned));
        }
    }
    if said.is_empty() { Ok(()) } else { Err(Error::Console { said: said.join("\n") }) }
}

/// The first browser that answers.
fn browser() -> Result<&'static str, Error> {
    let answers = |name: &&&str| {
        let mut command = Command::new(name);
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    BROWSERS.iter().find(answers).copied().ok_or(Error::NoBrowser { tried: BROWSERS.join(", ") })
}

fn framed(page: &Path, width: u32, height: u32) -> String {
    let page = page.display().to_string().replace('&', "&amp;").replace('"', "&quot;");
    format!(
        "<!DOCTYPE html><html lang=\"en\"><title>{width}</title><link rel=\"icon\" href=\"data:,\">\
         <body style=\"margin:0\"><iframe title=\"page\" src=\"file://{page}\" width=\"{width}\" \
         height=\"{height}\" style=\"border:0\"></iframe></body></html>"
    )
}

/// A picture that is taken.
struct Shown<'a> {
    frame: &'a Path,
    picture: &'a PathBuf,
    width: u32,
    height: u32,
    scheme: &'static str,
}

impl Shown<'_> {
    /// Takes it, and gives what the browser has said.
    fn take(&self, browser: &str) -> Result<String, Error> {
        let Self { frame, picture, width, height, scheme } = self;
        let number = if *scheme == "dark" { 0 } else { 1 };
        let mut command = Command::new(browser);
        command
            .args(["--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-sandbox"])
            .args(["--enable-logging=stderr", "--virtual-time-budget=3000"])
            .arg(format!("--blink-settings=preferredColorScheme={number}"))
            .arg(format!("--window-size={},{height}", width.max(&500)))
            .arg(format!("--screenshot={}", picture.display()))
            .arg(format!("file://{}", frame.display()))
            .stdin(Stdio::null());
        let words = format!("{command:?}");
        let output = command.output();
        let output = output.map_err(|source| Error::Start { command: words.clone(), source })?;
        if !output.status.success() {
            return Err(Error::Failed { command: words, status: output.status });
        }
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// `true` for a line that a page's console has written.
fn is_of_console(line: &str) -> bool {
    line.contains(":CONSOLE:") || line.contains(":CONSOLE(")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_console_are_told_from_those_of_the_browser() {
        let said = "[7:7:1201/160838.1:INFO:CONSOLE:1] \"Uncaught\", source: file:///a.html (1)";
        assert!(is_of_console(said));
        assert!(is_of_console("[7:7:INFO:CONSOLE(1)] \"Refused to load\""));
        assert!(!is_of_console("[7:7:ERROR:dbus/object_proxy.cc:572] Failed to call method"));
    }

    #[test]
    fn a_page_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("none.html");
        let error = run(&page, &folder.path().join("out"), 100).unwrap_err();
        assert!(matches!(error, Error::Access { .. }), "{error}");
    }

    #[test]
    fn names_of_pages_stay_in_their_quotes() {
        let frame = framed(Path::new("/a \"b\" & c.html"), 400, 100);
        assert!(frame.contains("file:///a &quot;b&quot; &amp; c.html\""), "{frame}");
    }
}
