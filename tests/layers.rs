//! Each module of the runtime and of the macros imports only from the layers below its own, and no
//! modules import each other in a circle. ARCHITECTURE.md describes the layers.

use std::{collections::BTreeMap, fs, path::Path};

use regex::Regex;

/// The layers of the runtime from top to bottom. `lib.rs`, `private.rs`, `guide.rs` and the exported macros are
/// above all of them.
const RUNTIME: &str = "module testing bridge tracing max_level emit without_python queue call added_attributes callsite deliver handle handler record logger \
                       level_cache event stock python static_level level metadata index hash raw sync";
/// The layers of the macros from top to bottom.
const MACROS: &str = "lib enabled log module call";

/// Adds the file and the code of each module in `directory` to `modules`, by the path of the module, such as
/// `crate::record::make`.
fn read(directory: &Path, parent: &str, modules: &mut BTreeMap<String, (String, String)>) {
    let comment = Regex::new("(?m)//.*$").unwrap();
    for path in fs::read_dir(directory)
        .unwrap()
        .map(|it| it.unwrap().path())
    {
        let name = format!("{parent}::{}", path.file_stem().unwrap().display());
        if path.is_dir() {
            read(&path, &name, modules);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let code = fs::read_to_string(&path).unwrap();
            let code = code.split("#[cfg(test)]").next().unwrap();
            let code = code.replace("super::", &format!("{parent}::"));
            let code = comment.replace_all(&code, "");
            let file = (path.display().to_string(), code.into_owned());
            modules.insert(name.trim_end_matches("::mod").to_owned(), file);
        }
    }
}

#[test]
fn modules_import_only_from_below() {
    let import = Regex::new(r"\b(crate::[\w:]*)(\{[^}]*)?").unwrap();
    for (source, layers) in [("runtime/src", RUNTIME), ("macros/src", MACROS)] {
        let (mut modules, mut imports) = (BTreeMap::new(), Vec::new());
        read(
            &pylog_tests::repository().join(source),
            "crate",
            &mut modules,
        );
        let place = |layer: &str| layers.split(' ').position(|it| it == layer);
        let layer = |module: &str| module.split("::").nth(1).and_then(place);
        for (from, (file, code)) in modules.iter().filter(|it| layer(it.0).is_some()) {
            for found in import.captures_iter(code) {
                let line = code[..found.get(0).unwrap().end()].lines().count();
                let names = found.get(2).map_or("", |it| &it.as_str()[1..]);
                for name in names.split(',') {
                    let mut to = format!("{}{}", &found[1], name.trim());
                    while !modules.contains_key(&to) && to != "crate" {
                        to.truncate(to.rfind("::").unwrap());
                    }
                    imports.push((from, to, format!("{file}:{line}: {}", &found[1])));
                }
            }
        }
        let from_above = imports
            .iter()
            .filter(|(from, to, _)| layer(to) < layer(from));
        assert_eq!(
            from_above.map(|it| &it.2).collect::<Vec<_>>(),
            [""; 0],
            "imports from above"
        );
        imports.retain(|(from, to, _)| *from != to);
        // Remove imports of modules that import nothing, and imports by modules that nothing imports, until only
        // circles are left.
        for _ in 0..modules.len() {
            let all = imports.clone();
            imports.retain(|(from, to, _)| {
                all.iter().any(|it| it.0 == to) && all.iter().any(|it| it.1 == **from)
            });
        }
        let circle: Vec<_> = imports.iter().map(|it| &it.2).collect();
        assert_eq!(circle, [""; 0], "imports in a circle");
    }
}
