//! Networks held to their blueprints and contracts.
#![allow(clippy::unwrap_used, reason = "a test that finds no value should stop there")]

mod auxiliary;
mod baseline;
mod benchmarks;
mod counts;
mod dead;
mod drop_path;
mod edges;
mod forward;
mod graphs;
mod hidden;
mod inside;
mod layers;
mod links;
mod memory;
mod mixing;
mod partial;
mod per_pixel;
mod places;
mod pyramids;
mod seeds;
mod setting;
mod subnet;
mod support;
mod whole;
