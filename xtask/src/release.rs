//! `cargo xtask release-check`: what is missing for a release.

use crate::packages::{self, CRATES, read};
use crate::run::{Result, cargo, command, headline, output, root};

/// Looks at everything before it reports, so that one run names all that has to be done.
///
/// # Errors
/// If something is missing.
pub(crate) fn check() -> Result {
    let manifest = read(&root().join("Cargo.toml"))?;
    let changelog = read(&root().join("CHANGELOG.md"))?;
    let mut missing = missing_metadata(&manifest, &changelog);
    missing.extend(missing_in_git(&manifest));
    missing.extend(packages::readme().err());
    missing.extend(packages::crates(&["package", "--allow-dirty"]).err());
    if missing.is_empty() {
        // This also asks the registry, and needs a clean work tree.
        missing.extend(packages::crates(&["publish", "--dry-run"]).err());
    }
    if missing.is_empty() {
        headline("Everything is there. Publish with:");
        let packages = CRATES.map(|(package, _)| format!("--package {package}"));
        println!("cargo publish {}", packages.join(" "));
        return Ok(());
    }
    let missing: Vec<_> = missing.iter().map(|it| format!("- {it}")).collect();
    Err(format!("Before a release:\n\n{}", missing.join("\n")))
}

/// What the files don't say.
fn missing_metadata(manifest: &str, changelog: &str) -> Vec<String> {
    let mut missing = Vec::new();
    match value(manifest, "repository") {
        Some(address) if address.starts_with("https://") => {}
        _ => missing.push(
            "Set `repository` in Cargo.toml to the public address of the repository. A registry shows it, and \
             resolves the links and the picture of the README against it."
                .to_owned(),
        ),
    }
    let version = value(manifest, "version").unwrap_or_default();
    let heading = format!("## {version}");
    let is_described = changelog.lines().any(|line| {
        let rest = line.strip_prefix(&heading);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    });
    if !is_described {
        missing.push(format!(
            "Give CHANGELOG.md a section `{heading}` with the date, from what is below `## Unreleased`."
        ));
    }
    missing
}

/// What isn't committed or has another version.
fn missing_in_git(manifest: &str) -> Vec<String> {
    let mut missing = Vec::new();
    let git = |arguments: &[&str]| output(command("git").args(arguments)).unwrap_or_default();
    let changes = git(&["status", "--porcelain"]);
    if !changes.is_empty() {
        missing.push(format!("Commit these changes, or undo them:\n{changes}"));
    }
    let tags = git(&["tag", "--points-at", "HEAD"]);
    let expected = format!("v{}", value(manifest, "version").unwrap_or_default());
    if !tags.is_empty() && !tags.lines().any(|tag| tag == expected) {
        missing.push(format!(
            "The tag of this commit must be {expected}, the version in Cargo.toml. It is {}.",
            tags.trim()
        ));
    }
    if output(cargo().args(["metadata", "--locked", "--format-version", "1"])).is_none() {
        missing.push("Commit a Cargo.lock that fits Cargo.toml: run `cargo check`.".to_owned());
    }
    missing
}

/// The value of a key in a manifest.
pub(crate) fn value<'a>(manifest: &'a str, key: &str) -> Option<&'a str> {
    let prefix = format!("{key} = \"");
    let value = manifest.lines().find_map(|line| line.strip_prefix(&prefix));
    value?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_metadata_is_named() {
        let manifest = "[workspace.package]\nversion = \"0.1.0\"\nrepository = \"\"\n";
        let changelog = "# Changelog\n\n## Unreleased\n\n## 0.1.01 - 2030-01-01\n";
        let missing = missing_metadata(manifest, changelog);
        assert_eq!(missing.len(), 2, "{missing:#?}");
        assert!(missing[0].starts_with("Set `repository`"), "{missing:#?}");
        assert!(missing[1].contains("`## 0.1.0`"), "{missing:#?}");

        let manifest = manifest.replace("\"\"", "\"https://example.org\"");
        let changelog = changelog.replace("0.1.01", "0.1.0");
        assert_eq!(missing_metadata(&manifest, &changelog), [""; 0]);
    }
}
