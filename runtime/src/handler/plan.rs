//! What a handler does with its records, as long as nothing of it changes.

use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType};

use super::class::{HandlerClass, Kind};
use super::formatter::StockFormatter;
use super::object::{Object, dict_of};
use crate::python::exception::Result;
use crate::python::library::LOGGING_GLOBALS;
use crate::python::once::intern;
use crate::python::watch::{self, InstanceEpoch};

/// Methods by which a handler does something else than its class.
const METHODS: [&str; 10] = [
    "handle",
    "filter",
    "acquire",
    "release",
    "emit",
    "format",
    "flush",
    "shouldRollover",
    "prepare",
    "enqueue",
];

/// What a handler does with its records. CPython reports changes of the dicts of the handler, its formatter, and the
/// formatter's style.
///
/// The plan doesn't keep the handler or its stream alive. The objects that it keeps lead to no object of the program.
pub(super) struct Plan {
    state: State,
    pub(super) lock: Py<PyAny>,
    /// What the handler writes after each record.
    pub(super) terminator: Py<PyString>,
    pub(super) rollover: Rollover,
    /// `None` if Python formats.
    pub(super) formatter: Option<StockFormatter>,
}

/// When a handler begins another file.
pub(super) enum Rollover {
    Never,
    /// Before a file is larger than that number of bytes.
    AtSize(i64),
    /// From that time on, in seconds.
    AtTime(i64),
}

impl Plan {
    /// `None` if only Python knows what the handler does.
    fn make(class: &HandlerClass, handler: &Object<'_, '_>, state: State) -> Result<Option<Plan>> {
        let py = handler.py();
        // Watched before it is read.
        if !watch::watch_instance(&handler.dict) || handler.has_any(&METHODS)? {
            return Ok(None);
        }
        let lock = handler.get(intern!(py, "lock"))?;
        let Some(lock) = lock.filter(|lock| lock.get_type().is(&class.stock.lock)) else {
            return Ok(None);
        };
        let Some(formatter) = handler.get(intern!(py, "formatter"))? else {
            return Ok(None);
        };
        let formatter = match formatter.is_none() {
            true => LOGGING_GLOBALS.get(intern!(py, "_defaultFormatter"))?,
            false => formatter,
        };
        let formatter = StockFormatter::of(&formatter, &class.stock)?;
        let terminator = match class.kind {
            Kind::Null | Kind::Queue => Some(intern!(py, "").clone()),
            _ if !handler.has_any(&["stream"])? => None,
            _ => handler
                .attribute("terminator")?
                .and_then(|it| it.cast_into_exact().ok()),
        };
        let number = |name| -> Result<Option<i64>> {
            let number = handler.get(name)?;
            Ok(number.and_then(|number| number.extract().ok()))
        };
        let rollover = match class.kind {
            // Python formats the record twice.
            Kind::Rotating if formatter.is_none() => None,
            Kind::Rotating => number(intern!(py, "maxBytes"))?.map(Rollover::AtSize),
            Kind::TimedRotating => number(intern!(py, "rolloverAt"))?.map(Rollover::AtTime),
            Kind::Null | Kind::Stream | Kind::File | Kind::Queue => Some(Rollover::Never),
        };
        let (Some(terminator), Some(rollover)) = (terminator, rollover) else {
            return Ok(None);
        };
        Ok(Some(Plan {
            state,
            lock: lock.unbind(),
            terminator: terminator.unbind(),
            rollover,
            formatter,
        }))
    }

    /// Whether nothing has changed that the plan depends on.
    pub(super) fn is_current(&self, class: &HandlerClass, handler: &Object<'_, '_>) -> bool {
        self.state == State::of(handler)
            && class.is_of(handler.itself)
            && self
                .formatter
                .as_ref()
                .is_none_or(|formatter| formatter.is_intact(handler.py()))
    }
}

/// The state of a handler during an epoch. Another handler at the same address has another dict, or CPython has reported
/// that the dict was freed.
#[derive(Clone, Copy, PartialEq)]
struct State {
    handler: usize,
    dict: usize,
    epoch: InstanceEpoch,
}

impl State {
    fn of(handler: &Object<'_, '_>) -> State {
        State {
            handler: handler.itself.as_ptr().addr(),
            dict: handler.dict.as_ptr().addr(),
            epoch: InstanceEpoch::current(),
        }
    }
}

/// The plans of the handlers of a class.
pub(super) struct Plans(Mutex<Vec<(State, Option<Arc<Plan>>)>>);

/// How many plans are kept for a class.
const MAX_PLANS: usize = 16;

impl Plans {
    pub(super) const fn new() -> Plans {
        Plans(Mutex::new(Vec::new()))
    }

    /// What a handler does at this moment. `None` if only Python knows.
    pub(super) fn get(
        &self,
        class: &HandlerClass,
        handler: &Object<'_, '_>,
    ) -> Result<Option<Arc<Plan>>> {
        let state = State::of(handler);
        // A forked child may find it locked for good.
        if let Ok(plans) = self.0.try_lock() {
            if let Some((_, plan)) = plans.iter().find(|(made_in, _)| *made_in == state) {
                return Ok(plan.clone());
            }
        }
        let plan = Plan::make(class, handler, state)?.map(Arc::new);
        if state != State::of(handler) {
            return Ok(None);
        }
        let mut replaced = None;
        if let Ok(mut plans) = self.0.try_lock() {
            let is_same = |(it, _): &(State, _)| it.handler == state.handler;
            let index = plans.iter().position(is_same);
            let index = index.or_else(|| (plans.len() == MAX_PLANS).then_some(MAX_PLANS - 1));
            replaced = index.map(|index| plans.remove(index));
            plans.insert(0, (state, plan.clone()));
        }
        // Freeing it can run Python code, which may log.
        drop(replaced);
        Ok(plan)
    }
}

/// The class and the dict of an object that a plan keeps. CPython doesn't report when it gets others.
pub(super) struct Identity {
    object: Py<PyAny>,
    class: Py<PyType>,
    dict: Py<PyDict>,
}

impl Identity {
    pub(super) fn of(object: &Object<'_, '_>) -> Identity {
        Identity {
            object: object.itself.clone().unbind(),
            class: object.itself.get_type().unbind(),
            dict: object.dict.clone().unbind(),
        }
    }

    pub(super) fn is_intact(&self, py: Python<'_>) -> bool {
        let object = self.object.bind(py);
        object.get_type().is(&self.class) && dict_of(object).is_some_and(|dict| dict.is(&self.dict))
    }

    pub(super) fn dict<'py>(&self, py: Python<'py>) -> &Bound<'py, PyDict> {
        self.dict.bind(py)
    }
}
