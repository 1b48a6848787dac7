//! The Python text form.

use dartloom_space::{Gene, Genotype, Layout, NodeOrder, SpaceError, strategies};
use proptest::prelude::*;

fn genes(genotype: &Genotype, cell: usize) -> Vec<(&str, usize, usize)> {
    genotype.cells()[cell].genes.iter().map(|gene| (&*gene.op, gene.from, gene.to)).collect()
}

#[test]
fn two_number_genes_stand_two_per_node() {
    let text = "Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('none', 2), \
                ('none', 0)], normal_concat=range(2, 4), reduce=[('avg_pool_3x3', 0), \
                ('none', 1)], reduce_concat=[2])";
    let genotype = Genotype::from_text(text).unwrap();
    assert_eq!(*genotype.layout(), Layout::TwoCells);
    assert_eq!(
        genes(&genotype, 0),
        [("sep_conv_3x3", 1, 2), ("skip_connect", 0, 2), ("none", 2, 3), ("none", 0, 3)]
    );
    assert_eq!(genotype.cells()[0].concat, [2, 3]);
    assert_eq!(genotype.cells()[1].concat, [2]);
    assert_eq!(genotype.name(), None);
}

#[test]
fn all_the_ways_people_write_it_mean_the_same() {
    let plain = Genotype::from_text(
        "G_1 = Genotype(normal=[('a', 0), ('b', 1)], normal_concat=[2], \
         reduce=[('c', 0), ('d', 1)], reduce_concat=[2])",
    )
    .unwrap();
    let other = "\n# found at night, 97.24%\nG_1=Genotype(\n  normal = [\n    (\"a\", 0,), # first\n\
                 \t['b', 1],\n  ],\n  normal_concat=range(2,3),\r\n  reduce=((\"c\",0),('d', 1)), \
                 reduce_concat = list(range(2, 3,)),\n)  # end\n";
    assert_eq!(Genotype::from_text(other).unwrap(), plain);
    assert_eq!(plain.name(), Some("G_1"));
    let nested = "Genotype_nested(genes=[[('a', 3, 0)]], reductions=[2, 6], concat=range(2, 6))";
    let list = "Genotype(concat=list([2, 3, 4, 5]), genes=[[('a', 3, 0)]], reductions=(2, 6))";
    assert_eq!(Genotype::from_text(nested), Genotype::from_text(list));
}

#[test]
fn three_number_genes_put_out_every_node_that_has_one() {
    let text = "Genotype(normal=[('a', 4, 0), ('b', 2, 1)], normal_concat=range(2, 6), \
                reduce=[('c', 3, 2)], reduce_concat=range(2, 6))";
    let genotype = Genotype::from_text(text).unwrap();
    assert_eq!(genes(&genotype, 0), [("a", 0, 4), ("b", 1, 2)]);
    assert_eq!(genotype.cells()[0].concat, [2, 4]);
    assert_eq!(genotype.cells()[1].concat, [3]);
    assert_eq!(genotype.cells()[1].live_genes(NodeOrder::Listed), [false]);
}

#[test]
fn lists_of_cells_become_chains() {
    let cells = "genes=[[('a', 2, 0)], [('b', 2, 1)], [('c', 2, 1)]]";
    let layout = |text: String| Genotype::from_text(&text).unwrap().layout().clone();
    assert_eq!(
        layout(format!("Genotype({cells}, concat=range(2, 6), reductions=range(1, 3))")),
        Layout::PerCell { reductions: vec![1, 2] }
    );
    assert_eq!(layout(format!("Genotype({cells})")), Layout::PerCell { reductions: vec![1, 2] });
    assert_eq!(
        layout(format!("Genotype_opt({cells}, seq=[0, 1, 1, 2, 0, 0], reductions=[])")),
        Layout::Sequence { sequence: vec![0, 1, 1, 2, 0, 0], reductions: vec![] }
    );
    assert_eq!(
        layout(format!("Genotype_opt({cells}, seq=[0, 1, 1, 2, 0, 0])")),
        Layout::Sequence { sequence: vec![0, 1, 1, 2, 0, 0], reductions: vec![2, 4] }
    );
}

#[test]
fn published_genotypes_survive_the_text_form() {
    for name in Genotype::published_names() {
        let genotype = Genotype::published(name).unwrap();
        let sayable = !name.contains(['.', '-']);
        assert_eq!(genotype.to_text().is_ok(), sayable, "{name}");
        let genotype = if sayable { genotype } else { genotype.unnamed() };
        let text = genotype.to_text().unwrap();
        assert_eq!(Genotype::from_text(&text), Ok(genotype), "{text}");
    }
    assert!(
        Genotype::published("DARTS_V2")
            .unwrap()
            .to_text()
            .unwrap()
            .starts_with("DARTS_V2 = Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ")
    );
}

#[test]
fn what_the_form_cannot_say_is_refused() {
    let cells = Genotype::published("FairDARTS_b").unwrap().cells().to_vec();
    let refused = |layout, cells| Genotype::new(layout, cells).unwrap().to_text().unwrap_err();
    let space = refused(Layout::Space, cells.clone());
    assert!(matches!(space, SpaceError::NoTextForm { .. }), "{space}");
    let mut narrow = cells.clone();
    narrow[1].concat = vec![2, 3, 4];
    let narrow = refused(Layout::TwoCells, narrow);
    assert!(narrow.to_string().contains("puts out nodes [2, 3, 4]"), "{narrow}");
    let mut wide = cells;
    wide[0].inputs = 1;
    let wide = refused(Layout::PerCell { reductions: vec![] }, wide);
    assert!(wide.to_string().contains("has 1 inputs instead of 2"), "{wide}");
}

/// Genes node by node, with what they weighed, in dictionaries and without names of fields.
#[test]
fn the_forms_of_other_repositories_mean_the_same() {
    let plain = Genotype::from_text(
        "Genotype(normal=[('a', 0), ('b', 1), ('a', 0), ('c', 2)], normal_concat=[2, 3], \
         reduce=[('c', 0), ('d', 1)], reduce_concat=[2])",
    )
    .unwrap();
    for text in [
        "Genotype(normal=[[('a', 0), ('b', 1)], [('a', 0), ('c', 2)]], normal_concat=[2, 3], \
         reduce=[[('c', 0), ('d', 1)]], reduce_concat=[2])",
        "Genotype(normal=[(('a', 0, 0.13), ('b', 1, 1.2e-05)), (('a', 0, -0.5), ('c', 2, 1.0))], \
         normal_concat=[2, 3], reduce=[(('c', 0, 0.1), ('d', 1, np.float32(0.3)))], \
         reduce_concat=[2], connectN=None, connects=None)",
        "{'normal': [('a', 0), ('b', 1), ('a', 0), ('c', 2)], 'normal_concat': range(2, 4), \
         'reduce': [('c', 0), ('d', 1)], 'reduce_concat': [2]}",
        "{\"reduce_concat\": [2], \"reduce\": [[\"c\", 0], [\"d\", 1]], \"normal\": [[\"a\", 0], \
         [\"b\", 1], [\"a\", 0], [\"c\", 2]], \"normal_concat\": [2, 3]}",
        "OrderedDict({'normal': [('a', 0), ('b', 1), ('a', 0), ('c', 2)], 'normal_concat': [2, 3], \
         'reduce': [('c', 0), ('d', 1)], 'reduce_concat': [2]})",
        "OrderedDict([('normal', [('a', 0), ('b', 1), ('a', 0), ('c', 2)]), ('normal_concat', \
         [2, 3]), ('reduce', [('c', 0), ('d', 1)]), ('reduce_concat', [2])])",
        "genotypes.Genotype([('a', 0), ('b', 1), ('a', 0), ('c', 2)], [2, 3], [('c', 0), ('d', 1)], \
         range(2, 3))",
        "normal = [('a', 0), ('b', 1), ('a', 0), ('c', 2)]\nnormal_concat = [2, 3]\n\
         reduce = [('c', 0), ('d', 1)]\nreduce_concat = [2]\n",
    ] {
        assert_eq!(Genotype::read(text), Ok(plain.clone()), "{text}");
    }
    // A list for each node may have any number of genes.
    let text = "Genotype(normal=[[('a', 0)], [], [('b', 0), ('b', 1), ('b', 2)]], \
                normal_concat=[2, 4], reduce=[[('a', 1)]], reduce_concat=[2])";
    let ragged = Genotype::from_text(text).unwrap();
    assert_eq!(genes(&ragged, 0), [("a", 0, 2), ("b", 0, 4), ("b", 1, 4), ("b", 2, 4)]);
    // A number without a point is a node, never a weight.
    let triples =
        Genotype::from_text("Genotype(genes=[[('a', 3, 0, 0.25), ('b', 2, 1)]])").unwrap();
    assert_eq!(genes(&triples, 0), [("a", 0, 3), ("b", 1, 2)]);
}

fn in_pairs(genes: &[Gene]) -> bool {
    genes.iter().enumerate().all(|(index, gene)| gene.to == 2 + index / 2)
}

fn is_identifier(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// The same genes in the order of nodes, two to each, with an output in any order.
fn paired(genotype: &Genotype) -> Genotype {
    let cells = genotype.cells().iter().map(|cell| {
        let mut cell = cell.clone();
        for (index, gene) in cell.genes.iter_mut().enumerate() {
            gene.to = 2 + index / 2;
            gene.from = gene.from.min(gene.to - 1);
        }
        cell.concat = (2..2 + cell.genes.len().div_ceil(2)).rev().collect();
        cell
    });
    let paired = Genotype::new(genotype.layout().clone(), cells.collect()).unwrap();
    genotype.name().map_or(paired.clone(), |name| paired.named(name))
}

proptest! {
    /// The text form says all of a genotype, or is refused.
    #[test]
    fn the_text_form_reads_back(
        genotype in strategies::genotype(),
        pairs in any::<bool>(),
    ) {
        let pairs = pairs && *genotype.layout() == Layout::TwoCells;
        let genotype = if pairs { paired(&genotype) } else { genotype };
        let whole = |concat: &[usize], genes: &[Gene]| {
            let mut nodes: Vec<usize> = genes.iter().map(|gene| gene.to).collect();
            nodes.sort_unstable();
            nodes.dedup();
            concat == nodes
        };
        let cells = genotype.cells();
        let two = *genotype.layout() == Layout::TwoCells;
        let short = two && cells.iter().all(|cell| in_pairs(&cell.genes));
        let sayable = *genotype.layout() != Layout::Space
            && genotype.name().is_none_or(is_identifier)
            && (short || cells.iter().all(|cell| whole(&cell.concat, &cell.genes)));
        match genotype.to_text() {
            Ok(text) => {
                prop_assert!(sayable);
                prop_assert_eq!(Genotype::from_text(&text), Ok(genotype.clone()), "{}", text);
                prop_assert_eq!(Genotype::read(&text), Ok(genotype), "{}", text);
            }
            Err(SpaceError::NoTextForm { .. }) => prop_assert!(!sayable),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
