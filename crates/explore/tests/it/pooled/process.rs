//! This test program as a worker, and as a search with workers.

use std::path::Path;
use std::time::Duration;

use dartloom_dist::worker::{TaskError, serve};
use dartloom_dist::{Launch, LocalConfig, LocalPool, Rules};
use dartloom_explore::{Pace, Proposal, Trial, handler};

use super::{config, evolution, quality, search};

const ROLE: &str = "SEARCH_TEST_ROLE";

/// The evaluations of a search by processes.
pub(super) const BUDGET: usize = 40;

fn launch(test: &str, role: &str) -> Launch {
    let arguments = ["--exact", test, "--nocapture", "--test-threads=1"];
    let mut launch = Launch::new(std::env::current_exe().unwrap(), arguments);
    launch.environment.push((ROLE.to_owned(), role.to_owned()));
    launch
}

/// A search whose candidates are judged by processes.
pub(super) fn processes(path: &Path, workers: usize) -> Vec<Trial> {
    let rules = Rules { heartbeat: 0.2, lease: 10.0, ..Rules::default() };
    let pool = LocalConfig { rules, ..LocalConfig::new(workers, 1, Some(1 << 30)) };
    let mut pool = LocalPool::new(&launch("pooled::process::worker", "worker"), pool).unwrap();
    let config = config(Pace::SteadyState(Some(4)), BUDGET);
    search(path, &mut evolution(), &mut pool, config).unwrap()
}

/// The command of a process that searches in `path`.
pub(super) fn searching(path: &Path) -> std::process::Command {
    let Launch { program, arguments, .. } = launch("pooled::process::searcher", "");
    let mut command = std::process::Command::new(program);
    command.args(arguments).env(ROLE, path).stdout(std::process::Stdio::null());
    command
}

#[test]
fn worker() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    let code = serve(std::io::stdin(), std::io::stdout(), |task, _| {
        let proposal = serde_json::from_value::<Proposal>(task.payload.clone());
        let number = proposal.map_err(|error| TaskError::Other(error.to_string()))?.task;
        // Some take longer than others.
        std::thread::sleep(Duration::from_millis(5 + 7 * (number % 5)));
        handler(&mut quality, &task.payload)
    });
    std::process::exit(if code.is_ok() { 0 } else { 2 });
}

#[test]
fn searcher() {
    if let Some(path) = std::env::var_os(ROLE) {
        processes(Path::new(&path), 2);
    }
}
