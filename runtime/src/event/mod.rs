//! The content of one call: its message, its values, when and where it was made.

pub(crate) mod awaited;
pub(crate) mod error;
mod error_class;
pub(crate) mod exc_info;
pub(crate) mod keywords;
pub(crate) mod limit;
pub(crate) mod message;
pub(crate) mod origin;
pub(crate) mod stack_info;
pub(crate) mod value;
