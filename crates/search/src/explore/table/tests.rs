use dartloom_space::{Genotype, OpSet, nasbench201};

use super::{Table, TableColumns};
use crate::explore::{Evaluator as _, ExploreError, Outcome, Proposal};

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
    assert!(matches!(short, ExploreError::Csv { .. }));
    assert!(short.to_string().contains("line: 3"), "{short}");
    assert!(matches!(read(HEADER), Err(ExploreError::NoRows)));
    let unknown = read("index,arch,params\n").unwrap_err().to_string();
    assert_eq!(unknown, "table: no column `valid`; columns are index, arch, params");
}
