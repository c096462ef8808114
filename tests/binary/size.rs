//! What pylog adds to the file of an extension.

use pylog_tests::Build;

/// Bytes of a KiB.
const KIB: usize = 1024;

#[test]
#[ignore = "compiles two extensions with optimization; `cargo xtask matrix` runs it"]
fn an_extension_with_one_call_grows_by_at_most_630_kib() {
    let size = |features| {
        let build = Build::of("size").profile("release").features(features);
        build.library("size").size()
    };
    let (without, with) = (size(""), size("pylog"));
    let added = (with - without) / KIB;
    println!(
        "without pylog {} KiB, with pylog {added} KiB more",
        without / KIB
    );
    assert!(added <= 630, "{added} KiB");
}
