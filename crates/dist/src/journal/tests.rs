use proptest::prelude::*;
use serde_json::json;

use super::{Durability, Journal, read};
use crate::DistError;

fn journal(path: &std::path::Path) -> Journal {
    Journal::open(path, &json!("test")).unwrap().0
}

#[test]
fn what_is_appended_is_read_and_owners_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    assert_eq!(read(&path).unwrap().entries, []);
    for epoch in 1..4 {
        let (mut journal, contents) = Journal::open(&path, &json!({ "pid": epoch })).unwrap();
        assert_eq!((journal.epoch(), contents.entries.len()), (epoch, epoch as usize - 1));
        journal.append(&json!({ "number": epoch }), Durability::Written).unwrap();
        // A viewer reads while the writer has it open.
        let seen = read(&path).unwrap();
        assert_eq!(seen.owner(), Some(json!({ "pid": epoch })));
        assert_eq!(seen.entries.last().unwrap().record, json!({ "number": epoch }));
    }
}

#[test]
fn a_journal_cut_at_any_byte_holds_its_whole_lines() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let mut writer = journal(&path);
    let records: Vec<_> = (0..5).map(|n| json!({ "n": n, "text": "ä\n\"".repeat(n) })).collect();
    for record in &records {
        writer.append(record, Durability::Written).unwrap();
    }
    drop(writer);
    let bytes = std::fs::read(&path).unwrap();
    let cut = dir.path().join("cut");
    for end in 0..=bytes.len() {
        std::fs::write(&cut, &bytes[..end]).unwrap();
        let lines = bytes[..end].iter().filter(|&&byte| byte == b'\n').count();
        let (mut next, contents) = Journal::open(&cut, &json!("next")).unwrap();
        let kept: Vec<_> = contents.entries.into_iter().map(|entry| entry.record).collect();
        // The first line is the owner's.
        assert_eq!(kept, records[..lines.saturating_sub(1)], "cut at {end}");
        assert_eq!(contents.owners.len(), lines.min(1));
        next.append(&json!("after"), Durability::Synced).unwrap();
        drop(next);
        let after = read(&cut).unwrap();
        assert_eq!((after.torn, after.entries.len()), (0, kept.len() + 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_changed_byte_is_found_with_its_line(at in 0_usize..10_000, change in 1_u8..=255) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let mut writer = journal(&path);
        for n in 0..4 {
            writer.append(&json!({ "number": n }), Durability::Written).unwrap();
        }
        drop(writer);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = at % (bytes.len() - 1);
        bytes[at] ^= change;
        std::fs::write(&path, &bytes).unwrap();
        match read(&path) {
            Err(DistError::Damaged { line, .. }) => {
                let before = bytes[..at].iter().filter(|&&byte| byte == b'\n').count();
                prop_assert!(line == before + 1 || line == before);
            }
            // Hexadecimal digits may be written either way, and nothing else may.
            Ok(_) => prop_assert!(change == 32 && bytes[at].is_ascii_alphabetic()),
            other => prop_assert!(false, "{other:?}"),
        }
        prop_assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn an_epoch_that_none_can_follow_is_refused_where_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    journal(&path).append(&json!(1), Durability::Written).unwrap();
    let last = super::line::print(u64::MAX, &super::line::owner(&json!("last")).to_string());
    let bytes = [std::fs::read(&path).unwrap(), last.into_bytes()].concat();
    std::fs::write(&path, &bytes).unwrap();
    for found in [read(&path).err(), Journal::open(&path, &json!("next")).err()] {
        let Some(DistError::Damaged { line: 3, found, .. }) = found else { panic!("{found:?}") };
        assert_eq!(found, u64::MAX.to_string());
    }
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    // The epoch before the last can be followed, once.
    let before = super::line::print(u64::MAX - 2, &super::line::owner(&json!("a")).to_string());
    std::fs::write(&path, before).unwrap();
    assert_eq!(journal(&path).epoch(), u64::MAX - 1);
    let after = std::fs::read(&path).unwrap();
    let refused = Journal::open(&path, &json!("b"));
    assert!(matches!(refused, Err(DistError::Damaged { line: 2, .. })), "{refused:?}");
    assert_eq!(std::fs::read(&path).unwrap(), after);
    assert_eq!(read(&path).unwrap().epoch(), u64::MAX - 1);
}

#[test]
fn a_second_writer_is_refused_while_the_first_lives() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let mut first = journal(&path);
    let second = Journal::open(&path, &json!("second"));
    assert!(matches!(second, Err(DistError::Busy { owner, .. }) if owner == "\"test\""));
    first.append(&json!(1), Durability::Synced).unwrap();
}

#[test]
fn an_older_writer_without_locks_is_fenced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let mut older = journal(&path);
    // As on a file system without locks.
    older.file.unlock().unwrap();
    let mut newer = journal(&path);
    newer.append(&json!("new"), Durability::Written).unwrap();
    let before = std::fs::read(&path).unwrap();
    let fenced = older.append(&json!("old"), Durability::Written);
    assert!(matches!(fenced, Err(DistError::Fenced { epoch: 1, .. })));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    newer.append(&json!("newer"), Durability::Written).unwrap();
}

#[test]
fn records_that_look_like_owners_are_the_only_reserved_ones() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    journal(&path).append(&json!({ "journal_owner": 1, "x": 2 }), Durability::Written).unwrap();
    assert_eq!(read(&path).unwrap().entries.len(), 1);
}
