//! Every method fits together on images of CIFAR's size.

use dartloom_data::digits;
use dartloom_ops::Registry;
use dartloom_search::{BilevelConfig, SearchConfig, SupernetSearch};
use dartloom_space::Shape;
use dartloom_train::Noise;

use super::{Method, darts, darts_second_order, fair_darts, gaea_erm, gaea_pc_darts, pc_darts};

fn all() -> Vec<Method> {
    let fair = fair_darts().unwrap();
    vec![darts(), darts_second_order(), pc_darts(), gaea_pc_darts(), gaea_erm(), fair]
}

#[test]
fn parts_fit_together() {
    let registry = Registry::standard().unwrap();
    for method in all() {
        method.search.check().unwrap();
        let space = method.space().unwrap();
        assert_eq!(space.network().placements().len(), 8, "{}", method.name);
        // Narrower, to build them in milliseconds; planes are those of the digits.
        let method = Method { channels: 8, ..method };
        let digits = digits();
        let data = method.split.parts(&digits.train, 1).unwrap();
        let parts = method.parts(&space, &registry, (10, Shape::new(1, 8, 8)), &data);
        let config = SearchConfig { batch: 16, ..method.search.clone() };
        let search = SupernetSearch::new(method.name, parts, config, Noise::new(1)).unwrap();
        let table = search.table(0).unwrap();
        let weighed = table.cells().iter().all(|cell| cell.edge_weights.is_some());
        assert_eq!(weighed, method.choices.edges.is_some(), "{}", method.name);
        search
            .decode(0)
            .map(drop)
            .or_else(|error| {
                // Weights of one half are below FairDARTS' threshold: its cells start empty.
                if method.name == "FairDARTS" { Ok(()) } else { Err(error) }
            })
            .unwrap();
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = all().iter().map(|method| method.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all().len());
    assert_eq!(darts().search.bilevel, BilevelConfig::default());
}
