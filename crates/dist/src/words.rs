//! The text that a process wrote to stderr before it ended.

/// Bytes of it that are kept.
const KEPT: usize = 4096;

/// The text in the first line of a panic.
const PANIC: &str = "panicked at ";

/// Lines of a panic that tell how to inspect it and not what happened.
const BESIDE: [&str; 2] = ["note: ", "stack backtrace:"];

/// The part of an output that is worth keeping: the last panic without its backtrace, or else the
/// end.
pub(crate) fn worth(said: &str) -> String {
    if let Some(panic) = panic(said) {
        let mut kept = panic.join("\n");
        kept.truncate(kept.floor_char_boundary(KEPT));
        return kept;
    }
    let start = said.ceil_char_boundary(said.len().saturating_sub(KEPT));
    said[start..].to_owned()
}

/// The most informative line: a panic with its message, or else the last one.
pub(crate) fn last(said: &str) -> Option<String> {
    if let Some(panic) = panic(said) {
        return Some(panic.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "));
    }
    let lines = said.lines().map(str::trim);
    let mut telling = lines.filter(|line| !line.is_empty() && !is_beside(line));
    telling.next_back().map(str::to_owned)
}

/// The lines of the last panic: where it was and its message.
fn panic(said: &str) -> Option<Vec<&str>> {
    let lines: Vec<&str> = said.lines().collect();
    let first = lines.iter().rposition(|line| line.contains(PANIC))?;
    let lines = lines.into_iter().skip(first);
    Some(lines.take_while(|line| !is_beside(line)).collect())
}

fn is_beside(line: &str) -> bool {
    BESIDE.iter().any(|start| line.trim_start().starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: &str =
        "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";

    #[test]
    fn a_panic_is_shown_by_its_message_and_not_by_the_note_behind_it() {
        let panic = "thread 'main' (7) panicked at src/a.rs:3:5:\nno edge 4\n";
        let shown = "thread 'main' (7) panicked at src/a.rs:3:5: no edge 4";
        for behind in [String::new(), format!("{NOTE}\n"), backtrace()] {
            let said = format!("loading\n{panic}{behind}");
            assert_eq!(last(&said).unwrap(), shown);
            assert_eq!(worth(&said), panic.trim_end());
        }
    }

    fn backtrace() -> String {
        let frames = (0..500).map(|frame| format!("  {frame}: core::ops::function::call_once\n"));
        format!("stack backtrace:\n{}note: Some details are omitted\n", frames.collect::<String>())
    }

    #[test]
    fn without_a_panic_the_last_line_is_shown_and_the_end_is_kept() {
        assert_eq!(last("one\ntwo \n\n").as_deref(), Some("two"));
        assert_eq!(last(" \n").as_deref(), None);
        assert_eq!(last(&format!("error: no file\n{NOTE}\n")).as_deref(), Some("error: no file"));
        let long = "é".repeat(KEPT);
        let kept = worth(&long);
        assert!(kept.len() <= KEPT && long.ends_with(&kept) && kept.len() > KEPT - 2);
    }
}
