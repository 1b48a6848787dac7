//! Logs written, broken and read back.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use dartloom_record::{
    Event, EventLog, Flow, JsonLines, Observer, ObserverError, read_events_from,
};

use crate::events::every_kind;

fn written(events: &[Event]) -> Vec<u8> {
    let mut log = JsonLines::new(Vec::new());
    for event in events {
        assert_eq!(log.on_event(event).unwrap(), Flow::Continue);
    }
    log.into_inner()
}

fn events(log: &EventLog) -> Vec<Event> {
    log.records.iter().map(|record| record.event.clone()).collect()
}

#[test]
fn every_event_makes_the_round_trip() {
    let bytes = written(&every_kind());
    assert_eq!(bytes.iter().filter(|&&byte| byte == b'\n').count(), every_kind().len());
    let log = read_events_from(&bytes[..]).unwrap();
    assert_eq!(events(&log), every_kind());
    assert!(log.records.iter().all(|record| record.seconds.is_none()));
    assert_eq!((log.complete_bytes, log.truncated), (bytes.len() as u64, None));
}

#[test]
fn a_clock_stamps_every_line() {
    let now = Rc::new(Cell::new(0.0));
    let clock = Rc::clone(&now);
    let mut log = JsonLines::with_clock(Vec::new(), Box::new(move || clock.get()));
    for (event, seconds) in every_kind().iter().zip([0.0, 1.5, 2.25, f64::NAN, 4.0]) {
        now.set(seconds);
        assert_eq!(log.on_event(event).unwrap(), Flow::Continue);
    }
    let read = read_events_from(&log.into_inner()[..]).unwrap();
    let seconds: Vec<_> = read.records.iter().map(|record| record.seconds).collect();
    assert_eq!(seconds, [Some(0.0), Some(1.5), Some(2.25), None, Some(4.0)]);
    assert_eq!(events(&read), every_kind()[..5]);
}

#[test]
fn a_log_cut_anywhere_gives_its_complete_lines_and_says_what_is_left() {
    let bytes = written(&every_kind());
    for length in 0..=bytes.len() {
        let cut = &bytes[..length];
        let log = read_events_from(cut).unwrap();
        let complete = cut.iter().filter(|&&byte| byte == b'\n').count();
        assert_eq!(events(&log), every_kind()[..complete]);
        let rest = &cut[log.complete_bytes as usize..];
        match log.truncated {
            None => assert!(rest.is_empty()),
            Some(truncated) => {
                assert_eq!(truncated.line, complete + 1);
                assert_eq!(truncated.text, String::from_utf8_lossy(rest));
                assert!(!rest.is_empty());
            }
        }
    }
}

#[test]
fn a_cut_log_can_be_continued() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    let all = every_kind();
    let first = written(&all[..4]);
    fs::write(&path, &first[..first.len() - 5]).unwrap();
    let read = || read_events_from(BufReader::new(File::open(&path).unwrap())).unwrap();
    let log = read();
    assert_eq!(log.truncated.as_ref().unwrap().line, 4);
    let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.set_len(log.complete_bytes).unwrap();
    let mut observer = JsonLines::new(file);
    for event in &all[3..] {
        assert_eq!(observer.on_event(event).unwrap(), Flow::Continue);
    }
    assert_eq!(events(&read()), all);
}

#[test]
fn a_malformed_complete_line_is_named() {
    let good = r#"{"version":2,"event":"note","text":"fine"}"#;
    let unknown = r#"{"version":2,"event":"exploded"}"#;
    for bad in [
        "",
        "{",
        unknown,
        "17",
        "{\"version\":2,\"text\":\"no tag\"}",
        "\u{fffd}",
        good.trim_end_matches('}'),
    ] {
        let text = format!("{good}\n{good}\n{bad}\n{good}\n");
        match read_events_from(text.as_bytes()) {
            Err(ObserverError::Malformed { line, .. }) => assert_eq!(line, 3, "{bad}"),
            other => panic!("{bad}: {other:?}"),
        }
    }
    let bytes = [good.as_bytes(), b"\n\xff\xfe\n"].concat();
    assert!(matches!(read_events_from(&bytes[..]), Err(ObserverError::Malformed { line: 2, .. })));
}

#[test]
fn a_failing_source_is_named_with_its_line() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    let source = b"{\"version\":2,\"event\":\"note\",\"text\":\"\"}\n".chain(Failing);
    assert!(matches!(
        read_events_from(BufReader::new(source)),
        Err(ObserverError::Read { line: 2, .. })
    ));
}

#[test]
fn a_line_of_another_version_is_refused_with_its_number() {
    let sentence = r#"{"event":"stopped","phase":"seed 0 search","epoch":4,"step":2}"#;
    let mut bytes = written(&every_kind()[..1]);
    bytes.extend(format!("{sentence}\n").bytes());
    let error = read_events_from(&bytes[..]).unwrap_err();
    assert_eq!(error.to_string(), "line 2: expected events of version 2, found version 1");
    assert!(matches!(error, ObserverError::Version { line: 2, known: 2, found: 1 }));
}
