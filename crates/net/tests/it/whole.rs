//! Cells that are one operation.

use dartloom_net::Cell;
use dartloom_ops::{Place, Registry, Variables};
use dartloom_space::{Blueprint, Build, Lattice, OpSet, Space, Stem};

use crate::support::*;

/// One entry a cell of the supernet: `true` if it is one operation.
fn whole(space: &Space, partial: usize) -> Vec<bool> {
    let build = Build { partial, ..build(8, 32).for_network(space.network()) };
    let plan = Blueprint::supernet(space, build).unwrap();
    let registry = Registry::standard().unwrap();
    let cells = plan.cells.iter().enumerate();
    let cell = |(index, plan)| {
        let mut variables = Variables::new(&Place::default());
        let mut draw = rng(1);
        let cell = Cell::new(index, plan, &registry, &mut variables.builder(&mut draw));
        cell.unwrap().is_one_operation()
    };
    cells.map(cell).collect()
}

#[test]
fn cells_of_networks_per_pixel_are_one_operation() {
    let base = || OpSet::builtin("O_base").unwrap();
    let quarter = Stem::imagenet_quarter;
    let pyramid = Stem::pyramid(3).unwrap();
    let two = OpSet::builtin("S").unwrap();
    let depthwise = ops(&["depthconv2d_1", "depthconv2d_3", "skip_connect", "cut"]);
    let spaces = [
        Space::unet(base(), 3, 2, Stem::cifar(1)).unwrap(),
        Space::nested_unet(base(), 2, 1, Stem::cifar(1)).unwrap(),
        Space::darts_unet_pp(base(), 3, 1, quarter()).unwrap(),
        Space::auto_deeplab(base(), 4, 1, quarter()).unwrap(),
        Space::lattice(two, Lattice::dints(3, 3), 1, pyramid).unwrap(),
        Space::resnext_unet(depthwise, 2, (2, 2), Stem::cifar(1)).unwrap(),
    ];
    for space in &spaces {
        for partial in [1, 4] {
            let found = whole(space, partial);
            assert!(found.iter().all(|&one| one), "{}, {partial}: {found:?}", space.name());
        }
    }
}

/// Convolutions over windows and channels at once have no fused kernel.
#[test]
fn cells_with_dense_windows_run_operation_by_operation() {
    for name in ["conv2d_1", "splitconv2d_1"] {
        let ops = ops(&["skip_connect", name]);
        let space = Space::resnext_unet(ops, 1, (2, 1), Stem::cifar(1)).unwrap();
        assert!(whole(&space, 1).iter().all(|&one| !one), "{name}");
    }
}
