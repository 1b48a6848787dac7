//! File budget, markers, and what libraries leave alone.

use super::super::lanes;
use super::{breaks, found};

const SOURCE: &str = "crates/relax/src/softmax.rs";

#[test]
fn files_over_the_limit_fail_and_over_the_flag_warn() {
    let lines = |count: usize| "// line\n".repeat(count);
    assert!(found(&[(SOURCE, &lines(500))]).is_empty());
    let flagged = found(&[(SOURCE, &lines(501))]);
    assert!(flagged[0].starts_with(&format!("warn {SOURCE}: 501 lines")), "{flagged:?}");
    assert!(found(&[(SOURCE, &lines(800))])[0].starts_with("warn"));
    breaks(&[(SOURCE, &lines(801))], SOURCE, "801 lines");
}

#[test]
fn every_marker_is_refused_in_every_source() {
    let markers = [
        concat!("    to", "do!()"),
        concat!("    unimpl", "emented!(\"later\")"),
        concat!("    // FIX", "ME: wrong"),
        concat!("    // XX", "X"),
        concat!("    db", "g!(1);"),
        concat!("    #[ig", "nore = \"slow\"]"),
    ];
    for marker in markers {
        for path in ["crates/relax/tests/it/main.rs", "examples/examples/a.rs", "xtask/src/a.rs"] {
            let text = format!("fn a() {{\n{marker}\n}}\n");
            breaks(&[(path, &text)], &format!("{path}:2"), "does not belong");
        }
    }
}

#[test]
fn libraries_leave_the_outside_alone() {
    let cases = [
        ("fn a() { println!(); }", "`println!`: a library prints"),
        ("fn a() { eprint!(); }", "prints"),
        ("fn a() { std::env::var(\"A\"); }", "reads the environment"),
        ("use std::env;", "reads the environment"),
        ("use std::{io::Write, env as outside};", "reads the environment"),
        ("use std::time::{Duration, Instant};", "reads the clock"),
        ("use std::{time::{self, SystemTime}};", "reads the clock"),
        ("use std::time;\nfn a() { time::Instant::now(); }", "reads the clock"),
        ("use std::time::*;", "may bring in the clock"),
        ("fn a() { std::thread::sleep(d); }", "sleeps"),
        ("use std::thread;\nfn a() { thread::sleep(d); }", "sleeps"),
        ("fn a() { std::fs::write(p, b); }", "opens files"),
        ("use std::fs::File;", "opens files"),
        ("fn a() { std::io::stdout(); }", "prints"),
        ("fn a() { let mut noise = rand::rng(); }", "nobody seeded"),
        ("fn a() { ChaCha8Rng::from_os_rng(); }", "nobody seeded"),
        ("fn a() { log!(\"{}\", std::env::var(\"A\")); }", "reads the environment"),
    ];
    for (text, message) in cases {
        let line = text.lines().count();
        breaks(&[(SOURCE, text)], &format!("{SOURCE}:{line}"), message);
    }
}

#[test]
fn who_keeps_deadlines_reads_the_clock_and_nothing_else() {
    let manifest = super::manifest("dist", "");
    let path = "crates/dist/src/pool.rs";
    let with = |text| {
        let crate_of = [
            ("crates/dist/Cargo.toml", &*manifest),
            ("crates/dist/README.md", "# dist\n"),
            ("crates/dist/src/lib.rs", "#![doc = include_str!(\"../README.md\")]\n"),
        ];
        found(&[&crate_of[..], &[(path, text)]].concat())
    };
    let text = "use std::time::Instant;\nuse std::fs::File;\nfn a() { std::thread::sleep(d); }\n";
    assert_eq!(with(text), Vec::<String>::new());
    let outside = with("fn a() { std::env::var(\"A\"); }");
    assert!(outside.len() == 1 && outside[0].contains("environment"), "{outside:?}");
}

/// A crate of kernels with one more source.
fn kernels(path: &str, text: &str) -> Vec<String> {
    let manifest = super::manifest("kernels", "");
    found(&[
        ("crates/kernels/Cargo.toml", &manifest),
        ("crates/kernels/README.md", "# dartloom-kernels\n"),
        ("crates/kernels/src/lib.rs", "#![doc = include_str!(\"../README.md\")]\n"),
        (path, text),
    ])
}

#[test]
fn one_source_reads_the_environment_to_choose_vector_instructions() {
    let choice = lanes::CHOICE;
    let reads = "fn a() { std::env::var_os(\"A\"); }";
    assert_eq!(kernels(choice, reads), Vec::<String>::new());
    let beside = kernels("crates/kernels/src/simd/mod.rs", reads);
    assert!(beside.len() == 1 && beside[0].contains("environment"), "{beside:?}");
    let more = kernels(choice, "fn a() { std::fs::read(p); }");
    assert!(more.len() == 1 && more[0].contains("opens files"), "{more:?}");
}

#[test]
fn vector_instructions_are_chosen_in_one_place() {
    let ways = "use pulp::x86::V3;\nfn a() { V3::try_new(); pulp::Arch::new(); }";
    assert_eq!(kernels(lanes::CHOICE, ways), Vec::<String>::new());
    let beside = "crates/kernels/src/conv/mod.rs";
    for text in ["use pulp::{Arch, Simd};", "fn a() { V4::try_new(); }", "fn a() { Arch::new(); }"]
    {
        let lines = kernels(beside, text);
        assert!(lines.len() == 1 && lines[0].contains("alone"), "{lines:?}");
    }
    // Naming a set is not choosing it.
    assert_eq!(kernels(beside, "fn a(_: pulp::x86::V3) {}"), Vec::<String>::new());
}

#[test]
fn tests_of_loops_go_through_every_width() {
    let one = "fn a() { InstructionSet::in_use(); }";
    let lines = kernels("crates/kernels/src/simd/tests/plane.rs", one);
    assert!(lines.len() == 1 && lines[0].contains("at_every_width"), "{lines:?}");
    assert_eq!(kernels("crates/kernels/src/norm/mod.rs", one), Vec::<String>::new());
}

#[test]
fn words_in_comments_documentation_and_strings_are_not_code() {
    let text = "//! `println!` and std::env.\n/// ```\n/// let t = std::time::Instant::now();\n\
                /// ```\nfn a() -> &'static str { /* std::fs */ \"println!(std::env)\" }\n";
    assert_eq!(found(&[(SOURCE, text)]), Vec::<String>::new());
}

#[test]
fn look_alikes_are_allowed() {
    let text = "use std::time::Duration;\nuse std::io::{self, Write};\nuse crate::env::Bounds;\n\
                fn a() { writeln!(out); x.sleep(); env!(\"CARGO_PKG_NAME\"); }\n";
    assert_eq!(found(&[(SOURCE, text)]), Vec::<String>::new());
}

#[test]
fn tests_may_do_what_libraries_may_not() {
    let printing = "fn a() { println!(); std::fs::read(p); }";
    let inline = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{ {printing} }}\n");
    assert_eq!(found(&[(SOURCE, &inline)]), Vec::<String>::new());
    let files = [
        (SOURCE, "#[cfg(test)]\nmod check;\n#[cfg(test)]\npub(crate) mod deep;\n"),
        ("crates/relax/src/softmax/check.rs", printing),
        ("crates/relax/src/softmax/deep/more.rs", printing),
        ("crates/relax/tests/it/main.rs", printing),
        ("crates/relax/build.rs", printing),
    ];
    assert_eq!(found(&files), Vec::<String>::new());
}

#[test]
fn code_after_a_test_item_is_seen_again() {
    let text = "#[cfg(test)]\nuse a::b;\n#[cfg(test)]\nmod tests {}\nfn a() { print!(); }\n";
    breaks(&[(SOURCE, text)], &format!("{SOURCE}:5"), "prints");
}

#[test]
fn a_kit_for_other_crates_is_shipped_code() {
    let text = "#[cfg(any(test, feature = \"testkit\"))]\nmod testkit { fn a() { print!(); } }\n";
    breaks(&[(SOURCE, text)], &format!("{SOURCE}:2"), "prints");
}

#[test]
fn readers_open_files_and_nothing_more() {
    let data = |text| {
        [
            ("crates/data/Cargo.toml", super::manifest("data", "")),
            ("crates/data/README.md", "# dartloom-data".to_owned()),
            ("crates/data/src/lib.rs", format!("#![doc = include_str!(\"../README.md\")]\n{text}")),
        ]
    };
    let check =
        |files: [(&str, String); 3]| found(&files.each_ref().map(|(p, t)| (*p, t.as_str())));
    assert!(check(data("use std::fs::File;")).is_empty());
    assert!(check(data("use std::env::var;"))[0].contains("reads the environment"));
}

#[test]
fn a_source_that_is_not_rust_is_reported() {
    breaks(&[(SOURCE, "fn a( {")], SOURCE, "is not Rust");
}
