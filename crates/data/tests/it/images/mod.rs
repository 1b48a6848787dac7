//! Images in files.

mod bad;
mod crops;
mod decoding;
mod division;
mod make;
mod real;
mod sets;
mod text;
