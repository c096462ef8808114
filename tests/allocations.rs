//! How often calls allocate memory in Rust. Python's own allocations, such as the record, aren't
//! counted.

use std::sync::Mutex;

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

/// Without a handler, Python writes the records to stderr.
fn add_null_handler(logger: &Bound<'_, PyAny>) -> PyResult<()> {
    let logging = logger.py().import("logging")?;
    let handler = logging.getattr("NullHandler")?.call0()?;
    logger.call_method1("addHandler", (handler,)).map(drop)
}

/// Held by each test: delivery is the same for all threads.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn an_enabled_call_allocates_nothing_after_the_first_ones() {
    let _guard = ONE_AT_A_TIME.lock();
    later_calls_allocate_nothing();
}

/// As on Windows.
#[test]
fn an_enabled_call_allocates_nothing_where_there_are_no_forks() {
    pylog_tests::alone(
        "an_enabled_call_allocates_nothing_where_there_are_no_forks",
        || {
            Python::attach(|py| py.import("os")?.delattr("register_at_fork"))
                .expect("the function can be deleted");
            later_calls_allocate_nothing();
        },
    );
}

fn later_calls_allocate_nothing() {
    pylog::bridge::init();
    Python::attach(|py| {
        let logging = py.import("logging")?;
        let logger = logging.call_method1("getLogger", ("allocations",))?;
        logger.call_method1("setLevel", (20,))?;
        add_null_handler(&logger)?;
        let text = "x".repeat(1000);
        let first = measure(|| (0..100).for_each(|n| log(n, &text)));
        // The message's buffer, the state of the callsites and the plan of the handler are allocated once.
        assert!(first.count_total > 0);
        let more = measure(|| (100..200).for_each(|n| log(n, &text)));
        assert_eq!(more.count_total, 0, "{more:?}");
        PyResult::Ok(())
    })
    .expect("Python's logging can be set up");
}

#[test]
fn a_queued_record_allocates_its_text_and_at_most_ninety_bytes() {
    const RECORDS: u64 = 3000;
    const TEXT: u64 = 100;
    let _guard = ONE_AT_A_TIME.lock();
    let log = |n| pylog::error!(target: "queued", "{n:>width$}", width = TEXT as usize);
    let measured = Python::attach(|py| {
        let logging = py.import("logging")?;
        add_null_handler(&logging.call_method1("getLogger", ("queued",))?)?;
        pylog::set_delivery(py, pylog::Delivery::Queued(1_000_000))?;
        // The first records also allocate what the callsite and the thread keep.
        let measured = py.detach(|| {
            (0..100).for_each(log);
            measure(|| (0..RECORDS).for_each(log))
        });
        pylog::set_delivery(py, pylog::Delivery::Direct)?;
        PyResult::Ok(measured)
    });
    assert!(pylog::flush(std::time::Duration::from_secs(30)));
    let measured = measured.expect("the delivery can be set");
    let bytes = measured.bytes_total as f64 / RECORDS as f64;
    let allocations = measured.count_total as f64 / RECORDS as f64;
    println!(
        "a queued record: {allocations:.3} allocations, {bytes:.1} bytes, {TEXT} of them text"
    );
    // Each text and each record has an allocation of its own.
    assert!(bytes >= TEXT as f64, "{measured:?}");
    assert!(bytes <= (TEXT + 90) as f64, "{measured:?}");
    assert!((2.0..=2.1).contains(&allocations), "{measured:?}");
}
