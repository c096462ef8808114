//! A call that is on allocates nothing in Rust after its first time. (What Python allocates is the
//! record.) One that is queued allocates its message, and now and then a block of the queue.

use allocation_counter::measure;
use pyo3::prelude::*;

fn log(n: u64, text: &str) {
    pylog::info!("value {n} of {text}");
    pylog::info!("a message without arguments");
    pylog::debug!("off {n}");
    log::info!("value {n} of {text}");
    log::debug!("off {n}");
    // Past `log`'s own maximum, which other loggers may raise.
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
        // The buffer, and what the callsites keep.
        assert!(first.count_total > 0);
        let more = measure(|| (1..100).for_each(|n| log(n, &text)));
        assert_eq!(more.count_total, 0, "{more:?}");
        PyResult::Ok(())
    })
    .expect("Python's logging can be set up");
}

#[test]
fn a_queued_record_takes_its_text_and_ninety_bytes() {
    const RECORDS: u64 = 31 * 100; // The queue's blocks have 31 places.
    let log = |n| pylog::error!(target: "queued", "{n:>100}");
    let taken = Python::attach(|py| {
        pylog::set_delivery(py, pylog::Delivery::Queued(1_000_000))?;
        py.detach(|| (0..31).for_each(log));
        let taken = py.detach(|| measure(|| (0..RECORDS).for_each(log)));
        pylog::set_delivery(py, pylog::Delivery::Direct)?;
        PyResult::Ok(taken)
    });
    assert!(pylog::flush(std::time::Duration::from_secs(30)));
    let taken = taken.expect("Python has ctypes");
    let bytes = taken.bytes_total as f64 / RECORDS as f64;
    println!("a queued record: {bytes:.1} bytes with 100 of text");
    assert!((150.0..190.0).contains(&bytes), "{bytes}");
    assert_eq!(taken.count_total, RECORDS + RECORDS / 31);
}
