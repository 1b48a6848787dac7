//! DOT drawings.

use dartloom_space::{Genotype, OpSet, Space, Stem};

#[test]
fn a_genotype_is_drawn_cell_by_cell() {
    let text = "tiny = Genotype(normal=[('sep_conv_3x3', 2, 1), ('skip_connect', 3, 2)], \
                reduce=[('max_pool_3x3', 2, 0), ('none', 4, 3)])";
    insta::assert_snapshot!(Genotype::from_text(text).unwrap().to_dot());
}

#[test]
fn a_space_is_drawn_with_its_network() {
    let ops = OpSet::builtin("S").unwrap();
    let space = Space::darts(ops, 3, 1, Stem::imagenet()).unwrap();
    insta::assert_snapshot!(space.to_dot());
}

#[test]
fn choices_of_links_are_dotted() {
    let ops = OpSet::builtin("S").unwrap();
    let space = Space::nested_unet(ops, 2, 1, Stem::cifar(1)).unwrap();
    insta::assert_snapshot!(space.network().to_dot());
}

#[test]
fn names_are_escaped_and_drawings_repeat() {
    let genotype = Genotype::published("DARTS_V2").unwrap().named("a \"b\"\\\nc\u{7}");
    let dot = genotype.to_dot();
    assert!(dot.starts_with(r#"digraph "a \"b\"\\\nc " {"#), "{dot}");
    assert_eq!(dot, genotype.clone().to_dot());
    assert_eq!(dot.matches('{').count(), dot.matches('}').count());
}
