//! Making the `LogRecord`.
//!
//! Two paths lead to the same record. On the [general] path Python makes it; that is always right. On
//! the fast path the attributes of a [prototype] are copied, which is a record that Python made for the
//! same callsite, and those that vary are set. The fast path is taken only where `logging` is
//! [known](crate::stock) to be as it was when Python made the prototype.

pub(crate) mod attributes;
pub(crate) mod content;
mod general;
pub(crate) mod make;
mod own_log;
mod process;
pub(crate) mod prototype;
mod settings;
mod thread;
mod times;
