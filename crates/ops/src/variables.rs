//! Named variables, visited in name order.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarMap;
use rand::{Rng, RngCore};
use sha2::{Digest as _, Sha256};

use crate::{OpError, Place};

/// The trainable parameters and the buffers (running statistics) of a network.
///
/// candle's own `VarMap` iterates a hash map, so optimisers that pair variables by position would
/// differ between processes; here every visit is in name order.
#[derive(Clone, Debug)]
pub struct Variables {
    parameters: BTreeMap<String, Var>,
    buffers: BTreeMap<String, Var>,
    device: Device,
    dtype: DType,
    outline: Option<Outline>,
}

/// Counts in the place of variables.
#[derive(Clone, Debug, Default)]
struct Outline {
    parameters: u64,
    buffers: u64,
    /// One variable for every shape, which stands in for all buffers of that shape.
    stand_ins: BTreeMap<Vec<usize>, Var>,
}

/// The initial value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Uniform on plus and minus `1 / sqrt(fan_in)`: PyTorch's default for convolutions and
    /// fully connected layers.
    FanIn(usize),
    /// One value everywhere.
    Constant(f64),
}

impl From<&VarMap> for Variables {
    /// The variables of a candle program, shared with it: a change on either side changes both. All
    /// are parameters, and variables that are added to the map later do not appear here.
    ///
    /// candle's batch norm keeps its running statistics outside of its `VarMap`, so they are not
    /// among these. If variables have several types, the store has the place of the first in name
    /// order.
    fn from(map: &VarMap) -> Self {
        let all = map.data().lock().unwrap_or_else(PoisonError::into_inner);
        let parameters: BTreeMap<String, Var> =
            all.iter().map(|(name, var)| (name.clone(), var.clone())).collect();
        let first = parameters.values().next();
        let place = first.map(|var| Place { device: var.device().clone(), dtype: var.dtype() });
        Self { parameters, ..Self::new(&place.unwrap_or_default()) }
    }
}

impl Variables {
    /// An empty store at a place.
    pub fn new(place: &Place) -> Self {
        Self {
            parameters: BTreeMap::new(),
            buffers: BTreeMap::new(),
            device: place.device.clone(),
            dtype: place.dtype,
            outline: None,
        }
    }

    /// A store that counts variables and holds none: parameters are tensors of the right shape
    /// whose elements are all one number in memory, buffers of a shape are one variable.
    ///
    /// A network built from it knows its shapes, and is never to be run.
    pub fn outline(dtype: DType) -> Self {
        Self { outline: Some(Outline::default()), ..Self::new(&dtype.into()) }
    }

    /// The place of its variables.
    pub fn place(&self) -> Place {
        Place { device: self.device.clone(), dtype: self.dtype }
    }

    /// A builder that adds variables at the root, drawing from `rng`.
    pub fn builder<'a>(&'a mut self, rng: &'a mut dyn RngCore) -> Builder<'a> {
        Builder { variables: self, prefix: String::new(), rng }
    }

    /// Trainable parameters in name order.
    pub fn parameters(&self) -> &BTreeMap<String, Var> {
        &self.parameters
    }

    /// Buffers in name order.
    pub fn buffers(&self) -> &BTreeMap<String, Var> {
        &self.buffers
    }

    /// The device of the variables.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Their type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Number of trainable values.
    pub fn parameter_count(&self) -> u64 {
        match &self.outline {
            Some(outline) => outline.parameters,
            None => count(&self.parameters),
        }
    }

    /// Number of values in buffers.
    pub fn buffer_count(&self) -> u64 {
        match &self.outline {
            Some(outline) => outline.buffers,
            None => count(&self.buffers),
        }
    }

    /// Parameters and buffers as tensors that do not change when training goes on.
    ///
    /// # Errors
    /// When a copy fails.
    pub fn snapshot(&self) -> Result<BTreeMap<String, Tensor>, OpError> {
        self.all().map(|(name, var)| Ok((name.clone(), var.copy()?.detach()))).collect()
    }

    /// The SHA-256 of all names, shapes and values, 64 hexadecimal digits.
    ///
    /// # Errors
    /// When values cannot be read.
    pub fn digest(&self) -> Result<String, OpError> {
        digest(self.all().map(|(name, var)| (name, var.as_tensor())))
    }

    /// Sets all parameters and buffers.
    ///
    /// # Errors
    /// [`OpError::VariableNames`] with both differences, or [`OpError::VariableShape`]; in either
    /// case nothing has been set.
    pub fn load(&self, tensors: &BTreeMap<String, Tensor>) -> Result<(), OpError> {
        let missing: Vec<String> = self
            .all()
            .map(|(name, _)| name)
            .filter(|n| !tensors.contains_key(*n))
            .cloned()
            .collect();
        let unexpected: Vec<String> =
            tensors.keys().filter(|name| !self.contains(name)).cloned().collect();
        if !missing.is_empty() || !unexpected.is_empty() {
            return Err(OpError::VariableNames { missing, unexpected });
        }
        for (name, var) in self.all() {
            let found = tensors[name].dims();
            if found != var.dims() {
                return Err(OpError::VariableShape {
                    name: name.clone(),
                    expected: var.dims().to_vec(),
                    found: found.to_vec(),
                });
            }
        }
        // Everything that can fail comes before the first variable changes. The copy is for
        // tensors that share their memory with a variable, which could not be set from them.
        let mut ready = Vec::new();
        for (name, var) in self.all() {
            let tensor = tensors[name].to_device(&self.device)?.to_dtype(self.dtype)?;
            ready.push((var, tensor.force_contiguous()?));
        }
        for (var, tensor) in ready {
            var.set(&tensor)?;
        }
        Ok(())
    }

    fn contains(&self, name: &str) -> bool {
        self.parameters.contains_key(name) || self.buffers.contains_key(name)
    }

    fn all(&self) -> impl Iterator<Item = (&String, &Var)> {
        self.parameters.iter().chain(&self.buffers)
    }
}

/// The SHA-256 of the names, shapes and values of tensors in this order, 64 hexadecimal digits.
///
/// # Errors
/// When values cannot be read.
pub fn digest<'a>(
    tensors: impl IntoIterator<Item = (&'a String, &'a Tensor)>,
) -> Result<String, OpError> {
    let mut hash = Sha256::new();
    for (name, tensor) in tensors {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update(format!("{:?} {:?}", tensor.dtype(), tensor.dims()));
        // `f64` holds every value of the types that variables have.
        let values = tensor.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>()?;
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        hash.update(&bytes);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Adds variables under a name prefix.
pub struct Builder<'a> {
    variables: &'a mut Variables,
    prefix: String,
    rng: &'a mut dyn RngCore,
}

impl std::fmt::Debug for Builder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Builder<'_> {
    /// A builder one name deeper.
    pub fn at(&mut self, name: impl std::fmt::Display) -> Builder<'_> {
        let prefix = self.full(&name.to_string());
        Builder { variables: self.variables, prefix, rng: self.rng }
    }

    /// The name prefix.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Number of trainable values that there are so far, under any name.
    pub fn parameter_count(&self) -> u64 {
        self.variables.parameter_count()
    }

    /// The device on which variables are created.
    pub fn device(&self) -> Device {
        self.variables.device.clone()
    }

    /// Adds a trainable parameter and returns it as a tracked tensor.
    ///
    /// # Errors
    /// [`OpError::DuplicateVariable`], or when the tensor cannot be made.
    pub fn parameter(
        &mut self,
        name: &str,
        shape: &[usize],
        init: Init,
    ) -> Result<Tensor, OpError> {
        if let Some(outline) = &mut self.variables.outline {
            outline.parameters += elements(shape);
            let number = Tensor::zeros((), self.variables.dtype, &self.variables.device)?;
            return Ok(number.broadcast_as(shape)?);
        }
        let name = self.new_name(name)?;
        let values = self.draw(shape.iter().product(), init);
        let var = self.variables.variable(values, shape)?;
        let tensor = var.as_tensor().clone();
        self.variables.parameters.insert(name, var);
        Ok(tensor)
    }

    /// Adds a buffer filled with `value`: saved and restored, never trained.
    ///
    /// # Errors
    /// As [`Builder::parameter`].
    pub fn buffer(&mut self, name: &str, shape: &[usize], value: f64) -> Result<Var, OpError> {
        if let Some(outline) = &mut self.variables.outline {
            outline.buffers += elements(shape);
            if let Some(known) = outline.stand_ins.get(shape) {
                return Ok(known.clone());
            }
            let var = Var::zeros(shape, self.variables.dtype, &self.variables.device)?;
            outline.stand_ins.insert(shape.to_vec(), var.clone());
            return Ok(var);
        }
        let name = self.new_name(name)?;
        let var = self.variables.variable(vec![value; shape.iter().product()], shape)?;
        self.variables.buffers.insert(name, var.clone());
        Ok(var)
    }

    fn draw(&mut self, count: usize, init: Init) -> Vec<f64> {
        match init {
            Init::Constant(value) => vec![value; count],
            Init::FanIn(fan_in) => {
                let bound = 1.0 / (fan_in.max(1) as f64).sqrt();
                (0..count).map(|_| self.rng.random_range(-bound..bound)).collect()
            }
        }
    }

    /// A full name that no parameter and no buffer has: both are stored side by side.
    fn new_name(&self, name: &str) -> Result<String, OpError> {
        let name = self.full(name);
        if self.variables.contains(&name) {
            return Err(OpError::DuplicateVariable { name });
        }
        Ok(name)
    }

    fn full(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}

fn count(variables: &BTreeMap<String, Var>) -> u64 {
    variables.values().map(|var| var.elem_count() as u64).sum()
}

fn elements(shape: &[usize]) -> u64 {
    shape.iter().map(|&side| side as u64).product()
}

impl Variables {
    fn variable(&self, values: Vec<f64>, shape: &[usize]) -> Result<Var, OpError> {
        let tensor = Tensor::from_vec(values, shape, &self.device)?.to_dtype(self.dtype)?;
        Ok(Var::from_tensor(&tensor)?)
    }
}

#[cfg(test)]
mod tests;
