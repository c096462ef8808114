//! Which thread initializes Python, and which one imports `threading`.

use std::thread;

use pylog::testing::Capture;
use pylog_tests::alone;
use pyo3::prelude::*;

/// Python takes the thread that imports `threading` for the main thread. Up to Python 3.12 that thread counts as ended
/// as soon as it is detached.
#[test]
fn another_thread_than_the_initializing_one_imports_threading() {
    alone(
        "threads::another_thread_than_the_initializing_one_imports_threading",
        || {
            thread::spawn(|| Python::attach(|_| {}))
                .join()
                .expect("Python can be initialized");
            // `site` may have imported it while Python was initialized.
            Python::attach(|py| {
                py.run(
                    c"import sys; sys.modules.pop('threading', None)",
                    None,
                    None,
                )
            })
            .expect("no error");
            let capture = Capture::new("embedded", pylog::Level::INFO);
            pylog::info!(target: "embedded", "here");
            thread::spawn(|| pylog::info!(target: "embedded", "there"))
                .join()
                .expect("no panic");
            assert_eq!(capture.take_messages(), ["here", "there"]);
        },
    );
}
