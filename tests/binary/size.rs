//! What pylog adds to the file of an extension.

use pylog_tests::Build;

/// Bytes of a KiB.
const KIB: usize = 1024;

#[test]
#[ignore = "compiles three extensions with optimization; `cargo xtask matrix` runs it"]
fn an_extension_with_one_call_grows_by_at_most_344_kib() {
    let size = |features| {
        let build = Build::of("size").profile("release").features(features);
        build.library("size").size()
    };
    let without = size("");
    let added = |features| (size(features) - without) / KIB;
    let (direct, queued) = (added("pylog,pylog/default"), added("queue,pylog/default"));
    let core = added("pylog");
    println!(
        "without pylog {} KiB, with pylog {direct} KiB more, with its queue {queued} KiB more, without default features \
         {core} KiB more",
        without / KIB
    );
    assert!(direct <= 344, "{direct} KiB");
    assert!(core <= 194, "{core} KiB without default features");
    assert!(queued <= 404, "{queued} KiB with the queue");
    // An extension that never queues is linked without the queue.
    assert!(direct + 20 <= queued, "{direct} and {queued} KiB");
}

/// Settings in the `Cargo.toml` of an extension that make it smaller.
const SETTINGS: [(&str, &[&str]); 6] = [
    ("none", &[]),
    (
        "`[profile.release.package.pylog]` with `opt-level = \"s\"` and `codegen-units = 1`",
        &[
            "profile.release.package.pylog.opt-level = 's'",
            "profile.release.package.pylog.codegen-units = 1",
        ],
    ),
    (
        "`[profile.release]` with `panic = \"abort\"`",
        &["profile.release.panic = 'abort'"],
    ),
    (
        "`lto = true` and `codegen-units = 1`",
        &[
            "profile.release.lto = true",
            "profile.release.codegen-units = 1",
        ],
    ),
    (
        "these and `opt-level = \"s\"`",
        &[
            "profile.release.lto = true",
            "profile.release.codegen-units = 1",
            "profile.release.opt-level = 's'",
        ],
    ),
    (
        "these and `panic = \"abort\"`",
        &[
            "profile.release.lto = true",
            "profile.release.codegen-units = 1",
            "profile.release.opt-level = 's'",
            "profile.release.panic = 'abort'",
        ],
    ),
];

/// Prints the table of the guide (`cost.md`):
///
/// ```console
/// $ cargo test -p pylog-tests --test binary -- --ignored settings --nocapture
/// ```
#[test]
#[ignore = "compiles PyO3 and pylog six times with optimization"]
fn settings_make_an_extension_smaller() {
    let size = |settings, features| {
        let build = Build::of("size").profile("release").features(features);
        build.settings(settings).library("size").size()
    };
    println!("| settings | without pylog | pylog adds | with `default-features = false` |");
    println!("|---|---|---|---|");
    let mut added = Vec::new();
    for (title, settings) in SETTINGS {
        let without = size(settings, "");
        let [pylog, core] = ["queue,pylog/default", "queue"]
            .map(|features| (size(settings, features) - without) / KIB);
        println!("| {title} | {} | {pylog} | {core} |", without / KIB);
        assert!(core <= pylog, "{title}: {core} and {pylog}");
        added.push(pylog);
    }
    let smallest = added.iter().min();
    assert!(smallest < added.first(), "{added:?}");
    assert_eq!(smallest, added.last(), "{added:?}");
}
