//! Trained weights of networks laid out by hand, in supernets and in networks made of them.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_ops::{Model as _, OpError};
use dartloom_space::hand_made::SearchedGraph;
use dartloom_space::{Graph, GraphNode, OpSpec};

use crate::address::{EdgeAddress, OpAddress, below};
use crate::{GraphNetwork, NetError, Supernet};

impl Supernet {
    /// Takes over the variables of the network laid out by hand that this supernet is a space
    /// inside of ([`Space::inside`](dartloom_space::Space::inside)), by their names in its
    /// [`GraphNetwork`], running statistics included: everything that is not searched has them,
    /// and so has the hand-made candidate of every block. With weight 1 on those, the output is
    /// that of the network. Variables of other candidates stay as they are.
    ///
    /// Variables of nodes that serve deep supervision alone are not needed, and are passed by.
    ///
    /// # Errors
    /// [`OpError::VariableNames`] for a variable that is missing or not the network's,
    /// [`OpError::VariableShape`] for one of another shape.
    pub fn take_hand_made(
        &self,
        searched: &SearchedGraph,
        variables: &BTreeMap<String, Tensor>,
    ) -> Result<(), NetError> {
        let op = OpSpec::hand_made().name;
        let mut all = self.variables().snapshot()?;
        let mut unexpected: BTreeMap<&str, &Tensor> =
            variables.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let mut missing = Vec::new();
        for (node, place) in searched.graph().nodes().iter().zip(searched.placements()) {
            let Some(place) = place else {
                unexpected.retain(|name, _| !is_of(node, name));
                continue;
            };
            let address = OpAddress { edge: EdgeAddress { place, row: 0 }, op: &op };
            let rests: Vec<String> =
                below(&all, &address).map(|(rest, _)| rest.to_owned()).collect();
            for rest in rests {
                let name = format!("{}.{rest}", node.name());
                match unexpected.remove(name.as_str()) {
                    Some(tensor) => drop(all.insert(format!("{address}.{rest}"), tensor.clone())),
                    None => missing.push(name),
                }
            }
        }
        if !missing.is_empty() || !unexpected.is_empty() {
            let unexpected = unexpected.into_keys().map(str::to_owned).collect();
            return Err(OpError::VariableNames { missing, unexpected }.into());
        }
        Ok(self.variables().load(&all)?)
    }
}

impl GraphNetwork {
    /// Takes over the variables of a network of `graph` for every node that is the same in both,
    /// and returns the names of these nodes: a network some of whose blocks were replaced keeps
    /// what the others have learnt.
    ///
    /// # Errors
    /// [`OpError::VariableShape`] for a variable that is not that of its node in `graph`.
    pub fn keep(
        &self,
        graph: &Graph,
        variables: &BTreeMap<String, Tensor>,
    ) -> Result<Vec<String>, NetError> {
        let mut all = self.variables().snapshot()?;
        let same = |node: &&GraphNode| {
            let own = graph.nodes().iter().find(|own| own.name() == node.name());
            own.is_some_and(|own| own.layers() == node.layers() && own.joined() == node.joined())
        };
        let mut kept = Vec::new();
        for node in self.graph().nodes().iter().filter(same) {
            let name = node.name();
            let own: Vec<String> = all.keys().filter(|own| is_of(node, own)).cloned().collect();
            for own in &own {
                if let Some(tensor) = variables.get(own) {
                    all.insert(own.clone(), tensor.clone());
                }
            }
            if !own.is_empty() && own.iter().all(|own| variables.contains_key(own)) {
                kept.push(name.to_owned());
            }
        }
        self.variables().load(&all)?;
        Ok(kept)
    }
}

/// `true` for the name of a variable of a node: that of the node, the position of a layer, and the
/// variable's own.
fn is_of(node: &GraphNode, variable: &str) -> bool {
    let rest = variable.strip_prefix(node.name()).and_then(|rest| rest.strip_prefix('.'));
    let Some((layer, own)) = rest.and_then(|rest| rest.split_once('.')) else { return false };
    !own.contains('.') && layer.parse().is_ok_and(|layer: usize| layer < node.layers().len())
}
