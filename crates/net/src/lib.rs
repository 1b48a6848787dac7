#![doc = include_str!("../README.md")]

mod address;
pub mod baseline;
mod body;
mod cell;
mod derived;
mod drop_path;
mod error;
mod graph;
mod hand_made;
mod identity;
pub mod memory;
mod mixing;
mod partial;
mod setting;
mod supernet;
mod transform;

pub use cell::Cell;
pub use derived::DerivedNetwork;
pub use drop_path::drop_path;
pub use error::NetError;
pub use graph::GraphNetwork;
pub use mixing::{Mixing, Replaced};
pub use partial::{Mask, channel_shuffle};
pub use setting::{NetworkSize, Setting};
pub use supernet::Supernet;
