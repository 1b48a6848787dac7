//! Examples of dartloom.
