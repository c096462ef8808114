//! A call in the source and its static.
//!
//! Each call has one [`Callsite`]. [`Callsite::is_off`] is inlined and is all that a call costs
//! whose level Python refused; everything else is out of line.

use std::fmt;

use pyo3::prelude::*;

use crate::gate::Gate;
use crate::logger::{self, Destination, Name};
use crate::message::Message;
use crate::record::{Content, Template, Text};
use crate::{Level, coherence, delivery};

/// What is known of a call while compiling.
pub struct Metadata {
    pub(crate) target: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    here: fn() -> &'static str,
}

impl Metadata {
    /// `here` is `type_name` of an item that stands where the call does.
    pub const fn new(
        target: &'static str,
        file: &'static str,
        line: u32,
        here: fn() -> &'static str,
    ) -> Metadata {
        Metadata {
            target,
            file,
            line,
            here,
        }
    }

    /// The path of the function that the call stands in: `my_crate::parse::header`. Closures and
    /// the bodies of async functions count as the function around them.
    pub(crate) fn function(&self) -> &'static str {
        let here = (self.here)();
        let mut function = here
            .rsplit_once("::")
            .map_or(here, |(function, _)| function);
        while let Some(outer) = function.strip_suffix("::{{closure}}") {
            function = outer;
        }
        function
    }
}

/// The static of one call.
pub struct Callsite {
    gate: Gate,
    metadata: Metadata,
    name: Name,
    template: Template,
}

impl Callsite {
    /// A call that nothing is known of yet.
    pub const fn new(metadata: Metadata) -> Callsite {
        Callsite {
            gate: Gate::new(),
            metadata,
            name: Name::new(),
            template: Template::new(),
        }
    }

    /// Whether Python is known to refuse `level`: a compare and a branch.
    #[inline(always)]
    pub fn is_off(&'static self, level: Level) -> bool {
        self.gate.is_off(level)
    }

    /// Whether to evaluate the arguments and log: asks Python where it isn't known.
    #[cold]
    #[inline(never)]
    pub fn admits(&'static self, level: Level) -> bool {
        self.gate
            .answer(level)
            .unwrap_or_else(|| self.is_enabled(level))
    }

    /// What the logger's `isEnabledFor` says at this moment.
    #[cold]
    #[inline(never)]
    pub fn is_enabled(&'static self, level: Level) -> bool {
        delivery::attach(&self.metadata, |py| {
            let logger = self.logger(py)?;
            self.ask(&logger, level)
        })
        .unwrap_or(false)
    }

    /// Logs at a level that [`Callsite::admits`].
    #[cold]
    #[inline(never)]
    pub fn log(&'static self, level: Level, args: fmt::Arguments<'_>) {
        let message = Message::format(args);
        let from_cache = self.gate.answer(level) == Some(true);
        delivery::attach(&self.metadata, |py| {
            let name = self.name.get(py, self.metadata.target);
            let logger = match logger::last_seen(&name)? {
                Some(logger) if from_cache && !logger::is_disabled(&logger)? => logger,
                _ => {
                    let logger = logger::current(&name)?;
                    // The cache knows nothing of `Logger.disabled`.
                    if from_cache && !self.ask(&logger, level)? {
                        return Ok(());
                    }
                    logger
                }
            };
            delivery::deliver(
                &logger,
                &self.content(level, &message),
                Some(&self.template),
            )
        });
    }

    /// The logger that `destination` names, if it accepts `level`. Asks Python each time.
    #[cold]
    #[inline(never)]
    pub fn find(&'static self, level: Level, destination: &dyn Destination) -> Option<Py<PyAny>> {
        delivery::attach(&self.metadata, |py| {
            let logger = destination.logger(py)?;
            let enabled = logger::is_enabled_for(&logger, level)?;
            Ok(enabled.then(|| logger.unbind()))
        })
        .flatten()
    }

    /// Logs to what [`Callsite::find`] found.
    #[cold]
    #[inline(never)]
    pub fn log_to(&'static self, logger: Py<PyAny>, level: Level, args: fmt::Arguments<'_>) {
        let message = Message::format(args);
        delivery::attach(&self.metadata, |py| {
            delivery::deliver(logger.bind(py), &self.content(level, &message), None)
        });
    }

    fn logger<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        logger::current(&self.name.get(py, self.metadata.target))
    }

    fn content<'a>(&'a self, level: Level, message: &'a Message) -> Content<'a, 'a> {
        Content {
            metadata: &self.metadata,
            level,
            text: Text::Formatted(message),
            extra: None,
        }
    }

    /// `isEnabledFor`, from the gate where it knows.
    fn ask(&'static self, logger: &Bound<'_, PyAny>, level: Level) -> PyResult<bool> {
        if self.gate.answer(level) == Some(true) && !logger::is_disabled(logger)? {
            return Ok(true);
        }
        let cacheable = logger::is_cacheable(logger)?;
        // Also where nothing will be stored: it makes the gate forget what it held.
        let ticket = self.gate.ticket(|| coherence::register(&self.gate));
        let enabled = logger::is_enabled_for(logger, level)?;
        if cacheable {
            ticket.store(level, enabled);
        }
        Ok(enabled)
    }
}
