use dartloom_space::{Genotype, OpSet, nasbench201};
use proptest::prelude::*;

use super::{Measured, Table, TableColumns};
use crate::{Evaluator as _, ExploreError, Outcome, Proposal};

const HEADER: &str = "index,arch,params,flops,valid,test";
const FIRST: &str = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+\
                     |nor_conv_1x1~0|skip_connect~1|skip_connect~2|";
const SECOND: &str = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";

fn read(text: &str) -> Result<Table, ExploreError> {
    let columns = TableColumns::nasbench201("valid", "test");
    let ops = OpSet::builtin("nasbench201").unwrap();
    Table::read(text.as_bytes(), &columns, ops, nasbench201::parse)
}

fn rows(rows: &[&str]) -> Result<Table, ExploreError> {
    read(&format!("{HEADER}\n{}\n", rows.join("\n")))
}

fn proposal(text: &str) -> Proposal {
    Proposal::new(3, nasbench201::parse(text).unwrap())
}

#[test]
fn what_is_written_is_found() {
    let first = format!("0,{FIRST},129306,15647370,81.9827,85.8633");
    let second = format!("7,{SECOND},73306,7783690,9.7149,10.0");
    let mut table = rows(&[&first, &second]).unwrap();
    assert_eq!(table.len(), 2);
    assert!((table.best_reported() - 85.8633).abs() < 1e-12);
    let outcome = table.evaluate(&proposal(FIRST)).unwrap();
    assert_eq!(outcome.quality(), Some(81.9827));
    let cost = outcome.cost().unwrap();
    assert_eq!((cost.parameters, cost.macs), (129_306, 15_647_370));
    assert_eq!(table.row(&proposal(SECOND).genotype).unwrap().line, 3);
    let unknown = proposal(&FIRST.replace("avg_pool_3x3", "none"));
    assert!(matches!(table.evaluate(&unknown).unwrap(), Outcome::Failed { .. }));
}

#[test]
fn other_architectures_need_another_parser() {
    let genotype = Genotype::published("DARTS_V2").unwrap();
    let json = genotype.to_json().unwrap().replace(['\n'], "").replace('"', "\"\"");
    let text = format!("{HEADER}\n0,\"{json}\",1,2,0.5,0.25\n");
    let columns = TableColumns { macs: None, ..TableColumns::nasbench201("valid", "test") };
    let ops = OpSet::builtin("O_base").unwrap();
    let table = Table::read(text.as_bytes(), &columns, ops, Genotype::read).unwrap();
    let row = table.row(&genotype).unwrap();
    assert_eq!((row.cost.parameters, row.cost.macs), (1, 0));
}

#[test]
fn damaged_tables_are_refused_where_they_are_wrong() {
    let good = format!("0,{FIRST},1,2,81.5,85.5");
    let error = |bad: String| rows(&[&good, &bad]).unwrap_err();
    let field = |bad: String| match error(bad) {
        ExploreError::Field { line, column, name, found, .. } => (line, column, name, found),
        other => panic!("{other}"),
    };
    let found = |column, name: &str, text: &str| (3, column, name.to_owned(), text.to_owned());
    assert_eq!(field(format!("1,{SECOND},x,2,3,4")), found(3, "params", "x"));
    assert_eq!(field(format!("1,{SECOND},1,-2,3,4")), found(4, "flops", "-2"));
    assert_eq!(field(format!("1,{SECOND},1,2,,4")), found(5, "valid", ""));
    assert_eq!(field(format!("1,{SECOND},1,2,3,inf")), found(6, "test", "inf"));

    let architecture = error(format!("1,{},1,2,3,4", &SECOND[1..]));
    let text = "table, line 3, column 2 (`arch`): line 1, column 1: expected `|`, found";
    assert!(architecture.to_string().starts_with(text), "{architecture}");
    assert!(matches!(error(good.clone()), ExploreError::Twice { line: 3, first: 2 }));
    let short = error("1,2".to_owned());
    assert_eq!(short.to_string(), "table, line 3: expected 6 fields as in the header, found 2");
    assert!(matches!(read(HEADER), Err(ExploreError::NoRows)));
    let unknown = read("index,arch,params\n").unwrap_err().to_string();
    assert_eq!(unknown, "table: no column `valid`; columns are index, arch, params");
}

const NUMBER: &str = "a finite number, or nothing or `nan` where there is none";

fn measured(text: &str, columns: &[&str]) -> Result<Vec<Measured>, ExploreError> {
    let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
    let ops = OpSet::builtin("nasbench201").unwrap();
    Measured::read(text.as_bytes(), ("arch", &columns), &ops, nasbench201::parse)
}

#[test]
fn gaps_are_empty_fields_and_nan() {
    let text = format!("a,arch,b\n 1.5 ,{FIRST},\n\nNaN,{SECOND},-2e-3\n");
    let rows = measured(&text, &["b", "a"]).unwrap();
    let values: Vec<_> = rows.iter().map(|row| (row.line, row.values.clone())).collect();
    assert_eq!(values, [(2, vec![None, Some(1.5)]), (4, vec![Some(-2e-3), None])]);
}

#[test]
fn what_is_no_number_is_no_gap() {
    for found in ["61.94%", "6,5", "NA", "-", "inf", "-inf", "1e999", "0x10", "1_000", "\u{ff11}"] {
        let text = format!("arch,a\n{SECOND},1\n{FIRST},\"{found}\"\n");
        let error = measured(&text, &["a"]).unwrap_err().to_string();
        let expected = format!("table, line 3, column 2 (`a`): expected {NUMBER}, found `{found}`");
        assert_eq!(error, expected);
    }
}

/// A line end within quotes, an empty line, two bytes at the end of a line, one of another kind:
/// the line is that of the field.
#[test]
fn lines_are_those_of_the_file() {
    for end in ["\n", "\r\n", "\r"] {
        let rows = [
            "\u{feff}note,arch,a".to_owned(),
            format!("\"two{end}lines\",{SECOND},1"),
            String::new(),
            format!("\"three{end}{end}\",{FIRST},bad"),
        ];
        let error = measured(&rows.join(end), &["a"]).unwrap_err();
        assert!(matches!(error, ExploreError::Field { line: 7, column: 3, .. }), "{error}");
        let rows = [&rows[..3], &[format!("x,{FIRST}")]].concat();
        let error = measured(&rows.join(end), &["a"]).unwrap_err();
        assert!(
            matches!(error, ExploreError::Length { line: 5, expected: 3, found: 2 }),
            "{error}"
        );
        let rows = [&rows[..3], &[format!("x,{SECOND},")]].concat();
        let error = measured(&rows.join(end), &["a"]).unwrap_err();
        assert!(matches!(error, ExploreError::Twice { line: 5, first: 2 }), "{error}");
    }
}

#[test]
fn headers_are_found_once_or_refused() {
    let rows = format!("{FIRST},1,2\n");
    assert_eq!(measured(&format!("arch, a ,b\n{rows}"), &["a"]).unwrap().len(), 1);
    let error = |header: &str| measured(&format!("{header}\n{rows}"), &["a"]).unwrap_err();
    assert_eq!(error("arch,a,a").to_string(), "table: column `a` twice, at positions 2 and 3");
    let missing = error("arch;a;b").to_string();
    assert_eq!(missing, "table: no column `arch`; columns are arch;a;b");
    for text in ["", "\n\n", "\u{feff}", "\u{feff}\n"] {
        assert!(matches!(measured(text, &["a"]), Err(ExploreError::NoHeader)), "{text:?}");
    }
    assert!(matches!(measured("arch,a\n", &["a"]), Err(ExploreError::NoRows)));
}

#[test]
fn an_open_quote_is_told_in_short() {
    let text = format!("arch,a\n{FIRST},\"1\n{SECOND},2\n");
    let error = measured(&text, &["a"]).unwrap_err().to_string();
    assert!(error.ends_with("found `1...`") && error.contains("line 2"), "{error}");
    let long = format!("arch,a\n{FIRST},{}\n", "9x".repeat(10_000));
    assert!(measured(&long, &["a"]).unwrap_err().to_string().len() < 200);
}

#[test]
fn what_is_no_text_is_refused_with_its_line() {
    let columns = ["a".to_owned()];
    let ops = OpSet::builtin("nasbench201").unwrap();
    let bytes = [b"arch,a\n".as_slice(), FIRST.as_bytes(), b",\xff\n"].concat();
    let error = Measured::read(&bytes[..], ("arch", &columns), &ops, nasbench201::parse);
    assert!(matches!(error, Err(ExploreError::NoText { line: 2 })), "{error:?}");
}

/// A table with every feature that a table can have.
fn example(end: &str) -> String {
    let first = format!("\"a \"\"note\"\"{end}\",{FIRST},129306,15647370, 81.9827,nan");
    let second = format!("{end}b,{SECOND},73306,7783690,9.7149,{end}");
    format!("\u{feff}{HEADER}{end}{first}{end}{second}")
}

proptest! {
    /// No text makes it panic, and a line named in a message is a line of the text.
    #[test]
    fn edited_tables_never_panic(
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        edits in prop::collection::vec(
            (
                any::<prop::sample::Index>(),
                0..8_usize,
                prop_oneof!["[-0-9.e,]{1,20}", "[\",\r\n|~+]{1,3}", "\\PC{0,3}", Just("1e999".to_owned())],
            ),
            0..5,
        ),
    ) {
        let mut letters: Vec<char> = example(end).chars().collect();
        for (place, count, token) in &edits {
            let from = place.index(letters.len() + 1);
            let to = (from + count).min(letters.len());
            letters.splice(from..to, token.chars());
        }
        let text: String = letters.into_iter().collect();
        let lines = text.replace("\r\n", "\n").split(['\n', '\r']).count() as u64;
        let errors = [read(&text).err(), measured(&text, &["test", "valid"]).err()];
        for error in errors.into_iter().flatten() {
            if let ExploreError::Field { line, .. }
            | ExploreError::Architecture { line, .. }
            | ExploreError::Length { line, .. }
            | ExploreError::Twice { line, .. } = error
            {
                prop_assert!((1..=lines).contains(&line), "{error} in {text:?}");
            }
            prop_assert!(error.to_string().len() < 2000, "{error}");
        }
    }
}
