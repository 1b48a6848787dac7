//! Losses of a batch in shards: partial sums, the loss of the whole, and its gradient by the logits
//! of each shard.

use candle_core::{DType, Tensor, Var};
use dartloom_task::losses::{ClassLabels, ClassLoss, CrossEntropy, Dice, Over};

use super::losses::{SMOOTH, areas};
use crate::golden::bundle::Bundle;
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Result<Vec<Outcome>, GoldenError> {
    let ignore = case.entry.config.count("ignore_index")? as u32;
    let outcome = |group: String| {
        let mut check = Check::new(bundle.group(&group), &case.entry.tolerance);
        let result = one(ignore, &group, &mut check).map(|()| check.finish());
        Outcome::of(format!("{}/{group}", case.name), result)
    };
    Ok(bundle.groups().into_iter().map(outcome).collect())
}

fn one(ignore: u32, group: &str, check: &mut Check<'_>) -> Result<(), GoldenError> {
    let shards = (0..).take_while(|shard| check.view.has(&format!("logits{shard}"))).count();
    let read = |name: &str| {
        let all = (0..shards).map(|shard| check.view.get(&format!("{name}{shard}")));
        all.collect::<Result<Vec<_>, _>>()
    };
    let logits = read("logits")?;
    let logits = logits.iter().map(Var::from_tensor).collect::<Result<Vec<_>, _>>()?;
    let targets = read("target")?;
    let weights = match check.view.has("weight") {
        true => Some(check.view.get("weight")?.to_dtype(DType::F64)?.to_vec1::<f64>()?),
        false => None,
    };
    let about = ClassLabels {
        classes: logits[0].dim(1)?,
        ignore: Some(ignore),
        weights: weights.as_deref(),
    };
    let over = if group == "dice_sample" { Over::Image } else { Over::Batch };
    let is_dice = group.starts_with("dice");
    let loss = if is_dice {
        ClassLoss::Dice(Dice { over, background: true, smooth: SMOOTH })
    } else {
        ClassLoss::CrossEntropy(CrossEntropy::default())
    };

    let pairs = logits.iter().zip(&targets);
    let parts = pairs.map(|(logits, target)| loss.parts(logits.as_tensor(), target, about));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let mut sums = parts[0].sums.zeros_like()?;
    let mut counts = vec![0.0; parts[0].counts.len()];
    for part in &parts {
        sums = (sums + part.sums.detach())?;
        counts.iter_mut().zip(&part.counts).for_each(|(total, count)| *total += count);
    }
    let whole = parts[0].with_totals(sums, counts)?;
    check.tensor("loss", &whole.mean()?)?;
    let mut means = Vec::new();
    for (shard, (part, logits)) in parts.iter().zip(&logits).enumerate() {
        let gradients = part.share(&whole)?.backward()?;
        check.gradient(&format!("glogits{shard}"), gradients.get(logits.as_tensor()))?;
        if is_dice {
            for (name, got) in areas(logits.as_tensor(), &targets[shard], about, over)? {
                check.tensor(&format!("{name}{shard}"), &got)?;
            }
        } else {
            let own = part.close()?;
            check.tensor(&format!("loss_sum{shard}"), &own.sum)?;
            let weight = Tensor::new(own.count as f32, logits.device())?;
            check.tensor(&format!("weight_sum{shard}"), &weight)?;
            if own.count > 0.0 {
                means.push(own.mean()?);
            }
        }
    }
    if is_dice {
        return Ok(());
    }
    // The average of the shards' own losses is another number.
    let average = Tensor::stack(&means, 0)?.mean_all()?;
    check.tensor("mean_of_means", &average)
}
