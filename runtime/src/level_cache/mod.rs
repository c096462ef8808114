//! Each callsite remembers what Python's `isEnabledFor` has answered, until Python's configuration
//! changes.

pub(crate) mod cache;
pub(crate) mod invalidation;
mod registry;
