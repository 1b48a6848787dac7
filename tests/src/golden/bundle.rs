//! The tensors of a file, and which of them a case has looked at.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use candle_core::{Device, Tensor};

use super::GoldenError;

/// Every tensor of a safetensors file by its full key.
#[derive(Debug)]
pub(crate) struct Bundle {
    tensors: BTreeMap<String, Tensor>,
    seen: RefCell<BTreeSet<String>>,
}

impl Bundle {
    pub(crate) fn read(path: &Path) -> Result<Self, GoldenError> {
        let tensors = candle_core::safetensors::load(path, &Device::Cpu)?;
        Ok(Self { tensors: tensors.into_iter().collect(), seen: RefCell::default() })
    }

    /// First parts of keys with a slash: the cases of files that hold several.
    pub(crate) fn groups(&self) -> Vec<String> {
        let firsts = self.tensors.keys().filter_map(|key| key.split_once('/'));
        let groups: BTreeSet<&str> = firsts.map(|(first, _)| first).collect();
        groups.into_iter().map(str::to_owned).collect()
    }

    /// All tensors.
    pub(crate) fn root(&self) -> View<'_> {
        View { bundle: self, prefix: String::new() }
    }

    /// The tensors of a group.
    pub(crate) fn group(&self, name: &str) -> View<'_> {
        View { bundle: self, prefix: format!("{name}/") }
    }
}

/// Tensors whose keys begin with a prefix.
#[derive(Clone, Debug)]
pub(crate) struct View<'a> {
    bundle: &'a Bundle,
    prefix: String,
}

impl View<'_> {
    /// The full key.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.bundle.tensors.contains_key(&self.key(name))
    }

    /// A tensor, which counts as looked at from now on.
    pub(crate) fn get(&self, name: &str) -> Result<Tensor, GoldenError> {
        let key = self.key(name);
        let tensor = self.bundle.tensors.get(&key).cloned();
        let tensor = tensor.ok_or_else(|| GoldenError::MissingTensor { key: key.clone() })?;
        self.bundle.seen.borrow_mut().insert(key);
        Ok(tensor)
    }

    /// Names, without the prefix, of the tensors below `folder` (which ends in a slash).
    pub(crate) fn below(&self, folder: &str) -> Vec<String> {
        let folder = self.key(folder);
        let names = self.bundle.tensors.keys().filter_map(|key| key.strip_prefix(&folder));
        names.map(str::to_owned).collect()
    }

    /// Counts a tensor as looked at without reading it.
    pub(crate) fn pass_over(&self, name: &str) {
        self.bundle.seen.borrow_mut().insert(self.key(name));
    }

    /// Full keys that nothing has looked at.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let seen = self.bundle.seen.borrow();
        let all = self.bundle.tensors.keys().filter(|key| key.starts_with(&self.prefix));
        all.filter(|key| !seen.contains(*key)).cloned().collect()
    }
}
