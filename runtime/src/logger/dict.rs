//! The attributes of a logger itself.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};

use crate::raw::interpreter;
use crate::raw::thin::{Name, Object, Result, Stored, Thin};
use crate::stock::class;
use crate::stock::watch::InstanceWatch;

/// A logger's `__dict__`, if it has one: a logger that isn't of the library may be of a class written in C.
pub(crate) struct LoggerDict<'py> {
    dict: Option<Object<'py>>,
    /// Whether the logger is known to be enabled, to have no method of its own, and to have the name that it had.
    pub(crate) is_known: bool,
}

/// The methods that a record passes through.
const METHODS: &[Name] = &[
    Name::_log,
    Name::makeRecord,
    Name::handle,
    Name::filter,
    Name::callHandlers,
];

/// Remembers that a logger was enabled and had no method of its own, until something of that, or its name, changes.
pub(crate) struct LoggerWatch {
    watch: AtomicU64,
    /// How often that was found out.
    attempts: AtomicU8,
}

impl LoggerWatch {
    /// More often than that it doesn't pay.
    const MAX_ATTEMPTS: u8 = 100;

    pub(crate) const fn new() -> LoggerWatch {
        LoggerWatch {
            watch: AtomicU64::new(0),
            attempts: AtomicU8::new(0),
        }
    }

    /// Remembers it of a logger of a stock class, if it is so and the logger has that name.
    #[cold]
    pub(crate) fn remember(&self, logger: &Bound<'_, PyAny>, name: &Stored) -> Result<()> {
        let attempts = self.attempts.load(Ordering::Relaxed);
        if attempts == LoggerWatch::MAX_ATTEMPTS {
            return Ok(());
        }
        self.attempts.store(attempts + 1, Ordering::Relaxed);
        let dict = LoggerDict::of_stock(logger);
        let watch = dict.dict.as_ref().and_then(|dict| {
            InstanceWatch::of_logger(dict, [&[Name::name, Name::disabled], METHODS])
        });
        let Some(watch) = watch else {
            return Ok(());
        };
        let disabled = dict.get(Name::disabled)?;
        let is_enabled = disabled.is_some_and(|it| it.is(&*PyBool::new(logger.py(), false)));
        let has_name = dict.get(Name::name)?.is_some_and(|it| it.is(name));
        if is_enabled && has_name && !dict.has_method()? {
            self.watch.store(watch.to_bits(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether it is so at this moment.
    #[inline]
    fn holds(&self, logger: &Bound<'_, PyAny>, dict: &Bound<'_, PyAny>) -> bool {
        let watch = InstanceWatch::of_bits(self.watch.load(Ordering::Relaxed));
        watch.is_current(dict.as_ptr().addr()) && class::has_own_attributes(logger.class_address())
    }
}

impl<'py> LoggerDict<'py> {
    pub(crate) fn of(logger: &Bound<'py, PyAny>) -> LoggerDict<'py> {
        let dict = interpreter::dict_of(logger).ok();
        LoggerDict {
            dict: dict.filter(|dict| dict.is_instance_of::<PyDict>()),
            is_known: false,
        }
    }

    /// The same for a logger that may have been watched.
    pub(crate) fn of_watched(logger: &Bound<'py, PyAny>, watch: &LoggerWatch) -> LoggerDict<'py> {
        let dict = LoggerDict::of(logger);
        let is_known = dict
            .dict
            .as_ref()
            .is_some_and(|dict| watch.holds(logger, dict));
        LoggerDict { is_known, ..dict }
    }

    pub(crate) fn get(&self, name: Name) -> Result<Option<Object<'py>>> {
        match &self.dict {
            Some(dict) => dict.entry_named(name),
            None => Ok(None),
        }
    }

    /// The same for a logger of a class that is known to find each attribute there, and that is true. Empty for others.
    pub(crate) fn of_stock(logger: &Bound<'py, PyAny>) -> LoggerDict<'py> {
        match class::has_own_attributes(logger.class_address()) {
            true => LoggerDict::of(logger),
            false => LoggerDict {
                dict: None,
                is_known: false,
            },
        }
    }

    pub(crate) fn exists(&self) -> bool {
        self.dict.is_some()
    }

    /// An attribute of a logger, which is here if the logger's class is stock.
    pub(crate) fn get_from(&self, logger: &Bound<'py, PyAny>, name: Name) -> Result<Object<'py>> {
        match self.get(name)? {
            Some(value) => Ok(value),
            None => logger.get(name),
        }
    }

    /// `Logger.disabled`, which `dictConfig` and pytest set without an invalidation.
    pub(crate) fn is_disabled(&self, logger: &Bound<'py, PyAny>) -> Result<bool> {
        if self.is_known {
            return Ok(false);
        }
        match class::has_own_attributes(logger.class_address()) {
            true => self.get_from(logger, Name::disabled)?.is_true(),
            false => logger.get(Name::disabled)?.is_true(),
        }
    }

    /// Whether the logger itself, not its class, has one of the methods that a record passes through.
    pub(crate) fn has_method(&self) -> Result<bool> {
        if self.is_known {
            return Ok(false);
        }
        let Some(dict) = &self.dict else {
            return Ok(false);
        };
        for method in METHODS {
            if dict.has_entry(*method)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
