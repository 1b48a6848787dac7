//! `dartloom blocks`.

use crate::program::Program;

const INSIDE: &str = r#"(
    data: Digits, scale: Small,
    method: (preset: "darts", inside: (
        network: TinyResNet, blocks: ["stages.0.*", "stages.1.0.main"], ops: ["sep_conv_3x3"],
    )),
    search: (batch: 256),
    retrain: (fit: (auxiliary: 0.0)),
)"#;

#[test]
fn the_blocks_that_are_chosen_are_an_experiment() {
    let program = Program::new();
    program.write("inside.ron", INSIDE);
    let words = ["blocks", "inside.ron", "--keep", "1", "--epochs", "1", "--batches", "1"];
    let command = [&words[..], &["--out", "fewer.ron"]].concat();
    let said = program.succeed(&command);
    assert!(said.stderr.contains("`dartloom run fewer.ron` runs it"), "{}", said.stderr);
    let text = program.read("fewer.ron");
    assert!(text.starts_with("// Blocks ranked after 1 epochs on 1 batches"), "{text}");
    assert_eq!(text.matches(", searched").count(), 1, "{text}");
    program.succeed(&["estimate", "fewer.ron"]);
    let again = program.run(&command);
    assert_eq!(again.code, Some(2), "{}", again.stderr);
    program.write("plain.ron", "(data: Digits, scale: Small)");
    let plain = program.run(&["blocks", "plain.ron"]);
    assert_ne!(plain.code, Some(0));
    assert!(plain.stderr.contains("a method that searches inside a network"), "{}", plain.stderr);
}
