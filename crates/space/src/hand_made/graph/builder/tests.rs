use super::*;
use crate::{Pair, Resize};

const IMAGE: Shape = Shape::new(2, 8, 8);
const PLANE: Outputs = Outputs::Plane { channels: 2 };

fn builder() -> GraphBuilder {
    GraphBuilder::new("test", IMAGE).unwrap()
}

fn halved() -> Layer {
    Layer::MaxPool { kernel: Pair::both(2), stride: Pair::both(2), padding: Pair::both(0) }
}

#[test]
fn mistakes_name_the_node() {
    let said = |with: &dyn Fn(&mut GraphBuilder) -> Result<GraphInput, SpaceError>| {
        let mut graph = builder();
        graph.node("half", GraphInput::Image, vec![halved()]).unwrap();
        with(&mut graph).unwrap_err().to_string()
    };
    let image = GraphInput::Image;
    let half = GraphInput::Node(0);
    let found = said(&|g| g.node("a", image, vec![Layer::pointwise(3, 4)]));
    assert_eq!(found, "node `a`: layer conv needs 3 channels, found an input of 2x8x8");
    let found = said(&|g| g.sum("a", &[image, half], vec![]));
    assert_eq!(found, "node `a` from `half`: expected shape 2x8x8, found 2x4x4");
    let found = said(&|g| g.concat("a", &[half, image], vec![]));
    assert_eq!(found, "node `a` from the image: expected shape 2x4x4, found 2x8x8");
    let found = said(&|g| g.sum("a", &[image], vec![]));
    assert_eq!(found, "node `a`: expected two values to read, or more, found 1");
    let found = said(&|g| g.join("a", &[image, image], Join::Single, vec![]));
    assert_eq!(found, "node `a`: expected one value to read, found 2");
    let found = said(&|g| g.node("a", GraphInput::Node(1), vec![]));
    assert!(found.starts_with("node `a`: expected the image and earlier nodes"), "{found}");
    for name in ["half", "image", "", "a b", "ä"] {
        let found = said(&|g| g.node(name, image, vec![]));
        assert!(found.starts_with(&format!("node `{name}`: expected a name")), "{found}");
    }
    let grouped = |groups| Layer::Conv {
        inputs: 2,
        outputs: 4,
        kernel: Pair::both(1),
        stride: Pair::both(1),
        dilation: Pair::both(1),
        padding: Pair::both(0),
        groups,
    };
    for groups in [0, 3, 4] {
        let found = said(&|g| g.node("a", image, vec![grouped(groups)]));
        assert!(found.contains("numbers that fit each other"), "{found}");
    }
    let huge = Layer::Upsample { factor: Pair::both(1 << 14), resize: Resize::Nearest };
    let found = said(&|g| g.node("a", image, vec![huge.clone()]));
    assert!(found.contains("65536 channels, rows and columns"), "{found}");
}

#[test]
fn an_unfinished_graph_is_refused() {
    let found = builder().finish(PLANE).unwrap_err().to_string();
    assert_eq!(found, "node `test`: expected at least one node, found none");
    let mut graph = builder();
    graph.node("lost", GraphInput::Image, vec![]).unwrap();
    graph.node("last", GraphInput::Image, vec![]).unwrap();
    let found = graph.clone().finish(PLANE).unwrap_err().to_string();
    assert_eq!(found, "node `lost`: expected a later node that reads it, found none");
    let found = graph.finish(Outputs::Vector(2)).unwrap_err().to_string();
    assert_eq!(found, "output of node `last`: expected shape 2x1x1, found 2x8x8");
}

#[test]
fn values_are_needed_up_to_their_last_reader() {
    let mut graph = builder();
    let a = graph.node("a", GraphInput::Image, vec![]).unwrap();
    let b = graph.node("b", a, vec![]).unwrap();
    let c = graph.sum("c", &[b, a], vec![]).unwrap();
    graph.concat("d", &[c, GraphInput::Image], vec![Layer::pointwise(4, 2)]).unwrap();
    let graph = graph.finish(PLANE).unwrap();
    assert_eq!(graph.last_readers(), [Some(2), Some(2), Some(3), None]);
    assert_eq!(graph.nodes()[3].joined(), Shape::new(4, 8, 8));
    assert_eq!(graph.shape(GraphInput::Node(4)), None);
}

#[test]
fn transposed_convolutions_and_biases_are_counted() {
    let mut graph = GraphBuilder::new("test", Shape::new(3, 4, 6)).unwrap();
    let factor = Pair::new(2, 3);
    let up = Layer::ConvTranspose { inputs: 3, outputs: 5, factor, bias: true };
    let plain = Layer::ConvTranspose { inputs: 5, outputs: 2, factor: Pair::both(1), bias: false };
    let layers = vec![up, plain, Layer::Bias { channels: 2 }];
    graph.node("up", GraphInput::Image, layers).unwrap();
    let found = graph.clone().finish(PLANE).unwrap_err();
    assert!(matches!(found, SpaceError::Meeting { found, .. } if found == Shape::new(2, 8, 18)));
    let last = vec![Layer::AvgPool { kernel: factor, stride: factor, padding: Pair::both(0) }];
    graph.node("down", GraphInput::Node(0), last).unwrap();
    let cost = graph.finish(PLANE).unwrap().cost().unwrap();
    let parameters = 3 * 5 * 6 + 5 + 5 * 2 + 2;
    // Every pixel of the image is multiplied with all taps of its channel.
    let macs = 4 * 6 * (3 * 5 * 6) + 8 * 18 * (5 * 2);
    assert_eq!((cost.parameters, cost.macs), (parameters, macs));
    assert_eq!(cost.activations, 8 * 18 * (5 + 2 + 2) + 4 * 6 * 2);
    let zero = Layer::ConvTranspose { inputs: 2, outputs: 1, factor: Pair::new(0, 1), bias: false };
    assert!(matches!(zero.output(IMAGE), Err(SpaceError::LayerInput { .. })));
}

/// An output and two coarser heads, the second of which goes through a node of its own.
fn supervised() -> [GraphInput; 4] {
    [0, 2, 4, 5].map(GraphInput::Node)
}

fn with_heads() -> GraphBuilder {
    let mut graph = builder();
    let a = graph.node("a", GraphInput::Image, vec![halved(), Layer::pointwise(2, 3)]).unwrap();
    let b = graph.node("b", a, vec![halved()]).unwrap();
    graph.node("fine", a, vec![Layer::pointwise(3, 2)]).unwrap();
    let own = graph.node("own", b, vec![Layer::pointwise(3, 4)]).unwrap();
    graph.node("coarse", own, vec![Layer::pointwise(4, 2)]).unwrap();
    let up = Layer::Upsample { factor: Pair::both(4), resize: Resize::Nearest };
    graph.node("head", b, vec![Layer::pointwise(3, 2), up]).unwrap();
    graph
}

#[test]
fn heads_of_deep_supervision_are_nodes_apart() {
    let [_, fine, coarse, _] = supervised();
    let graph = with_heads().finish_with(PLANE, &[fine, coarse]).unwrap();
    assert_eq!(graph.deep(), [2, 4]);
    assert_eq!(graph.training_only(), [false, false, true, true, true, false]);
    let cost = graph.cost().unwrap();
    assert_eq!(
        (cost.parameters, cost.auxiliary_parameters),
        (2 * 3 + 3 * 2, 3 * 2 + 3 * 4 + 4 * 2)
    );
    assert_eq!(cost.auxiliary_macs, 16 * 3 * 2 + 4 * (3 * 4 + 4 * 2));
    // Nothing that is run in training alone: two of each pooling, two of `a`, and the output.
    assert_eq!(cost.activations, 16 * (2 + 3) + 4 * 3 + 4 * 2 + 64 * 2);
    let json = graph.to_json().unwrap();
    assert!(json.ends_with("\"deep\":[\"fine\",\"coarse\"]}"), "{json}");
    assert_eq!(Graph::from_json(&json).unwrap(), graph);
    assert_eq!(Graph::from_ron(&graph.to_ron().unwrap()).unwrap(), graph);
    let found = Graph::from_json(&json.replace("\"deep\":[\"fine\"", "\"deep\":[\"line\""));
    let found = found.unwrap_err().to_string();
    assert!(
        found.starts_with("node `line`: expected a node as a head") && found.contains("`fine`")
    );
}

#[test]
fn heads_of_deep_supervision_get_coarser() {
    let [a, fine, coarse, head] = supervised();
    let said =
        |heads: &[GraphInput]| with_heads().finish_with(PLANE, heads).unwrap_err().to_string();
    let found = said(&[coarse, fine]);
    assert_eq!(found, "head of deep supervision `fine`: expected shape 2x2x2, found 2x4x4");
    let found = said(&[a, coarse]);
    assert_eq!(found, "head of deep supervision `a`: expected shape 2x8x8, found 3x4x4");
    assert!(said(&[fine, fine]).ends_with("found `fine` twice"), "{}", said(&[fine, fine]));
    assert!(said(&[head]).ends_with("found `head` at the end"), "{}", said(&[head]));
    assert!(said(&[GraphInput::Image]).ends_with("found the image among them"));
    assert!(said(&[GraphInput::Node(9)]).ends_with("found node 9 among them"));
    assert_eq!(said(&[fine]), "node `coarse`: expected a later node that reads it, found none");
}
