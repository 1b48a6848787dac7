//! A training state as one file.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::{DType, Tensor};
use dartloom_ops::Place;
use dartloom_record::checksum::{self, BLANK, Broken, Sha256};
use dartloom_record::{Agreement, Difference, Identity, RecordError, write_whole};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::TrainError;

/// The version that checkpoint files carry.
const VERSION: u32 = 2;
/// The metadata entry of the safetensors file that holds everything that is not a tensor.
const ENTRY: &str = "dartloom";

/// The progress of a phase: the next step to make.
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
    /// Checksum of this text and of all tensors.
    checksum: String,
    identity: Identity,
    position: Position,
    /// Number of tensors in every group, so that a missing one is noticed. A group may be empty.
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

    /// Writes the snapshot as one safetensors file, completely or not at all; equal snapshots give
    /// equal bytes. The file also holds `identity`, which says what the snapshot belongs to, and a
    /// checksum of everything.
    ///
    /// # Errors
    /// [`RecordError::File`], or [`TrainError::Checkpoint`] for a tensor of another type.
    pub fn save(&self, path: &Path, identity: &Identity) -> Result<(), TrainError> {
        Ok(write_whole(path, &self.encode(path, identity)?)?)
    }

    /// The bytes of the file at `path`.
    pub(crate) fn encode(&self, path: &Path, identity: &Identity) -> Result<Vec<u8>, TrainError> {
        let header = Header {
            version: VERSION,
            checksum: BLANK.to_owned(),
            identity: identity.clone(),
            position: self.position,
            groups: self.tensors.iter().map(|(name, group)| (name.clone(), group.len())).collect(),
            values: self.values.clone(),
        };
        let text = serde_json::to_string(&header)
            .map_err(|error| damaged(path, "a header that can be written", &error))?;
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
            views.iter().map(|(name, b)| Ok((name.as_str(), b.view()?))).collect();
        let views =
            views.map_err(|e: safetensors::SafeTensorError| damaged(path, "tensors", &e))?;
        let text = checksum::seal(text, |hash| hash_all(hash, &views))
            .ok_or_else(|| damaged(path, "a header with a checksum", &"none"))?;
        let metadata = HashMap::from([(ENTRY.to_owned(), text)]);
        safetensors::serialize(views, Some(metadata))
            .map_err(|error| damaged(path, "tensors that can be written", &error))
    }

    /// Reads the snapshot of this identity; `None` when there is no file.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] when the file is damaged or of another version,
    /// [`RecordError::OtherWork`] when it belongs to other work or to parts without an identity,
    /// [`RecordError::File`] when it cannot be read.
    pub fn load(path: &Path, identity: &Identity) -> Result<Option<Self>, TrainError> {
        let Some((stored, snapshot)) = Self::open(path)? else { return Ok(None) };
        let differences = match identity.agreement(&stored) {
            Agreement::Same => return Ok(Some(snapshot)),
            Agreement::Differs(differences) => differences,
            Agreement::Unsaid => vec![Difference {
                part: "identity".to_owned(),
                expected: "one that every part says".to_owned(),
                found: identity.complaint().or(stored.complaint()).unwrap_or_default(),
            }],
        };
        Err(RecordError::OtherWork { path: path.to_owned(), differences }.into())
    }

    /// Reads any snapshot, together with the identity of its work; `None` when there is no file.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] when the file is damaged or of another version,
    /// [`RecordError::File`] when it cannot be read.
    pub fn open(path: &Path) -> Result<Option<(Identity, Self)>, TrainError> {
        match std::fs::read(path) {
            Ok(bytes) => Self::decode(path, &bytes).map(Some),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(RecordError::file(path, "read", source).into()),
        }
    }

    /// Decodes the bytes of the file at `path` into the identity of the work and the snapshot.
    pub(crate) fn decode(path: &Path, bytes: &[u8]) -> Result<(Identity, Self), TrainError> {
        let (header, text) = read_header(path, bytes)?;
        let file = SafeTensors::deserialize(bytes)
            .map_err(|error| damaged(path, "a whole safetensors file", &error))?;
        let tensors = read_tensors(path, &file, &header.groups)?;
        let mut views: Vec<_> = file.iter().collect();
        views.sort_by_key(|(name, _)| *name);
        checksum::check(&text, |hash| hash_all(hash, &views)).map_err(|broken| match broken {
            Broken::Missing => damaged(path, "a checksum", &"none"),
            Broken::Differs { expected, found } => {
                damaged(path, &format!("contents with checksum {expected}"), &found)
            }
        })?;
        let snapshot = Self { position: header.position, tensors, values: header.values };
        Ok((header.identity, snapshot))
    }
}

/// Names, types, shapes and values of tensors in the order of their names.
fn hash_all(hash: &mut Sha256, views: &[(&str, TensorView<'_>)]) {
    for (name, view) in views {
        hash.update(format!("\n{name} {:?} {:?}\n", view.dtype(), view.shape()));
        hash.update(view.data());
    }
}

/// Read before the rest of the header, which another version may have changed.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// The header, and the text it was read from.
fn read_header(path: &Path, bytes: &[u8]) -> Result<(Header, String), TrainError> {
    let expected = "a safetensors file";
    let (_, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| damaged(path, expected, &error))?;
    let entry = metadata.metadata().as_ref().and_then(|entries| entries.get(ENTRY));
    let text = entry
        .ok_or_else(|| damaged(path, &format!("a `{ENTRY}` entry in the metadata"), &"none"))?;
    let unreadable = |error: serde_json::Error| damaged(path, "a readable header", &error);
    let Version { version } = serde_json::from_str(text).map_err(unreadable)?;
    if version != VERSION {
        let expected = format!("version {VERSION}");
        let found = format!("version {version}");
        return Err(damaged(path, &expected, &found));
    }
    Ok((serde_json::from_str(text).map_err(unreadable)?, text.clone()))
}

type Groups = BTreeMap<String, BTreeMap<String, Tensor>>;

fn read_tensors(
    path: &Path,
    file: &SafeTensors<'_>,
    counts: &BTreeMap<String, usize>,
) -> Result<Groups, TrainError> {
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
    // Files are read here; restoring a state moves it to the device that uses it.
    let host = Place::default().device;
    Some(Tensor::from_raw_buffer(view.data(), dtype, view.shape(), &host))
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
