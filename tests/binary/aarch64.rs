//! The assembly code of a call that is off, on 64-bit ARM.

use pylog_tests::Build;

use crate::FRAMELESS;

/// The instructions that run from the function's start if no conditional branch is taken.
fn straight_path(assembly: &str, function: &str) -> Vec<String> {
    let label = format!("{function}:");
    let mut lines = assembly.lines();
    lines
        .find(|line| *line == label)
        .unwrap_or_else(|| panic!("no function {function}"));
    let is_instruction = |line: &&str| line.starts_with('\t') && !line.starts_with("\t.");
    let mut path = Vec::new();
    for line in lines.filter(is_instruction) {
        path.push(line.trim().to_owned());
        if ["ret", "b"].contains(&mnemonic(line)) {
            break;
        }
    }
    path
}

fn mnemonic(instruction: &str) -> &str {
    instruction.split_whitespace().next().unwrap_or_default()
}

#[test]
#[ignore = "needs the target aarch64-unknown-linux-gnu; `cargo xtask matrix` runs it"]
fn a_call_that_is_off_is_a_load_a_compare_and_a_branch_without_a_stack_frame() {
    let build = Build::of("static-levels").profile("release");
    let assembly = build.assembly("aarch64-unknown-linux-gnu");
    let without = straight_path(&assembly, "straight_without");
    for function in FRAMELESS {
        let with = straight_path(&assembly, function);
        let (check, rest): (Vec<_>, Vec<_>) = with
            .iter()
            .cloned()
            .partition(|it| ["adrp", "ldr", "cmp", "b.ne"].contains(&mnemonic(it)));
        let check: Vec<_> = check.iter().map(|it| mnemonic(it)).collect();
        // `adrp` makes the address of the static's page, as every use of a static does.
        assert_eq!(
            check,
            ["adrp", "ldr", "cmp", "b.ne"],
            "{function}: {with:#?}"
        );
        assert_eq!(rest, without, "{function}");
    }
}
