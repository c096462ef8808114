//! The examples in pyo3-log's documentation work with pylog's bridge if one import is changed. Each test
//! runs in a process of its own, because the `log` crate has one logger in a process.

use std::ffi::CStr;
use std::thread;

use log::{LevelFilter, Log, SetLoggerError, info};
use pylog::bridge as pyo3_log;
use pylog::testing::Capture;
use pylog_tests::alone;
use pyo3::prelude::*;
use pyo3::wrap_pymodule;
use pyo3_log::{Caching, Logger, ResetHandle};

const ROOT: &str = "pyo3_log";

/// Captures the records of all levels of a logger.
fn listen(logger: &str) -> Capture {
    Capture::new(logger, pylog::Level::new(1))
}

fn set_level(logger: &str, levelno: i32) {
    Python::attach(|py| {
        let logger = py.import("logging")?.call_method1("getLogger", (logger,))?;
        logger.call_method1("setLevel", (levelno,)).map(drop)
    })
    .expect("a level can be set");
}

mod simple {
    use super::*;

    #[pyfunction]
    fn log_something() {
        info!("Something!");
    }

    #[pymodule]
    pub(crate) fn my_module(m: Bound<'_, PyModule>) -> PyResult<()> {
        pyo3_log::init();
        m.add_wrapped(pyo3::wrap_pyfunction!(log_something))?;
        Ok(())
    }
}

fn call(module: Py<PyModule>, function: &str) {
    Python::attach(|py| module.call_method0(py, function)).expect("the function is there");
}

#[test]
fn simple_usage() {
    alone("simple_usage", || {
        let capture = listen(ROOT);
        let module = Python::attach(|py| wrap_pymodule!(simple::my_module)(py));
        call(module, "log_something");
        let records = capture.take();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].name, "pyo3_log.simple");
        assert_eq!(records[0].message, "Something!");
    });
}

mod declarative {
    use super::*;

    #[pymodule]
    pub(crate) mod my_declarative_module {
        use super::*;

        #[pymodule_init]
        fn init(_m: &Bound<'_, PyModule>) -> PyResult<()> {
            pyo3_log::init();
            Ok(())
        }

        #[pyfunction]
        fn log_something() {
            info!("Something!");
        }
    }
}

#[test]
fn declarative_module() {
    alone("declarative_module", || {
        let capture = listen(ROOT);
        let module = Python::attach(|py| wrap_pymodule!(declarative::my_declarative_module)(py));
        call(module, "log_something");
        assert_eq!(
            capture.take()[0].name,
            "pyo3_log.declarative.my_declarative_module"
        );
    });
}

#[test]
fn filters_and_the_reset_handle() {
    alone("filters_and_the_reset_handle", || {
        let handle = Python::attach(|py| -> PyResult<ResetHandle> {
            Ok(Logger::new(py, Caching::LoggersAndLevels)?
                .filter(LevelFilter::Trace)
                .filter_target("my_module::verbose_submodule".to_owned(), LevelFilter::Warn)
                .install()
                .expect("no logger is installed yet"))
        })
        .expect("Python's logging can be imported");
        let capture = listen("my_module");
        let log = || {
            log::trace!(target: "my_module", "a");
            log::info!(target: "my_module::verbose_submodule", "b");
            log::warn!(target: "my_module::verbose_submodule", "c");
            log::info!(target: "my_module::verbose_submodule::below", "d");
            log::info!(target: "my_module::verbose_submodules", "e");
        };
        log();
        assert_eq!(capture.take_messages(), ["a", "c", "e"]);
        // No reset is needed, and it does no harm.
        set_level("my_module", 30);
        log();
        assert_eq!(capture.take_messages(), ["c"]);
        set_level("my_module", 20);
        handle.reset();
        log();
        assert_eq!(capture.take_messages(), ["c", "e"]);
    });
}

#[test]
fn the_default_filter_is_debug() {
    alone("the_default_filter_is_debug", || {
        let capture = listen(ROOT);
        pyo3_log::try_init().expect("no logger is installed yet");
        log::trace!("a");
        log::debug!("b");
        assert_eq!(capture.take_messages(), ["b"]);
        assert_eq!(log::max_level(), LevelFilter::Debug);
    });
}

#[test]
fn prefix() {
    alone("prefix", || {
        let capture = listen("application");
        let logger = Logger::default().set_prefix("application::native");
        logger.install().expect("no logger is installed yet");
        log::info!(target: "net::http", "got it");
        assert_eq!(capture.take()[0].name, "application.native.net.http");
    });
}

#[test]
fn nothing_cached() {
    alone("nothing_cached", || {
        let logger = Python::attach(|py| Logger::new(py, Caching::Nothing))
            .expect("Python's logging can be imported");
        logger.install().expect("no logger is installed yet");
        let capture = listen("uncached");
        let log = || log::info!(target: "uncached", "here");
        set_level("uncached", 30);
        for _ in 0..3 {
            log();
            assert!(!log::log_enabled!(target: "uncached", log::Level::Info));
        }
        assert_eq!(log::max_level(), LevelFilter::Debug);
        // Replacing `isEnabledFor` invalidates nothing, so this shows that Python is asked at each call.
        let answer = |answer: &CStr| {
            Python::attach(|py| {
                let logger = py
                    .import("logging")?
                    .call_method1("getLogger", ("uncached",))?;
                logger.setattr("isEnabledFor", py.eval(answer, None, None)?)
            })
            .expect("a method can be replaced");
        };
        for (accepts, source) in [
            (true, c"lambda level: True"),
            (false, c"lambda level: False"),
        ] {
            answer(source);
            log();
            let enabled = log::log_enabled!(target: "uncached", log::Level::Info);
            assert_eq!(enabled, accepts);
        }
        assert_eq!(capture.take_messages(), ["here"]);
    });
}

#[test]
fn inside_another_logger() {
    /// Combines two loggers, as the crate `fern` does.
    struct Both(Logger, std::sync::Mutex<Vec<String>>);

    impl Log for Both {
        fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
            self.0.enabled(metadata)
        }
        fn log(&self, record: &log::Record<'_>) {
            self.1
                .lock()
                .expect("no panic")
                .push(record.args().to_string());
            self.0.log(record);
        }
        fn flush(&self) {
            self.0.flush();
        }
    }

    alone("inside_another_logger", || {
        let capture = listen(ROOT);
        let logger = Logger::default();
        let handle: ResetHandle = logger.reset_handle();
        let both: &'static Both = Box::leak(Box::new(Both(logger, Default::default())));
        log::set_logger(both).expect("no logger is installed yet");
        log::set_max_level(LevelFilter::Trace);
        log::info!("a");
        set_level(ROOT, 30);
        log::info!("b");
        handle.reset();
        log::warn!("c");
        assert_eq!(capture.take_messages(), ["a", "c"]);
        assert_eq!(*both.1.lock().expect("no panic"), ["a", "b", "c"]);
        // The program installed the logger itself, so the bridge leaves the maximum level alone.
        assert_eq!(log::max_level(), LevelFilter::Trace);
    });
}

#[test]
fn a_second_install_names_the_first() {
    fn written_for_pyo3_log() -> Result<ResetHandle, SetLoggerError> {
        Ok(Logger::default().install()?)
    }

    alone("a_second_install_names_the_first", || {
        let first = line!() + 1;
        pyo3_log::init();
        let error = pyo3_log::try_init().expect_err("a logger is installed already");
        let place = format!("{}:{first}:", file!());
        assert!(error.to_string().contains(&place), "{error}");
        assert!(written_for_pyo3_log().is_err());
        // `init` doesn't panic, because that would make the import of the module fail.
        pyo3_log::init();
    });
}

mod attribute {
    use super::*;

    #[pylog::module(direct = true)]
    #[pymodule]
    pub(crate) mod with_bridge {}

    #[pylog::module(
        direct = true,
        logger = "with_bridge",
        log_filter = "debug, noisy::parts = Warning"
    )]
    #[pymodule]
    pub(crate) mod with_filter {}

    #[pylog::module(log = false)]
    #[pymodule]
    pub(crate) mod without_bridge {}
}

#[test]
fn the_attribute_installs_the_bridge() {
    alone("the_attribute_installs_the_bridge", || {
        Python::attach(|py| drop(wrap_pymodule!(attribute::with_bridge)(py)));
        // `init` leaves a bridge that is installed already.
        pyo3_log::init();
        // No filter applies on the Rust side, and the crate has the name of the module.
        let capture = listen("with_bridge");
        log::trace!("here");
        assert_eq!(capture.take()[0].name, "with_bridge");
    });
}

#[test]
fn an_install_takes_over_from_the_attribute() {
    alone("an_install_takes_over_from_the_attribute", || {
        let import = || Python::attach(|py| drop(wrap_pymodule!(attribute::with_bridge)(py)));
        import();
        let capture = listen("");
        log::trace!(target: "noisy", "below the default filter");
        log::debug!(target: "noisy", "with the attribute's bridge");
        assert_eq!(capture.take_messages(), ["with the attribute's bridge"]);
        let logger = Logger::default()
            .filter(LevelFilter::Info)
            .filter_target("noisy".to_owned(), LevelFilter::Warn)
            .set_prefix("below");
        let first = line!() + 1;
        logger.install().expect("it takes over");
        assert_eq!(log::max_level(), LevelFilter::Info);
        let log = || {
            log::debug!("a");
            log::info!("b");
            log::info!(target: "noisy::parts", "c");
            log::warn!(target: "noisy::parts", "d");
        };
        let named = || -> Vec<_> {
            let records = capture.take().into_iter();
            records.map(|it| (it.name, it.message)).collect()
        };
        let expected =
            [("with_bridge", "b"), ("below.noisy.parts", "d")].map(|(a, b)| (a.into(), b.into()));
        log();
        assert_eq!(named(), expected);
        // Neither a second installation nor another import replaces it.
        let error = pyo3_log::try_init().expect_err("a logger is installed already");
        let place = format!("{}:{first}:", file!());
        assert!(error.to_string().contains(&place), "{error}");
        import();
        log();
        assert_eq!(named(), expected);
        // The maximum still follows Python.
        set_level("", 30);
        log();
        assert_eq!(capture.take_messages(), ["d"]);
        assert_eq!(log::max_level(), LevelFilter::Warn);
    });
}

#[test]
fn the_attribute_has_filters() {
    alone("the_attribute_has_filters", || {
        Python::attach(|py| drop(wrap_pymodule!(attribute::with_filter)(py)));
        let capture = listen("");
        log::trace!("a");
        log::debug!("b");
        log::info!(target: "noisy::parts::small", "c");
        log::warn!(target: "noisy::parts::small", "d");
        log::info!(target: "noisy", "e");
        log::debug!(target: "other", "f");
        // The level without a target is for other crates.
        assert_eq!(capture.take_messages(), ["a", "b", "d", "e", "f"]);
    });
}

#[test]
fn with_log_false_the_attribute_installs_no_bridge() {
    alone("with_log_false_the_attribute_installs_no_bridge", || {
        Python::attach(|py| drop(wrap_pymodule!(attribute::without_bridge)(py)));
        let capture = listen(ROOT);
        pyo3_log::try_init().expect("no logger is installed yet");
        log::info!("here");
        assert_eq!(capture.take()[0].name, ROOT);
    });
}

#[test]
fn init_warns_if_another_logger_is_installed() {
    struct Other;

    impl Log for Other {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            false
        }
        fn log(&self, _: &log::Record<'_>) {}
        fn flush(&self) {}
    }

    alone("init_warns_if_another_logger_is_installed", || {
        log::set_logger(&Other).expect("no logger is installed yet");
        let warned = Python::attach(|py| -> PyResult<Vec<String>> {
            let source = c"
import warnings
seen = []
warnings.showwarning = lambda message, category, *_: seen.append(f'{category.__name__}: {message}')
";
            let names = pyo3::types::PyDict::new(py);
            py.run(source, Some(&names), None)?;
            pyo3_log::init();
            names.as_any().get_item("seen")?.extract()
        });
        let warned = warned.expect("Python can be asked");
        assert_eq!(warned.len(), 1, "{warned:?}");
        assert!(warned[0].starts_with("RuntimeWarning: "), "{warned:?}");
        assert!(pyo3_log::try_init().is_err());
    });
}

#[test]
fn threads_while_detached() {
    #[pyfunction]
    fn dont_deadlock(py: Python<'_>) {
        info!("This logs fine");

        py.detach(|| {
            let background_thread = thread::spawn(|| {
                info!("This'll not deadlock");
            });

            background_thread.join().unwrap();
        });
    }

    alone("threads_while_detached", || {
        let capture = listen(ROOT);
        pyo3_log::init();
        Python::attach(dont_deadlock);
        assert_eq!(
            capture.take_messages(),
            ["This logs fine", "This'll not deadlock"]
        );
    });
}
