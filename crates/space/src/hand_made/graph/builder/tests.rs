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
