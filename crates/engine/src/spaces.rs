//! Spaces by name or from a file.

use std::ffi::OsStr;
use std::path::Path;

use dartloom::space::{Lattice, OpSet, Space, SpaceError, Stem, nasbench_macro, nasbench201};

use crate::error::EngineError;
use crate::input;

/// For `--help`.
pub const HELP: &str = "\
A built-in space, or a file in RON or JSON.

A built-in space is a topology, optionally with a dash and a set of operations (O_base when left
out), such as `darts`, `darts-S` or `individual-O_large`. Topologies:
  darts          normal and reduction cell of 4 nodes, in a chain of 8
  individual     8 cells of 4 nodes, each for itself, in a chain
  unet           cells of 4 nodes in a U-Net of depth 4
  nested_unet    the same in a nested U-Net of depth 4
  darts_unet_pp  the same with a weight on every link, behind two parts of a stem
  resnext_unet   residual cells of 4 towers of 2 operations in a U-Net of depth 4
  auto_deeplab   one cell of 5 nodes in a lattice of 12 layers and 4 levels, with a cell on every
                 node, which chooses the node that it reads
  lattice        the lattice of Auto-DeepLab, of the same size: with a cell on every
                 transition, and nodes that are weighted sums of them
  dints          the lattice of DiNTS, 12 layers and 4 levels: with a cell of its own, of one
                 operation, on every transition
Or a benchmark's space: `nasbench201`, `nasbench_macro`.
Sets of operations: S, O_base, S_o, O_large, nasbench201, dints, all.";

/// A way to place cells around a set of operations.
type Topology = fn(OpSet) -> Result<Space, SpaceError>;

/// A space that is a constant.
type Fixed = fn() -> Result<Space, SpaceError>;

/// Spaces with operations of their own.
const BENCHMARKS: [(&str, Fixed); 2] =
    [("nasbench201", nasbench201::space), ("nasbench_macro", nasbench_macro::space)];

const TOPOLOGIES: [(&str, Topology); 9] = [
    ("darts", |ops| Space::darts(ops, 8, 4, Stem::cifar(3))),
    ("individual", |ops| Space::individual(ops, 8, 4, Stem::cifar(3))),
    ("unet", |ops| Space::unet(ops, 4, 4, Stem::cifar(1))),
    ("nested_unet", |ops| Space::nested_unet(ops, 4, 4, Stem::cifar(1))),
    ("darts_unet_pp", |ops| Space::darts_unet_pp(ops, 4, 4, Stem::imagenet_quarter())),
    ("resnext_unet", |ops| Space::resnext_unet(ops, 4, (4, 2), Stem::cifar(1))),
    ("auto_deeplab", |ops| Space::auto_deeplab(ops, 12, 5, Stem::imagenet_quarter())),
    ("lattice", |ops| {
        Space::lattice(ops, Lattice::auto_deeplab(12, 4), 5, Stem::imagenet_quarter())
    }),
    ("dints", |ops| Space::lattice(ops, Lattice::dints(12, 4), 1, Stem::pyramid(4)?)),
];

/// The built-in space of that name, if there is one.
pub fn builtin(name: &str) -> Option<Result<Space, EngineError>> {
    if let Some((_, make)) = BENCHMARKS.iter().find(|(known, _)| *known == name) {
        return Some(make().map_err(EngineError::input));
    }
    let (topology, set) = name.split_once('-').unwrap_or((name, "O_base"));
    let (_, make) = TOPOLOGIES.iter().find(|(known, _)| *known == topology)?;
    Some(OpSet::builtin(set).and_then(make).map_err(EngineError::input))
}

/// The names of built-in spaces, without the sets of operations that may follow them.
pub fn names() -> impl Iterator<Item = &'static str> {
    TOPOLOGIES.iter().map(|(name, _)| *name).chain(BENCHMARKS.iter().map(|(name, _)| *name))
}

/// A built-in space, or else the one in the file of that name, which need not be UTF-8.
///
/// # Errors
/// A name that is neither built in nor a file, or a file that holds no space.
pub fn resolve(name: impl AsRef<OsStr>) -> Result<Space, EngineError> {
    let name = name.as_ref();
    let path = Path::new(name);
    match name.to_str().and_then(builtin) {
        // A file may be called like a topology with something behind it.
        Some(Err(_)) if path.exists() => read(path),
        Some(space) => space,
        None if path.exists() => read(path),
        None => Err(EngineError::UnknownName {
            found: name.to_string_lossy().into_owned(),
            what: "space",
            known: names().map(str::to_owned).collect(),
        }),
    }
}

/// The space in a file.
fn read(path: &Path) -> Result<Space, EngineError> {
    parse(&input::read(path)?).map_err(|error| EngineError::content(path, error))
}

/// A space in JSON (which begins with a brace) or RON.
///
/// # Errors
/// [`SpaceError`] with the place of the mistake.
pub fn parse(text: &str) -> Result<Space, SpaceError> {
    let json = text.trim_start().starts_with('{');
    if json { Space::from_json(text) } else { Space::from_ron(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_space_exists() {
        for (topology, _) in TOPOLOGIES {
            assert_eq!(resolve(topology).unwrap().op_set().name(), "O_base", "{topology}");
            assert!(HELP.contains(topology));
        }
        for (benchmark, _) in BENCHMARKS {
            assert_eq!(resolve(benchmark).unwrap().op_set().name(), benchmark);
            assert!(HELP.contains(benchmark));
        }
        assert_eq!(resolve("darts-S").unwrap().op_set().len(), 7);
        assert_eq!(resolve("darts").unwrap().network().placements().len(), 8);
        assert_eq!(resolve("individual").unwrap().cells().len(), 8);
        // The transitions into 4 levels are 2 + 3 + 3 + 2, in the first layers fewer; every node is
        // a sum besides.
        let lattice = resolve("lattice").unwrap();
        assert_eq!(lattice.cells(), resolve("auto_deeplab").unwrap().cells());
        let sums = 2 + 3 + 10 * 4;
        assert_eq!(lattice.network().placements().len(), (2 + 5 + 8) + 9 * 10 + sums);
        assert_eq!(resolve("dints").unwrap().cells().len(), 12 * 10);
        assert_eq!(resolve("resnext_unet-O_large").unwrap().network().choices().count(), 0);
        // 4 reduction cells weigh their parent; 10 cells weigh their row and the cell below.
        assert_eq!(resolve("darts_unet_pp").unwrap().network().choices().count(), 4 + 2 * 10);
    }

    #[test]
    fn unknown_names_list_the_known_ones() {
        assert!(resolve("dart").unwrap_err().to_string().contains("individual"));
        assert!(resolve("darts-T").unwrap_err().to_string().contains("O_base"));
    }

    #[test]
    fn both_forms_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let space = resolve("darts-S").unwrap();
        let files = [
            ("s.ron", space.to_ron()),
            ("s.json", space.to_json()),
            ("lattice-s.json", space.to_json()),
        ];
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::write(&path, text.unwrap()).unwrap();
            assert_eq!(resolve(path.to_str().unwrap()).unwrap(), space);
        }
    }
}
