//! Tests that cross the modules of the crate.
#![allow(clippy::unwrap_used, reason = "a test that finds no value should stop there")]

mod bounds;
mod counts;
mod distance;
mod drawings;
mod forms;
mod hand_made;
mod links;
mod malformed;
mod networks;
mod partial;
mod paths;
mod published;
mod published_counts;
mod pyramids;
mod sampling;
mod sizes;
mod text;
