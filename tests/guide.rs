//! A chapter of the guide is read as a file of the repository and as documentation of the crate. Each of its links
//! has a target in both.

use std::{collections::BTreeSet, fs};

use regex::Regex;

/// The definitions `[label]: target` of a text.
fn definitions(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
    lines.filter(|(_, target)| !target.starts_with("http"))
}

#[test]
fn each_link_of_the_guide_has_a_target_in_the_repository_and_in_the_documentation() {
    let runtime = pylog_tests::repository().join("runtime");
    let items = fs::read_to_string(runtime.join("src/guide_links.md")).unwrap();
    let items: BTreeSet<_> = definitions(&items).map(|it| it.0).collect();
    let inline = Regex::new(r"\]\(([^)#h][^)]*)\)").unwrap();
    let mut used = BTreeSet::new();
    for path in fs::read_dir(runtime.join("docs")).unwrap() {
        let path = path.unwrap().path();
        let (text, file) = (fs::read_to_string(&path).unwrap(), path.display());
        if let Some(link) = inline.captures(&text) {
            panic!("{file}: {}: define this target at the end", &link[1]);
        }
        let defined: BTreeSet<_> = definitions(&text).map(|it| it.0).collect();
        for (label, target) in definitions(&text) {
            assert!(
                items.contains(label),
                "{file}: [{label}] is not in guide_links.md"
            );
            let (target, anchor) = target.split_once('#').unwrap_or((target, ""));
            let target = fs::read_to_string(runtime.join("docs").join(target));
            let target = target.unwrap_or_else(|error| panic!("{file}: [{label}]: {error}"));
            let headings = target.lines().filter_map(|line| line.strip_prefix("# "));
            let mut anchors = headings.map(|it| it.to_lowercase().replace(' ', "-"));
            assert!(
                anchor.is_empty() || anchors.any(|it| it == anchor),
                "{file}: #{anchor}"
            );
        }
        for &label in &items {
            let uses = text.matches(&format!("[{label}]")).count();
            let is_defined = defined.contains(label);
            assert_eq!(
                uses > usize::from(is_defined),
                is_defined,
                "{file}: [{label}]"
            );
            if is_defined {
                used.insert(label);
            }
        }
    }
    assert_eq!(
        used, items,
        "definitions in guide_links.md that no chapter uses"
    );
}

#[test]
fn the_calls_of_the_readme_are_an_example_of_the_crate() {
    let root = pylog_tests::repository();
    let [readme, lib] =
        ["README.md", "runtime/src/lib.rs"].map(|it| fs::read_to_string(root.join(it)).unwrap());
    let (_, calls) = readme.split_once("```rust,ignore\n").unwrap();
    let (calls, _) = calls.split_once("```").unwrap();
    assert_eq!(calls.lines().count(), 5);
    for call in calls.lines() {
        assert!(lib.contains(&format!("\n//! {call}\n")), "{call}");
    }
}
