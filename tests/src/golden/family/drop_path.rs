//! Drop-path under a given mask.

use dartloom_net::drop_path;
use rand::RngCore;

use crate::golden::bundle::Bundle;
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Outcome {
    Outcome::of(&case.name, check_mask(case, bundle))
}

fn check_mask(case: &Case<'_>, bundle: &Bundle) -> Result<Vec<String>, GoldenError> {
    let view = bundle.root();
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let mask: Vec<f32> = view.get("mask")?.flatten_all()?.to_vec1()?;
    let kept = mask.iter().map(|&kept| kept > 0.5).collect();
    let mut script = Script { kept, next: 0 };
    let probability = case.entry.config.number("drop_prob")?;
    let y = drop_path(&view.get("x")?, probability, &mut script)?;
    check.tensor("y", &y)?;
    check.equal("numbers drawn", &script.next, &mask.len());
    Ok(check.finish())
}

/// A generator that makes drop-path keep and drop as the mask says: the smallest number is below
/// every keep probability, the largest above all.
struct Script {
    kept: Vec<bool>,
    next: usize,
}

impl RngCore for Script {
    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    fn next_u64(&mut self) -> u64 {
        let kept = self.kept.get(self.next).copied().unwrap_or(false);
        self.next += 1;
        if kept { 0 } else { u64::MAX }
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }
}
