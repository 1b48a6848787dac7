//! Masks drawn as text, for tests.

use candle_core::{Device, Tensor};

/// A mask of one image, each digit a class; `?` is the label 255.
pub(crate) fn mask(rows: &[&str]) -> Tensor {
    let label = |c: char| c.to_digit(10).unwrap_or(255);
    let labels: Vec<u32> = rows.concat().chars().map(label).collect();
    Tensor::from_vec(labels, (1, rows.len(), rows[0].len()), &Device::Cpu).unwrap()
}

/// Logits of one image whose highest class is the digit: 2 for it, and 0 for the others.
pub(crate) fn logits(rows: &[&str], classes: u32) -> Tensor {
    let digits: Vec<u32> = rows.concat().chars().filter_map(|c| c.to_digit(10)).collect();
    let of =
        |class: u32| digits.iter().map(move |&digit| if digit == class { 2.0_f32 } else { 0.0 });
    let values: Vec<f32> = (0..classes).flat_map(of).collect();
    let dims = (1, classes as usize, rows.len(), rows[0].len());
    Tensor::from_vec(values, dims, &Device::Cpu).unwrap()
}
