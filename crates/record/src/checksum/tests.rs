use super::{BLANK, Broken, check, of, seal};

fn text() -> String {
    format!("{{\n  \"version\": 2,\n  \"checksum\": \"{BLANK}\",\n  \"accuracy\": 0.5\n}}\n")
}

#[test]
fn the_checksum_is_that_of_sha256sum() {
    // printf abc | sha256sum
    assert_eq!(of(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn every_changed_byte_of_a_sealed_text_is_found() {
    let sealed = seal(text(), |_| {}).unwrap();
    assert_eq!(check(&sealed, |_| {}), Ok(()));
    for at in 0..sealed.len() {
        let mut bytes = sealed.clone().into_bytes();
        bytes[at] ^= 1;
        let changed = String::from_utf8(bytes).unwrap();
        assert!(check(&changed, |_| {}).is_err(), "byte {at}");
    }
}

#[test]
fn what_is_added_counts() {
    use sha2::Digest as _;
    let sealed = seal(text(), |hash| hash.update(b"tensors")).unwrap();
    assert_eq!(check(&sealed, |hash| hash.update(b"tensors")), Ok(()));
    let other = check(&sealed, |hash| hash.update(b"other"));
    assert!(matches!(other, Err(Broken::Differs { .. })));
}

#[test]
fn a_text_without_a_checksum_is_told_apart() {
    let odd = [
        "",
        "{}",
        "{\"checksum\": 1}",
        "{\"checksum\": \"12\"}",
        "{\"checksum\"",
        "{\"checksum\" \"ä\"}",
    ];
    for text in odd {
        assert_eq!(check(text, |_| {}), Err(Broken::Missing), "{text}");
        assert_eq!(seal(text.to_owned(), |_| {}), None);
    }
}
