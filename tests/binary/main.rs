//! What a call is in the binary.

mod disassembly;
mod static_levels;
