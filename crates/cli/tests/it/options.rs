//! Options that would have no effect, and sizes that the machine has no memory for.

use crate::program::{Program, Said};

const NASBENCH201: &str =
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|";

fn refused(program: &Program, words: &[&str]) -> String {
    let said = program.run(words);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{words:?}: {}", said.stderr);
    said.stderr
}

/// Case H29: every option beside every kind of input that it says nothing of.
#[test]
fn options_without_effect_are_refused() {
    let program = Program::new();
    program.write("none.safetensors", "");
    program.write("table.csv", "arch,v\n00000000,1\n11111111,2\n");
    let rows: [(&[&str], &str); 18] = [
        (
            &["score", NASBENCH201, "--layers", "3"],
            "--layers has no effect on architectures of NAS-Bench-201",
        ),
        (
            &["score", "01221102", "--layers", "3"],
            "--layers has no effect on architectures of NAS-Bench-Macro",
        ),
        (&["score", "--space", "darts-S", "--layers", "3"], "--layers has no effect on a space"),
        (
            &["score", "DARTS_V2", "--scores", "synflow", "--batch", "3"],
            "--batch has no effect on synflow",
        ),
        (&["score", "DARTS_V2", "--scores", "snip,snip"], "--scores: `snip` twice"),
        (
            &[
                "correlate",
                "--table",
                "table.csv",
                "--space",
                "nasbench-macro",
                "--column",
                "v",
                "--seed",
                "1",
            ],
            "--sample",
        ),
        (
            &[
                "correlate",
                "--table",
                "table.csv",
                "--space",
                "nasbench-macro",
                "--column",
                "v",
                "--scores",
                "synflow",
                "--batch",
                "8",
            ],
            "--batch has no effect on synflow",
        ),
        (&["bench", "search-step", "--parity", "none.safetensors", "--steps", "3"], "--steps"),
        (&["bench", "search-step", "--parity", "none.safetensors", "--warm-up", "3"], "--warm-up"),
        (&["bench", "train-step", "--parity", "none.safetensors", "--steps", "3"], "--steps"),
        (
            &["bench", "train-step", "--parity", "none.safetensors", "--drop-path", "0.2"],
            "--drop-path",
        ),
        (&["bench", "infer", "--baseline", "resnet18", "--genotype", "DARTS_V2"], "--genotype"),
        (
            &["bench", "kernels", "--kernel", "relu", "--shape", "16x8", "--shape", "3x8"],
            "--shape: expected 3 channels for stem3x3",
        ),
        (
            &["bench", "kernels", "--kernel", "relu", "--kernel", "stem3x3", "--shape", "16x8"],
            "none for stem3x3",
        ),
        (&["bench", "memory", "--preset", "darts", "--candidates", "3"], "--space"),
        (&["bench", "memory", "--preset", "darts", "--seed", "3"], "--space"),
        (&["bench", "memory", "--preset", "darts", "--presets"], "--presets"),
        (&["bench", "memory", "--presets", "--staged", "--recompute", "edge"], "--recompute"),
    ];
    for (words, expected) in rows {
        let error = refused(&program, words);
        assert!(error.contains(expected), "{words:?}: no `{expected}` in {error}");
    }
}

#[test]
fn options_that_ask_for_nothing_are_refused() {
    let program = Program::new();
    program.write("small.ron", "(data: Digits, scale: Small)");
    let table = ["--table", "small.ron", "--space", "nasbench201"];
    let columns = ["--quality", "a", "--reported", "b"];
    let rows: [(&[&str], &str); 11] = [
        (
            &[&["regret"], &table[..], &columns, &["--svg", "no/where.svg"]].concat(),
            "no/where.svg: cannot write there",
        ),
        (&[&["regret"], &table[..], &columns, &["--svg", "."]].concat(), ".: cannot write there"),
        (
            &["bench", "memory", "--preset", "darts", "--csv", "no/where.csv"],
            "no/where.csv: cannot write there",
        ),
        (&["score", "DARTS_V2", "--batch", "0"], "--batch: expected at least 1, found 0"),
        (&["score", "DARTS_V2", "--seeds", "0"], "--seeds: expected at least 1, found 0"),
        (&["score", "DARTS_V2", "--classes", "0"], "--classes: expected from 1 to 65536, found 0"),
        (&["score", "DARTS_V2", "--channels", "0"], "channels"),
        (&["score", "DARTS_V2", "--layers", "0"], "1 to 512 cells, found 0"),
        (&["bench", "memory"], "expected --space, --preset or --presets, found none of them"),
        (&["bench", "memory", "--preset", "drats"], "pc_darts"),
        (&["estimate", "small.ron", "--threads", "0"], "--threads"),
    ];
    for (words, expected) in rows {
        let error = refused(&program, words);
        assert!(error.contains(expected), "{words:?}: no `{expected}` in {error}");
    }
}

/// Files of CIFAR-100 with so many images: a superclass, a class, 3072 pixels each.
fn cifar100(program: &Program, images: usize) {
    let record = |index: usize| {
        let pixels = (0..3072).map(move |pixel| (index * 31 + pixel * 7) as u8);
        [0, (index * 13 % 100) as u8].into_iter().chain(pixels)
    };
    let bytes: Vec<u8> = (0..images).flat_map(record).collect();
    for name in ["train.bin", "test.bin"] {
        program.write(&format!("data/{name}"), "");
        std::fs::write(program.path(&format!("data/{name}")), &bytes).unwrap();
    }
}

fn score(program: &Program, more: &[&str]) -> Said {
    let words = ["score", "01221102", "--data", "data", "--scores", "snip", "--channels", "2"];
    program.run(&[&words[..], more].concat())
}

/// Case H20: a label of 50 was looked up among 10 logits.
#[test]
fn classes_and_shape_are_those_of_the_data() {
    let program = Program::new();
    cifar100(&program, 12);
    let own = score(&program, &["--batch", "12"]);
    assert_eq!(own.code, Some(0), "{}", own.stderr);
    let said = ["--batch", "12", "--classes", "100", "--input", "3x32x32"];
    assert_eq!(score(&program, &said).stdout, own.stdout);
    for (more, expected) in [
        (
            ["--classes", "10"],
            "--classes: expected what the images in --data have, found 10 for 100",
        ),
        (
            ["--input", "3x8x8"],
            "--input: expected what the images in --data have, found 3x8x8 for 3x32x32",
        ),
        (["--batch", "13"], "--batch: expected from 1 to 12, found 13"),
    ] {
        let said = score(&program, &more);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{more:?}: {}", said.stderr);
        assert!(said.stderr.contains(expected), "{more:?}: {}", said.stderr);
    }
}

/// Case H21 and its siblings: refused with both numbers before the memory fills.
#[cfg(target_os = "linux")]
#[test]
fn what_the_machine_has_no_memory_for_is_refused() {
    let program = Program::new();
    program.write("table.csv", "arch,v\n00000000,1\n11111111,2\n");
    let table = ["correlate", "--table", "table.csv", "--space", "nasbench-macro", "--column", "v"];
    let rows: [&[&str]; 9] = [
        &[
            "score",
            "01221102",
            "--scores",
            "naswot",
            "--channels",
            "4",
            "--input",
            "3x8x8",
            "--batch",
            "1000000000",
        ],
        &["score", "DARTS_V2", "--batch", "1000000"],
        &[&table[..], &["--scores", "zen", "--batch", "100000000"]].concat(),
        &["bench", "search-step", "--batch", "65536", "--channels", "64"],
        &["bench", "train-step", "--batch", "65536", "--channels", "256"],
        &["bench", "infer", "--batch", "65536", "--channels", "128", "--input", "3x64x64"],
        &["bench", "infer", "--baseline", "resnet18", "--batch", "65536", "--input", "3x1024x1024"],
        &["bench", "kernels", "--kernel", "relu", "--batch", "65536", "--shape", "4096x1024"],
        &["bench", "memory", "--preset", "darts", "--batch", "65536", "--channels", "64"],
    ];
    for words in rows {
        let error = refused(&program, words);
        for part in [" of memory, and ", "iB "] {
            assert!(error.contains(part), "{words:?}: no `{part}` in {error}");
        }
    }
    let error = refused(&program, &["score", "DARTS_V2", "--batch", "18446744073709551615"]);
    assert!(error.contains("expected less than 16 PiB"), "{error}");
}

/// A limit of the shell's, as in case H21; the batch that it names is one that runs.
#[cfg(target_os = "linux")]
#[test]
fn limits_of_the_process_count() {
    let score = |batch: &str| {
        let words = format!(
            "ulimit -d 300000; exec '{}' score 01221102 --scores naswot --channels 4 \
             --input 3x8x8 --batch {batch}",
            env!("CARGO_BIN_EXE_dartloom")
        );
        let mut shell = std::process::Command::new("sh");
        crate::program::said(shell.args(["-c", &words]).output().unwrap())
    };
    let said = score("1000000");
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let expected = "the process may have (`max data size`) 293.0 MiB";
    assert!(said.stderr.contains(expected), "{}", said.stderr);
    let fitting = said.stderr.trim().rsplit(' ').next().unwrap();
    let batch: usize = fitting.parse().unwrap_or_else(|e| panic!("{e}: {}", said.stderr));
    assert!((100..1_000_000).contains(&batch), "{}", said.stderr);
}
