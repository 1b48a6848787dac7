//! Contents of people's files: forms, marks, numbers and mistakes.

use std::time::{Duration, Instant};

use dartloom::space::{CellGenotype, Gene, Genotype, Layout};
use serde_json::Value;

use crate::program::{Program, Said};
use crate::weights::{OPS, table};

/// The genes of a cell of two nodes, one after the other, and the same node by node.
const FLAT: &str = "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), \
                    ('sep_conv_3x3', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 4), \
                    reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 0), \
                    ('skip_connect', 2)], reduce_concat=range(2, 4))";
const NESTED: &str = "Genotype(normal=[[('sep_conv_3x3', 0), ('skip_connect', 1)], \
                      [('sep_conv_3x3', 0), ('dil_conv_3x3', 2)]], normal_concat=range(2, 4), \
                      reduce=[[('max_pool_3x3', 0), ('max_pool_3x3', 1)], \
                      [('max_pool_3x3', 0), ('skip_connect', 2)]], reduce_concat=range(2, 4))";

/// The best architecture of NAS-Bench-201 on CIFAR-10.
const BEST: &str = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+\
                    |skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|";

fn parameters(program: &Program, genotype: &str, more: &[&str]) -> u64 {
    let words = [&["count", genotype, "--channels", "16", "--json"], more].concat();
    let said = program.succeed(&words);
    let counts: Value = serde_json::from_str(&said.stdout).unwrap();
    counts["params"].as_u64().unwrap()
}

/// The program refuses, with all of the parts in its message, and prints no result.
fn refused(program: &Program, words: &[&str], parts: &[&str]) -> Said {
    let said = program.run(words);
    assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
    assert_eq!(said.stdout, "", "{words:?}");
    for part in parts {
        assert!(said.stderr.contains(part), "{words:?}: no `{part}` in {}", said.stderr);
    }
    said
}

/// H17: genes node by node, and every other way in which the same genotype is written.
#[test]
fn all_forms_of_a_genotype_are_counted_alike() {
    let program = Program::new();
    let weighed = NESTED.replace("', 0)", "', 0, 0.13017432391643524)");
    let weighed = weighed.replace("', 1)", "', 1, np.float32(1e-05))");
    let fields = FLAT.strip_prefix("Genotype(").unwrap().strip_suffix(')').unwrap();
    let json = "{\"normal\": [[\"sep_conv_3x3\", 0], [\"skip_connect\", 1], [\"sep_conv_3x3\", 0], \
                [\"dil_conv_3x3\", 2]], \"normal_concat\": [2, 3], \"reduce\": \
                [[\"max_pool_3x3\", 0], [\"max_pool_3x3\", 1], [\"max_pool_3x3\", 0], \
                [\"skip_connect\", 2]], \"reduce_concat\": [2, 3]}";
    let dictionary = {
        let mut text = format!("{{'{fields}}}");
        for name in ["normal_concat", "reduce_concat", "reduce"] {
            text = text.replace(&format!(" {name}="), &format!(" '{name}': "));
        }
        text.replacen("normal=", "normal': ", 1)
    };
    let ordered = "OrderedDict([('normal', [('sep_conv_3x3', 0), ('skip_connect', 1), \
                   ('sep_conv_3x3', 0), ('dil_conv_3x3', 2)]), ('normal_concat', range(2, 4)), \
                   ('reduce', [('max_pool_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 0), \
                   ('skip_connect', 2)]), ('reduce_concat', range(2, 4))])";
    let positional = fields
        .replace("normal_concat=", "")
        .replace("reduce_concat=", "")
        .replace("normal=", "")
        .replace("reduce=", "");
    let forms = [
        FLAT.to_owned(),
        NESTED.to_owned(),
        weighed,
        json.to_owned(),
        dictionary,
        ordered.to_owned(),
        fields.to_owned(),
        format!("Genotype({positional})"),
        format!("dict({fields})"),
        format!("# found at night\r\nfound = genotypes.Genotype({fields},)\r\n# end"),
        format!("Genotype({fields}, connectN=None, connects=None)"),
        format!("\u{feff}{FLAT}"),
    ];
    for form in forms {
        program.write("genotype.txt", &form);
        assert_eq!(parameters(&program, "genotype.txt", &[]), 338_906, "{form}");
    }
}

/// H16: a byte order mark is no part of any file, and UTF-16 is text.
#[test]
fn byte_order_marks_are_no_part_of_a_file() {
    let program = Program::new();
    let space = program.path("space.json");
    let write = |name: &str, text: &str| {
        program.write(name, &format!("\u{feff}{text}").replace('\n', "\r\n"));
    };
    let genotype = Genotype::published("DARTS_V2").unwrap();
    let plain = parameters(&program, "DARTS_V2", &[]);
    write("g.json", &genotype.to_json().unwrap());
    write("g.ron", &genotype.to_ron().unwrap());
    write("g.txt", &genotype.to_text().unwrap());
    for name in ["g.json", "g.ron", "g.txt"] {
        assert_eq!(parameters(&program, name, &[]), plain, "{name}");
    }
    let wide = genotype.to_text().unwrap();
    let wide = wide.encode_utf16().flat_map(u16::to_le_bytes);
    std::fs::write(
        program.path("wide.txt"),
        [0xff, 0xfe].into_iter().chain(wide).collect::<Vec<u8>>(),
    )
    .unwrap();
    assert_eq!(parameters(&program, "wide.txt", &[]), plain);
    std::fs::write(&space, b"{\n\xff}").unwrap();
    refused(
        &program,
        &["count", "space.json", "--channels", "4"],
        &["space.json", "0xff", "line 2"],
    );

    write(
        "scores.json",
        r#"{"skip_connect": 1, "sep_conv_3x3": 3, "dil_conv_3x3": 1, "max_pool_3x3": 1}"#,
    );
    program.succeed(&["distance", "g.json", "g.txt", "--weights", "scores.json"]);
    write("weights.json", &logits());
    decoded(&program, "weights.json", &[]);
    write("run.ron", "(data: Digits, scale: Small, layers: 3, nodes: 2, ops: \"S\")");
    program.succeed(&["estimate", "run.ron"]);
    write("table.csv", &format!("arch,score\n\"{BEST}\",1\n"));
    let words = ["regret", "--space", "nasbench201", "--table", "table.csv", "--reported", "score"];
    let said = program.run(&[&words[..], &["--quality", "none"]].concat());
    // The first column keeps its name.
    assert!(said.stderr.contains("arch") && !said.stderr.contains('\u{feff}'), "{}", said.stderr);
}

/// H14, H15, H9: numbers that would have been ignored or replaced in silence.
#[test]
fn what_cannot_be_meant_is_refused() {
    let program = Program::new();
    let far = ["count", "DARTS_V2", "--channels", "16", "--reductions", "99"];
    refused(&program, &far, &["below 20", "99"]);
    let twice = ["count", "DARTS_V2", "--channels", "16", "--reductions", "3,3"];
    refused(&program, &twice, &["distinct", "3"]);
    let shorter =
        ["count", "D-DARTS_threshold_edge_cifar10_0.85_50", "--channels", "16", "--layers", "4"];
    refused(&program, &shorter, &["below 4", "6"]);

    program.write(
        "far.txt",
        &FLAT.replacen("normal_concat=range(2, 4)", "normal_concat=range(2, 7)", 1),
    );
    let count = |file: &'static str| ["count", file, "--channels", "16"];
    refused(
        &program,
        &count("far.txt"),
        &["far.txt", "`normal_concat`", "node 4, which has no genes"],
    );
    let genotype = Genotype::from_text(FLAT).unwrap();
    let json = genotype.to_json().unwrap().replacen("\"concat\":[2,3]", "\"concat\":[2,3,6]", 1);
    program.write("far.json", &json);
    refused(&program, &count("far.json"), &["far.json", "cell `normal`", "node 6", "no genes"]);
    let cell = |name: &str, concat: &str| {
        let gene = "(op: \"skip_connect\", from: 0, to: 2)";
        format!("(name: \"{name}\", genes: [{gene}], concat: {concat})")
    };
    let cells = [cell("normal", "[2, 6]"), cell("reduce", "[2]")].join(", ");
    program.write("far.ron", &format!("(version: 1, layout: TwoCells, cells: [{cells}])"));
    refused(&program, &count("far.ron"), &["far.ron", "cell `normal`", "node 6", "no genes"]);

    for stem in ["Cifar(0)", "Cifar(65)"] {
        let set = format!("stem={stem}");
        refused(&program, &["run", "--set", &set, "--out", "out"], &["stem", "1 to 64"]);
        assert!(!program.path("out").exists());
    }
}

/// H18: strings of benchmarks are genotypes wherever one is asked for.
#[test]
fn strings_of_benchmarks_are_genotypes() {
    let program = Program::new();
    // The published number of parameters.
    assert_eq!(parameters(&program, BEST, &[]), 1_288_506);
    program.write("best.txt", &format!("{BEST}\r\n"));
    assert_eq!(parameters(&program, "best.txt", &[]), 1_288_506);
    let macro_words = ["count", "00000000", "--channels", "32", "--json"];
    let said = program.succeed(&macro_words);
    let counts: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(counts["params"], 387_882);

    program.succeed(&["draw", BEST, "--out", "best.svg"]);
    let svg = program.read("best.svg");
    assert_eq!(svg.matches(">simple_conv_3x3</text>").count(), 5);
    let other = BEST.replacen("skip_connect", "nor_conv_1x1", 1);
    let said = program.succeed(&["distance", BEST, &other, "--json"]);
    let found: Value = serde_json::from_str(&said.stdout).unwrap();
    assert!(found["by_position"].as_f64().unwrap() > 0.0);

    refused(
        &program,
        &["count", BEST, "--channels", "16", "--layers", "3"],
        &["--layers", "benchmark"],
    );
    refused(&program, &["count", BEST, "--channels", "16", "--aux"], &["--aux"]);
    let broken = BEST.replacen("nor_conv_3x3", "nor_conv_5x5", 1);
    refused(&program, &["count", &broken, "--channels", "16"], &["column 2", "nor_conv_3x3"]);
}

/// H18: genotypes of spaces are counted in the network of their space.
#[test]
fn genotypes_of_spaces_are_counted_in_their_space() {
    let program = Program::new();
    let space = dartloom::space::nasbench201::space().unwrap();
    let genotype = dartloom::space::nasbench201::parse(BEST).unwrap();
    program.write("cell.json", &genotype.to_json().unwrap());
    refused(&program, &["count", "cell.json", "--channels", "16"], &["cell.json", "--space"]);
    let counted = parameters(&program, "cell.json", &["--space", "nasbench201"]);
    program.write("space.ron", &space.to_ron().unwrap());
    assert_eq!(parameters(&program, "cell.json", &["--space", "space.ron"]), counted);
    // The network of the space is a chain and has other layers between its cells.
    assert_ne!(counted, 1_288_506);
    let layers =
        ["count", "cell.json", "--channels", "16", "--space", "space.ron", "--layers", "3"];
    refused(&program, &layers, &["--layers", "space"]);
}

/// Logits of the space `darts` whose largest number is no sign of the strongest edge.
fn logits() -> String {
    weights(|row| row)
}

/// The table of which `of` makes each row from logits.
fn weights(of: impl Fn(Vec<f64>) -> Vec<f64>) -> String {
    let zeros = || vec![0.0; 8];
    let mut edges: Vec<Vec<f64>> = (0..14).map(|_| zeros()).collect();
    edges[2] = vec![1.0, 1.0, 1.0, 1.0, 1.0, 5.0, 1.0, 1.0];
    edges[3] = vec![10.0, 10.0, 10.0, 10.0, 11.0, 10.0, 10.0, 10.0];
    edges[4] = vec![10.0, 10.0, 15.0, 10.0, 10.0, 10.0, 10.0, 10.0];
    let edges: Vec<Vec<f64>> = edges.into_iter().map(of).collect();
    table(&OPS, &edges)
}

fn decoded(program: &Program, weights: &str, more: &[&str]) -> (Genotype, String) {
    let words = ["decode", "--space", "darts", "--decoder", "darts", "--weights", weights];
    let said = program.succeed(&[&words[..], more].concat());
    (Genotype::from_json(&said.stdout).unwrap(), said.stderr)
}

/// H19: logits are told from weights, and an option makes weights of them.
#[test]
fn logits_become_weights_before_they_are_decoded() {
    let program = Program::new();
    let softmax = |row: Vec<f64>| {
        let powers: Vec<f64> = row.iter().map(|logit| logit.exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.iter().map(|power| power / sum).collect()
    };
    program.write("logits.json", &logits());
    program.write("softmax.json", &weights(softmax));
    let (raw, warned) = decoded(&program, "logits.json", &[]);
    assert!(warned.contains("28 of 28 rows do not sum to 1"), "{warned}");
    assert!(warned.contains("normal 0->2") && warned.contains("--logits softmax"), "{warned}");
    let (right, quiet) = decoded(&program, "softmax.json", &[]);
    assert!(!quiet.contains("sum to 1"), "{quiet}");
    let (relaxed, quiet) = decoded(&program, "logits.json", &["--logits", "softmax"]);
    assert!(!quiet.contains("sum to 1"), "{quiet}");
    assert_eq!(relaxed, right);
    assert_ne!(raw, right);
    let node = |genotype: &Genotype| -> Vec<(String, usize)> {
        let genes = genotype.cells()[0].genes.iter().filter(|gene| gene.to == 3);
        genes.map(|gene| (gene.op.clone(), gene.from)).collect()
    };
    assert!(node(&raw).contains(&("sep_conv_3x3".to_owned(), 1)));
    assert!(node(&right).contains(&("sep_conv_5x5".to_owned(), 0)));

    // Sigmoid weights need not sum to 1 where a threshold reads them.
    let words = ["decode", "--space", "darts", "--decoder", "threshold_edge", "--weights"];
    let said = program.succeed(&[&words[..], &["logits.json", "--logits", "sigmoid"]].concat());
    assert!(!said.stderr.contains("rows"), "{}", said.stderr);
    let said = program.succeed(&[&words[..], &["logits.json"]].concat());
    assert!(said.stderr.contains("6 of 28 rows leave 0 to 1"), "{}", said.stderr);
}

/// H23: messages speak of the images, of the field, and of the name that was meant.
#[test]
fn messages_name_what_the_user_can_change() {
    let program = Program::new();
    let odd = ["count", "DARTS_V2", "--channels", "16", "--input", "3x7x9"];
    let said = refused(&program, &odd, &["images of 7x9 cannot be halved 2 times", "8x12"]);
    for inside in ["Cell(", "Stem(", "factorized_reduce", "fused"] {
        assert!(!said.stderr.contains(inside), "{inside}: {}", said.stderr);
    }
    let near = refused(&program, &["count", "DARTS_V9", "--channels", "4"], &["`DARTS_V2`"]);
    assert!(!near.stderr.contains("ResNet18"), "one near name, not all: {}", near.stderr);
    let decoder = ["decode", "--space", "darts", "--decoder", "threshold_spars", "--weights", "x"];
    refused(&program, &decoder, &["`threshold_sparse`"]);
    program.write(
        "deep.ron",
        &format!("(data: Digits, scale: Small, operations: {}", "[".repeat(500)),
    );
    let said = refused(&program, &["run", "deep.ron"], &["deep.ron:1:"]);
    assert!(!said.stderr.contains("ron::"), "{}", said.stderr);
}

/// H28: a large cell is drawn at once.
#[test]
fn large_cells_are_drawn_in_time() {
    let program = Program::new();
    let genes: Vec<Gene> = (2..14)
        .flat_map(|to| (0..to).map(move |from| (from, to)))
        .map(|(from, to)| Gene { op: "sep_conv_3x3".to_owned(), from, to })
        .collect();
    let cell = |name: &str| CellGenotype {
        name: name.to_owned(),
        inputs: 2,
        genes: genes.clone(),
        concat: (2..14).collect(),
        residual: false,
    };
    let genotype = Genotype::new(Layout::TwoCells, vec![cell("normal"), cell("reduce")]).unwrap();
    program.write("wide.json", &genotype.to_json().unwrap());
    let begin = Instant::now();
    program.succeed(&["draw", "wide.json", "--out", "wide.svg"]);
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert_eq!(program.read("wide.svg").matches(">sep_conv_3x3</text>").count(), 2 * genes.len());
}
