//! Reads `PYLOG_MAX_LEVEL`: reports a mistake in it, and passes its directives on to `static_level.rs`.

use std::{env, fs, path::Path};

/// The names of the levels, and their numbers. `off` is above every level.
const NAMED_LEVELS: [(&str, i32); 7] = [
    ("off", i32::MAX),
    ("critical", 50),
    ("error", 40),
    ("warn", 30),
    ("info", 20),
    ("debug", 10),
    ("trace", 5),
];

fn main() {
    println!("cargo::rerun-if-env-changed=PYLOG_MAX_LEVEL");
    println!("cargo::rustc-check-cfg=cfg(pylog_directed)");
    // Those who build PyO3 without its pool of references set it.
    println!("cargo::rustc-check-cfg=cfg(pyo3_disable_reference_pool)");
    let variable = env::var("PYLOG_MAX_LEVEL").unwrap_or_default();
    let directives = parse(&variable).unwrap_or_else(|mistake| {
        println!("cargo::error=PYLOG_MAX_LEVEL: {mistake}");
        Vec::new()
    });
    if !directives.is_empty() {
        println!("cargo::rustc-cfg=pylog_directed");
    }
    let directory = env::var_os("OUT_DIR").expect("cargo sets it");
    let written = fs::write(
        Path::new(&directory).join("directives.rs"),
        format!("&{directives:?}"),
    );
    written.expect("cargo has made the directory");
}

/// The module path and the level of each directive `path=level`, the shortest path first. `level` alone
/// has an empty path.
pub(crate) fn parse(variable: &str) -> Result<Vec<(&str, i32)>, String> {
    let directives = variable.split(',').map(str::trim);
    let parsed = directives.filter(|directive| !directive.is_empty()).map(|directive| {
        let mistake = |text| {
            format!(
                "the directive `{directive}` {text}; accepted: LEVEL or module::path=LEVEL, separated by \
                 commas, where LEVEL is one of {}",
                NAMED_LEVELS.map(|(name, _)| name).join(", ")
            )
        };
        let (path, name) = match directive.split_once('=') {
            None => ("", directive),
            Some((path, name)) if is_module_path(path.trim()) => (path.trim(), name.trim()),
            Some(_) => return Err(mistake("has no module path before `=`")),
        };
        // Python's name for the level.
        let name = match name.eq_ignore_ascii_case("warning") {
            true => "warn",
            false => name,
        };
        let named = NAMED_LEVELS.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        let (_, level) = named.ok_or_else(|| mistake("names no level"))?;
        Ok((path, *level))
    });
    let mut parsed: Vec<_> = parsed.collect::<Result<_, _>>()?;
    parsed.sort_by_key(|(path, _)| path.len());
    Ok(parsed)
}

/// Whether `path` is identifiers with `::` between them, as in `module_path!()`.
fn is_module_path(path: &str) -> bool {
    let is_identifier = |segment: &str| {
        !segment.is_empty()
            && segment
                .chars()
                .all(|it| it.is_alphanumeric() || it == '_' || it == '#')
    };
    path.split("::").all(is_identifier)
}
