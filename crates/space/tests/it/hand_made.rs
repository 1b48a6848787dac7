use dartloom_space::hand_made::{
    Baseline, Fcn, ResNet, ResNetStem, ResNetUNet, SelfConfigured, UNet,
};
use dartloom_space::{Graph, GraphInput, Layer, Outputs, Pair, Shape, SpaceError};

const CLASSES: Outputs = Outputs::Vector(1000);
const MASK: Outputs = Outputs::Plane { channels: 2 };
const PHOTO: Shape = Shape::new(3, 224, 224);

/// The counts of torchvision 0.2x: 11,689,512 and 25,557,032 parameters, 1.81 and 4.09 billion
/// multiply-adds.
#[test]
fn residual_networks_for_imagenet_cost_what_torchvision_says() {
    let cost = |network: ResNet| {
        let graph = network.with_stem(ResNetStem::ImageNet).graph(PHOTO, CLASSES).unwrap();
        graph.cost().unwrap()
    };
    let small = cost(ResNet::resnet18());
    assert_eq!((small.parameters, small.macs / 10_000_000), (11_689_512, 181));
    let large = cost(ResNet::resnet50());
    assert_eq!((large.parameters, large.macs / 10_000_000), (25_557_032, 408));
    let middle = ResNet { blocks: vec![3, 4, 6, 3], ..ResNet::resnet18() };
    assert_eq!(cost(middle).parameters, 21_797_672);
}

/// A U-Net of the same layers in PyTorch: 64 base channels, 3 image channels, 2 classes.
#[test]
fn the_papers_unet_has_31_million_parameters() {
    let wide = UNet { base: 64, ..UNet::default() };
    let graph = wide.graph(Shape::new(3, 128, 128), MASK).unwrap();
    assert_eq!(graph.cost().unwrap().parameters, 31_037_698);
}

#[test]
fn the_default_unet_is_counted_by_hand() {
    let graph = UNet::default().graph(Shape::new(3, 128, 128), MASK).unwrap();
    let cost = graph.cost().unwrap();
    let plane = |level: u32| (128_u64 * 128) >> (2 * level);
    let two = |inputs: u64, outputs: u64| 9 * (inputs * outputs + outputs * outputs);
    let mut parameters = 16 * 2 + 2;
    let mut macs = plane(0) * 16 * 2;
    for level in 0..5 {
        let width = 16_u64 << level;
        let inputs = if level == 0 { 3 } else { width / 2 };
        parameters += two(inputs, width) + 4 * width;
        macs += plane(level) * two(inputs, width);
    }
    for level in 0..4 {
        let width = 16_u64 << level;
        parameters += 4 * 2 * width * width + width + two(2 * width, width) + 4 * width;
        macs += plane(level) * (2 * width * width + two(2 * width, width));
    }
    assert_eq!((cost.parameters, cost.macs), (parameters, macs));
    let names: Vec<&str> = graph.nodes().iter().map(|node| node.name()).collect();
    let ends = ["up.0", "decoder.0", "head"];
    assert_eq!(names[names.len() - 3..], ends);
    assert_eq!(names[..3], ["encoder.0", "pool.1", "encoder.1"]);
}

#[test]
fn planes_are_halved_as_often_as_they_can_be_unless_it_is_said() {
    let up = |graph: &Graph| graph.nodes().iter().filter(|n| n.name().starts_with("up.")).count();
    for (side, halvings) in [(8, 3), (7, 0), (12, 2), (128, 4)] {
        let image = Shape::new(1, side, 64);
        assert_eq!(up(&UNet::default().graph(image, MASK).unwrap()), halvings);
        assert_eq!(up(&ResNetUNet::default().graph(image, MASK).unwrap()), halvings);
        Fcn::default().graph(image, MASK).unwrap();
    }
    let deep = UNet { depth: Some(4), ..UNet::default() };
    let error = deep.graph(Shape::new(1, 24, 64), MASK).unwrap_err().to_string();
    let expected = "images of 24x64 cannot be halved 4 times; sides that are multiples of 16 can, \
                    such as 32x64 (`unet`; a depth of 3 fits)";
    assert_eq!(error, expected);
}

#[test]
fn the_self_configured_network_stops_at_four_pixels() {
    let widths = |image: Shape| -> Vec<usize> {
        let graph = SelfConfigured::default().graph(image, MASK).unwrap();
        let encoders = graph.nodes().iter().filter(|node| node.name().starts_with("encoder."));
        encoders.map(|node| node.shape().channels).collect()
    };
    assert_eq!(widths(Shape::new(3, 128, 128)), [32, 64, 128, 256, 512, 512]);
    // The longer axis goes on alone: 8x128, 4x64, 4x32, 4x16, 4x8, and not from 8 to 4.
    assert_eq!(widths(Shape::new(3, 8, 128)).len(), 5);
    assert_eq!(widths(Shape::new(3, 7, 9)), [32]);
    let graph = SelfConfigured::default().graph(Shape::new(3, 8, 128), MASK).unwrap();
    let up = graph.nodes().iter().find(|node| node.name() == "up.2").unwrap();
    assert!(
        matches!(up.layers()[0], Layer::ConvTranspose { factor, .. } if factor == Pair::new(1, 2))
    );
}

#[test]
fn deep_supervision_adds_a_head_to_every_level_of_the_decoder_but_the_finest() {
    let image = Shape::new(3, 32, 32);
    let plain = SelfConfigured { base: 2, most: 8, ..SelfConfigured::default() };
    let deep = SelfConfigured { deep: true, ..plain };
    let graph = deep.graph(image, MASK).unwrap();
    let heads: Vec<_> = graph.deep().iter().map(|&at| &graph.nodes()[at]).collect();
    let names: Vec<&str> = heads.iter().map(|node| node.name()).collect();
    assert_eq!(names, ["deep.1", "deep.2"]);
    assert_eq!(heads[0].shape(), Shape::new(2, 16, 16));
    assert_eq!(heads[1].shape(), Shape::new(2, 8, 8));
    // 1x1 convolutions with bias, of 4 and 8 channels.
    let cost = graph.cost().unwrap();
    assert_eq!(cost.auxiliary_parameters, (4 * 2 + 2) + (8 * 2 + 2));
    assert_eq!(cost.auxiliary_macs, 16 * 16 * 4 * 2 + 8 * 8 * 8 * 2);
    // Nothing else is another one, and no word is written about what is not there.
    let without = plain.graph(image, MASK).unwrap();
    let rest = without.cost().unwrap();
    assert_eq!((cost.parameters, cost.macs), (rest.parameters, rest.macs));
    assert_eq!(cost.activations, rest.activations);
    assert_eq!((rest.auxiliary_parameters, rest.auxiliary_macs), (0, 0));
    assert!(!without.to_json().unwrap().contains("deep"));
    let said = ron::to_string(&plain).unwrap();
    assert!(!said.contains("deep"), "{said}");
    assert_eq!(ron::from_str::<SelfConfigured>("(base: 2, most: 8)").unwrap(), plain);
    assert_eq!(ron::from_str::<SelfConfigured>(&ron::to_string(&deep).unwrap()).unwrap(), deep);
    // One level has no other, two have one.
    assert!(deep.graph(Shape::new(3, 8, 8), MASK).unwrap().deep().is_empty());
    assert_eq!(deep.graph(Shape::new(3, 16, 16), MASK).unwrap().deep().len(), 1);
}

#[test]
fn the_fully_convolutional_network_sums_three_scores() {
    let graph = Fcn::default().graph(Shape::new(3, 64, 64), MASK).unwrap();
    let sums = graph.nodes().iter().filter(|node| node.name().starts_with("sum."));
    let sizes: Vec<usize> = sums.map(|node| node.shape().height).collect();
    assert_eq!(sizes, [4, 8]);
    assert_eq!(graph.nodes().last().unwrap().joined(), Shape::new(2, 8, 8));
}

#[test]
fn outputs_of_another_kind_name_what_fits() {
    let image = Shape::new(1, 16, 16);
    for (name, baseline) in Baseline::known() {
        for outputs in [Outputs::Vector(3), Outputs::Plane { channels: 3 }] {
            let found = baseline.graph(image, outputs);
            assert_eq!(found.is_ok(), baseline.serves(outputs), "{name}");
            let Err(error) = found else { continue };
            let fitting = Baseline::fitting(outputs);
            assert!(!fitting.contains(&name), "{name}");
            let said = error.to_string();
            let SpaceError::BaselineOutputs { fitting: found, .. } = error else {
                panic!("{name}")
            };
            assert_eq!(found, fitting);
            assert!(fitting.iter().all(|name| said.contains(name)), "{said}");
        }
    }
    assert!(Baseline::usual(MASK).serves(MASK) && Baseline::usual(CLASSES).serves(CLASSES));
}

#[test]
fn settings_out_of_range_are_refused() {
    let image = Shape::new(1, 16, 16);
    let text = [
        "unet(base: 0)",
        "unet(base: 5000)",
        "unet(depth: 17)",
        "resnet_unet(blocks: 0)",
        "fcn(hidden: 0)",
        "fcn(depth: 6)",
        "self_configured(base: 0)",
        "self_configured(smallest: 0)",
        "resnet(width: 0)",
        "resnet(blocks: [])",
        "resnet(blocks: [2, 0])",
    ];
    let options = ron::Options::default().with_default_extension(
        ron::extensions::Extensions::UNWRAP_VARIANT_NEWTYPES
            | ron::extensions::Extensions::IMPLICIT_SOME,
    );
    for text in text {
        let baseline: Baseline = options.from_str(text).unwrap();
        let outputs = if text.starts_with("resnet(") { CLASSES } else { MASK };
        let error = baseline.graph(image, outputs).unwrap_err();
        let typed = matches!(error, SpaceError::Baseline { .. } | SpaceError::Halvings { .. });
        assert!(typed, "{text}: {error}");
    }
}

#[test]
fn graphs_are_written_and_read() {
    let image = Shape::new(3, 32, 32);
    for (name, baseline) in Baseline::known() {
        let outputs = if baseline.serves(MASK) { MASK } else { CLASSES };
        let graph = baseline.graph(image, outputs).unwrap();
        assert_eq!(Graph::from_json(&graph.to_json().unwrap()).unwrap(), graph, "{name}");
        assert_eq!(Graph::from_ron(&graph.to_ron().unwrap()).unwrap(), graph, "{name}");
    }
}

#[test]
fn malformed_graphs_are_refused_where_they_are_wrong() {
    let graph = UNet::default().graph(Shape::new(1, 8, 8), MASK).unwrap();
    let text = graph.to_json().unwrap();
    let said = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        Graph::from_json(&text.replacen(from, to, 1)).unwrap_err().to_string()
    };
    let error = said("\"version\":1", "\"version\":2");
    assert_eq!(error, "a graph of version 2 cannot be read: this program knows version 1");
    let error = said("\"inputs\":[\"encoder.0\"]", "\"inputs\":[\"encoder.1\"]");
    assert!(error.starts_with("node `pool.1`: expected the image and earlier nodes"), "{error}");
    let error = said("\"outputs\":16", "\"outputs\":15");
    assert!(error.starts_with("node `encoder.0`: layer"), "{error}");
    let error = said("\"join\":\"Concat\"", "\"join\":\"Sum\"");
    assert!(error.contains("`decoder.2`"), "{error}");
    let error = said("\"channels\":1", "\"channels\":0");
    assert!(error.starts_with("image channels must be"), "{error}");
    let error = said("\"groups\":1", "\"grops\":1");
    assert!(error.starts_with("JSON, line 1"), "{error}");
    assert_eq!(graph.nodes()[0].inputs(), [GraphInput::Image]);
}
