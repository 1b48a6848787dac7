//! The inputs of a cell.

use candle_core::{DType, Tensor};
use dartloom_ops::{Builder, Pass};
use dartloom_space::{PortPlan, Source};

use super::weights::times;
use crate::NetError;
use crate::transform::Transform;

/// An input of a placed cell: the sum of its links, each times its weight in a supernet whose links
/// have weights.
#[derive(Debug)]
pub(crate) struct InPort {
    pub(super) links: Vec<Transform>,
    pub(super) weighed: bool,
}

impl InPort {
    /// The port of a plan; the variables of link `k` are called `{k}.{stage}...`.
    pub(super) fn new(plan: &PortPlan, vars: &mut Builder<'_>) -> Result<Self, NetError> {
        let links = plan.links.iter().enumerate();
        let links = links
            .map(|(link, plan)| Transform::new(plan, &mut vars.at(link)))
            .collect::<Result<_, _>>()?;
        Ok(Self { links, weighed: plan.weighed })
    }

    /// The sum; `weights`, `[links]`, are those of a port that has some. A link whose weight is a
    /// constant 0 is not computed.
    pub(super) fn forward(
        &self,
        read: &dyn Fn(Source) -> Tensor,
        weights: Option<&Tensor>,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        let mut total: Option<Tensor> = None;
        let last = self.links.len() - 1;
        for (index, link) in self.links.iter().enumerate() {
            let weight = weights.map(|weights| weights.get(index)).transpose()?;
            // Something has to say the shape.
            if (total.is_some() || index < last)
                && let Some(weight) = &weight
                && is_cut(weight)?
            {
                continue;
            }
            let value = link.forward(read, pass)?;
            let value = match &weight {
                Some(weight) => times(&value, weight)?,
                None => value,
            };
            total = Some(match total {
                Some(total) => (total + value)?,
                None => value,
            });
        }
        // A port has a link.
        Ok(total.unwrap_or_else(|| read(self.links[0].source)))
    }
}

/// `true` for a weight that is 0 whatever a search learns.
fn is_cut(weight: &Tensor) -> Result<bool, NetError> {
    Ok(!weight.track_op() && weight.to_dtype(DType::F64)?.to_scalar::<f64>()? == 0.0)
}
