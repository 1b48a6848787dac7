//! A training state as one file.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::run_dir::{failed, write_whole};

/// The version that checkpoint files carry.
const VERSION: u32 = 1;
/// The metadata entry of the safetensors file that holds everything that is not a tensor.
const ENTRY: &str = "dartloom";

/// How far a phase has come: the next step to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Step in the epoch, from 0.
    pub step: usize,
}

/// Everything the rest of a phase depends on.
///
/// Tensors (weights, statistics, logits, moments) by group and name, and a value with the rest.
/// Generators have no state here: they are functions of seed and position.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The next step to make.
    pub position: Position,
    /// Tensors by group.
    pub tensors: BTreeMap<String, BTreeMap<String, Tensor>>,
    /// Everything else.
    pub values: serde_json::Value,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    version: u32,
    digest: String,
    position: Position,
    /// Number of tensors in every group: a group may be empty, and none may get lost.
    groups: BTreeMap<String, usize>,
    values: serde_json::Value,
}

impl Snapshot {
    /// A snapshot before the first step.
    pub fn new(values: serde_json::Value) -> Self {
        Self { position: Position::default(), tensors: BTreeMap::new(), values }
    }

    /// The same snapshot with a group of tensors (`f32` or `f64`); a group's name has no slash.
    #[must_use]
    pub fn with(mut self, group: &str, tensors: BTreeMap<String, Tensor>) -> Self {
        self.tensors.insert(group.to_owned(), tensors);
        self
    }

    /// Takes a group out.
    ///
    /// # Errors
    /// [`TrainError::State`] when the group is missing.
    pub fn take(&mut self, group: &str) -> Result<BTreeMap<String, Tensor>, TrainError> {
        self.tensors.remove(group).ok_or_else(|| TrainError::State {
            expected: format!("tensors `{group}`"),
            found: format!("{:?}", self.tensors.keys().collect::<Vec<_>>()),
        })
    }

    /// Writes the snapshot as one safetensors file, whole or not at all; equal snapshots give
    /// equal bytes. `digest` names the configuration it belongs to.
    ///
    /// # Errors
    /// [`TrainError::File`], or [`TrainError::Checkpoint`] for a tensor of another type.
    pub fn save(&self, path: &Path, digest: &str) -> Result<(), TrainError> {
        write_whole(path, &self.encode(path, digest)?)
    }

    /// The bytes of the file at `path`.
    pub(crate) fn encode(&self, path: &Path, digest: &str) -> Result<Vec<u8>, TrainError> {
        let header = Header {
            version: VERSION,
            digest: digest.to_owned(),
            position: self.position,
            groups: self.tensors.iter().map(|(name, group)| (name.clone(), group.len())).collect(),
            values: self.values.clone(),
        };
        let text = serde_json::to_string(&header)
            .map_err(|error| damaged(path, "a header that can be written", &error))?;
        let metadata = HashMap::from([(ENTRY.to_owned(), text)]);
        let mut views = BTreeMap::new();
        for (group, tensors) in &self.tensors {
            if group.contains('/') {
                return Err(damaged(path, "group names without a slash", group));
            }
            for (name, tensor) in tensors {
                let key = format!("{group}/{name}");
                let bytes = Bytes::new(path, &key, tensor)?;
                views.insert(key, bytes);
            }
        }
        let views: Result<Vec<_>, _> =
            views.iter().map(|(name, b)| Ok((name, b.view()?))).collect();
        let views =
            views.map_err(|e: safetensors::SafeTensorError| damaged(path, "tensors", &e))?;
        safetensors::serialize(views, Some(metadata))
            .map_err(|error| damaged(path, "tensors that can be written", &error))
    }

    /// Reads a snapshot; `None` when there is no file.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] when the file is damaged, of another version, or belongs to
    /// another configuration; [`TrainError::File`] when it cannot be read.
    pub fn load(path: &Path, digest: &str) -> Result<Option<Self>, TrainError> {
        match std::fs::read(path) {
            Ok(bytes) => Self::decode(path, &bytes, digest).map(Some),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed(path, "read", source)),
        }
    }

    /// The snapshot in the bytes of the file at `path`.
    pub(crate) fn decode(path: &Path, bytes: &[u8], digest: &str) -> Result<Self, TrainError> {
        let header = read_header(path, bytes)?;
        if header.digest != digest {
            let found = format!("one of configuration {}", header.digest);
            let expected = format!("a checkpoint of configuration {digest}");
            return Err(damaged(path, &expected, &found));
        }
        let tensors = read_tensors(path, bytes, &header.groups)?;
        Ok(Self { position: header.position, tensors, values: header.values })
    }
}

/// Read before the rest of the header, which another version may have changed.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

fn read_header(path: &Path, bytes: &[u8]) -> Result<Header, TrainError> {
    let expected = "a safetensors file";
    let (_, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| damaged(path, expected, &error))?;
    let entry = metadata.metadata().as_ref().and_then(|entries| entries.get(ENTRY));
    let text = entry
        .ok_or_else(|| damaged(path, &format!("a `{ENTRY}` entry in the metadata"), &"none"))?;
    let unreadable = |error: serde_json::Error| damaged(path, "a readable header", &error);
    let Version { version } = serde_json::from_str(text).map_err(unreadable)?;
    if version != VERSION {
        let (expected, found) = (format!("version {VERSION}"), format!("version {version}"));
        return Err(damaged(path, &expected, &found));
    }
    serde_json::from_str(text).map_err(unreadable)
}

type Groups = BTreeMap<String, BTreeMap<String, Tensor>>;

fn read_tensors(
    path: &Path,
    bytes: &[u8],
    counts: &BTreeMap<String, usize>,
) -> Result<Groups, TrainError> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| damaged(path, "a whole safetensors file", &error))?;
    let mut groups: Groups = counts.keys().map(|name| (name.clone(), BTreeMap::new())).collect();
    for (key, view) in file.iter() {
        let (group, name) = key
            .split_once('/')
            .ok_or_else(|| damaged(path, "tensor names `group/name`", &format!("`{key}`")))?;
        let group = groups
            .get_mut(group)
            .ok_or_else(|| damaged(path, "tensors of the header's groups", &format!("`{key}`")))?;
        let tensor = tensor_of(&view)
            .ok_or_else(|| wrong_type(path, key, &view.dtype()))?
            .map_err(|error| damaged(path, "a readable tensor", &error))?;
        group.insert(name.to_owned(), tensor);
    }
    match groups.iter().find(|(name, group)| counts[*name] != group.len()) {
        Some((name, group)) => {
            let expected = format!("{} tensors `{name}`", counts[name]);
            Err(damaged(path, &expected, &group.len()))
        }
        None => Ok(groups),
    }
}

fn wrong_type(path: &Path, key: &str, dtype: &dyn std::fmt::Debug) -> TrainError {
    damaged(path, "f32 or f64 tensors", &format!("`{key}` of {dtype:?}"))
}

fn tensor_of(view: &TensorView<'_>) -> Option<candle_core::Result<Tensor>> {
    let dtype = match view.dtype() {
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        _ => return None,
    };
    Some(Tensor::from_raw_buffer(view.data(), dtype, view.shape(), &Device::Cpu))
}

/// A tensor's values as little-endian bytes.
struct Bytes {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl Bytes {
    fn new(path: &Path, key: &str, tensor: &Tensor) -> Result<Self, TrainError> {
        let flat = tensor.flatten_all()?;
        let (dtype, data) = match tensor.dtype() {
            DType::F64 => {
                let values = flat.to_vec1::<f64>()?;
                (Dtype::F64, values.iter().flat_map(|v| v.to_le_bytes()).collect())
            }
            DType::F32 => {
                let values = flat.to_vec1::<f32>()?;
                (Dtype::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect())
            }
            other => return Err(wrong_type(path, key, &other)),
        };
        Ok(Self { dtype, shape: tensor.dims().to_vec(), data })
    }

    fn view(&self) -> Result<TensorView<'_>, safetensors::SafeTensorError> {
        TensorView::new(self.dtype, self.shape.clone(), &self.data)
    }
}

fn damaged(path: &Path, expected: &str, error: &dyn std::fmt::Display) -> TrainError {
    TrainError::Checkpoint {
        path: path.to_owned(),
        expected: expected.to_owned(),
        found: error.to_string(),
    }
}
