use super::*;
use crate::hand_made::{ResNet, UNet};
use crate::{Blueprint, Build, Join, OpSet, Outputs, Phase, Shape, Space, Stage};

const PLANE: Outputs = Outputs::Plane { channels: 2 };

fn unet() -> Graph {
    UNet { base: 4, depth: Some(2) }.graph(Shape::new(3, 16, 16), PLANE).unwrap()
}

fn ops(names: &[&str]) -> OpSet {
    OpSet::builtin("all").unwrap().subset("mine", names).unwrap()
}

fn names(searched: &SearchedGraph) -> Vec<&str> {
    searched.blocks().map(GraphNode::name).collect()
}

fn build(graph: &Graph) -> Build {
    Build::new(1, 1, graph.input()).with_outputs(graph.outputs())
}

#[test]
fn stars_stand_for_any_text() {
    let rows = [
        ("encoder.*", "encoder.1", true),
        ("encoder.*", "decoder.1", false),
        ("*.1", "encoder.1", true),
        ("*.1", "encoder.11", false),
        ("*.1*", "encoder.10", true),
        ("e*o*r.0", "encoder.0", true),
        ("e*x*r.0", "encoder.0", false),
        ("encoder", "encoder.0", false),
        ("a*a", "a", false),
        ("*", "", true),
    ];
    for (pattern, name, expected) in rows {
        assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
    }
}

#[test]
fn patterns_pass_by_what_cannot_be_replaced() {
    let all = SearchedGraph::new(unet(), &["*"]).unwrap();
    let blocks = ["encoder.0", "encoder.1", "encoder.2", "decoder.1", "decoder.0"];
    assert_eq!(names(&all), blocks);
    let some = SearchedGraph::new(unet(), &["decoder.0", "*coder.0"]).unwrap();
    assert_eq!(names(&some), ["encoder.0", "decoder.0"]);
    // Shortcuts and blocks of a ResNet, and its stem; joins have no parameters.
    let resnet = ResNet::tiny().graph(Shape::new(3, 32, 32), Outputs::Vector(5)).unwrap();
    let all = SearchedGraph::new(resnet, &["*"]).unwrap();
    assert!(names(&all).contains(&"stem") && !names(&all).contains(&"head"), "{all:?}");
    assert!(names(&all).iter().all(|name| !name.ends_with("join")));
}

#[test]
fn what_is_named_and_cannot_be_replaced_is_refused() {
    let rows = [
        ("pool.1", "a block with parameters"),
        ("up.0", "keeps the plane or halves it"),
        ("head", "before the outputs"),
        ("encodr.0", "did you mean `encoder.0`"),
        ("pool.*", "no block of that name"),
    ];
    for (pattern, said) in rows {
        let error = SearchedGraph::new(unet(), &[pattern]).unwrap_err();
        let SpaceError::Node { node, .. } = &error else { panic!("{error}") };
        assert_eq!(node, pattern);
        assert!(error.to_string().contains(said), "{error}");
    }
    assert!(SearchedGraph::new(unet(), &[] as &[&str]).is_err());
}

#[test]
fn candidates_have_the_shape_of_the_block() {
    let searched = SearchedGraph::new(unet(), &["encoder.1"]).unwrap();
    let block = searched.blocks().next().unwrap();
    let all = OpSet::builtin("all").unwrap();
    for op in all.ops().iter().filter(|op| !op.is_zero()) {
        for phase in [Phase::Search, Phase::Retrain] {
            let layers = SearchedGraph::candidate(block, op, phase).unwrap();
            let found = output_of(&layers, block.joined()).unwrap();
            assert_eq!(found, block.shape(), "{}", op.name);
        }
    }
    // One that mixes channels has the block's own number of them; another has a convolution first.
    let layers =
        |op: &str| SearchedGraph::candidate(block, all.get(op).unwrap(), Phase::Retrain).unwrap();
    assert_eq!(layers("simple_conv_3x3")[1..2], [Layer::square(4, 8, 3, 1)]);
    assert_eq!(layers("skip_connect")[0], Layer::pointwise(4, 8));
}

#[test]
fn candidates_that_fit_no_block_are_refused() {
    let searched = SearchedGraph::new(unet(), &["encoder.1"]).unwrap();
    let upsample = OpSpec::new("larger", [Stage::Upsample { factor: 2.into() }]);
    let rows = [
        (upsample, "node `encoder.1`, candidate `larger`"),
        (OpSpec::custom("code"), "found `code`"),
        (OpSpec::new("none", [Stage::Zero]), "found `none`"),
    ];
    for (op, said) in rows {
        let set = OpSet::new("set", vec![op]).unwrap();
        let error = Space::inside(searched.clone(), &set).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
    let set = OpSet::new("set", vec![OpSpec::hand_made()]).unwrap();
    assert!(
        Space::darts(set, 3, 2, crate::Stem::cifar(1))
            .and_then(|space| Blueprint::supernet(&space, build(&unet())))
            .is_err()
    );
}

#[test]
fn a_space_is_written_and_read() {
    let searched = SearchedGraph::new(unet(), &["*"]).unwrap();
    let space = Space::inside(searched, &ops(&["sep_conv_3x3", "skip_connect"])).unwrap();
    assert_eq!(space.size(1).exact.to_string(), "243");
    assert_eq!(Space::from_ron(&space.to_ron().unwrap()).unwrap(), space);
    let json = space.to_json().unwrap();
    assert_eq!(Space::from_json(&json).unwrap(), space);
    let fewer = json.replace(",\"decoder.0\"]", "]");
    assert_ne!(fewer, json);
    assert!(Space::from_json(&fewer).is_err());
}

#[test]
fn the_blueprint_of_hand_made_operations_counts_what_the_graph_does() {
    let resnet = ResNet::tiny().graph(Shape::new(3, 32, 32), Outputs::Vector(5)).unwrap();
    for graph in [unet(), resnet] {
        let searched = SearchedGraph::new(graph.clone(), &["*"]).unwrap();
        let space = Space::inside(searched.clone(), &ops(&["sep_conv_3x3"])).unwrap();
        let cells = space.cells().iter().map(|cell| {
            let gene = |op: &str| crate::Gene { op: op.to_owned(), from: 0, to: 1 };
            cell.genotype(vec![gene("hand_made")])
        });
        let genotype = space.genotype(cells.collect()).unwrap();
        assert_eq!(space.rebuilt(&genotype).unwrap(), graph);
        let network = genotype.network_in(&space).unwrap();
        let plan = Blueprint::derived(&genotype, &network, space.op_set(), build(&graph)).unwrap();
        assert_eq!(plan.cost().unwrap(), graph.cost().unwrap());
        assert_eq!(plan.head.output, graph.outputs().shape(graph.input()));
        let placements = searched.placements();
        for (node, at) in graph.nodes().iter().zip(placements) {
            let cell = &plan.cells[at.unwrap()];
            assert_eq!(cell.output, node.shape());
            assert_eq!(cell.edges[0].candidates[0].layers.as_deref(), Some(node.layers()));
            let ports = if node.join() == Join::Sum { node.inputs().len() } else { 1 };
            assert_eq!(cell.ports[0].links.len(), ports);
        }
        let supernet = Blueprint::supernet(&space, build(&graph)).unwrap();
        assert!(supernet.cost().unwrap().parameters > graph.cost().unwrap().parameters);
    }
}

#[test]
fn a_rebuilt_network_counts_what_its_blueprint_does() {
    let graph = unet();
    let searched = SearchedGraph::new(graph.clone(), &["*"]).unwrap();
    let space = Space::inside(searched, &ops(&["sep_conv_3x3", "max_pool_3x3"])).unwrap();
    let mut noise = <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(3);
    for _ in 0..5 {
        let genotype = space.sample(1, &mut noise);
        let rebuilt = space.rebuilt(&genotype).unwrap();
        let network = genotype.network_in(&space).unwrap();
        let plan = Blueprint::derived(&genotype, &network, space.op_set(), build(&graph)).unwrap();
        assert_eq!(plan.cost().unwrap(), rebuilt.cost().unwrap());
        assert_eq!(Graph::from_ron(&rebuilt.to_ron().unwrap()).unwrap(), rebuilt);
    }
    let darts = Space::darts(ops(&["skip_connect"]), 3, 2, crate::Stem::cifar(1)).unwrap();
    assert!(darts.rebuilt(&darts.sample(1, &mut noise)).is_err());
}

#[test]
fn another_build_than_the_graphs_is_refused() {
    let searched = SearchedGraph::new(unet(), &["*"]).unwrap();
    let space = Space::inside(searched, &ops(&["sep_conv_3x3"])).unwrap();
    let own = build(&unet());
    let rows = [
        Build { input: Shape::new(3, 32, 32), ..own },
        Build { outputs: Outputs::Plane { channels: 3 }, ..own },
        Build { partial: 2, ..own },
    ];
    for build in rows {
        let found = Blueprint::supernet(&space, build);
        assert!(matches!(found, Err(SpaceError::Mismatch { .. })), "{found:?}");
    }
}
