//! What a handler's class does with a record.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyType;

use super::queue;
use super::stock::{Stock, is_plain, methods_of_handlers};
use crate::python::exception::Result;
use crate::python::kept::Kept;
use crate::python::watch::{self, CheckedIn, Epoch};

/// A kind of handlers: which stock methods their class has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    Stream,
    File,
    Rotating,
    TimedRotating,
    Queue,
}

const HANDLE: [&str; 5] = [
    "Handler.handle",
    "Filterer.filter",
    "Handler.acquire",
    "Handler.release",
    "Handler.format",
];

/// Attributes that a handler has itself, so that its class must have none of them.
const NOT_IN_CLASS: [&str; 7] = [
    "level",
    "filters",
    "formatter",
    "lock",
    "stream",
    "maxBytes",
    "rolloverAt",
];

/// How many classes are kept. The handlers of others are handled by Python.
const MAX_CLASSES: usize = 64;

/// A class of handlers, watched from the time when it was found to be of a kind.
pub(super) struct HandlerClass {
    class: Py<PyType>,
    pub(super) kind: Kind,
    /// In place while the check is current.
    pub(super) stock: Arc<Stock>,
    checked: CheckedIn,
}

/// The classes, each as long as it is of the same kind. An earlier entry for the same class is never current again.
static KNOWN: Kept<boxcar::Vec<Arc<HandlerClass>>> = Kept::new();

/// What the class of a handler does with records at this moment. `None` if only Python knows.
pub(super) fn known(handler: &Bound<'_, PyAny>) -> Result<Option<Arc<HandlerClass>>> {
    let class = handler.get_type();
    if Unknown::contains(&class) {
        return Ok(None);
    }
    match current(&class) {
        Some(known) => Ok(Some(known)),
        None => check(&class),
    }
}

impl HandlerClass {
    /// Whether a handler is still of this class.
    pub(super) fn is_of(&self, handler: &Bound<'_, PyAny>) -> bool {
        handler.get_type().is(&self.class)
    }
}

fn current(class: &Bound<'_, PyType>) -> Option<Arc<HandlerClass>> {
    let known = KNOWN.get()?;
    let mut classes = known.iter().map(|(_, it)| it);
    let is_current = |it: &&Arc<HandlerClass>| it.class.is(class) && it.checked.is_current();
    classes.find(is_current).cloned()
}

/// How many records Python handles before that. To find and watch everything takes as long as Python does for some
/// records, and many programs log few.
const FEW_RECORDS: usize = 20;

#[cold]
fn check(class: &Bound<'_, PyType>) -> Result<Option<Arc<HandlerClass>>> {
    static RECORDS: AtomicUsize = AtomicUsize::new(0);
    if RECORDS.fetch_add(1, Ordering::Relaxed) < FEW_RECORDS {
        return Ok(None);
    }
    let Some(stock) = Stock::in_place(class.py())? else {
        return Ok(None);
    };
    let known = KNOWN.get_or_make(boxcar::Vec::new);
    // Only classes that are worth it are watched.
    let Some(kind) = Kind::of(class, &stock)?.filter(|_| known.count() < MAX_CLASSES) else {
        Unknown::add(class);
        return Ok(None);
    };
    let Some(epoch) = kind.watch(class)? else {
        return Ok(None);
    };
    // The class is watched before it is read.
    if Kind::of(class, &stock)? != Some(kind) || !stock.is_current(epoch) {
        return Ok(None);
    }
    let is_same = |it: &&Arc<HandlerClass>| it.class.is(class) && it.kind == kind;
    let met = known.iter().map(|(_, it)| it).find(is_same);
    let checked = met.cloned().unwrap_or_else(|| {
        let new = Arc::new(HandlerClass {
            class: class.clone().unbind(),
            kind,
            stock,
            checked: CheckedIn::never(),
        });
        known.push(Arc::clone(&new));
        new
    });
    checked.checked.set(epoch);
    Ok(Some(checked))
}

impl Kind {
    /// Whether `emit` lets a `RecursionError` pass.
    pub(super) fn raises_recursion_errors(self) -> bool {
        matches!(self, Kind::Stream | Kind::File)
    }

    fn of(class: &Bound<'_, PyType>, stock: &Stock) -> Result<Option<Kind>> {
        let of_logging = |names: &[&str]| stock.methods.are_of(class, names);
        if of_logging(&["NullHandler.handle"])? && is_plain(class, &["level"])? {
            return Ok(Some(Kind::Null));
        }
        if !of_logging(&HANDLE)? || !is_plain(class, &NOT_IN_CLASS)? {
            return Ok(None);
        }
        let flushes = of_logging(&["StreamHandler.flush"])?;
        if flushes && of_logging(&["StreamHandler.emit"])? {
            return Ok(Some(Kind::Stream));
        }
        if flushes && of_logging(&["FileHandler.emit"])? {
            return Ok(Some(Kind::File));
        }
        let Some(methods) = methods_of_handlers(class.py())? else {
            return Ok(None);
        };
        let of_handlers = |names: &[&str]| methods.are_of(class, names);
        if flushes && of_handlers(&["BaseRotatingHandler.emit"])? {
            if of_handlers(&["RotatingFileHandler.shouldRollover"])? {
                return Ok(Some(Kind::Rotating));
            }
            if of_handlers(&["TimedRotatingFileHandler.shouldRollover"])? {
                return Ok(Some(Kind::TimedRotating));
            }
        }
        let queues = [
            "QueueHandler.emit",
            "QueueHandler.prepare",
            "QueueHandler.enqueue",
        ];
        let is_queue =
            of_handlers(&queues)? && queue::copies_attributes(stock.record.bind(class.py()))?;
        Ok(is_queue.then_some(Kind::Queue))
    }

    /// Watches what [`Kind::of`] reads, besides what the stock classes are.
    fn watch(self, class: &Bound<'_, PyType>) -> Result<Option<Epoch>> {
        let py = class.py();
        let dicts = match self {
            Kind::Queue => queue::dicts_of_copy(py)?,
            _ => Vec::new(),
        };
        Ok(watch::watch(py, &dicts, [class]))
    }
}

/// The classes that were last found to be of no kind, by their addresses. A class at the address of an
/// earlier one is taken for that one during the epoch, and Python does its work.
struct Unknown {
    address: AtomicUsize,
    checked: CheckedIn,
}

static UNKNOWN: [Unknown; 16] = [const {
    Unknown {
        address: AtomicUsize::new(0),
        checked: CheckedIn::never(),
    }
}; 16];

impl Unknown {
    fn place(class: &Bound<'_, PyType>) -> (&'static Unknown, usize) {
        let address = class.as_ptr().addr();
        (&UNKNOWN[address / 64 % UNKNOWN.len()], address)
    }

    fn contains(class: &Bound<'_, PyType>) -> bool {
        let (place, address) = Unknown::place(class);
        place.checked.is_current() && place.address.load(Ordering::Relaxed) == address
    }

    fn add(class: &Bound<'_, PyType>) {
        let (place, address) = Unknown::place(class);
        place.address.store(address, Ordering::Relaxed);
        place.checked.set(Epoch::current());
    }
}
