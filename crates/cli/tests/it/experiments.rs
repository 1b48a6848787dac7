//! Values of an experiment at the ends of their types, and as `--set` has them.

use crate::program::Program;

#[test]
fn numbers_that_cannot_be_counted_are_refused_before_a_table_is_printed() {
    let program = Program::new();
    for (text, expected) in [
        (
            "(data: Digits, scale: Small, method: \"pc_darts\", search: (epochs: 9223372036854775808))",
            "epochs: expected at most 1048576, found 9223372036854775808",
        ),
        (
            "(data: Digits, scale: Small, retrain: (fit: (epochs: 18446744073709551615)))",
            "epochs: expected at most 1048576, found 18446744073709551615",
        ),
    ] {
        program.write("huge.ron", text);
        for command in [&["estimate", "huge.ron"][..], &["run", "huge.ron", "--out", "out"]] {
            let said = program.run(command);
            assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{text}: {}", said.stderr);
            assert!(said.stderr.contains(expected), "{text}: {}", said.stderr);
        }
    }
    assert!(!program.path("out").exists());
}

/// An empty directory was another one when the stored experiment was read, and what could not be
/// split at commas and quotes was taken for a word.
#[test]
fn values_that_would_be_read_as_others_are_refused() {
    let program = Program::new();
    for (assignment, expected) in [
        ("data=Idx(\"\")", "data: expected the name of a directory, found an empty one"),
        ("data=Cifar(\"\")", "data: expected the name of a directory, found an empty one"),
        ("search.stop=[Stop(SkipCount(skips: 3)", "column 26: expected `,` or `)`, found the end"),
        ("data=Idx(\"images)", "column 5: expected a string in quotes"),
    ] {
        let said = program.run(&["run", "--set", assignment, "--out", "out"]);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{assignment}");
        assert!(said.stderr.contains(expected), "{assignment}: {}", said.stderr);
    }
    program.write("empty.ron", "(data: Idx(\"\"), scale: Small)");
    let said = program.run(&["run", "empty.ron", "--out", "out"]);
    let expected = "empty.ron: data: expected the name of a directory, found an empty one";
    assert!(said.code == Some(2) && said.stderr.contains(expected), "{}", said.stderr);
    assert!(!program.path("out").exists());
}
