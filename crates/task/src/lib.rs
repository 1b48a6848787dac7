#![doc = include_str!("../README.md")]

mod loss;

pub use loss::Loss;
