//! Calls through a re-export of pylog under another name, and through a macro of another crate.

use ::core::iter::Iterator;
use ::pylog::testing::Capture;
use ::pylog_test_reexport::{log_here, logging, note};
use ::std::assert_eq;

#[test]
fn through_a_reexport_and_a_macro_of_another_crate() {
    let capture = Capture::new("reexport", ::pylog::Level::INFO);
    let n = 3;
    logging::info!(target: "reexport::direct", "{n}");
    note!("{n} and {}", n + 1);
    note!(n, exc_info = true; "with values");
    log_here();
    let records = capture.take();
    let records = records.iter().map(|it| (&*it.name, &*it.message));
    let expected = [
        ("reexport.direct", "3"),
        ("reexport.note", "3 and 4"),
        ("reexport.note", "with values"),
        (
            "reexport.here",
            "from the crate with the renamed dependency",
        ),
    ];
    assert_eq!(records.collect::<::std::vec::Vec<_>>(), expected);
}
