//! What each row of the [table] is at this moment.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyType;

use super::look::{Attributes, Found, Look, look_up};
use super::table::{Part, ROWS, Row, State, TABLE};
use super::{explain, watch};
use crate::python::kept::{self, Kept, Shared};
use crate::python::raised::attempt;
use crate::raw::interpreter::PlainClass;
use crate::raw::thin::{Object, Result};
use crate::raw::watching::Watchers;

/// What the rows are, and which parts of the work pylog can do itself. It never changes: when a row is another object,
/// there is another snapshot.
pub(crate) struct Snapshot {
    /// Each snapshot has another one.
    number: usize,
    rows: Vec<Found>,
    /// The parts whose rows have been looked up.
    established: Part,
    /// Those of them whose rows are all as expected.
    parts: Part,
    /// `LogRecord`, if it is as expected.
    record_class: Option<PlainClass>,
    /// The number of [changes](watch::changes) when each row was last found to be the same. 0 if nothing is watched.
    verified: AtomicUsize,
}

static CURRENT: Kept<Snapshot> = Kept::new();

/// The snapshot of this moment, for making records.
pub(crate) fn for_records(py: Python<'_>) -> Option<Shared<Snapshot>> {
    let parts = match watch::watchers(py) {
        Some(_) => Part::OF_RECORDS,
        None => Part::UNWATCHED,
    };
    current(py, parts)
}

/// The snapshot of this moment, in which `parts` have been established. `None` when nothing is kept any more.
pub(crate) fn current(py: Python<'_>, parts: Part) -> Option<Shared<Snapshot>> {
    match CURRENT.get() {
        Some(now) if now.established.has(parts) && now.is_current() => Some(now),
        before => attempt(py, refresh(before, parts, py)).flatten(),
    }
}

#[cold]
fn refresh(
    before: Option<Shared<Snapshot>>,
    parts: Part,
    py: Python<'_>,
) -> Result<Option<Shared<Snapshot>>> {
    if kept::are_released() {
        return Ok(None);
    }
    let watchers = watch::watchers(py);
    // Read before the rows, so that a change that comes meanwhile makes them be looked up again.
    let changes = watch::changes();
    if let Some(before) = &before {
        if before.established.has(parts) && before.holds(watchers, py)? {
            if before.is_watched() {
                before.verified.store(changes, Ordering::Relaxed);
            }
            return Ok(Some(before.clone()));
        }
    }
    let parts = before
        .as_ref()
        .map_or(parts, |before| before.established.and(parts));
    let look = Look::at_rows(parts, watchers, py)?;
    let verified = match watchers {
        Some(_) if look.all_are_watched => changes,
        _ => 0,
    };
    let snapshot = look.into_snapshot(parts, verified)?;
    explain::report(&snapshot.rows, snapshot.is_watched());
    Ok(Some(CURRENT.set(snapshot)))
}

impl Snapshot {
    /// Whether nothing has changed since the rows were last looked up.
    #[inline]
    pub(crate) fn is_current(&self) -> bool {
        self.verified.load(Ordering::Relaxed) == watch::changes()
    }

    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Whether CPython reports changes.
    pub(crate) fn is_watched(&self) -> bool {
        self.verified.load(Ordering::Relaxed) != 0
    }

    /// Whether pylog can do all of these parts.
    #[inline]
    pub(crate) fn has(&self, parts: Part) -> bool {
        self.parts.has(parts)
    }

    /// The object of a row.
    #[inline]
    pub(crate) fn get<'py>(&self, row: Row, py: Python<'py>) -> Option<&Bound<'py, PyAny>> {
        Some(self.rows[row as usize].object.as_ref()?.bind(py))
    }

    /// Whether an object is that of a row, and as expected.
    pub(crate) fn has_at(&self, object: &Bound<'_, PyAny>, row: Row) -> bool {
        let at_row = self.rows[row as usize].object.as_ref();
        self.state(row) == State::AsExpected && at_row.is_some_and(|it| object.is(it))
    }

    /// Why Python does some of the work.
    pub(super) fn sentences(&self) -> Vec<String> {
        explain::sentences(&self.rows, self.is_watched())
    }

    pub(crate) fn state(&self, row: Row) -> State {
        self.rows[row as usize].state
    }

    /// `object.__new__(LogRecord)`. `None` if the class isn't as expected.
    pub(crate) fn new_record<'py>(&self, py: Python<'py>) -> Option<Result<Object<'py>>> {
        self.record_class
            .as_ref()
            .map(|class| class.new_instance(py))
    }

    /// Whether each row is the same object as before. Gives their classes versions, so that CPython reports changes.
    fn holds(&self, watchers: Option<&Watchers>, py: Python<'_>) -> Result<bool> {
        for found in &self.rows {
            let Some((container, name)) = &found.place else {
                continue;
            };
            let container = container.bind(py);
            if let (Some(watchers), Ok(class)) = (watchers, container.cast::<PyType>()) {
                let is_exhausted = watchers.watch(class, true)?.is_none();
                if is_exhausted != (found.state == State::Exhausted) {
                    return Ok(false);
                }
            }
            let now = attempt(py, look_up(container, name.bind(py))).flatten();
            if now.as_ref().map(|it| it.as_ptr()) != found.object.as_ref().map(|it| it.as_ptr()) {
                return Ok(false);
            }
            if found
                .attributes
                .as_ref()
                .is_some_and(|it| !it.are_same(py).unwrap_or_default())
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Look<'_> {
    fn into_snapshot(mut self, established: Part, verified: usize) -> Result<Snapshot> {
        static NUMBER: AtomicUsize = AtomicUsize::new(1);
        let mut parts = established;
        let mut record_class = None;
        for (row, entry) in ROWS.into_iter().zip(TABLE) {
            if !entry.parts.overlaps(established) {
                continue;
            }
            let state = match self.rows[row as usize].state {
                State::Exhausted => State::Exhausted,
                _ => self.state(row, entry)?,
            };
            if state != State::AsExpected {
                parts = parts.without(entry.parts);
            }
            let mut attributes = None;
            if let Some(Ok(class)) = self.object(row).map(|it| it.cast::<PyType>()) {
                if entry.expected.is_class() {
                    attributes = Some(Attributes::of(class)?);
                }
                if (row, state) == (Row::LogRecord, State::AsExpected) {
                    record_class = PlainClass::of(class)?;
                }
            }
            let found = &mut self.rows[row as usize];
            found.state = state;
            found.attributes = attributes;
        }
        Ok(Snapshot {
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            rows: self.rows,
            established,
            parts,
            record_class,
            verified: AtomicUsize::new(verified),
        })
    }
}
