//! The counterpart of tests/extension with pyo3-log: with its default caching, and without resets.

use pyo3::prelude::*;

macro_rules! calls {
    ($($option:tt)*) => {
        pub(crate) fn call(levelno: i32) {
            match levelno {
                5 => log::trace!($($option)* "level {levelno}"),
                10 => log::debug!($($option)* "level {levelno}"),
                20 => log::info!($($option)* "level {levelno}"),
                30 => log::warn!($($option)* "level {levelno}"),
                _ => log::error!($($option)* "level {levelno}"),
            }
        }
    };
}

mod calls {
    pub(crate) mod alpha {
        calls!();
        pub(crate) mod inner {
            calls!();
        }
    }
    pub(crate) mod elsewhere {
        calls!(target: "elsewhere::place",);
    }
}

#[pymodule]
mod pylog_peer {
    use super::*;

    /// Installs pyo3-log, and adds the levels and sites that [`call`] accepts.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let logger = pyo3_log::Logger::new(module.py(), pyo3_log::Caching::LoggersAndLevels)?;
        let _ = logger.filter(log::LevelFilter::Trace).install();
        module.add("LEVELS", [5, 10, 20, 30, 40])?;
        module.add("SITES", ["alpha", "alpha.inner", "elsewhere.place"])
    }

    #[pyfunction]
    #[pyo3(signature = (name, levelno, detached = false))]
    fn call(py: Python<'_>, name: &str, levelno: i32, detached: bool) {
        let call = match name {
            "alpha" => calls::alpha::call,
            "alpha.inner" => calls::alpha::inner::call,
            _ => calls::elsewhere::call,
        };
        if detached {
            py.detach(|| call(levelno));
        } else {
            call(levelno);
        }
    }

    #[pyfunction]
    fn call_in_thread(py: Python<'_>, name: String, levelno: i32) {
        py.detach(|| {
            let thread =
                std::thread::spawn(move || Python::attach(|py| call(py, &name, levelno, true)));
            let _ = thread.join();
        });
    }
}
