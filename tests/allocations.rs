//! A call that is on allocates nothing in Rust after its first time. (What Python allocates is the
//! record.)

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
