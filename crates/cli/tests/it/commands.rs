//! `count`, `decode`, `draw`.

use crate::program::Program;
use crate::weights::{OPS, table};

#[test]
fn count_gives_the_published_numbers() {
    let program = Program::new();
    let said =
        program.succeed(&["count", "DARTS_V2", "--channels", "36", "--layers", "20", "--json"]);
    let counts: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(counts["params"], 3_349_342);
    assert_eq!(counts["aux_params"], 476_426);
    assert_eq!(counts["macs"], 528_359_040);
    assert_eq!(counts["unused_params"], 0);
    assert!(counts.get("params_with_aux").is_none());
    assert_eq!(said.stdout.lines().count(), 1);
}

#[test]
fn count_reads_files_defaults_and_large_images() {
    let program = Program::new();
    let text = "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1)], \
                normal_concat=range(2, 3), reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1)], \
                reduce_concat=range(2, 3))";
    program.write("tiny.txt", text);
    let said = program.succeed(&["count", "tiny.txt", "--channels", "4", "--aux"]);
    assert!(said.stdout.contains("parameters with auxiliary head"), "{}", said.stdout);

    let large = ["--channels", "48", "--layers", "14", "--classes", "1000", "--input", "3x224x224"];
    let mut words = vec!["count", "DARTS_V2", "--json", "--aux"];
    words.extend(large);
    let counts: serde_json::Value = serde_json::from_str(&program.succeed(&words).stdout).unwrap();
    // Measured on DARTS' own ImageNet network.
    assert_eq!(counts["params"], 4_718_752);
    assert_eq!(counts["macs"], 529_911_552);
    let sum = counts["params"].as_u64().unwrap() + counts["aux_params"].as_u64().unwrap();
    assert_eq!(counts["params_with_aux"].as_u64().unwrap(), sum);

    let moved = ["count", "tiny.txt", "--channels", "4", "--layers", "6", "--reductions", "1,3"];
    let kept = ["count", "tiny.txt", "--channels", "4", "--layers", "6"];
    assert_ne!(program.succeed(&moved).stdout, program.succeed(&kept).stdout);
}

#[test]
fn the_page_of_counts_says_what_the_program_says() {
    let page = include_str!("../../../../docs/published-counts.md");
    let lines: Vec<&str> = page.lines().collect();
    let said = lines.windows(2).filter_map(|pair| {
        let words = pair[0].strip_prefix("$ dartloom ")?;
        Some((words.split(' ').collect::<Vec<_>>(), pair[1]))
    });
    let program = Program::new();
    let wrong: Vec<String> = said
        .filter_map(|(words, expected)| {
            let said = program.succeed(&words).stdout;
            (said.trim_end() != expected).then(|| format!("{}\n{said}", words.join(" ")))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(page.contains("$ dartloom count "));
}

/// Weights of a space of two cells with 14 edges each, rising along every row.
fn weights(ops: &[&str]) -> String {
    let row: Vec<f64> = (0..ops.len()).map(|column| 0.125 * column as f64).collect();
    table(ops, &vec![row; 14])
}

#[test]
fn decode_writes_a_genotype_that_count_reads() {
    let program = Program::new();
    program.write("weights.json", &weights(&OPS[1..]));
    let words = ["decode", "--space", "darts-S", "--decoder", "darts", "--weights", "weights.json"];
    let said = program.succeed(&words);
    let genotype: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let genes = genotype["cells"][0]["genes"].as_array().unwrap();
    assert_eq!(genes.len(), 8);
    assert!(genes.iter().all(|gene| gene["op"] == "dil_conv_5x5"));
    assert!(said.stderr.contains("equal"), "ties are notes: {}", said.stderr);

    let mut filed = words.to_vec();
    filed.extend(["--out", "genotype.json"]);
    assert_eq!(program.succeed(&filed).stdout, "");
    assert_eq!(program.read("genotype.json"), said.stdout);
    program.succeed(&["count", "genotype.json", "--channels", "16", "--layers", "8"]);
}

#[test]
fn decode_refuses_what_does_not_fit() {
    let program = Program::new();
    program.write("weights.json", &weights(&OPS[1..]));
    program.write("broken.json", "{\"version\": 1,\n\"ops\": [}");
    let rows = [
        (["darts", "darts", "weights.json"], "does not fit"),
        (["dart", "darts", "weights.json"], "individual"),
        (["darts-S", "viterbi", "weights.json"], "argmax"),
        (["darts-S", "darts", "broken.json"], "line 2"),
        (["darts-S", "darts", "absent.json"], "absent.json"),
    ];
    for ([space, decoder, weights], message) in rows {
        let words = ["decode", "--space", space, "--decoder", decoder, "--weights", weights];
        let said = program.run(&words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(message), "{words:?}: {}", said.stderr);
        assert_eq!(said.stdout, "");
    }
}

#[test]
fn draw_knows_both_forms() {
    let program = Program::new();
    program.succeed(&["draw", "DARTS_V2", "--out", "cells.dot"]);
    assert!(program.read("cells.dot").starts_with("digraph"));
    program.succeed(&["draw", "DARTS_V2", "--out", "cells.svg"]);
    let svg = program.read("cells.svg");
    assert!(svg.starts_with("<?xml") && svg.trim_end().ends_with("</svg>"));
    assert!(svg.contains(">normal</text>") && svg.contains(">reduce</text>"));
    assert_eq!(svg.matches("<svg ").count(), svg.matches("</svg>").count());
    program.succeed(&["draw", "darts", "--out", "space.svg"]);
    assert!(program.read("space.svg").contains("network"));

    let said = program.run(&["draw", "DARTS_V2", "--out", "cells.png"]);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains(".svg or .dot"), "{}", said.stderr);
}
