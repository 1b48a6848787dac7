//! `decode` with every rule, by name and with settings.

use dartloom::space::{CellTable, Genotype, Source, Space, WeightTable};
use dartloom::space::{OpSet, Stem};

use crate::program::{Program, Said};

/// A table whose weights differ all over: a fixed sequence that fills 0 to 1.
fn table(space: &Space, edge_weights: bool) -> WeightTable {
    let mut state = 0.5_f64;
    let mut next = || {
        state = (state + 0.618_033_988_749_895).fract();
        state
    };
    let ops: Vec<String> = space.op_set().names().map(str::to_owned).collect();
    let cells = space.cells().iter().map(|spec| {
        let rows = spec.graph.edges().len();
        let edges = (0..rows).map(|_| (0..ops.len()).map(|_| next()).collect()).collect();
        let edge_weights = edge_weights.then(|| (0..rows).map(|_| next()).collect());
        CellTable { name: spec.name.clone(), edges, edge_weights }
    });
    let cells = cells.collect();
    let choices: Vec<usize> = space.network().choices().map(|choice| choice.links).collect();
    let links = choices.into_iter().map(|links| (0..links).map(|_| next()).collect()).collect();
    WeightTable::new(ops, cells).unwrap().with_links(links).unwrap()
}

/// A chain of two cells with weights of their edges, and a lattice with weights of its links.
struct Tables {
    program: Program,
}

impl Tables {
    fn new() -> Self {
        let program = Program::new();
        let ops = || OpSet::builtin("S").unwrap();
        let chain = Space::darts(ops(), 8, 4, Stem::cifar(3)).unwrap();
        program.write("chain.json", &table(&chain, true).to_json().unwrap());
        program.write("bare.json", &table(&chain, false).to_json().unwrap());
        let lattice = Space::auto_deeplab(ops(), 4, 2, Stem::imagenet_quarter()).unwrap();
        program.write("lattice-space.json", &lattice.to_json().unwrap());
        program.write("lattice.json", &table(&lattice, false).to_json().unwrap());
        let unlinked = table(&lattice, false).with_links(Vec::new()).unwrap();
        program.write("unlinked.json", &unlinked.to_json().unwrap());
        Self { program }
    }

    fn chain(&self, decoder: &str, weights: &str) -> Said {
        self.program.run(&[
            "decode",
            "--space",
            "darts-S",
            "--decoder",
            decoder,
            "--weights",
            weights,
        ])
    }

    fn genotype(&self, decoder: &str) -> Genotype {
        let said = self.chain(decoder, "bare.json");
        assert_eq!(said.code, Some(0), "{decoder}: {}", said.stderr);
        Genotype::from_json(&said.stdout).unwrap()
    }

    fn lattice(&self, words: &[&str], weights: &str) -> Said {
        let first = ["decode", "--space", "lattice-space.json", "--decoder", "darts"];
        self.program.run(&[&first[..], &["--weights", weights], words].concat())
    }
}

fn sizes(genotype: &Genotype) -> Vec<usize> {
    genotype.cells().iter().map(|cell| cell.genes.len()).collect()
}

fn skips(genotype: &Genotype) -> Vec<usize> {
    let is_skip = |gene: &&dartloom::space::Gene| gene.op == "skip_connect";
    genotype.cells().iter().map(|cell| cell.genes.iter().filter(is_skip).count()).collect()
}

#[test]
fn every_name_decodes() {
    let tables = Tables::new();
    for name in dartloom::decode::builtin_names() {
        let said = tables.chain(name, "chain.json");
        // Products of two shares of 1 rarely reach 0.85: a cell of nothing is an error that says
        // so.
        if name.starts_with("threshold") {
            assert!(
                said.code == Some(0) || said.stderr.contains("cell"),
                "{name}: {}",
                said.stderr
            );
            assert_eq!(tables.chain(name, "bare.json").code, Some(0), "{name}");
        } else {
            assert_eq!(said.code, Some(0), "{name}: {}", said.stderr);
            Genotype::from_json(&said.stdout).unwrap();
        }
    }
}

#[test]
fn settings_change_what_a_rule_finds() {
    let tables = Tables::new();
    assert_eq!(sizes(&tables.genotype("darts")), [8, 8]);
    assert_eq!(sizes(&tables.genotype("TopK(edges: 1)")), [4, 4]);
    assert_eq!(sizes(&tables.genotype("TopK(edges: 2)")), [8, 8]);
    assert_eq!(sizes(&tables.genotype("Argmax()")), [14, 14]);
    let low = tables.genotype("SparseThreshold(threshold: 0.1)");
    assert_eq!(sizes(&low), [8, 8]);
    let all = sizes(&tables.genotype("EdgeThreshold(threshold: 0, ops: None)"));
    assert_eq!(all, [14 * 7, 14 * 7]);
    assert_eq!(sizes(&tables.genotype("EdgeThreshold(threshold: 0, ops: 3)")), [14 * 3, 14 * 3]);
    // Edge weights must be there.
    let said = tables.chain("EdgeWeighted(edges: 1)", "bare.json");
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("a weight for every edge"), "{}", said.stderr);
    assert_eq!(tables.chain("EdgeWeighted(edges: 1)", "chain.json").code, Some(0));
}

#[test]
fn limits_are_kept() {
    let tables = Tables::new();
    let free = tables.genotype("Constrained()");
    let none = tables.genotype("Constrained(skips: 0)");
    assert!(skips(&free).iter().any(|&count| count > 0), "the limit would not show");
    assert_eq!(skips(&none), [0, 0]);

    let count = |genotype: &Genotype| -> (u64, u64) {
        tables.program.write("found.json", &genotype.to_json().unwrap());
        let words = ["count", "found.json", "--channels", "16", "--layers", "8", "--json"];
        let counts: serde_json::Value =
            serde_json::from_str(&tables.program.succeed(&words).stdout).unwrap();
        (counts["params"].as_u64().unwrap(), counts["macs"].as_u64().unwrap())
    };
    let (parameters, macs) = count(&free);
    let sizes = "channels: 16, layers: 8, classes: 10, \
                 input: (channels: 3, height: 32, width: 32)";
    let fewer = parameters - 1;
    let less = macs - 1;
    let light = tables.genotype(&format!("Constrained(budget: (parameters: {fewer}, {sizes}))"));
    assert!(count(&light).0 < parameters);
    let quick = tables.genotype(&format!("Constrained(budget: (macs: {less}, {sizes}))"));
    assert!(count(&quick).1 < macs);
    // A limit that holds already changes nothing.
    let same =
        tables.genotype(&format!("Constrained(budget: (parameters: {parameters}, {sizes}))"));
    assert_eq!(same, free);
    let said = tables.chain(&format!("Constrained(budget: (parameters: 9, {sizes}))"), "bare.json");
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("within the limits"), "{}", said.stderr);
}

/// Placements that remain in a written space.
fn placements(program: &Program, file: &str) -> usize {
    Space::from_json(&program.read(file)).unwrap().network().placements().len()
}

#[test]
fn paths_leave_a_network_without_choices() {
    let tables = Tables::new();
    let program = &tables.program;
    let whole = tables.lattice(&[], "lattice.json");
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    assert!(whole.stderr.contains("--paths"), "{}", whole.stderr);

    for paths in ["best_path", "BestPath(transitions: LinksIn)", "MultiPath(count: Fixed(2))"] {
        let words = ["--paths", paths, "--space-out", "kept.json", "--out", "genotype.json"];
        let said = tables.lattice(&words, "lattice.json");
        assert_eq!(said.code, Some(0), "{paths}: {}", said.stderr);
        let kept = Space::from_json(&program.read("kept.json")).unwrap();
        assert_eq!(kept.network().choices().count(), 0, "{paths}");
        assert!(kept.network().placements().len() < placements(program, "lattice-space.json"));
        let genotype = Genotype::from_json(&program.read("genotype.json")).unwrap();
        let lattice = Space::from_json(&program.read("lattice-space.json")).unwrap();
        assert_eq!(genotype.network_in(&lattice).unwrap(), *kept.network(), "{paths}");
        let space = ["--space", "lattice-space.json"];
        let words =
            [&["count", "genotype.json", "--channels", "4"][..], &space, &["--json"]].concat();
        program.succeed(&words);
        program.succeed(&["draw", "genotype.json", "--out", "genotype.svg"]);
    }
    // One path ends once.
    tables.lattice(&["--paths", "best_path", "--space-out", "kept.json"], "lattice.json");
    let kept = Space::from_json(&program.read("kept.json")).unwrap();
    let ends = kept.network().head_sources();
    assert!(matches!(ends[..], [Source::Cell(_)]), "{ends:?}");
}

#[test]
fn paths_that_cannot_be_are_refused() {
    let tables = Tables::new();
    let rows: [(&[&str], &str, &str); 5] = [
        (&["--paths", "viterbi"], "lattice.json", "best_path"),
        (&["--paths", "MultiPath(count: Some(3))"], "lattice.json", "Fixed"),
        (&["--paths", "MultiPath(count: Fixed(0))"], "lattice.json", "1 or more paths"),
        (&["--paths", "best_path"], "unlinked.json", "link weights"),
        (&["--space-out", "kept.json"], "lattice.json", "--paths"),
    ];
    for (words, weights, message) in rows {
        let said = tables.lattice(words, weights);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(message), "{words:?}: no `{message}` in {}", said.stderr);
        assert_eq!(said.stdout, "", "{words:?}");
    }
}

#[test]
fn rules_that_do_not_exist_list_those_that_do() {
    let tables = Tables::new();
    for (decoder, parts) in [
        ("viterbi", &["viterbi", "threshold_complete"][..]),
        ("Viterbi()", &["--decoder", "SparseThreshold"]),
        ("TopK(edge: 1)", &["--decoder", "edges"]),
        ("TopK(edges: 0)", &["1 or more edges"]),
    ] {
        let said = tables.chain(decoder, "bare.json");
        assert_eq!(said.code, Some(2), "{decoder}: {}", said.stderr);
        for part in parts {
            assert!(said.stderr.contains(part), "{decoder}: no `{part}` in {}", said.stderr);
        }
    }
    // Every rule shows its settings in the help.
    let help = tables.program.succeed(&["decode", "--help"]).stdout;
    assert!(help.contains("Constrained(edges: 2, skips: 2)") && help.contains("multi_path"));
}

/// The weights that were decoded were gone, and one result was written over the other.
#[test]
fn results_do_not_overwrite_what_they_are_made_of() {
    let Tables { program } = Tables::new();
    let before = program.read("lattice.json");
    let words = |more: &[&'static str]| {
        let command = ["decode", "--space", "lattice-space.json", "--decoder", "darts"];
        let rest = ["--weights", "lattice.json", "--paths", "best_path"];
        [&command[..], &rest, more].concat()
    };
    for more in [
        &["--out", "lattice.json"][..],
        &["--out", "./lattice.json"],
        &["--out", "lattice-space.json"],
        &["--space-out", "lattice.json"],
        &["--out", "new.json", "--space-out", "new.json"],
    ] {
        let said = program.run(&words(more));
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{more:?}");
        assert!(said.stderr.contains("expected a file of its own"), "{more:?}: {}", said.stderr);
    }
    assert_eq!(program.read("lattice.json"), before);
    assert!(!program.path("new.json").exists());
    program.succeed(&words(&["--out", "darts", "--space-out", "space.json"]));
}
