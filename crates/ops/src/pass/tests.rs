use super::{Execution, Recompute};

#[test]
fn cells_keep_everything_unless_told_otherwise() {
    assert_eq!(Execution::default(), Execution::Fused(Recompute::Never));
    assert_eq!(Execution::from(Recompute::Edge), Execution::Fused(Recompute::Edge));
}

#[test]
fn both_ways_of_writing_are_read_and_others_refused() {
    let read = |text: &str| serde_json::from_str::<Recompute>(text);
    for (text, expected) in [
        (r#""Never""#, Recompute::Never),
        (r#""never""#, Recompute::Never),
        (r#""Edge""#, Recompute::Edge),
        (r#""edge""#, Recompute::Edge),
    ] {
        assert_eq!(read(text).unwrap(), expected, "{text}");
    }
    assert_eq!(serde_json::to_string(&Recompute::Edge).unwrap(), r#""Edge""#);
    let error = read(r#""always""#).unwrap_err().to_string();
    assert!(error.contains("Never") && error.contains("Edge"), "{error}");
}
