//! Tables of `correlate`: what is a number, and what is a gap.

use crate::program::{Program, Said};

const ARCHITECTURES: [&str; 4] = ["00000000", "01000000", "01100010", "11111111"];

/// A table whose last column says something of each architecture.
fn table(values: [&str; 4]) -> String {
    let rows = ARCHITECTURES.iter().zip(values);
    let rows = rows.map(|(arch, value)| format!("{arch},1,2,{value}\n"));
    "arch,params,flops,valid\n".to_owned() + &rows.collect::<String>()
}

fn correlate(program: &Program, more: &[&str]) -> Said {
    let words = ["correlate", "--table", "table.csv", "--space", "nasbench-macro", "--column"];
    let small = ["valid", "--scores", "naswot", "--channels", "2", "--batch", "4"];
    program.run(&[&words[..], &small, &["--input", "3x8x8"], more].concat())
}

fn refused(text: &str) -> String {
    let program = Program::new();
    program.write("table.csv", text);
    let said = correlate(&program, &[]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{text}: {}", said.stderr);
    said.stderr
}

/// Case H11: percentages were gaps, all of them, and the answer `none`.
#[test]
fn a_cell_that_is_no_number_is_refused_with_its_place() {
    let error = refused(&table(["1", "61.94%", "3", "4"]));
    let expected = "table.csv: table, line 3, column 4 (`valid`): expected a finite number, or \
                    nothing or `nan` where there is none, found `61.94%`";
    assert!(error.contains(expected), "{error}");
    for found in ["\"6,5\"", "NA", "inf", "-", "1e999"] {
        let error = refused(&table(["1", "2", "3", found]));
        let place = "line 5, column 4 (`valid`): expected a finite number, or";
        assert!(error.contains(place) && error.contains(found.trim_matches('"')), "{error}");
    }
}

#[test]
fn tables_that_are_none_are_refused_with_the_line() {
    let good = table(["1", "2", "3", "4"]);
    let rows = [
        (String::new(), "expected a line with the names of its columns"),
        ("arch,params,flops,valid\n".to_owned(), "expected at least one architecture"),
        (
            good.replace("valid", "other"),
            "no column `valid`; columns are arch, params, flops, other",
        ),
        (good.replace("params", "valid"), "column `valid` twice, at positions 2 and 4"),
        (good.replace(",2,3\n", ",3\n"), "line 4: expected 4 fields as in the header, found 3"),
        (format!("{good}01000000,1,2,3\n"), "line 6: the architecture of line 3 again"),
        (good.replace("01100010", "0110001x"), "line 4, column 1 (`arch`)"),
        (good.replace("01000000,1,2,2", "01000000,\"a\nb\",2,2%"), "line 4, column 4 (`valid`)"),
    ];
    for (text, expected) in rows {
        let error = refused(&text);
        assert!(error.contains(expected), "{text}: no `{expected}` in {error}");
    }
}

#[test]
fn gaps_spaces_and_a_byte_order_mark_are_read() {
    let program = Program::new();
    let text = table([" 1 ", "", "nan", "4"]).replace('\n', "\r\n");
    program.write("table.csv", &format!("\u{feff}{text}"));
    let said = correlate(&program, &["--json"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let answer: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let found = &answer["agreements"][0];
    assert_eq!((&found["rows"], &found["missing"]), (&2.into(), &2.into()), "{answer}");
    assert!(found["kendall"].is_f64() && found["none"].is_null(), "{answer}");
}

/// A correlation of nothing, of one row, of equal values: no number, the reason, and no success.
#[test]
fn what_does_not_correlate_says_why() {
    let rows = [
        (
            ["", "", "", ""],
            "naswot and valid: two rows with both numbers are needed, and there are 0",
        ),
        (["1", "", "", ""], "two rows with both numbers are needed, and there are 1"),
        (["7", "7", "7", "7"], "naswot and valid: `valid` is 7.0000 in every row"),
    ];
    for (values, expected) in rows {
        let program = Program::new();
        program.write("table.csv", &table(values));
        let said = correlate(&program, &[]);
        assert_eq!(said.code, Some(1), "{values:?}: {}", said.stderr);
        assert!(said.stdout.contains(expected), "{values:?}: {}", said.stdout);
        let json = correlate(&program, &["--json"]).stdout;
        assert!(json.contains("\"kendall\":null"), "{json}");
    }
}

#[test]
fn samples_that_are_none_are_refused() {
    let program = Program::new();
    program.write("table.csv", &table(["1", "2", "3", "4"]));
    for (more, expected) in [
        (&["--sample", "5"][..], "--sample: expected from 2 to 4, found 5"),
        (&["--sample", "1"], "--sample: expected from 2 to 4, found 1"),
        (&["--seed", "3"], "--sample"),
        (&["--column", "valid"], "--column: `valid` twice"),
        (&["--seeds", "0"], "--seeds: expected at least 1, found 0"),
    ] {
        let said = correlate(&program, more);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{more:?}: {}", said.stderr);
        assert!(said.stderr.contains(expected), "{more:?}: {}", said.stderr);
    }
    assert_eq!(correlate(&program, &["--sample", "3", "--seed", "3"]).code, Some(0));
}
