//! JSON and RON: whatever can be made can be written and read back.

use dartloom_space::{
    CellTable, Genotype, Layout, OpSet, Pair, Space, SpaceError, Stem, WeightTable, strategies,
};
use proptest::prelude::*;

macro_rules! round_trips {
    ($name:ident, $type:ident, $strategy:expr) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(128))]

            #[test]
            fn $name(value in $strategy) {
                let json = value.to_json().unwrap();
                prop_assert_eq!($type::from_json(&json), Ok(value.clone()), "{}", json);
                prop_assert_eq!(serde_json::from_str::<$type>(&json).unwrap(), value.clone());
                let ron = value.to_ron().unwrap();
                prop_assert_eq!($type::from_ron(&ron), Ok(value.clone()), "{}", ron);
                prop_assert_eq!(ron::from_str::<$type>(&ron).unwrap(), value);
            }
        }
    };
}

round_trips!(op_sets_read_back, OpSet, strategies::op_set());
round_trips!(spaces_read_back, Space, strategies::space());
round_trips!(genotypes_read_back, Genotype, strategies::genotype());
round_trips!(weight_tables_read_back, WeightTable, strategies::weight_table());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn operations_and_cells_read_back(
        op in strategies::op_spec(),
        graph in strategies::cell_graph(),
    ) {
        let text = ron::to_string(&op).unwrap();
        prop_assert_eq!(ron::from_str::<dartloom_space::OpSpec>(&text).unwrap(), op.clone());
        let text = serde_json::to_string(&op).unwrap();
        prop_assert_eq!(serde_json::from_str::<dartloom_space::OpSpec>(&text).unwrap(), op);
        let text = ron::to_string(&graph).unwrap();
        prop_assert_eq!(ron::from_str::<dartloom_space::CellGraph>(&text).unwrap(), graph.clone());
        let text = serde_json::to_string(&graph).unwrap();
        prop_assert_eq!(serde_json::from_str::<dartloom_space::CellGraph>(&text).unwrap(), graph);
    }

    #[test]
    fn any_form_of_a_genotype_is_recognised(genotype in strategies::genotype()) {
        let json = genotype.to_json().unwrap();
        prop_assert_eq!(Genotype::read(&format!("\n {json}")), Ok(genotype.clone()));
        let ron = genotype.to_ron().unwrap();
        prop_assert_eq!(Genotype::read(&format!("// ours\n{ron}")), Ok(genotype.clone()));
        let named = ron.replacen('(', "Genotype(", 1);
        prop_assert_eq!(Genotype::read(&named), Ok(genotype.clone()));
        if let Ok(text) = genotype.to_text() {
            prop_assert_eq!(Genotype::read(&text), Genotype::from_text(&text));
            let commented = Genotype::read(&format!("# theirs\n{text}"));
            prop_assert!(commented.is_ok());
        }
    }

    #[test]
    fn weights_belong_to_the_space_they_were_made_for(
        (space, table) in strategies::space()
            .prop_flat_map(|space| (Just(space.clone()), strategies::weights_of(&space))),
    ) {
        prop_assert_eq!(table.check(&space), Ok(()));
        let mut cells = table.cells().to_vec();
        cells[0].edges.pop();
        cells[0].edge_weights = None;
        let short = WeightTable::new(table.ops().to_vec(), cells).unwrap();
        let refused = matches!(short.check(&space), Err(SpaceError::Mismatch { .. }));
        prop_assert!(refused);
    }
}

/// Files that scripts write: this text must stay readable, and stay what is written.
#[test]
fn the_weight_table_contract_is_fixed() {
    let text = r#"{"version":1,"ops":["skip_connect","sep_conv_3x3"],"cells":[{"name":"normal","edges":[[0.25,0.75],[0.5,0.5]],"edge_weights":[0.1,0.9]},{"name":"reduce","edges":[[1.0,0.0]]}]}"#;
    let cell = |name: &str, edges: Vec<Vec<f64>>, edge_weights| CellTable {
        name: name.to_owned(),
        edges,
        edge_weights,
    };
    let cells = vec![
        cell("normal", vec![vec![0.25, 0.75], vec![0.5, 0.5]], Some(vec![0.1, 0.9])),
        cell("reduce", vec![vec![1.0, 0.0]], None),
    ];
    let ops = ["skip_connect", "sep_conv_3x3"].map(str::to_owned).to_vec();
    let table = WeightTable::new(ops, cells).unwrap();
    assert_eq!(table.to_json().unwrap(), text);
    assert_eq!(WeightTable::from_json(text), Ok(table));
}

#[test]
fn an_operation_can_be_written_by_hand() {
    let text = "(
        name: \"mine\",
        ops: [
            (name: \"wide\", recipe: [Relu, Conv(kernel: (1, 7), stride: Edge), Norm()]),
            (name: \"rest\", recipe: Some([Identity])),
            (name: \"attention\"),
        ],
    )";
    let set = OpSet::from_ron(text).unwrap();
    assert_eq!(set.names().collect::<Vec<_>>(), ["wide", "rest", "attention"]);
    let recipe = set.ops()[0].recipe.as_ref().unwrap();
    assert!(matches!(
        recipe.0[1],
        dartloom_space::Stage::Conv { kernel, groups: 1, .. } if kernel == Pair::new(1, 7)
    ));
    assert!(set.ops()[2].recipe.is_none());
}

#[test]
fn built_in_spaces_read_back() {
    for set in ["S", "O_base", "S_o", "O_large", "nasbench201", "all"] {
        let set = OpSet::builtin(set).unwrap();
        let space = Space::auto_deeplab(set, 12, 5, Stem::imagenet_quarter()).unwrap();
        assert_eq!(Space::from_ron(&space.to_ron().unwrap()), Ok(space.clone()));
        assert_eq!(Space::from_json(&space.to_json().unwrap()), Ok(space));
    }
}

#[test]
fn the_comment_before_a_genotype_does_not_hide_its_form() {
    let text = "/* a */ // b\n(version: 1, layout: Space, cells: [(name: \"c\", genes: \
                [(op: \"skip_connect\", from: 0, to: 2)], concat: [2])])";
    assert_eq!(*Genotype::read(text).unwrap().layout(), Layout::Space);
    let text = format!("\u{feff}# saved by hand\nG = {}", "Genotype(genes=[[('none', 2, 0)]])");
    assert_eq!(Genotype::read(&text).unwrap().name(), Some("G"));
    for empty in ["", "  \n", "# nothing", "/* open"] {
        assert!(matches!(Genotype::read(empty), Err(SpaceError::Text { .. })), "{empty:?}");
    }
}

#[test]
fn the_weight_table_of_the_front_page_can_be_read() {
    let page = include_str!("../../README.md");
    let (_, rest) = page.split_once("```json\n").unwrap();
    let (json, _) = rest.split_once("```").unwrap();
    let table = WeightTable::from_json(json).unwrap();
    assert_eq!(table.cells()[1].edges, [[1.0, 0.0], [0.3, 0.7]]);
    assert_eq!(table.links(), [[0.2, 0.8]]);
}
