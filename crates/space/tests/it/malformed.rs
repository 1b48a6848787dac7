//! Text that is not what it should be: every row a typed error naming the place, never a panic.

use dartloom_space::{
    Blueprint, Build, Genotype, NodeOrder, OpSet, Repeats, Shape, Space, SpaceError, Stem,
    WeightTable,
};
use proptest::prelude::*;

#[derive(Clone, Copy)]
enum As {
    Text,
    GenotypeJson,
    GenotypeRon,
    SpaceRon,
    SpaceJson,
    OpsRon,
    OpsJson,
    WeightsJson,
    WeightsRon,
}

fn error(form: As, text: &str) -> Option<SpaceError> {
    match form {
        As::Text => Genotype::from_text(text).err(),
        As::GenotypeJson => Genotype::from_json(text).err(),
        As::GenotypeRon => Genotype::from_ron(text).err(),
        As::SpaceRon => Space::from_ron(text).err(),
        As::SpaceJson => Space::from_json(text).err(),
        As::OpsRon => OpSet::from_ron(text).err(),
        As::OpsJson => OpSet::from_json(text).err(),
        As::WeightsJson => WeightTable::from_json(text).err(),
        As::WeightsRon => WeightTable::from_ron(text).err(),
    }
}

const TEXTS: [(&str, &str); 26] = [
    ("", "line 1, column 1: expected `Genotype(`, found the end"),
    ("Genotype", "line 1, column 9: expected `(`, found the end"),
    ("x = y = Genotype()", "line 1, column 5: expected `Genotype(`, found `y`"),
    ("Network(normal=[])", "line 1, column 1: expected `Genotype(`, found `Network`"),
    ("Genotype()", "line 1, column 10: expected `normal=`, found `)`"),
    ("Genotype(normal=[('a', 0)])", "line 1, column 27: expected `reduce=`, found `)`"),
    (
        "Genotype(normal=[('a', 0)], reduce=[('a', 0)])",
        "line 1, column 46: expected `normal_concat=`, found `)`",
    ),
    ("Genotype(\n  normal=[('a' 0)])", "line 2, column 16: expected `,`, found 0"),
    ("Genotype(normal=[(a, 0)])", "line 1, column 19: expected a quoted operation, found `a`"),
    ("Genotype(normal=[('a', -1)])", "line 1, column 24: expected a number, found -1"),
    ("Genotype(normal=[('a', 0], ", "line 1, column 25: expected `)`, found `]`"),
    ("Genotype(normal=[('a, 0)])", "line 1, column 27: expected a closing ', found the end"),
    ("Genotype(normal=[('a\\x41', 0)])", "line 1, column 21: expected a closing '"),
    ("Genotype(normal=[('a', 0), ('b', 2, 1)])", "line 1, column 17: expected genes of one form"),
    ("Genotype(normal=[], normal=[])", "line 1, column 21: expected `normal` only once"),
    ("Genotype(shape=[])", "line 1, column 10: expected one of normal, normal_concat"),
    (
        "Genotype(genes=[[('a', 2, 0)]], concat=range(0, 900000))",
        "line 1, column 45: expected a range of at most 1024 numbers, found range(0, 900000)",
    ),
    (
        "Genotype(genes=[[('a', 2, 0)]], reductions=[99999999999999999999])",
        "line 1, column 45: expected a number up to 1000000",
    ),
    ("Genotype(genes=[[('a', 2, 0)]], normal=[])", "line 1, column 42: expected no `normal`"),
    ("Genotype(genes=[[('a', 2, 0)]]) + 1", "line 1, column 33: expected a name"),
    // A field that does not exist, with the one that was meant.
    (
        "Genotype(normal_cat=[])",
        "line 1, column 10: expected one of the fields, such as `normal_con",
    ),
    // An output that names a node nothing is computed for.
    (
        "Genotype(normal=[('a', 0)], normal_concat=[2, 6], reduce=[('a', 0)], reduce_concat=[2])",
        "line 1, column 43: expected nodes with genes in `normal_concat`, [2], found node 6, which",
    ),
    (
        "Genotype(normal=[[('a', 0)], []], normal_concat=[2, 3], reduce=[('a', 0)], reduce_concat=[2])",
        "line 1, column 49: expected nodes with genes in `normal_concat`, [2], found node 3, which",
    ),
    (
        "Genotype(normal=[[('a', 2, 0)]], reduce=[])",
        "line 1, column 17: expected genes (op, from) in the lists of the nodes",
    ),
    (
        "{'normal': [('a', 0, True)]}",
        "line 1, column 22: expected the end of the gene, or its weight, found `True`",
    ),
    ("Genotype(genes=[[('a', 2, 0)]]) more", "line 1, column 33: expected the end"),
];

const VALUES: [(As, &str, &str); 34] = [
    // Right in form, wrong in meaning.
    (As::Text, "Genotype(genes=[[('a', 2, 3)]])", "cell `cell_0`, gene 0 (`a 3->2`)"),
    (As::Text, "Genotype(genes=[[('a', 1, 0)]])", "cell `cell_0`, gene 0 (`a 0->1`)"),
    (As::Text, "Genotype(genes=[])", "genotype layout: at least one cell expected"),
    (As::Text, "Genotype(genes=[[]])", "cell `cell_0` has no node with a gene in its output"),
    (As::Text, "Genotype(genes=[[('a b', 2, 0)]])", "cell `cell_0`: operation name `a b`"),
    (
        As::Text,
        "Genotype(genes=[[('a', 2, 0)]], seq=[0, 1])",
        "genotype layout: sequence names cell 1 of 1",
    ),
    (
        As::Text,
        "Genotype(genes=[[('a', 2, 0)]], reductions=[512])",
        "genotype layout: reductions stand below 512, found 512",
    ),
    (
        As::Text,
        "Genotype(normal=[('a', 0)], normal_concat=[2, 2], reduce=[('a', 0)], reduce_concat=[2])",
        "cell `normal`: concat must list distinct nodes among 2..129, found [2, 2]",
    ),
    // JSON and RON of genotypes.
    (As::GenotypeJson, "{", "JSON, line 1, column 1: EOF"),
    (
        As::GenotypeJson,
        "{\n\"version\": 1,\n\"cells\": 3}",
        "JSON, line 3, column 10: invalid type",
    ),
    (
        As::GenotypeJson,
        r#"{"version": 1, "layout": "TwoCells", "cells": [], "extra": 0}"#,
        "JSON, line 1, column 57: unknown field `extra`",
    ),
    (
        As::GenotypeJson,
        r#"{"version": 3, "layout": "TwoCells", "cells": []}"#,
        "genotype of version 3 cannot be read: this program knows version 2",
    ),
    (
        As::GenotypeJson,
        r#"{"version": 1, "layout": "TwoCells", "cells": []}"#,
        "genotype layout: two cells expected, found 0",
    ),
    (As::GenotypeRon, "(version: 1,\n layout: Chain, cells: [])", "RON, line 2, column"),
    (As::GenotypeRon, "(version: 1, layout: Space, cells: [", "RON, line 1, column"),
    (As::GenotypeRon, "(version: -1, layout: Space, cells: [])", "RON, line 1, column"),
    (
        As::GenotypeRon,
        "(version: 1, layout: Space, cells: [(name: \"c\", genes: [(op: \"a\", from: 0, \
         to: 1000000000000)], concat: [2])])",
        "cell `c`, gene 0 (`a 0->1000000000000`)",
    ),
    (
        As::GenotypeRon,
        "(version: 1, layout: Space, cells: [(name: \"c\", genes: [(op: \"a\", from: 0, \
         to: 2)], concat: [3])])",
        "cell `c`: concat names node 3, which has no genes",
    ),
    // Operation sets.
    (As::OpsRon, "(name: \"x\", ops: [])", "operation set `x` is empty"),
    (As::OpsRon, "(name: \"x\", ops: [(name: \"a\", recipe: [Melt])])", "RON, line 1, column 4"),
    (
        As::OpsRon,
        "(name: \"x\", ops: [(name: \"a\", recipe: [Relu, MaxPool(kernel: 2)])])",
        "operation `a`, stage 1: kernel must be odd on both axes, found 2x2",
    ),
    (
        As::OpsRon,
        "(name: \"x\", ops: [(name: \"a\"), (name: \"a\")])",
        "operation set `x` has operation `a` twice",
    ),
    (As::OpsJson, r#"{"name": "x", "ops": [{"name": "a b"}]}"#, "operation name `a b`"),
    (
        As::OpsJson,
        r#"{"name": "x", "ops": [{"name": "a", "recipe": [{"MaxPool": {"kernel": "3"}}]}]}"#,
        "JSON, line 1, column 73: invalid type: string \"3\", expected a whole number, or a pair",
    ),
    (
        As::OpsJson,
        r#"{"name": "x", "ops": [{"name": "a", "recipe": [{"Upsample": {"factor": [2]}}]}]}"#,
        "JSON, line 1, column 74: invalid length 1",
    ),
    // Spaces.
    (As::SpaceRon, "(version: 1)", "RON, line 1, column 12"),
    (As::SpaceJson, "[]", "JSON, line 1, column 2: invalid length 0"),
    (As::SpaceJson, "null", "JSON, line 1, column 4: invalid type: null"),
    // Weight tables.
    (
        As::WeightsJson,
        r#"{"version":1,"ops":["a","b"],"cells":[{"name":"n","edges":[[1,2],[1]]}]}"#,
        "cell `n`, row 1: expected 2 weights, found 1",
    ),
    (
        As::WeightsJson,
        r#"{"version":1,"ops":["a"],"cells":[{"name":"n","edges":[[1]],"edge_weights":[]}]}"#,
        "cell `n`, row 1: expected 1 weights, found 0",
    ),
    (
        As::WeightsJson,
        r#"{"version":1,"ops":["a"],"cells":[{"name":"n","edges":[[1e999]]}]}"#,
        "JSON, line 1, column 61: number out of range",
    ),
    (
        As::WeightsJson,
        r#"{"version":3,"ops":["a"],"cells":[]}"#,
        "weight table of version 3 cannot be read",
    ),
    (
        As::WeightsRon,
        "(version: 1, ops: [\"a\"], cells: [(name: \"n\", edges: [[0.5], [NaN]])])",
        "cell `n`, row 1, column 0: weight NaN is not finite",
    ),
    (
        As::WeightsRon,
        "(version: 1, ops: [], cells: [], links: [[0.5, inf]])",
        "cell `links`, row 0, column 1: weight inf is not finite",
    ),
];

#[test]
fn malformed_text_is_refused_where_it_is_wrong() {
    let rows = TEXTS.iter().map(|&(text, expected)| (As::Text, text, expected));
    let mut wrong = Vec::new();
    for (form, text, expected) in rows.chain(VALUES) {
        match error(form, text).map(|error| error.to_string()) {
            Some(message) if message.starts_with(expected) => {}
            found => wrong.push(format!("{text}\n  expected {expected}\n  found    {found:?}")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A valid space as RON with one place replaced.
fn edited(from: &str, to: &str) -> String {
    let ops = OpSet::builtin("S").unwrap();
    let text = Space::darts(ops, 3, 1, Stem::cifar(3)).unwrap().to_json().unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1)
}

#[test]
fn invalid_spaces_are_refused() {
    for (from, to, expected) in [
        ("\"version\":1", "\"version\":9", "space of version 9 cannot be read"),
        ("\"name\":\"reduce\"", "\"name\":\"normal\"", "cell name `normal` is empty or repeated"),
        ("\"cell\":1", "\"cell\":2", "placement 1 uses cell 2, but there are 2 cells"),
        ("\"inputs\":2", "\"inputs\":3", "edge"),
        ("\"inputs\":2", "\"inputs\":99", "a cell has 1 to 64 inputs and nodes"),
        ("{\"from\":0,\"to\":2}", "{\"from\":2,\"to\":2}", "edge 2->2 is repeated"),
        ("\"concat\":[2]", "\"concat\":[2,2]", "concat must list distinct nodes"),
        ("\"level\":1", "\"level\":0", "placement 1: a reduction cell cannot end at level 0"),
        ("\"level\":1", "\"level\":99", "placement 1: level must be at most 12, found 99"),
        ("\"width\":2", "\"width\":0", "placement 1: width must be 1 to 4096, found 0"),
        ("{\"Cell\":0}", "{\"Cell\":7}", "placement 1: port 1 has an unknown, later or repeated"),
        ("\"ports\":[{\"links\"", "\"ports\":[{\"links\":[]},{\"links\"", "placement 0: port 0"),
        ("{\"Pooled\":{\"source\":{\"Cell\":2", "{\"Pooled\":{\"source\":{\"Cell\":3", "the head"),
        ("\"aux\":null", "\"aux\":{\"head\":\"Cifar\",\"after\":3}", "the head reads cell 3 for"),
        ("\"parts\":[", "\"parts\":[[],", "a stem needs at least one part"),
        ("{\"Times\":3}", "{\"Times\":0}", "width of a stem in base channels must be 1 to 64"),
        ("{\"Times\":3}", "{\"Times\":65}", "must be 1 to 64, found 65"),
    ] {
        let error = Space::from_json(&edited(from, to)).unwrap_err();
        assert!(error.to_string().contains(expected), "{from} -> {to}: {error}");
    }
}

/// One edit of a text.
#[derive(Clone, Debug)]
enum Edit {
    Delete(prop::sample::Index, usize),
    Insert(prop::sample::Index, String),
    Repeat(prop::sample::Index, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<prop::sample::Index>;
    let token = prop_oneof![
        "\\PC{1,3}",
        "[-0-9]{1,20}",
        "[()\\[\\]{},:='\"#/*.]{1,3}",
        Just("18446744073709551615".to_owned()),
        Just("1000".to_owned()),
        Just("nan".to_owned()),
    ];
    prop_oneof![
        (index(), 1_usize..12).prop_map(|(at, count)| Edit::Delete(at, count)),
        (index(), token).prop_map(|(at, token)| Edit::Insert(at, token)),
        (index(), 1_usize..40).prop_map(|(at, count)| Edit::Repeat(at, count)),
    ]
}

fn apply(text: &str, edits: &[Edit]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for edit in edits.iter().filter(|_| !text.is_empty()) {
        let length = chars.len().max(1);
        match edit {
            Edit::Delete(at, count) => {
                let at = at.index(length).min(chars.len());
                chars.drain(at..(at + count).min(chars.len()));
            }
            Edit::Insert(at, token) => {
                let at = at.index(length).min(chars.len());
                chars.splice(at..at, token.chars());
            }
            Edit::Repeat(at, count) => {
                let at = at.index(length).min(chars.len());
                let copy = chars[at..(at + count).min(chars.len())].to_vec();
                chars.splice(at..at, copy);
            }
        }
    }
    chars.into_iter().collect()
}

fn corpus() -> Vec<String> {
    let ops = || OpSet::builtin("nasbench201").unwrap();
    let fair = Genotype::published("FairDARTS_a").unwrap();
    let darts = Space::darts(ops(), 2, 1, Stem::cifar(3)).unwrap();
    let nested = Space::nested_unet(ops(), 2, 1, Stem::imagenet()).unwrap();
    let weights = r#"{"version":1,"ops":["a","b"],"cells":[{"name":"n","edges":[[1,2]],"edge_weights":[0.5]}],"links":[[1,2]]}"#;
    let table = WeightTable::from_json(weights).unwrap();
    vec![
        Genotype::published("DARTS_V2").unwrap().to_text().unwrap(),
        Genotype::published("ResNet18").unwrap().to_text().unwrap(),
        "{'normal': [[('a', 0, 0.5), ('b', 1, 1e-05)], [('a', 2)]], 'normal_concat': range(2, 4), \
         'reduce': (('a', 0),), 'reduce_concat': [2], 'connectN': None}"
            .to_owned(),
        "OrderedDict([('genes', [[('a', 2, 0)]]), ('reductions', [])])".to_owned(),
        fair.to_json().unwrap(),
        fair.to_ron().unwrap(),
        darts.to_json().unwrap(),
        darts.to_ron().unwrap(),
        nested.to_ron().unwrap(),
        ops().to_json().unwrap(),
        ops().to_ron().unwrap(),
        weights.to_owned(),
        table.to_ron().unwrap(),
    ]
}

/// Everything that can be done with a text; only panics count.
fn exercise(text: &str) {
    let build = Build { order: NodeOrder::FirstNamed, ..Build::new(4, 3, Shape::new(3, 16, 16)) };
    let genotypes = [
        Genotype::read(text),
        Genotype::from_text(text),
        Genotype::from_json(text),
        Genotype::from_ron(text),
    ];
    for genotype in genotypes.into_iter().flatten() {
        let _ = (genotype.to_text(), genotype.to_dot(), genotype.to_ron());
        let ops = OpSet::builtin("all").unwrap();
        let chain = genotype.chain(4, Stem::cifar(3), None, Repeats::MostlyFirst);
        if let Ok(network) = chain.and_then(|chain| chain.network()) {
            let _ = Blueprint::derived(&genotype, &network, &ops, build).map(|b| b.cost());
        }
    }
    for space in [Space::from_json(text), Space::from_ron(text)].into_iter().flatten() {
        let _ = (space.to_dot(), space.size(2), space.layout());
        let _ = Blueprint::supernet(&space, build).map(|blueprint| blueprint.cost());
    }
    let _ = (OpSet::from_json(text), OpSet::from_ron(text));
    let _ = (WeightTable::from_json(text), WeightTable::from_ron(text));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn edited_text_never_panics(
        text in prop::sample::select(corpus()),
        edits in prop::collection::vec(edit(), 1..6),
    ) {
        exercise(&apply(&text, &edits));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        exercise(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,80}") {
        exercise(&text);
    }
}
