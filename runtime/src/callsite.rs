//! A call in the source and its static.
//!
//! Each call has one [`Callsite`]. [`Callsite::is_on`] is inlined and is all that a call costs
//! whose level Python refused; everything else is out of line.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::call::Call;
use crate::data::Data;
use crate::gate::Gate;
use crate::logger::{self, AsLogger, Name, Own};
use crate::message::Message;
use crate::record::Template;
use crate::table::{Key, Table};
use crate::{Level, delivery, gates, queue};

/// What is known of a call while compiling.
pub struct Metadata {
    pub(crate) target: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    function: Function,
}

/// How the function that the call stands in is found.
#[derive(Clone, Copy)]
enum Function {
    /// `type_name` of an item that stands where the call does.
    Around(fn() -> &'static str),
    /// Only the module is known, as with the `log` crate.
    SomewhereIn(&'static str),
}

impl Metadata {
    /// `here` is `type_name` of an item that stands where the call does.
    const fn new(
        target: &'static str,
        file: &'static str,
        line: u32,
        here: fn() -> &'static str,
    ) -> Metadata {
        Metadata {
            target,
            file,
            line,
            function: Function::Around(here),
        }
    }

    /// Of a call of which no more than the module is known.
    pub const fn in_module(
        target: &'static str,
        file: &'static str,
        line: u32,
        module: &'static str,
    ) -> Metadata {
        Metadata {
            target,
            file,
            line,
            function: Function::SomewhereIn(module),
        }
    }

    /// The path of the function that the call stands in: `my_crate::parse::header`. Closures and
    /// the bodies of async functions count as the function around them.
    pub(crate) fn function(&self) -> &'static str {
        let here = match self.function {
            Function::Around(here) => here(),
            Function::SomewhereIn(module) => return module,
        };
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
    /// Where its [`Kept`] is in [`KEPT`], plus one; 0 if it has none yet.
    kept: AtomicU32,
    metadata: Metadata,
}

/// What a callsite makes when it is first reached. Not in the static itself: most calls never are.
struct Kept {
    name: Name,
    template: Template,
    /// Where in the queue something waits that will have Python asked.
    asked_at: AtomicUsize,
    /// How many of its calls were dropped meanwhile.
    held_back: AtomicUsize,
}

static KEPT: boxcar::Vec<Kept> = boxcar::Vec::new();

impl Kept {
    /// Where it is, plus one.
    fn keep(name: Name) -> u32 {
        let kept = Kept {
            name,
            template: Template::new(),
            asked_at: AtomicUsize::new(0),
            held_back: AtomicUsize::new(0),
        };
        KEPT.push(kept) as u32 + 1
    }
}

impl Callsite {
    /// A call that nothing is known of yet. For `here`, see [`Metadata::new`].
    pub const fn new(
        target: &'static str,
        file: &'static str,
        line: u32,
        here: fn() -> &'static str,
    ) -> Callsite {
        Callsite {
            gate: Gate::new(),
            kept: AtomicU32::new(0),
            metadata: Metadata::new(target, file, line, here),
        }
    }

    /// The same at run time, for a logger that has `name` if its target's isn't it.
    pub(crate) fn with(metadata: Metadata, gate: Gate, name: Option<String>) -> Callsite {
        let name = name.map_or_else(Name::new, Name::fixed);
        Callsite {
            gate,
            kept: AtomicU32::new(Kept::keep(name)),
            metadata,
        }
    }

    /// The callsite of the same call for another target.
    pub fn for_target(&'static self, target: &str) -> &'static Callsite {
        static CALLS: Table = Table::new();
        let key = Key {
            target,
            address: std::ptr::from_ref(self) as usize,
            ..Key::default()
        };
        CALLS.find_or_make(&key, |key| {
            let metadata = Metadata {
                target: key.target,
                ..self.metadata
            };
            Callsite::with(metadata, Gate::new(), None)
        })
    }

    /// Whether to evaluate the arguments and log: a compare and a branch where Python is known to refuse
    /// `level`.
    #[inline]
    pub fn is_on(&'static self, level: Level) -> bool {
        !self.is_off(level) && self.admits(level)
    }

    /// Whether Python is known to refuse `level`.
    #[inline]
    pub fn is_off(&'static self, level: Level) -> bool {
        self.gate.is_off(level)
    }

    /// Asks Python where it isn't known.
    #[cold]
    #[inline(never)]
    fn admits(&'static self, level: Level) -> bool {
        let answer = self.gate.answer(level);
        // A queued call will be asked about when it is delivered.
        answer.unwrap_or_else(|| queue::for_this_thread().is_some() || self.is_enabled(level))
    }

    /// What the logger's `isEnabledFor` says at this moment, as far as Python announces changes. Yes
    /// where that can't be known without the GIL and calls are queued.
    #[cold]
    #[inline(never)]
    pub fn is_enabled(&'static self, level: Level) -> bool {
        if let Some(queue) = queue::for_this_thread() {
            return self.gate.answer(level).unwrap_or_else(|| {
                queue.ask(self, level);
                true
            });
        }
        let accepted = delivery::attach(&self.metadata, |py| {
            self.logger(py, level, false).map(|logger| logger.is_some())
        });
        accepted.unwrap_or(false)
    }

    /// Logs at a level that [`Callsite::admits`].
    #[cold]
    #[inline(never)]
    pub fn log(&'static self, level: Level, args: fmt::Arguments<'_>) {
        self.log_with(level, args, Data::default());
    }

    /// The same, with what a call may have besides.
    #[cold]
    #[inline(never)]
    pub fn log_with(&'static self, level: Level, args: fmt::Arguments<'_>, data: Data<'_>) {
        let message = Message::format(args, data.template);
        let data = data.evaluate();
        let accepted = self.gate.answer(level) == Some(true);
        delivery::send(Call {
            callsite: self,
            level,
            message,
            data,
            accepted,
            logger: None,
        });
    }

    /// `logger`, if it accepts `level`. Asks Python each time.
    #[cold]
    #[inline(never)]
    pub fn find(&'static self, level: Level, logger: &dyn AsLogger) -> Option<Py<PyAny>> {
        delivery::attach(&self.metadata, |py| {
            let logger = logger.to_bound(py);
            let enabled = logger::is_enabled_for(&logger, level)?;
            Ok(enabled.then(|| logger.unbind()))
        })
        .flatten()
    }

    /// Logs to what [`Callsite::find`] found.
    #[cold]
    #[inline(never)]
    pub fn log_to(
        &'static self,
        logger: Py<PyAny>,
        level: Level,
        args: fmt::Arguments<'_>,
        data: Data<'_>,
    ) {
        let message = Message::format(args, data.template);
        let data = data.evaluate();
        delivery::send(Call {
            callsite: self,
            level,
            message,
            data,
            accepted: true,
            logger: Some(logger),
        });
    }

    pub(crate) fn name<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        self.kept().name.get(py, self.metadata.target)
    }

    fn kept(&self) -> &'static Kept {
        let place = match self.kept.load(Ordering::Acquire) {
            0 => {
                let made = Kept::keep(Name::new());
                let stored =
                    self.kept
                        .compare_exchange(0, made, Ordering::AcqRel, Ordering::Acquire);
                // Whoever came first keeps its own.
                stored.err().unwrap_or(made)
            }
            place => place,
        };
        &KEPT[place as usize - 1]
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(crate) fn template(&self) -> &'static Template {
        &self.kept().template
    }

    /// The mark in the queue by which Python will have been asked for this callsite.
    pub(crate) fn asked_at(&self) -> usize {
        self.kept().asked_at.load(Ordering::SeqCst)
    }

    pub(crate) fn will_be_asked_at(&self, mark: usize) {
        self.kept().asked_at.store(mark, Ordering::SeqCst);
    }

    /// One of its calls is dropped before Python has been asked.
    pub(crate) fn hold_back(&self) {
        self.kept().held_back.fetch_add(1, Ordering::SeqCst);
    }

    /// How many were, since Python was last asked.
    pub(crate) fn take_held_back(&self) -> usize {
        self.kept().held_back.swap(0, Ordering::SeqCst)
    }

    /// The logger, unless it is disabled or its `isEnabledFor` says no. That need not be asked if the answer
    /// is known, or if the call `is_settled` anyway.
    ///
    /// # Errors
    /// What Python raises.
    pub(crate) fn logger<'py>(
        &'static self,
        py: Python<'py>,
        level: Level,
        is_settled: bool,
    ) -> PyResult<Option<(Bound<'py, PyAny>, Own<'py>)>> {
        let name = self.name(py);
        if self.gate.answer(level) == Some(true) {
            if let Some(logger) = logger::last_seen(&name)? {
                let own = Own::of(&logger)?;
                // The gate knows nothing of that.
                if !own.is_disabled(&logger)? {
                    return Ok(Some((logger, own)));
                }
            }
        }
        let logger = match is_settled {
            true => Some(logger::current(&name)?),
            false => self.ask(level, &name)?,
        };
        let Some(logger) = logger else {
            return Ok(None);
        };
        let own = Own::of(&logger)?;
        Ok((!own.is_disabled(&logger)?).then_some((logger, own)))
    }

    /// The logger of that name, unless its `isEnabledFor` says no.
    fn ask<'py>(
        &'static self,
        level: Level,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        // Before anything is found out, so that it is void with whatever it rests on. Also where
        // nothing will be stored: the gate then forgets what it held.
        let ticket = self.gate.ticket(|| gates::register(&self.gate));
        let logger = logger::current(name)?;
        let cacheable = logger::is_cacheable(&logger)?;
        let enabled = logger::is_enabled_for(&logger, level)?;
        // `Logger.disabled` may have had a say, which Python doesn't keep either.
        if cacheable && logger::cached_answer(&logger, level)? == Some(enabled) {
            ticket.store(level, enabled);
        }
        #[cfg(feature = "log")]
        if !enabled {
            crate::bridge::narrow(name.py())?;
        }
        Ok(enabled.then_some(logger))
    }
}
