//! What pylog adds to the file of an extension.

use pylog_tests::Build;

/// Bytes of a KiB.
const KIB: usize = 1024;

#[test]
#[ignore = "compiles three extensions with optimization; `cargo xtask matrix` runs it"]
fn an_extension_with_one_call_grows_by_at_most_590_kib() {
    let size = |features| {
        let build = Build::of("size").profile("release").features(features);
        build.library("size").size()
    };
    let without = size("");
    let added = |features| (size(features) - without) / KIB;
    let (direct, queued) = (added("pylog"), added("queue"));
    println!(
        "without pylog {} KiB, with pylog {direct} KiB more, with its queue {queued} KiB more",
        without / KIB
    );
    assert!(direct <= 590, "{direct} KiB");
    // An extension that never queues is linked without the queue.
    assert!(direct + 20 <= queued, "{direct} and {queued} KiB");
}
