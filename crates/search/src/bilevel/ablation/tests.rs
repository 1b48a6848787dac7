//! The formula, and what is refused.
