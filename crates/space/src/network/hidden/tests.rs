use super::*;
use crate::Head;
use crate::Source;

#[test]
fn both_forms_are_read_and_written() {
    let short = Hidden::new([64, 32]);
    let long = short.clone().with_activation(Activation::Linear).with_dropout(0.5).unwrap();
    for (hidden, text) in
        [(short, "[64,32]"), (long, "(widths:[64,32],activation:Linear,dropout:0.5)")]
    {
        assert_eq!(ron::to_string(&hidden).unwrap(), text);
        assert_eq!(ron::from_str::<Hidden>(text).unwrap(), hidden);
        let json = serde_json::to_string(&hidden).unwrap();
        assert_eq!(serde_json::from_str::<Hidden>(&json).unwrap(), hidden);
    }
    let dropout = ron::from_str::<Hidden>("(widths: [8], dropout: 0.25)").unwrap();
    assert_eq!(dropout, Hidden::new([8]).with_dropout(0.25).unwrap());
}

#[test]
fn numbers_that_no_head_has_are_refused() {
    for (text, part) in [
        ("[0]", "the width of a hidden layer must be 1 to 65536, found 0"),
        ("[70000]", "found 70000"),
        ("(widths: [8], dropout: 1.0)", "dropout"),
        ("(widths: [8], dropout: -0.5)", "dropout"),
        ("(widths: [8], dropped: 0.5)", "dropped"),
        ("64", "widths of hidden layers such as [64, 32]"),
    ] {
        let error = ron::from_str::<Hidden>(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
    assert!(Hidden::new(vec![4; 17]).check().is_err());
    assert!(Dropout::new(f64::NAN).is_err());
}

/// Old text, and text of heads without hidden layers.
#[test]
fn a_head_without_hidden_layers_reads_and_writes_as_before() {
    let head = Head::pooled(Source::Cell(7));
    assert_eq!(ron::to_string(&head).unwrap(), "Pooled(source:Cell(7))");
    for old in ["Pooled(source: Cell(7))", "Classifier(source: Cell(7))"] {
        assert_eq!(ron::from_str::<Head>(old).unwrap(), head);
    }
    let hidden = Head::Pooled { source: Source::Cell(7), hidden: Hidden::new([64]) };
    let text = ron::to_string(&hidden).unwrap();
    assert_eq!(text, "Pooled(source:Cell(7),hidden:[64])");
    assert_eq!(ron::from_str::<Head>(&text).unwrap(), hidden);
}

#[test]
fn layers_lead_from_the_pooled_values_to_the_outputs() {
    let linear = |inputs, outputs| Layer::Linear { inputs, outputs };
    assert_eq!(Hidden::default().layers(48, 3), [linear(48, 3)]);
    let dropout = Dropout::new(0.5).unwrap();
    let two = Hidden { dropout, ..Hidden::new([8, 4]) };
    let expected = [
        linear(48, 8),
        Layer::Relu,
        Layer::Dropout(dropout),
        linear(8, 4),
        Layer::Relu,
        Layer::Dropout(dropout),
        linear(4, 3),
    ];
    assert_eq!(two.layers(48, 3), expected);
    let linear_only = Hidden::new([8]).with_activation(Activation::Linear);
    assert_eq!(linear_only.layers(48, 3), [linear(48, 8), linear(8, 3)]);
}
