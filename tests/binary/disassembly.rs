//! The machine code of a call that is off at run time.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Formatter, Instruction, IntelFormatter};
use iced_x86::{Mnemonic, OpKind};
use pylog_tests::{Build, Library};

use crate::FRAMELESS;

/// The instructions that run from the function's start if no conditional jump is taken.
fn straight_path(library: &Library, function: &str) -> Vec<Instruction> {
    let (address, code) = library.function(function);
    let mut path = Vec::new();
    for instruction in &mut Decoder::with_ip(64, &code, address, DecoderOptions::NONE) {
        let end = instruction.flow_control();
        path.push(instruction);
        if matches!(end, FlowControl::Return | FlowControl::UnconditionalBranch) {
            break;
        }
    }
    path
}

fn text(path: &[Instruction]) -> String {
    let mut text = String::new();
    for instruction in path {
        IntelFormatter::new().format(instruction, &mut text);
        text.push('\n');
    }
    text
}

/// The positions of the check's instructions: a load of the callsite's static, a compare of the loaded value
/// with a constant, and a conditional jump. (LLVM never folds an atomic load into a compare.)
fn check(path: &[Instruction]) -> Option<[usize; 3]> {
    let load = path.iter().position(|it| {
        it.mnemonic() == Mnemonic::Mov
            && it.op1_kind() == OpKind::Memory
            && it.is_ip_rel_memory_operand()
    })?;
    let compare = path.iter().position(|it| {
        it.mnemonic() == Mnemonic::Cmp
            && it.op0_register() == path[load].op0_register()
            && it.op1_kind() != OpKind::Register
    })?;
    let branch = compare + 1;
    let branches = path.get(branch)?.flow_control() == FlowControl::ConditionalBranch;
    (load < compare && branches).then_some([load, compare, branch])
}

fn library() -> Library {
    Build::of("static-levels")
        .profile("release")
        .library("static_levels")
}

#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "reads x86-64 machine code")]
fn a_call_that_is_off_is_a_load_a_compare_and_a_branch_without_a_stack_frame() {
    let library = library();
    let without = straight_path(&library, "straight_without");
    for function in FRAMELESS {
        let with = straight_path(&library, function);
        let listing = format!("{function}:\n{}\nwithout:\n{}", text(&with), text(&without));
        let check = check(&with).unwrap_or_else(|| panic!("no check in {listing}"));
        // The rest of the function is the same as without the call: no `push`, no `sub rsp`, no saved register.
        let rest = with.iter().enumerate().filter(|(i, _)| !check.contains(i));
        let rest: Vec<_> = rest.map(|(_, instruction)| *instruction).collect();
        assert_eq!(text(&rest), text(&without), "{listing}");
    }
}

/// LLVM makes the function's stack frame before the check in two cases: the message borrows a variable, which
/// needs an address, or an argument has a destructor, which must run if formatting panics. Calls of `log` and
/// `tracing` also have this frame.
#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "reads x86-64 machine code")]
fn a_call_that_needs_the_stack_adds_a_frame_and_a_store_of_the_borrowed_variable() {
    for (function, borrowed) in [("straight_borrow", 1), ("straight_destructor", 0)] {
        let path = straight_path(&library(), function);
        let listing = format!("{function}:\n{}", text(&path));
        let check = check(&path).unwrap_or_else(|| panic!("no check in {listing}"));
        let is_frame = |it: &Instruction| {
            use Mnemonic::{Add, Pop, Push, Sub};
            matches!(it.mnemonic(), Push | Pop | Sub | Add)
        };
        let rest = path
            .iter()
            .enumerate()
            .filter(|(i, it)| !check.contains(i) && !is_frame(it));
        let is_store =
            |it: &Instruction| it.mnemonic() == Mnemonic::Mov && it.op0_kind() == OpKind::Memory;
        let (stores, rest): (Vec<_>, Vec<_>) = rest.map(|(_, it)| *it).partition(is_store);
        assert_eq!(stores.len(), borrowed, "{listing}");
        assert_eq!(rest.len(), 2, "{listing}");
    }
}

#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "compares x86-64 machine code")]
fn a_call_is_no_longer_than_one_of_the_log_crate() {
    let library = library();
    let with_templates = Build::of("static-levels")
        .profile("release")
        .features("pylog/templates")
        .library("static_levels");
    let length = |library: &Library, function: String| library.function(&function).1.len();
    for call in ["literal", "value", "values", "arguments", "expression"] {
        let ours = length(&library, format!("sized_pylog_{call}"));
        let templates = length(&with_templates, format!("sized_pylog_{call}"));
        let theirs = length(&library, format!("sized_log_{call}"));
        let figures =
            format!("{call}: {ours} bytes, {templates} with templates, {theirs} with log");
        println!("{figures}");
        assert!(
            ours <= theirs && templates <= theirs.max(2 * ours),
            "{figures}"
        );
        assert!(call != "literal" || templates == ours, "{figures}");
    }
}

/// The number of instructions on the shortest way from an address in `code` to a return. A call that is off
/// takes it.
fn shortest(code: &[u8], start: u64, address: u64) -> usize {
    let rest = &code[(start - address) as usize..];
    let mut count = 0;
    for instruction in &mut Decoder::with_ip(64, rest, start, DecoderOptions::NONE) {
        count += 1;
        let target = instruction.near_branch_target();
        match instruction.flow_control() {
            FlowControl::Return => return count,
            // Backwards is to a place from which another way leads.
            FlowControl::UnconditionalBranch if target > start => {
                return count + shortest(code, target, address);
            }
            FlowControl::ConditionalBranch if target > start => {
                let other = shortest(code, instruction.next_ip(), address);
                return count + other.min(shortest(code, target, address));
            }
            FlowControl::Next | FlowControl::Call | FlowControl::IndirectCall => {}
            _ => break,
        }
    }
    code.len()
}

#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "reads x86-64 machine code")]
fn a_call_with_variables_runs_fewer_instructions_than_one_of_the_log_crate() {
    let library = library();
    let shortest = |function: &str| {
        let (address, code) = library.function(function);
        shortest(&code, address, address)
    };
    for call in ["value", "values", "arguments"] {
        let [ours, theirs] = ["pylog", "log"].map(|name| shortest(&format!("sized_{name}_{call}")));
        println!("{call}, off: {ours} instructions, {theirs} with log");
        assert!(ours < theirs, "{call}: {ours} and {theirs}");
    }
    // Variables that are arguments take the same short way as those that the message captures.
    let captured = shortest("captured_variables");
    for function in ["sized_pylog_arguments", "arguments_with_target"] {
        assert_eq!(shortest(function), captured, "{function}");
    }
}
