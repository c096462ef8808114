//! What pylog expects of Python's `logging`, and whether it holds.
//!
//! Records are made and handled without Python code only where the result is the one of Python's own code. So pylog has
//! to know that `logging` is what CPython ships, although any program can replace any part of it at any time:
//!
//! - The [table] names each function, class and value that has a say, and what it must be. A function is known by its
//!   [fingerprint]: names alone don't prove what its code does.
//! - A [snapshot] says what each row of the table is at this moment, and so which [parts](table::Part) pylog can do itself.
//!   It holds until CPython reports a [relevant change](watch), of a key that a row names. Where CPython reports no changes,
//!   the rows are looked up again for each record.
//! - A [class] is a program's class of loggers or handlers, and what it has of the stock one.
//!
//! What isn't known is left to Python, for what rests on it alone. [`inspect::explain`] says why.

pub(crate) mod class;
pub(crate) mod explain;
mod fingerprint;
pub(crate) mod inspect;
mod known;
mod look;
pub(crate) mod snapshot;
pub(crate) mod table;
pub(crate) mod watch;
