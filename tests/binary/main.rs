//! Tests of the machine code of calls.

mod aarch64;
mod disassembly;
mod size;
mod startup;
mod static_levels;

/// Functions of the crate `static-levels` that contain a call and `straight_without`. None needs a stack frame if the
/// call is off.
const FRAMELESS: [&str; 8] = [
    "straight_literal",
    "straight_value",
    "straight_sum",
    "straight_target",
    "straight_constant_level",
    "straight_enabled",
    "straight_pairs",
    "straight_limited",
];
