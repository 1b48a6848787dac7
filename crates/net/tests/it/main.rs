//! Networks held to their blueprints and contracts.

mod auxiliary;
mod baseline;
mod counts;
mod dead;
mod drop_path;
mod forward;
mod links;
mod mixing;
mod per_pixel;
mod places;
mod seeds;
mod support;
