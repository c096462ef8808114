//! The name under which a crate has pylog. An attribute has no `$crate`.

use std::{env, fs, path::Path};

/// The other name of pylog, if the crate that is being compiled depends on it only under another name.
pub(super) fn renamed() -> Option<String> {
    let directory = env::var_os("CARGO_MANIFEST_DIR")?;
    let manifest = fs::read_to_string(Path::new(&directory).join("Cargo.toml")).ok()?;
    other_name(&manifest)
}

/// Reads a manifest line by line. If it is written in an unusual way the answer is `None`, and the compiler
/// reports that there is no `pylog`.
fn other_name(manifest: &str) -> Option<String> {
    let mut table = "";
    let mut found = None;
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            table = header.trim_end_matches(']');
            if table.ends_with("dependencies.pylog") {
                return None;
            }
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        // `pylog.workspace = true` is the same as `pylog = { workspace = true }`.
        let key = key.split('.').next().unwrap_or(key).trim();
        let is_pylog = line.replace([' ', '\''], "").contains("package=\"pylog\"");
        match table.rsplit_once("dependencies.") {
            _ if table.ends_with("dependencies") && is_pylog => found = Some(key),
            _ if table.ends_with("dependencies") && key == "pylog" && !value.is_empty() => {
                return None;
            }
            Some((_, name)) if is_pylog => found = Some(name),
            _ => {}
        }
    }
    found.map(|name| name.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::other_name;

    #[test]
    fn a_renamed_dependency_is_found() {
        for (manifest, name) in [
            (
                "[dependencies]\nlogs = { package = \"pylog\" }",
                Some("logs"),
            ),
            (
                "[dependencies]\nmy-logs = { version = \"1\", package=\"pylog\" }",
                Some("my_logs"),
            ),
            (
                "[dependencies.logs]\nversion = \"1\"\npackage = \"pylog\"",
                Some("logs"),
            ),
            (
                "[target.'cfg(unix)'.dependencies]\nlogs = { package = \"pylog\" }",
                Some("logs"),
            ),
            ("[dependencies]\npylog = \"1\"", None),
            (
                "[dependencies]\nlogs = { package = \"pylog\" }\npylog.workspace = true",
                None,
            ),
            ("[dependencies.pylog]\nversion = \"1\"", None),
            ("[package]\nname = \"pylog\"", None),
            (
                "[dependencies]\npylog-macros = { package = \"pylog-macros\" }",
                None,
            ),
            ("", None),
        ] {
            assert_eq!(other_name(manifest).as_deref(), name, "{manifest}");
        }
    }
}
