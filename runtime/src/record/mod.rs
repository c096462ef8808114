//! Making the `LogRecord`.
//!
//! Two paths lead to the same record. On the [general] path Python makes it; that is always right. On
//! the fast path the attributes of a [prototype] are copied, which is a record that Python made for the
//! same callsite, and those that vary are set. The fast path is taken only where its [guards] hold:
//! Python would make just that record at that moment.

pub(crate) mod attributes;
pub(crate) mod content;
mod general;
mod guards;
pub(crate) mod make;
pub(crate) mod new_record;
mod process;
pub(crate) mod prototype;
mod settings;
mod state;
mod stock;
mod thread;
mod times;
