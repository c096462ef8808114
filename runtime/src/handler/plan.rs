//! What a handler does with its records, as long as nothing of it changes.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};

use super::formatter::StockFormatter;
use super::object::{ATTRIBUTES, Instance, METHODS};
use crate::python::kept::{Kept, Shared};
use crate::raw::system;
use crate::raw::thin::{Name, Object, Result, Stored, Thin};
use crate::stock::class::{self, HandlerKind};
use crate::stock::explain;
use crate::stock::snapshot::{self, Snapshot};
use crate::stock::table::{Part, Row};
use crate::stock::watch::{self, ClassWatch, InstanceWatch};

/// What a handler does with its records. CPython reports changes of the dicts of the handler, its formatter, and the
/// formatter's style.
///
/// The plan doesn't keep the handler or its stream alive. The objects that it keeps lead to no object of the program.
pub(crate) struct Plan {
    state: State,
    /// The least level that the handler accepts. `None` if it isn't a small number.
    pub(crate) level: Option<i32>,
    pub(super) kind: HandlerKind,
    pub(super) snapshot: Shared<Snapshot>,
    /// `None` if the handler does nothing.
    pub(super) emission: Option<Emission>,
}

/// How a handler emits a record.
pub(super) struct Emission {
    /// The methods of its lock, which is of a class that can't change.
    pub(super) acquire: Stored,
    pub(super) release: Stored,
    /// What the handler writes after each record.
    pub(super) terminator: Stored<PyString>,
    /// The same, unless it has no form in UTF-8.
    pub(super) end: Option<String>,
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
    /// What a handler does with a record at this moment. `None` if Python's code handles the record.
    pub(super) fn of(
        handler: &Instance<'_, '_>,
        record: &Bound<'_, PyAny>,
    ) -> Result<Option<Arc<Plan>>> {
        let plan = find(handler).map_or_else(|| make(handler), Ok)?;
        Ok(plan.filter(|plan| plan.snapshot.has_at(&record.class(), Row::LogRecord)))
    }

    /// Whether nothing has changed that the plan depends on. The formatter checks itself.
    pub(super) fn is_current(&self, handler: &Instance<'_, '_>) -> bool {
        self.state.is_of(handler) && self.has_current_snapshot(handler.py())
    }

    fn has_current_snapshot(&self, py: Python<'_>) -> bool {
        self.snapshot.is_current()
            || snapshot::current(py, Part::ALL).is_some_and(|now| now.is(&self.snapshot))
    }
}

/// How many records Python handles before the first plan is made. To establish everything takes as long as Python does for
/// some records, and many programs log few.
const FEW_RECORDS: usize = 20;

#[cold]
fn make(handler: &Instance<'_, '_>) -> Result<Option<Arc<Plan>>> {
    static FIRST: AtomicUsize = AtomicUsize::new(0);
    if FIRST.fetch_add(1, Ordering::Relaxed) < FEW_RECORDS {
        return Ok(None);
    }
    let py = handler.py();
    if watch::watchers(py).is_none() {
        return Ok(None);
    }
    let snapshot = snapshot::current(py, Part::ALL).filter(|it| it.is_watched());
    let Some(snapshot) = snapshot else {
        return Ok(None);
    };
    let Some((kind, watch)) = class::of_handler(&handler.itself.get_type(), &snapshot)? else {
        let reason = "its class isn't a stock one, or overrides a method, or `logging` isn't as pylog knows it";
        return Ok(keep(handler, None, Err(reason)));
    };
    let Some(dict) = InstanceWatch::new(&handler.dict, ATTRIBUTES) else {
        return Ok(None);
    };
    let state = State {
        class: watch,
        changes_of_class: watch.changes(),
        dict,
    };
    let level = number(handler, Name::level)?.and_then(|level| i32::try_from(level).ok());
    let emission = match kind {
        _ if handler.has_any(METHODS)? => Err("it has a method of its own"),
        HandlerKind::Null => Ok(None),
        _ => Emission::of(kind, handler, &snapshot)?.map(Some),
    };
    let plan = emission.map(|emission| {
        Arc::new(Plan {
            state,
            level,
            kind,
            snapshot,
            emission,
        })
    });
    Ok(keep(handler, Some(state), plan))
}

/// An attribute of the handler itself. Python compares numbers of other classes by methods of theirs.
fn number(handler: &Instance<'_, '_>, name: Name) -> Result<Option<i64>> {
    let number = handler.get(name)?;
    Ok(number.and_then(|it| it.cast_into_exact::<PyInt>().ok()?.number().ok()))
}

impl Emission {
    /// The error is a reason why Python's code has to do it.
    fn of(
        kind: HandlerKind,
        handler: &Instance<'_, '_>,
        snapshot: &Snapshot,
    ) -> Result<std::result::Result<Emission, &'static str>> {
        let py = handler.py();
        let lock = handler.get(Name::lock)?;
        let Some(lock) = lock.filter(|lock| snapshot.has_at(&lock.class(), Row::Lock)) else {
            return Ok(Err("its lock isn't an RLock"));
        };
        let formatter = handler.get(Name::formatter)?;
        let formatter = match formatter {
            Some(formatter) if formatter.is_none() => {
                snapshot.get(Row::DefaultFormatter, py).map(Object::from)
            }
            formatter => formatter,
        };
        let Some(formatter) = formatter else {
            return Ok(Err("it has no formatter"));
        };
        let formatter = match StockFormatter::of(&formatter, snapshot) {
            Ok(formatter) => Some(formatter),
            Err(None) => None,
            Err(Some(error)) => return Err(error),
        };
        let terminator = match kind {
            HandlerKind::Queue => Some(Name::empty.get(py).clone()),
            _ if !handler.has_any(&[Name::stream])? => None,
            _ => handler
                .attribute(Name::terminator)?
                .and_then(|it| it.cast_into_exact().ok()),
        };
        let Some(terminator) = terminator else {
            return Ok(Err("it has no stream, or its terminator isn't a str"));
        };
        let rollover = match kind {
            // Python formats the record twice.
            HandlerKind::Rotating if formatter.is_none() => None,
            HandlerKind::Rotating => number(handler, Name::maxBytes)?.map(Rollover::AtSize),
            HandlerKind::TimedRotating => number(handler, Name::rolloverAt)?.map(Rollover::AtTime),
            _ => Some(Rollover::Never),
        };
        let Some(rollover) = rollover else {
            return Ok(Err("only Python can tell when it begins another file"));
        };
        Ok(Ok(Emission {
            acquire: lock.get(Name::acquire)?.unbind(),
            release: lock.get(Name::release)?.unbind(),
            end: terminator.to_cow().ok().map(Cow::into_owned),
            terminator: terminator.into(),
            rollover,
            formatter,
        }))
    }
}

/// The state of a handler: its class, and its dict, in which nothing relevant has changed. Another handler at the same
/// address has another dict, or CPython has reported that the dict was freed.
#[derive(Clone, Copy)]
struct State {
    class: ClassWatch,
    changes_of_class: usize,
    dict: InstanceWatch,
}

impl State {
    fn is_of(&self, handler: &Instance<'_, '_>) -> bool {
        self.class.is(handler.itself.class_address())
            && self.class.changes() == self.changes_of_class
            && self.dict.is_current(handler.dict.as_ptr().addr())
    }
}

/// What was found out about a handler.
struct Found {
    /// The address of the handler.
    handler: usize,
    /// `None` if its class isn't known. A class may become one that is.
    state: Option<State>,
    /// `None` if Python's code handles its records.
    plan: Option<Arc<Plan>>,
    /// The snapshot in which that was found out.
    snapshot: usize,
    /// How many records the handler has got since.
    records: usize,
    /// When it got the last one: the number of records that handlers had got then.
    last: usize,
}

/// What was found out about handlers, the newest first.
static FOUND: Kept<Mutex<Vec<Found>>> = Kept::new();

/// How many records handlers have got.
static RECORDS: AtomicUsize = AtomicUsize::new(0);

/// A handler that hasn't got any of so many records isn't in use.
const LATELY: usize = 1024;

/// For how many handlers that is kept. The records of more are handled by Python.
const MAX_HANDLERS: usize = 64;

/// How many records a handler gets before another plan for it is made. Making one takes as long as Python takes for two
/// records.
const RECORDS_FOR_A_PLAN: usize = 8;

/// How many records a handler of an unknown class gets before its class is looked at again.
const RECORDS_FOR_A_CLASS: usize = 1024;

impl Found {
    /// Whether the handler still exists, hasn't changed, and has got a record lately. `false` for a handler of an unknown
    /// class.
    fn is_in_use(&self) -> bool {
        self.state.is_some_and(|state| state.dict.is_unchanged())
            && RECORDS.load(Ordering::Relaxed).wrapping_sub(self.last) < LATELY
    }

    fn is_current(&self, handler: &Instance<'_, '_>) -> bool {
        if let Some(plan) = &self.plan {
            return plan.is_current(handler);
        }
        let is_same = self
            .state
            .map_or(self.records < RECORDS_FOR_A_CLASS, |it| it.is_of(handler));
        let now = || snapshot::current(handler.py(), Part::ALL);
        is_same && now().is_some_and(|now| now.number() == self.snapshot)
    }
}

/// The plan of a handler, or `Some(None)` if Python's code handles its records. `None` if a plan has to be made. A forked
/// child may find [`FOUND`] locked for good.
fn find(handler: &Instance<'_, '_>) -> Option<Option<Arc<Plan>>> {
    let find = |all: &Mutex<Vec<Found>>| find_among(&mut all.try_lock().ok()?, handler);
    FOUND.with(find).flatten()
}

#[inline]
fn find_among(all: &mut [Found], handler: &Instance<'_, '_>) -> Option<Option<Arc<Plan>>> {
    let address = handler.itself.as_ptr().addr();
    let number = RECORDS.fetch_add(1, Ordering::Relaxed);
    if let Some(found) = all.iter_mut().find(|it| it.handler == address) {
        found.records = found.records.saturating_add(1);
        found.last = number;
        return match found.is_current(handler) {
            true => Some(found.plan.clone()),
            false => (found.records < RECORDS_FOR_A_PLAN).then_some(None),
        };
    }
    let is_full = all.len() == MAX_HANDLERS && all.iter().all(Found::is_in_use);
    is_full.then_some(None)
}

/// Keeps what was found out about a handler: the plan, or the reason why Python's code handles its records.
fn keep(
    handler: &Instance<'_, '_>,
    state: Option<State>,
    plan: std::result::Result<Arc<Plan>, &str>,
) -> Option<Arc<Plan>> {
    if let (Err(reason), true) = (&plan, explain::is_wanted()) {
        let handler = handler.itself;
        system::write_line(format_args!(
            "Python's code handles the records of {handler}: {reason}"
        ));
    }
    let plan = plan.ok();
    let all = FOUND.get_or_make(Mutex::default);
    let Ok(mut all) = all.try_lock() else {
        return plan;
    };
    let address = handler.itself.as_ptr().addr();
    let earlier = all.iter().position(|it| it.handler == address);
    let is_free = |it: &Found| !it.is_in_use();
    let other = || all.iter().rposition(is_free).unwrap_or(MAX_HANDLERS - 1);
    let other = (all.len() == MAX_HANDLERS).then(other);
    let replaced = earlier.or(other).map(|index| all.remove(index));
    let snapshot = snapshot::current(handler.py(), Part::ALL);
    let new = Found {
        handler: address,
        state,
        plan: plan.clone(),
        snapshot: snapshot.map_or(0, |snapshot| snapshot.number()),
        records: 0,
        last: RECORDS.load(Ordering::Relaxed),
    };
    all.insert(0, new);
    drop(all);
    // Freeing it can run Python code, which may log.
    drop(replaced);
    plan
}
