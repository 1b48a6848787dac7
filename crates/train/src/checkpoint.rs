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
struct Header {
    version: u32,
    digest: String,
    position: Position,
    values: serde_json::Value,
}

impl Snapshot {
    /// A snapshot before the first step.
    pub fn new(values: serde_json::Value) -> Self {
        Self { position: Position::default(), tensors: BTreeMap::new(), values }
    }

    /// The same snapshot with a group of tensors.
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
    /// [`TrainError::File`].
    pub fn save(&self, path: &Path, digest: &str) -> Result<(), TrainError> {
        let header = Header {
            version: VERSION,
            digest: digest.to_owned(),
            position: self.position,
            values: self.values.clone(),
        };
        let text = serde_json::to_string(&header)
            .map_err(|error| damaged(path, "a header that can be written", &error))?;
        let metadata = HashMap::from([(ENTRY.to_owned(), text)]);
        let mut views = BTreeMap::new();
        for (group, tensors) in &self.tensors {
            for (name, tensor) in tensors {
                views.insert(format!("{group}/{name}"), Bytes::new(tensor)?);
            }
        }
        let views: Result<Vec<_>, _> = views.iter().map(|(name, b)| Ok((name, b.view()?))).collect();
        let views = views.map_err(|e: safetensors::SafeTensorError| damaged(path, "tensors", &e))?;
        let bytes = safetensors::serialize(views, Some(metadata))
            .map_err(|error| damaged(path, "tensors that can be written", &error))?;
        write_whole(path, &bytes)
    }

    /// Reads a snapshot; `None` when there is no file.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] when the file is damaged, of another version, or belongs to
    /// another configuration; [`TrainError::File`] when it cannot be read.
    pub fn load(path: &Path, digest: &str) -> Result<Option<Self>, TrainError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed(path, "read", source)),
        };
        let header = read_header(path, &bytes)?;
        let refuse = |expected: String, found: String| {
            Err(TrainError::Checkpoint { path: path.to_owned(), expected, found })
        };
        if header.version != VERSION {
            return refuse(format!("version {VERSION}"), format!("version {}", header.version));
        }
        if header.digest != digest {
            let found = format!("one of configuration {}", header.digest);
            return refuse(format!("a checkpoint of configuration {digest}"), found);
        }
        let tensors = read_tensors(path, &bytes)?;
        Ok(Some(Self { position: header.position, tensors, values: header.values }))
    }
}

fn read_header(path: &Path, bytes: &[u8]) -> Result<Header, TrainError> {
    let expected = "a safetensors file";
    let (_, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| damaged(path, expected, &error))?;
    let entry = metadata.metadata().as_ref().and_then(|entries| entries.get(ENTRY));
    let text = entry.ok_or_else(|| TrainError::Checkpoint {
        path: path.to_owned(),
        expected: format!("a `{ENTRY}` entry in the metadata"),
        found: "none".to_owned(),
    })?;
    serde_json::from_str(text).map_err(|error| damaged(path, "a readable header", &error))
}

type Groups = BTreeMap<String, BTreeMap<String, Tensor>>;

fn read_tensors(path: &Path, bytes: &[u8]) -> Result<Groups, TrainError> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| damaged(path, "a whole safetensors file", &error))?;
    let mut groups = Groups::new();
    for (key, view) in file.iter() {
        let (group, name) = key.split_once('/').ok_or_else(|| TrainError::Checkpoint {
            path: path.to_owned(),
            expected: "tensor names `group/name`".to_owned(),
            found: format!("`{key}`"),
        })?;
        let tensor = tensor_of(&view)
            .ok_or_else(|| TrainError::Checkpoint {
                path: path.to_owned(),
                expected: "f32 or f64 tensors".to_owned(),
                found: format!("`{key}` of {:?}", view.dtype()),
            })?
            .map_err(|error| damaged(path, "a readable tensor", &error))?;
        groups.entry(group.to_owned()).or_default().insert(name.to_owned(), tensor);
    }
    Ok(groups)
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
    fn new(tensor: &Tensor) -> Result<Self, TrainError> {
        let flat = tensor.flatten_all()?;
        let (dtype, data) = match tensor.dtype() {
            DType::F64 => {
                let values = flat.to_vec1::<f64>()?;
                (Dtype::F64, values.iter().flat_map(|v| v.to_le_bytes()).collect())
            }
            _ => {
                let values = flat.to_dtype(DType::F32)?.to_vec1::<f32>()?;
                (Dtype::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect())
            }
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
