//! The table of NAS-Bench-Macro.

use dartloom_explore::{Domain, Evaluator as _, Proposal, Table, TableColumns};
use dartloom_space::{Build, Shape, nasbench_macro};

const ROWS: &str = include_str!("../../../space/tests/it/fixtures/nasbench_macro.csv");

fn read(source: impl std::io::Read) -> Table {
    let columns = TableColumns::nasbench_macro("test_acc_1", "test_acc_mean");
    let ops = nasbench_macro::space().unwrap().op_set().clone();
    Table::read(source, &columns, ops, nasbench_macro::parse).unwrap()
}

#[test]
fn rows_of_the_benchmark_are_found() {
    let mut table = read(ROWS.as_bytes());
    assert_eq!(table.len(), 22);
    assert!((table.best_reported() - 93.1267).abs() < 1e-12);
    let domain = Domain::every_edge(nasbench_macro::space().unwrap());
    let build = Build::new(32, 10, Shape::new(3, 32, 32));
    let genotype = nasbench_macro::parse("22212220").unwrap();
    assert!(domain.contains(&genotype));
    let proposal = Proposal::new(0, genotype);
    let outcome = table.evaluate(&proposal).unwrap();
    let cost = nasbench_macro::blueprint(&proposal.genotype, build).unwrap().cost().unwrap();
    let found = outcome.cost().unwrap();
    assert_eq!((found.parameters, found.macs), (cost.parameters, cost.macs));
}
