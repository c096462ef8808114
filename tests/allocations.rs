//! How often calls allocate memory in Rust. Python's own allocations, such as the record, aren't
//! counted.

use allocation_counter::measure;
use pyo3::prelude::*;

fn log(n: u64, text: &str) {
    pylog::info!("value {n} of {text}");
    pylog::info!("a message without arguments");
    pylog::debug!("off {n}");
    log::info!("value {n} of {text}");
    log::debug!("off {n}");
    // This bypasses `log::max_level()`, which other loggers may raise.
    log::logger().log(&log::Record::builder().level(log::Level::Debug).build());
}

#[test]
fn an_enabled_call_allocates_nothing_after_the_first() {
    pylog::bridge::init();
    Python::attach(|py| {
        let logging = py.import("logging")?;
        let logger = logging.call_method1("getLogger", ("allocations",))?;
        logger.call_method1("setLevel", (20,))?;
        logger.call_method1("addHandler", (logging.getattr("NullHandler")?.call0()?,))?;
        let text = "x".repeat(1000);
        let first = measure(|| log(0, &text));
        // The message's buffer and the state of the callsites are allocated once.
        assert!(first.count_total > 0);
        let more = measure(|| (1..100).for_each(|n| log(n, &text)));
        assert_eq!(more.count_total, 0, "{more:?}");
        PyResult::Ok(())
    })
    .expect("Python's logging can be set up");
}

#[test]
fn a_queued_record_allocates_its_text_and_at_most_ninety_bytes() {
    const RECORDS: u64 = 3000;
    const TEXT: u64 = 100;
    let log = |n| pylog::error!(target: "queued", "{n:>width$}", width = TEXT as usize);
    let taken = Python::attach(|py| {
        pylog::set_delivery(py, pylog::Delivery::Queued(1_000_000))?;
        // The first records also allocate what the callsite and the thread keep.
        let taken = py.detach(|| {
            (0..100).for_each(log);
            measure(|| (0..RECORDS).for_each(log))
        });
        pylog::set_delivery(py, pylog::Delivery::Direct)?;
        PyResult::Ok(taken)
    });
    assert!(pylog::flush(std::time::Duration::from_secs(30)));
    let taken = taken.expect("the delivery can be set");
    let bytes = taken.bytes_total as f64 / RECORDS as f64;
    let allocations = taken.count_total as f64 / RECORDS as f64;
    println!("a queued record: {bytes:.1} bytes with {TEXT} of text, {allocations:.3} allocations");
    // An allocation of its own holds the text. The queue allocates room for many records at once.
    assert!(bytes >= TEXT as f64, "{taken:?}");
    assert!(bytes <= (TEXT + 90) as f64, "{taken:?}");
    assert!((1.0..=1.1).contains(&allocations), "{taken:?}");
}
