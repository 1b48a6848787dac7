//! `dartloom check`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dartloom::data::check::{Finding, Report};
use dartloom_engine::check;

use crate::error::CliError;
use crate::{crops, output};

/// Looks for what spoils training before it begins: values of masks that are no class, masks of 0
/// and 255, coloured masks, sizes and bands that differ, missing and damaged files, values that are
/// no numbers, classes without images, equal images in two parts. The same check is made before
/// every run. Where images are cut into random crops, the share of crops that show each class is
/// told. Exit codes: 0 no error, 1 errors, 2 bad usage.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// A folder of images whose layout says what they are, or an experiment file.
    #[arg(value_name = "FOLDER|EXPERIMENT.ron")]
    data: PathBuf,
    /// Store the division into parts with the length and digest of every file, for
    /// `split: Stored("FILE")`.
    #[arg(long, value_name = "FILE.csv")]
    list: Option<PathBuf>,
    /// One line of JSON for each finding, and one for the classes that crops show, with `crops` and
    /// `classes`.
    #[arg(long)]
    json: bool,
}

/// Checks data and prints what was found.
pub(crate) fn run(arguments: &CheckArguments) -> Result<ExitCode, CliError> {
    if let Some(list) = &arguments.list {
        output::check_place(list)?;
    }
    let data = check::named(&arguments.data)?;
    let checked = check::data(&data, &arguments.data.display().to_string())?;
    let base = if arguments.data.is_dir() { arguments.data.as_path() } else { Path::new("") };
    let report = &checked.report;
    let findings = if arguments.json { json(report)? } else { table(report, base) };
    let crops = match &checked.crops {
        Some(crops) if arguments.json => crops::json(crops)?,
        Some(crops) => format!("\n{}", crops::text(crops)),
        None => String::new(),
    };
    output::print(&(findings + &crops))?;
    if let (Some(place), Some(list)) = (&arguments.list, &checked.list) {
        output::write(place, list.as_str())?;
    }
    Ok(if checked.report.has_errors() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A block of lines for each finding, errors first, and a line that counts them.
fn table(report: &Report, base: &Path) -> String {
    let mut text = String::new();
    for finding in report.findings() {
        let place = place(finding, base);
        text += &format!("{:<8} {:<12} {place}\n", finding.severity, finding.subject);
        let rows = [
            ("expected", &finding.expected),
            ("found", &finding.found),
            ("remedy", &finding.remedy),
        ];
        for (name, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
            text += &format!("         {name:<12} {value}\n");
        }
    }
    let errors = report.errors().count();
    text + &format!("{} findings, {errors} errors\n", report.findings().len())
}

fn place(finding: &Finding, base: &Path) -> String {
    let file = finding.file.iter().map(|file| {
        let below = file.strip_prefix(base).unwrap_or(file);
        let below = if below.as_os_str().is_empty() { file } else { below };
        below.display().to_string()
    });
    file.chain(finding.place.clone()).collect::<Vec<_>>().join(", ")
}

#[derive(serde::Serialize)]
struct Line<'a> {
    severity: String,
    subject: String,
    file: Option<String>,
    place: Option<&'a str>,
    expected: &'a str,
    found: &'a str,
    remedy: &'a str,
}

fn json(report: &Report) -> Result<String, CliError> {
    let lines = report.findings().iter().map(|finding| {
        let line = Line {
            severity: finding.severity.to_string(),
            subject: finding.subject.to_string(),
            file: finding.file.as_ref().map(|file| file.display().to_string()),
            place: finding.place.as_deref(),
            expected: &finding.expected,
            found: &finding.found,
            remedy: &finding.remedy,
        };
        output::json(&line, "a finding")
    });
    lines.collect()
}
