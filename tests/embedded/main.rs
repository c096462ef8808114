//! In an embedded interpreter.

mod modules;
