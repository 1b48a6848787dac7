//! Tuple parameters, lets of tuples, questions, widths.

use super::{breaks, changed, found};
use crate::tidy::style;

/// A file in a folder where every rule of style is in force.
const HELD: &str = "xtask/src/held.rs";

#[track_caller]
fn refuses(source: &str, line: usize, message: &str) {
    breaks(&[(HELD, source)], &format!("{HELD}:{line}"), message);
}

#[track_caller]
fn allows(source: &str) {
    assert_eq!(found(&[(HELD, source)]), Vec::<String>::new(), "{source}");
}

#[test]
fn tuple_parameters_have_two_values_at_most() {
    let three = "a parameter of 3 values";
    refuses("fn a(\n    (x, y, z): (u8, u8, u8),\n) {}", 2, three);
    refuses("fn a<T: Fn(u8, u8) -> u8>(x: &mut (T, u8, u8)) {}", 1, three);
    refuses("fn a(x: &'static (Vec<u8>, (u8, u8))) {}", 1, three);
    refuses("impl A {\n    fn a(&self, (x, (y, z)): Pair) {}\n}", 2, three);
    allows("fn a((x, y): (u8, u8), z: Vec<(u8, u8, u8)>, f: impl Fn(u8, u8, u8)) -> (A, B, C) {}");
    allows("fn a(Point(x, y, z): Point, map: BTreeMap<u8, u8>) { |(x, y, z): (u8, u8, u8)| x }");
}

#[test]
fn tuples_are_no_way_around_the_number_of_arguments() {
    let pairs = "(a, b): (u8, u8), c: (u8, u8), d: u8";
    refuses(&format!("fn f(&self, {pairs}, e: u8) {{}}"), 1, "7 arguments by way of tuples");
    allows(&format!("fn f(&self, {pairs}) {{}}"));
}

#[test]
fn a_let_is_one_statement() {
    refuses("fn f() {\n    let (a, mut b) = (1, g(2, 3));\n}", 2, "2 statements");
    refuses("fn f() { let (a, b): (u8, u8) = (1, 2); }", 1, "2 statements");
    refuses("fn f() { let [a, b, c] = [1, 2, 3]; }", 1, "3 statements");
    refuses("#[cfg(test)]\nmod tests { fn f() { let (a, b) = (1, 2); } }", 2, "2 statements");
    allows("fn f() { let (a, b) = g(1, 2); let [a, b] = [1, 2].map(g); let c = (1, 2); }");
    allows("fn f() { let (a, b) = if c { (1, 2) } else { (3, 4) }; let (a,) = (1,); }");
    allows("fn f() { let (Some(a), Some(b)) = (c, d) else { return }; }");
    allows("fn f() { if let (Some(a), Some(b)) = (c, d) { g(a, b); } }");
}

#[test]
fn documentation_begins_with_a_statement() {
    let begins = "documentation begins with `";
    refuses("//! What it is.\n", 1, begins);
    refuses("struct A {\n    /// Whether it is.\n    a: bool,\n}", 2, begins);
    refuses("/// A thing.\nstruct A;\n/// How?\nstruct B;\n", 3, begins);
    refuses("//! A module.\n\n/// How?\nstruct A;\n", 3, begins);
    refuses(
        "/// First.\n#[derive(Debug)]\nenum A {\n    /// Why, if at all.\n    B,\n}",
        4,
        begins,
    );
    allows("/// A thing.\n/// What it is.\n///\n/// # Errors\n/// When it is not.\nstruct A;");
    allows("/// Whatever. However.\nstruct A;\n// What a comment says.\nconst B: &str = \"What\";");
}

#[test]
fn comments_and_markdown_keep_to_their_widths() {
    let words = "word ".repeat(40);
    let line =
        |prefix: &str, columns: usize| format!("{prefix}{}x", &words[..columns - prefix.len() - 1]);
    for prefix in ["/// ", "//! ", "    // "] {
        let wide = line(prefix, 101);
        refuses(&format!("{wide}\nconst A: u8 = 0;"), 1, "101 columns, 100 are the limit");
        allows(&format!("{}\nconst A: u8 = 0;", line(prefix, 100)));
    }
    allows(&format!("/// | {words} |\n/// <https://example.org/{}>\nfn f() {{}}", "x".repeat(90)));
    let page = "xtask/README.md";
    breaks(&[(page, &line("", 131))], &format!("{page}:1"), "131 columns, 130 are the limit");
    let fits = format!("| {words} |\n```text\n{words}\n```\n{}\n", line("", 130));
    assert_eq!(found(&[(page, &fits)]), Vec::<String>::new());
}

#[test]
fn what_is_not_yet_held_is_counted() {
    let source = "/// What.\nfn a() { let (a, b) = (1, 2); }";
    let tree = changed(&[("docs/a.rs", source), ("tools/a.rs", source)]);
    assert_eq!(crate::tidy::check(&tree).len(), 0);
    let rows = style::counts(&tree);
    assert_eq!(rows[1..], ["| docs | 0 | 1 | 1 | 0 | 0 |", "| tools | 0 | 1 | 1 | 0 | 0 |"]);
    let places = style::open(&tree);
    assert_eq!(places.len(), 4);
    assert_eq!(places[0], "lets of tuples: docs/a.rs:2: 2 statements in one `let`");
}
