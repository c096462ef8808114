//! What a handler does with its records, as long as nothing of it changes.

use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};

use super::class::{self, HandlerClass, Kind};
use super::formatter::StockFormatter;
use super::object::Object;
use crate::python::exception::Result;
use crate::python::kept::Kept;
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
pub(crate) struct Plan {
    state: State,
    /// The least level that the handler accepts. `None` if it isn't a small number.
    pub(crate) level: Option<i32>,
    pub(super) class: Arc<HandlerClass>,
    /// `None` if the handler does nothing.
    pub(super) emission: Option<Emission>,
}

/// How a handler emits a record.
pub(super) struct Emission {
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
    /// What a handler does with a record at this moment. `None` if only Python knows.
    pub(super) fn of(
        handler: &Object<'_, '_>,
        record: &Bound<'_, PyAny>,
    ) -> Result<Option<Arc<Plan>>> {
        let state = State::of(handler);
        let plan = match find(state) {
            Some(plan) => plan.filter(|plan| plan.class.is_of(handler.itself)),
            None => Plan::make(handler, state)?,
        };
        let is_of_class = |plan: &Arc<Plan>| {
            let class = plan.class.stock.record.bind(record.py());
            record.get_type().is(class)
        };
        Ok(plan.filter(is_of_class))
    }

    fn make(handler: &Object<'_, '_>, state: State) -> Result<Option<Arc<Plan>>> {
        let Some(class) = class::known(handler.itself)? else {
            return Ok(None);
        };
        // Watched before it is read.
        let plan = match watch::watch_instance(&handler.dict) && !handler.has_any(&METHODS)? {
            true if class.kind == Kind::Null => Some(None),
            true => Emission::of(&class, handler)?.map(Some),
            false => None,
        };
        let level = handler.get(intern!(handler.itself.py(), "level"))?;
        let level = level.and_then(|it| it.cast_into_exact::<PyInt>().ok()?.extract().ok());
        let plan = plan.map(|emission| {
            Arc::new(Plan {
                state,
                level,
                class,
                emission,
            })
        });
        let is_current = state == State::of(handler);
        if is_current {
            keep(state, plan.clone());
        }
        Ok(plan.filter(|_| is_current))
    }

    /// Whether nothing has changed that the plan depends on. The formatter checks itself.
    pub(super) fn is_current(&self, handler: &Object<'_, '_>) -> bool {
        self.state == State::of(handler) && self.class.is_of(handler.itself)
    }
}

impl Emission {
    /// `None` if only Python knows.
    fn of(class: &HandlerClass, handler: &Object<'_, '_>) -> Result<Option<Emission>> {
        let py = handler.py();
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
            Kind::Queue => Some(intern!(py, "").clone()),
            _ if !handler.has_any(&["stream"])? => None,
            _ => handler
                .attribute("terminator")?
                .and_then(|it| it.cast_into_exact().ok()),
        };
        // Python compares numbers of other classes by methods of theirs.
        let number = |name| -> Result<Option<i64>> {
            let number = handler.get(name)?;
            let number = number.and_then(|number| number.cast_into_exact::<PyInt>().ok());
            Ok(number.and_then(|number| number.extract().ok()))
        };
        let rollover = match class.kind {
            // Python formats the record twice.
            Kind::Rotating if formatter.is_none() => None,
            Kind::Rotating => number(intern!(py, "maxBytes"))?.map(Rollover::AtSize),
            Kind::TimedRotating => number(intern!(py, "rolloverAt"))?.map(Rollover::AtTime),
            _ => Some(Rollover::Never),
        };
        let (Some(terminator), Some(rollover)) = (terminator, rollover) else {
            return Ok(None);
        };
        Ok(Some(Emission {
            lock: lock.unbind(),
            terminator: terminator.unbind(),
            rollover,
            formatter,
        }))
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

/// What was found out about a handler.
struct Found {
    state: State,
    /// `None` if only Python knows what the handler does.
    plan: Option<Arc<Plan>>,
    /// How many records the handler has got since.
    records: usize,
}

/// What was found out about handlers, the newest first.
static FOUND: Kept<Mutex<Vec<Found>>> = Kept::new();

/// For how many handlers that is kept.
const MAX_HANDLERS: usize = 64;

/// How many records a handler gets before another plan for it is made. Making one takes as long as Python takes for two
/// records.
const RECORDS_FOR_A_PLAN: usize = 8;

/// The plan for a state, or `None` in it if Python handles this record. The outer `None` if a plan has to be made. A
/// forked child may find [`FOUND`] locked for good.
fn find(state: State) -> Option<Option<Arc<Plan>>> {
    let all = FOUND.get()?;
    let mut all = all.try_lock().ok()?;
    let is_same = |it: &&mut Found| it.state.handler == state.handler;
    if let Some(found) = all.iter_mut().find(is_same) {
        found.records = found.records.saturating_add(1);
        return match &found.plan {
            plan if found.state == state => Some(plan.clone()),
            _ if found.records < RECORDS_FOR_A_PLAN => Some(None),
            _ => None,
        };
    }
    let is_full = all.len() == MAX_HANDLERS && all.iter().all(|it| it.state.epoch == state.epoch);
    is_full.then_some(None)
}

fn keep(state: State, plan: Option<Arc<Plan>>) {
    let all = FOUND.get_or_make(Mutex::default);
    let Ok(mut all) = all.try_lock() else {
        return;
    };
    let is_same = |it: &Found| it.state.handler == state.handler;
    let earlier = all.iter().position(is_same);
    let is_stale = |it: &Found| it.state.epoch != state.epoch;
    let stale = all.iter().rposition(is_stale).unwrap_or(MAX_HANDLERS - 1);
    let other = (all.len() == MAX_HANDLERS).then_some(stale);
    let replaced = earlier.or(other).map(|index| all.remove(index));
    let new = Found {
        state,
        plan,
        records: 0,
    };
    all.insert(0, new);
    drop(all);
    // Freeing it can run Python code, which may log.
    drop(replaced);
}
