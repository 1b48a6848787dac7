//! Images in files.

mod real;
