use std::process::Command;

/// Runs the test `name` in a process of its own. The test calls this function with its own name.
///
/// # Panics
/// If the test fails.
pub fn alone(name: &str, test: fn()) {
    const VARIABLE: &str = "PYLOG_TEST_ALONE";
    if std::env::var_os(VARIABLE).is_some_and(|it| it == name) {
        return test();
    }
    let this = std::env::current_exe().expect("the path of this program is known");
    let mut child = Command::new(this);
    child
        .args([name, "--exact", "--nocapture"])
        .env(VARIABLE, name);
    let output = child.output().expect("this program can be run");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{errors}");
    assert!(printed.contains("1 passed"), "{printed}");
}
