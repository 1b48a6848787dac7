//! Nodes and constants of a model, as they are put together.

use std::collections::{BTreeMap, BTreeSet};

use dartloom_space::Shape;

use crate::proto::{AttributeProto, AttributeType, DataType, NodeProto, TensorProto};
use crate::{Array, Arrays, OnnxError};

/// The name of the images.
pub(crate) const IMAGE: &str = "image";

/// A value that is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) name: String,
    /// Shape for one image.
    pub(crate) shape: Shape,
    /// `true` if the tensor is `[N, channels]`, as behind a fully connected layer, and not
    /// `[N, channels, height, width]`.
    pub(crate) flat: bool,
}

/// A model in the making.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    arrays: &'a Arrays,
    /// `true` if a norm becomes a part of the convolution before it.
    pub(crate) fold_norms: bool,
    /// Every name that is taken.
    names: BTreeSet<String>,
    /// Names of constants that several nodes read, by what they hold.
    shared: BTreeMap<String, String>,
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
}

impl<'a> Draft<'a> {
    /// An empty model; nothing but an output will have one of the names in `outputs`.
    pub(crate) fn new(arrays: &'a Arrays, fold_norms: bool, outputs: &[String]) -> Self {
        Self {
            arrays,
            fold_norms,
            names: outputs.iter().cloned().chain([IMAGE.to_owned()]).collect(),
            shared: BTreeMap::new(),
            nodes: Vec::new(),
            constants: Vec::new(),
        }
    }

    /// The array of a variable.
    pub(crate) fn array(&self, name: &str, shape: &[usize]) -> Result<&'a Array, OnnxError> {
        let found = self.arrays.get(name);
        let found = found.ok_or_else(|| OnnxError::Missing { name: name.to_owned() })?;
        if found.shape() == shape {
            return Ok(found);
        }
        Err(OnnxError::VariableShape {
            name: name.to_owned(),
            expected: shape.to_vec(),
            found: found.shape().to_vec(),
        })
    }

    /// A constant that holds a variable, under its name.
    pub(crate) fn variable(&mut self, name: &str, shape: &[usize]) -> Result<String, OnnxError> {
        let array = self.array(name, shape)?;
        Ok(self.floats(name, shape, array.values()))
    }

    /// A constant of `f32`.
    pub(crate) fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, shape, DataType::Float, bytes)
    }

    /// A constant list of `i64` that is there once however many nodes read it.
    pub(crate) fn shared_integers(&mut self, name: &str, values: &[i64]) -> String {
        let key = format!("{name} {values:?}");
        if let Some(known) = self.shared.get(&key) {
            return known.clone();
        }
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let made = self.constant(name, &[values.len()], DataType::Int64, bytes);
        self.shared.insert(key, made.clone());
        made
    }

    /// A constant list of `f32` that is there once however many nodes read it.
    pub(crate) fn shared_floats(&mut self, name: &str, values: &[f32]) -> String {
        let key = format!("{name} {values:?}");
        if let Some(known) = self.shared.get(&key) {
            return known.clone();
        }
        let made = self.floats(name, &[values.len()], values);
        self.shared.insert(key, made.clone());
        made
    }

    fn constant(&mut self, name: &str, shape: &[usize], kind: DataType, bytes: Vec<u8>) -> String {
        let name = self.free(name);
        self.constants.push(TensorProto {
            dims: shape.iter().map(|&side| whole(side)).collect(),
            data_type: kind.into(),
            name: name.clone(),
            raw_data: bytes,
        });
        name
    }

    /// Adds a node with one output and returns the name of that.
    pub(crate) fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        name: &str,
        attributes: Vec<AttributeProto>,
    ) -> String {
        let name = self.free(name);
        self.push(operator, inputs, &name, attributes);
        name
    }

    fn push(
        &mut self,
        operator: &str,
        inputs: &[&str],
        name: &str,
        attribute: Vec<AttributeProto>,
    ) {
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![name.to_owned()],
            name: name.to_owned(),
            op_type: operator.to_owned(),
            attribute,
        });
    }

    /// The value of an operator on a value, under the name of an output.
    pub(crate) fn output(
        &mut self,
        operator: &str,
        value: &Value,
        name: &str,
        attributes: Vec<AttributeProto>,
    ) -> Value {
        self.push(operator, &[&value.name], name, attributes);
        Value { name: name.to_owned(), ..value.clone() }
    }

    /// The sum of values of one shape, from the first to the last.
    pub(crate) fn sum(&mut self, values: &[Value], name: &str) -> Option<Value> {
        let mut total = values.first()?.clone();
        for value in &values[1..] {
            total.name = self.node("Add", &[&total.name, &value.name], name, Vec::new());
        }
        Some(total)
    }

    /// The channels of all values, in order.
    pub(crate) fn concat(&mut self, values: &[Value], name: &str) -> Option<Value> {
        let first = values.first()?;
        if values.len() == 1 {
            return Some(first.clone());
        }
        let channels = values.iter().map(|value| value.shape.channels).sum();
        let inputs: Vec<&str> = values.iter().map(|value| value.name.as_str()).collect();
        let shape = Shape { channels, ..first.shape };
        let name = self.node("Concat", &inputs, name, vec![integer("axis", 1)]);
        Some(Value { name, shape, flat: first.flat })
    }

    /// Zeros of a shape, for as many images as `like` has.
    pub(crate) fn zeros(&mut self, like: &Value, shape: Shape, name: &str) -> Value {
        let batch = vec![integer("start", 0), integer("end", 1)];
        let batch = self.node("Shape", &[&like.name], &format!("{name}.batch"), batch);
        let rest = [shape.channels, shape.height, shape.width].map(whole);
        let rest = self.shared_integers("shape", &rest);
        let axis = vec![integer("axis", 0)];
        let all = self.node("Concat", &[&batch, &rest], &format!("{name}.shape"), axis);
        let name = self.node("ConstantOfShape", &[&all], name, vec![zero("value")]);
        Value { name, shape, flat: false }
    }

    /// A value as `[N, values]`.
    pub(crate) fn flattened(&mut self, value: Value, name: &str) -> Value {
        if value.flat {
            return value;
        }
        let Shape { channels, height, width } = value.shape;
        let channels = channels.saturating_mul(height).saturating_mul(width);
        let name = self.node("Flatten", &[&value.name], name, vec![integer("axis", 1)]);
        Value { name, shape: Shape::new(channels, 1, 1), flat: true }
    }

    /// `name`, or `name_`, or `name__`: the first that nothing has.
    fn free(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.names.insert(name.clone()) {
            name.push('_');
        }
        name
    }

    /// The nodes and constants on which `outputs` depend, in order.
    pub(crate) fn needed(self, outputs: &[Value]) -> (Vec<NodeProto>, Vec<TensorProto>) {
        let mut read: BTreeSet<String> = outputs.iter().map(|value| value.name.clone()).collect();
        let mut kept = Vec::with_capacity(self.nodes.len());
        for node in self.nodes.into_iter().rev() {
            if node.output.iter().any(|output| read.contains(output)) {
                read.extend(node.input.iter().cloned());
                kept.push(node);
            }
        }
        kept.reverse();
        let mut constants = self.constants;
        constants.retain(|constant| read.contains(&constant.name));
        (kept, constants)
    }
}

/// A number of things, none of which has more than a few billions.
pub(crate) fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An attribute that is a whole number.
pub(crate) fn integer(name: &str, value: i64) -> AttributeProto {
    let kind = AttributeType::Int.into();
    AttributeProto { i: Some(value), ..attribute(name, kind) }
}

/// An attribute that is a list of whole numbers.
pub(crate) fn integers(name: &str, values: &[usize]) -> AttributeProto {
    let kind = AttributeType::Ints.into();
    let ints = values.iter().map(|&value| whole(value)).collect();
    AttributeProto { ints, ..attribute(name, kind) }
}

/// An attribute that is a number.
pub(crate) fn float(name: &str, value: f32) -> AttributeProto {
    let kind = AttributeType::Float.into();
    AttributeProto { f: Some(value), ..attribute(name, kind) }
}

/// An attribute that is a word.
pub(crate) fn word(name: &str, value: &str) -> AttributeProto {
    let kind = AttributeType::String.into();
    AttributeProto { s: Some(value.as_bytes().to_vec()), ..attribute(name, kind) }
}

/// An attribute that is the number 0 in `f32`. It is the default of `ConstantOfShape`, which tract
/// takes for one in `f64`.
fn zero(name: &str) -> AttributeProto {
    let kind = AttributeType::Tensor.into();
    let value = TensorProto {
        dims: vec![1],
        data_type: DataType::Float.into(),
        name: String::new(),
        raw_data: 0.0_f32.to_le_bytes().to_vec(),
    };
    AttributeProto { t: Some(value), ..attribute(name, kind) }
}

fn attribute(name: &str, kind: i32) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: kind, ..AttributeProto::default() }
}
