//! A callsite and its state.

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::questions::Questions;
use crate::index::AtomicIndex;
use crate::level::Level;
use crate::level_cache::cache::LevelCache;
use crate::level_cache::invalidation;
use crate::logger::dict::LoggerDict;
use crate::logger::levels;
use crate::logger::lookup::{self, LastSeen};
use crate::logger::names::{self, LoggerName};
use crate::metadata::Metadata;
use crate::python::frame::Caller;
use crate::python::kept::Kept;
use crate::python::raised::attempt;
use crate::raw::list::List;
use crate::raw::thin::{Object, Result, Stored};
use crate::record::prototype::RecordCache;

/// The static of one call.
pub struct Callsite {
    cache: LevelCache,
    /// Where the [`CallsiteState`] is in [`STATES`].
    state: AtomicIndex,
    metadata: Metadata,
}

/// The part of a callsite that exists once a call has got past the inlined check.
pub(crate) struct CallsiteState {
    name: LoggerName,
    logger: LastSeen,
    /// The place of the level cache among all.
    place: AtomicIndex,
    pub(crate) records: RecordCache,
    /// Its frame stands for the call.
    function: Kept<Stored>,
    /// Those that are queued.
    pub(crate) questions: Questions,
    /// Whether it is of the `log` crate or of `tracing`.
    is_bridged: bool,
}

static STATES: List<CallsiteState> = List::new();

impl CallsiteState {
    /// Stores a new state, and returns its index.
    fn push(name: LoggerName, is_bridged: bool) -> usize {
        STATES.push(CallsiteState {
            name,
            logger: LastSeen::new(),
            place: AtomicIndex::none(),
            records: RecordCache::new(),
            function: Kept::new(),
            questions: Questions::new(),
            is_bridged,
        })
    }
}

/// Forgets the questions about all callsites, in a forked child.
pub(crate) fn reset_questions() {
    for (_, state) in STATES.iter() {
        state.questions.reset();
    }
}

/// Why a call may log: the answer that travels with it to its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The level cache holds Python's acceptance.
    Cached,
    /// Python accepted the level when the call was made. It isn't asked again.
    Accepted,
    /// Python will be asked when the call is delivered.
    Undecided,
}

impl Caller for Callsite {
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn name<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        Callsite::name(self, py)
    }

    fn function(&self) -> &'static Kept<Stored> {
        &self.state().function
    }
}

impl Callsite {
    /// A callsite of which no answer is known. For `here`, see [`Metadata::new`].
    pub const fn new(
        target: &'static str,
        file: &'static str,
        line: u32,
        here: fn() -> &'static str,
    ) -> Callsite {
        Callsite {
            cache: LevelCache::new(),
            state: AtomicIndex::none(),
            metadata: Metadata::new(target, file, line, here),
        }
    }

    /// A callsite that is made at run time. `name` is that of its logger, if it doesn't follow from the
    /// target, and `is_bridged` says whether the call is of the `log` crate or of `tracing`.
    pub(crate) fn at_run_time(
        metadata: Metadata,
        cache: LevelCache,
        name: Option<String>,
        is_bridged: bool,
    ) -> Callsite {
        let state = AtomicIndex::none();
        let name = name.map_or_else(LoggerName::of_target, LoggerName::fixed);
        state.set(CallsiteState::push(name, is_bridged));
        Callsite {
            cache,
            state,
            metadata,
        }
    }

    /// Whether the call is of a crate of which nobody says that it belongs to a Python module. It may hold locks that
    /// the author of the module doesn't know.
    pub(crate) fn is_of_dependency(&self) -> bool {
        self.state
            .get()
            .is_some_and(|index| STATES[index].is_bridged)
            && !names::is_of_module(self.metadata.target)
    }

    /// Whether Python is known to refuse `level`.
    #[inline]
    pub fn is_off(&self, level: Level) -> bool {
        self.cache.is_off(level)
    }

    /// Python's answer for `level`, if it is known.
    pub(crate) fn cached_answer(&self, level: Level) -> Option<bool> {
        self.cache.answer(level)
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The name of the logger.
    pub(crate) fn name<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        self.state().name.get(py, self.metadata.target)
    }

    pub(crate) fn state(&self) -> &'static CallsiteState {
        let index = self.state.get().unwrap_or_else(|| {
            let new = CallsiteState::push(LoggerName::of_target(), false);
            self.state.get_or_set(new)
        });
        &STATES[index]
    }

    /// The logger, unless it is disabled or refuses `level`. Python is asked if the decision leaves that
    /// open.
    pub(crate) fn logger<'py>(
        &'static self,
        py: Python<'py>,
        level: Level,
        decision: Decision,
    ) -> Result<Option<(Object<'py>, LoggerDict<'py>)>> {
        let state = self.state();
        let name = || state.name.get(py, self.metadata.target);
        // An accepted call goes to the logger that was asked.
        if decision == Decision::Accepted || self.cached_answer(level) == Some(true) {
            if let Some(logger) = state.logger.get(py, name)? {
                let dict = LoggerDict::of_watched(&logger, &state.records.logger);
                // Setting `disabled` doesn't invalidate the level cache.
                if !dict.is_disabled(&logger)? {
                    return Ok(Some((logger, dict)));
                }
            }
        }
        let name = name();
        let logger = match decision {
            Decision::Accepted => Some(lookup::get_logger(&name)?),
            Decision::Cached | Decision::Undecided => self.ask(level, &name)?,
        };
        let Some(logger) = logger else {
            return Ok(None);
        };
        let dict = LoggerDict::of(&logger);
        Ok((!dict.is_disabled(&logger)?).then_some((logger, dict)))
    }

    /// The logger, if its `isEnabledFor` accepts `level`. The answer is cached where that is allowed.
    fn ask<'py>(
        &'static self,
        level: Level,
        name: &Bound<'py, PyString>,
    ) -> Result<Option<Object<'py>>> {
        // Taken before anything is read, so that a change of any of it voids the ticket. Also where
        // nothing will be stored, since that clears an older answer.
        let ticket = invalidation::ticket(&self.cache, &self.state().place);
        let py = name.py();
        let logger = lookup::get_logger(name)?;
        // A logger that isn't like those of the library gets its records, too, and nothing is cached.
        let is_cacheable = attempt(py, lookup::is_last_seen(name, &logger)) == Some(true)
            && attempt(py, levels::is_cacheable(&logger)) == Some(true);
        let is_enabled = levels::is_enabled_for(&logger, level)?;
        let in_python = || attempt(py, levels::cached_answer(&logger, level)).flatten();
        // Python's own cache has no answer if `Logger.disabled` had a say in it.
        if is_cacheable && in_python() == Some(is_enabled) {
            ticket.store(level, is_enabled);
        }
        if !is_enabled {
            attempt(py, invalidation::report_refusal(py));
        }
        Ok(is_enabled.then_some(logger))
    }
}
