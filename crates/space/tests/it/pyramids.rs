//! Pyramids of dilated convolutions before heads per pixel.

use dartloom_space::{
    Blueprint, Build, Cost, Lattice, Layer, Network, OpSet, Pair, Shape, Space, SpaceError, Stem,
};

/// A lattice that ends in 4 channels of 8x8 and 8 channels of 4x4.
fn lattice() -> Space {
    let ops = OpSet::builtin("S").unwrap();
    Space::lattice(ops, Lattice::auto_deeplab(1, 2), 1, Stem::cifar(1)).unwrap()
}

fn with_rates(rates: &[usize]) -> Space {
    let space = lattice();
    space.with_network(space.network().with_rates(rates).unwrap()).unwrap()
}

fn plan(space: &Space) -> Blueprint {
    let build = Build::new(4, 5, Shape::new(3, 8, 8)).for_network(space.network());
    Blueprint::supernet(space, build).unwrap()
}

fn cost(rates: &[usize]) -> Cost {
    plan(&with_rates(rates)).cost().unwrap()
}

#[test]
fn parameters_and_multiply_adds_are_those_by_hand() {
    let plain = cost(&[]);
    let found = cost(&[2, 4, 6]);
    // 4 channels of 64 pixels, 5 classes, in place of a convolution of 4 * 5: the five branches are
    // 4 * 4 or 9 * 4 * 4, a norm of 8 each, and their parts of the last convolution, 4 * 5 each.
    let fine = (16 + 8 + 20) + 3 * (144 + 8 + 20) + (16 + 8 + 20) - 20;
    let fine_macs = 64 * (16 + 20) + 3 * 64 * (144 + 20) + (16 + 64 * 20) - 64 * 20;
    // 8 channels of 16 pixels.
    let coarse = (64 + 16 + 40) + 3 * (576 + 16 + 40) + (64 + 16 + 40) - 40;
    let coarse_macs = 16 * (64 + 40) + 3 * 16 * (576 + 40) + (64 + 16 * 40) - 16 * 40;
    assert_eq!(found.parameters - plain.parameters, fine + coarse);
    assert_eq!(found.macs - plain.macs, fine_macs + coarse_macs);
    // One rate leaves three branches.
    let one = cost(&[4]);
    assert_eq!(found.parameters - one.parameters, 2 * (144 + 8 + 20) + 2 * (576 + 16 + 40));
}

#[test]
fn rates_are_halved_with_every_level_and_planes_stay() {
    let plan = plan(&with_rates(&[1, 6]));
    let rate = |layers: &[Layer]| match layers[0] {
        Layer::Conv { kernel, dilation, padding, .. } if kernel == Pair::both(3) => {
            assert_eq!(dilation, padding);
            Some(dilation.height)
        }
        _ => None,
    };
    let rates: Vec<_> = plan.head.branches.iter().map(|branch| rate(&branch.layers)).collect();
    let level = |rates: [usize; 2]| [None, Some(rates[0]), Some(rates[1]), None];
    assert_eq!(rates, [level([1, 6]), level([1, 3])].concat());
    assert_eq!(plan.head.output, Shape::new(5, 8, 8));
}

#[test]
fn pyramids_are_written_and_read_and_stay_with_the_ends_that_are_kept() {
    let space = with_rates(&[2, 4, 6]);
    let text = space.to_ron().unwrap();
    assert!(text.contains("rates"), "{text}");
    assert_eq!(Space::from_ron(&text).unwrap(), space);
    assert!(!lattice().to_ron().unwrap().contains("rates"));
    let mut links = space.network().all_links();
    links.head = vec![1];
    let kept = space.network().chosen(&links).unwrap();
    assert_eq!((kept.rates(), kept.head_sources().len()), (&[2, 4, 6][..], 1));
    assert_eq!(space.network().rates(), [2, 4, 6]);
}

#[test]
fn rates_that_make_no_sense_are_refused() {
    for rate in [0, 1 << 17] {
        let error = lattice().network().with_rates(&[2, rate]).unwrap_err();
        assert!(matches!(error, SpaceError::Range { found, .. } if found == rate), "{error}");
    }
    let pooled = Space::darts(OpSet::builtin("S").unwrap(), 2, 1, Stem::cifar(1)).unwrap();
    let pooled: &Network = pooled.network();
    assert_eq!(pooled.with_rates(&[]).unwrap(), *pooled);
    let error = pooled.with_rates(&[2]).unwrap_err();
    assert_eq!(error, SpaceError::Pyramids { found: vec![2] });
}
