//! No static holds a Python object through which an object of the program can be reached, but in a `Kept`, which
//! is emptied when the interpreter ends.

use std::collections::BTreeSet;
use std::{fs, path::Path};

use regex::Regex;

/// The statics that hold other Python objects, and why they may.
const ALLOWED: [(&str, &str); 14] = [
    ("CALLBACK", "a function of pylog's own"),
    ("CLASS", "a class of pylog's own"),
    ("CURRENT", "the name of a thread, a `str`"),
    ("ENDED", "emptied when a call returns"),
    ("FUNCTION_OF_LOGGING", "a weak reference"),
    ("FUNCTION_TYPE", "a builtin type"),
    ("HELD", "emptied when the interpreter ends"),
    ("IDENT", "an `int`"),
    ("METHOD_TYPE", "a builtin type"),
    (
        "QUEUES",
        "emptied when the interpreter ends, and before a fork",
    ),
    ("SCHEDULED", "emptied when the interpreter ends"),
    ("SEEN", "names and weak references"),
    ("STATES", "the names of loggers, and weak references"),
    ("TRACEBACK_TYPE", "a builtin type"),
];

/// The code of each file in `directory`, without comments, tests and the contents of each `Kept<…>`.
fn read(directory: &Path, files: &mut Vec<String>) {
    let comment = Regex::new("(?m)//.*$").unwrap();
    for path in fs::read_dir(directory)
        .unwrap()
        .map(|it| it.unwrap().path())
    {
        if path.is_dir() {
            read(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let code = fs::read_to_string(&path).unwrap();
            let code = code.split("#[cfg(test)]").next().unwrap();
            files.push(without_kept(&comment.replace_all(code, "")));
        }
    }
}

fn without_kept(code: &str) -> String {
    let mut parts = code.split("Kept<");
    let mut rest = parts.next().unwrap().to_owned();
    for part in parts {
        let mut depth = 1;
        let end = part.find(|character| {
            depth += match character {
                '<' => 1,
                '>' => -1,
                _ => 0,
            };
            depth == 0
        });
        rest += &part[end.unwrap()..];
    }
    rest
}

#[test]
fn no_static_holds_objects_of_the_program() {
    let mut files = Vec::new();
    read(&pylog_tests::repository().join("runtime/src"), &mut files);
    let find = |pattern: &str| -> Vec<(String, String)> {
        let pattern = Regex::new(pattern).unwrap();
        let found = files.iter().flat_map(|code| pattern.captures_iter(code));
        found
            .map(|it| (it[1].to_owned(), it[2].to_owned()))
            .collect()
    };
    // A type ends at the line of its closing brace, or at a semicolon.
    let types = find(r"(?ms)^ *(?:pub(?:\([a-z]+\))? )?(?:struct|enum) (\w+)(.*?(?:^ *\}|\}$|;$))");
    let statics = find(r"(?s)\bstatic (\w+): (.*?)(?: =|;)");
    assert!(types.len() > 50 && statics.len() > 50);

    let mut holders = BTreeSet::from(["Py".to_owned(), "PyErr".to_owned()]);
    let word = Regex::new(r"\w+").unwrap();
    let is_holder = |holders: &BTreeSet<String>, code: &str| {
        word.find_iter(code).any(|it| holders.contains(it.as_str()))
    };
    loop {
        let more = types.iter().filter(|it| is_holder(&holders, &it.1));
        let more: BTreeSet<_> = more.map(|it| it.0.clone()).collect();
        if more.is_subset(&holders) {
            break;
        }
        holders.extend(more);
    }
    let found = statics.iter().filter(|it| is_holder(&holders, &it.1));
    let found: BTreeSet<_> = found.map(|it| it.0.as_str()).collect();
    assert_eq!(found, BTreeSet::from(ALLOWED.map(|it| it.0)));
}
