//! Images in files.

mod bad;
mod decoding;
mod division;
mod make;
mod real;
mod sets;
mod text;
