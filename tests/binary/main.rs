//! Tests of the machine code of calls.

mod disassembly;
mod static_levels;
