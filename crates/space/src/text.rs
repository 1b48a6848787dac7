//! Tools that all readers of text share: byte order marks, suggestions of similar names, and errors
//! of the RON reader in terms of the text.

use ron::error::{Error, SpannedError};

/// The text without the byte order mark that some editors put first.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// More names than this are not listed where one of them is near.
const LONG: usize = 12;

/// Names that are equally near; more would be a list again.
const MOST_NEAR: usize = 3;

/// The known names nearest to `found`, equally near ones in their order; none where all are far.
///
/// A name is near when it differs in at most a third of its letters (exchanged neighbours count as
/// one), capitals and small letters being the same.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let found = found.to_lowercase();
    let most = (found.chars().count() / 3).max(1);
    let mut least = most;
    let mut near = Vec::new();
    for name in known {
        let distance = strsim::osa_distance(&found, &name.to_lowercase());
        if distance < least {
            near.clear();
            least = distance;
        }
        // A word of one letter is near to every other.
        if distance <= least && distance < name.chars().count() {
            near.push(name);
        }
    }
    near.truncate(MOST_NEAR);
    near
}

/// The end of a message about an unknown name: ``did you mean `x`?`` where a known one is near, and
/// all that are known unless that is a long list.
pub fn suggestion<S: AsRef<str>>(found: &str, known: &[S]) -> String {
    let all = || known.iter().map(AsRef::as_ref).collect::<Vec<&str>>();
    let near: Vec<String> = nearest(found, all()).iter().map(|name| format!("`{name}`")).collect();
    let list = || format!("known are {}", all().join(", "));
    match (near.is_empty(), known.len() > LONG) {
        _ if known.is_empty() => "none is known".to_owned(),
        (true, _) => list(),
        (false, true) => format!("did you mean {}?", near.join(" or ")),
        (false, false) => format!("did you mean {}? {}", near.join(" or "), list()),
    }
}

/// A message of the reader of RON that speaks of the text alone, not of types or of the reader.
pub fn ron_message(error: &SpannedError) -> String {
    match &error.code {
        Error::NoSuchStructField { expected, found, .. } => {
            format!("unknown field `{found}`; {}", suggestion(found, expected))
        }
        Error::NoSuchEnumVariant { expected, found, .. } => {
            format!("unknown value `{found}`; {}", suggestion(found, expected))
        }
        Error::MissingStructField { field, .. } => format!("missing field `{field}`"),
        Error::DuplicateStructField { field, .. } => format!("field `{field}` stands twice"),
        Error::ExpectedNamedStructLike(_) | Error::ExpectedStructLike => {
            "expected an opening `(`".to_owned()
        }
        Error::ExpectedDifferentStructName { expected, found } => {
            format!("expected `{expected}(` or `(`, found the name `{found}`")
        }
        Error::InvalidValueForType { expected, found } => {
            format!("expected {expected}, found {found}")
        }
        Error::ExceededRecursionLimit => "brackets are nested too deeply".to_owned(),
        Error::Eof => "the text ends too early".to_owned(),
        Error::TrailingCharacters => "expected the end".to_owned(),
        other => {
            let text = other.to_string();
            let mut letters = text.chars();
            // Messages here begin with a small letter.
            letters
                .next()
                .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{nearest, ron_message, suggestion, without_mark};

    #[test]
    fn the_nearest_names_are_found_and_far_ones_are_not() {
        let known = ["DARTS_V1", "DARTS_V2", "PC_DARTS_cifar", "ResNet18"];
        assert_eq!(nearest("DARTS_V9", known), ["DARTS_V1", "DARTS_V2"]);
        assert_eq!(nearest("resnet18", known), ["ResNet18"]);
        assert_eq!(nearest("RseNet18", known), ["ResNet18"]);
        assert_eq!(nearest("pc-darts-cifar", known), ["PC_DARTS_cifar"]);
        assert!(nearest("", known).is_empty());
        assert!(nearest("Xception", known).is_empty());
        assert!(nearest("x", ["a", "b"]).is_empty());
    }

    #[test]
    fn a_long_list_is_left_out_where_a_name_is_near() {
        let long: Vec<String> = (0..40).map(|i| format!("network_{i:02}_of_many")).collect();
        let near = suggestion("network_07_of_mani", &long);
        assert_eq!(near, "did you mean `network_07_of_many`?");
        assert!(suggestion("other", &long).contains("network_39"));
        assert_eq!(
            suggestion("dart", &["darts", "unet"]),
            "did you mean `darts`? known are darts, unet"
        );
        assert_eq!(suggestion("x", &[] as &[&str]), "none is known");
    }

    #[test]
    fn messages_do_not_speak_of_the_reader() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename = "Inside", deny_unknown_fields)]
        #[allow(dead_code, reason = "only its errors are read")]
        struct Raw {
            layers: usize,
        }
        let said = |text: &str| ron_message(&ron::from_str::<Raw>(text).unwrap_err());
        assert_eq!(
            said("(layrs: 3)"),
            "unknown field `layrs`; did you mean `layers`? known are layers"
        );
        assert_eq!(said("()"), "missing field `layers`");
        assert_eq!(said("(layers: 3, layers: 3)"), "field `layers` stands twice");
        assert_eq!(said("3"), "expected an opening `(`");
        let deep = format!("(x: {}", "[".repeat(1000));
        for text in [deep.as_str(), "", "(", "(layers: x)", "(layers: -1)", "(layers: 3) 4"] {
            let said = said(text);
            let inside = ["Inside", "ron::", "serde", "struct", "enum"];
            assert!(!inside.iter().any(|word| said.contains(word)), "{text}: {said}");
            assert!(said.starts_with(|c: char| !c.is_uppercase()), "{text}: {said}");
        }
        assert_eq!(without_mark("\u{feff}a"), "a");
    }
}
