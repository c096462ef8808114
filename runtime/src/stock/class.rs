//! Classes of loggers and handlers, the library's and the program's own: which stock methods they have.

use std::sync::atomic::Ordering;

use pyo3::prelude::*;

use super::look::is_plain;
use super::snapshot::Snapshot;
use super::table::{Part, Row};
use super::watch::{self, ClassWatch};
use crate::raw::thin::{Name, Result, Thin};

/// What a class of loggers has of the stock one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoggerClass(u8);

impl LoggerClass {
    /// `_log` and `makeRecord` are the stock ones.
    const MAKES_RECORDS: u8 = 1;
    /// Reading an attribute of a logger means reading its dict, and records are handled as by `logging.Logger`, unless
    /// the logger has a method of its own.
    const HANDLES: u8 = 2;

    pub(crate) fn makes_records(self) -> bool {
        self.0 & LoggerClass::MAKES_RECORDS != 0
    }

    pub(crate) fn handles(self) -> bool {
        self.0 & LoggerClass::HANDLES != 0
    }
}

/// A kind of handlers: which stock methods their class has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandlerKind {
    Null,
    Stream,
    File,
    Rotating,
    TimedRotating,
    Queue,
}

type Methods = &'static [(Name, Row)];

/// What the work of each kind rests on, and the rows of the methods that its class must have.
#[rustfmt::skip]
const KINDS: [(HandlerKind, Part, Methods); 6] = [
    (HandlerKind::Null, Part::NULL, &[(Name::handle, Row::NullHandle)]),
    (HandlerKind::Stream, Part::STREAM, &[(Name::flush, Row::Flush), (Name::emit, Row::StreamEmit)]),
    (HandlerKind::File, Part::FILE, &[(Name::flush, Row::Flush), (Name::emit, Row::FileEmit)]),
    (HandlerKind::Rotating, Part::ROTATING, &[
        (Name::flush, Row::Flush), (Name::emit, Row::RotatingEmit), (Name::shouldRollover, Row::IsFull),
    ]),
    (HandlerKind::TimedRotating, Part::TIMED, &[
        (Name::flush, Row::Flush), (Name::emit, Row::RotatingEmit), (Name::shouldRollover, Row::IsTime),
    ]),
    (HandlerKind::Queue, Part::QUEUE, &[
        (Name::emit, Row::QueueEmit), (Name::prepare, Row::Prepare), (Name::enqueue, Row::Enqueue),
    ]),
];

impl HandlerKind {
    /// Whether `emit` lets a `RecursionError` pass.
    pub(crate) fn raises_recursion_errors(self) -> bool {
        matches!(self, HandlerKind::Stream | HandlerKind::File)
    }
}

/// The methods that a record passes through in each handler but a `NullHandler`.
const OF_HANDLER: &[(Name, Row)] = &[
    (Name::handle, Row::Handle),
    (Name::filter, Row::HandlerFilter),
    (Name::acquire, Row::Acquire),
    (Name::release, Row::Release),
    (Name::format, Row::Format),
];

/// Attributes that a handler has itself, so that its class must have none of them.
const NOT_IN_HANDLER: &[Name] = &[
    Name::level,
    Name::filters,
    Name::formatter,
    Name::lock,
    Name::stream,
    Name::maxBytes,
    Name::rolloverAt,
];

/// The methods by which the record of a call is made.
const MAKES_RECORDS: &[(Name, Row)] =
    &[(Name::_log, Row::Log), (Name::makeRecord, Row::MakeRecord)];

/// Attributes that a logger has itself, or is true without them.
const NOT_IN_LOGGER: &[Name] = &[
    Name::name,
    Name::level,
    Name::parent,
    Name::propagate,
    Name::handlers,
    Name::filters,
    Name::disabled,
    Name::_cache,
    Name::__bool__,
    Name::__len__,
];

/// Whether reading an attribute of a logger of the class at this address is known to mean reading its dict.
pub(crate) fn has_own_attributes(class: usize) -> bool {
    ClassWatch::find(class).is_some_and(|watch| {
        let found = watch.entry();
        let handles = LoggerClass(found.answer.load(Ordering::Relaxed)).handles();
        handles && found.answered_at.load(Ordering::Relaxed) == watch.changes()
    })
}

/// The answer of `find` about a class, which is kept if CPython reports changes of the class. The [`ClassWatch`] then
/// tells whether it still holds. Of classes with the answer [`UNKNOWN`] there can be many, so they aren't watched.
fn answer(
    class: &Bound<'_, PyAny>,
    snapshot: &Snapshot,
    find: impl Fn() -> Result<u8>,
) -> Result<(u8, Option<ClassWatch>)> {
    if let Some(watch) = ClassWatch::find(class.as_ptr().addr()) {
        let kept = watch.entry();
        if kept.snapshot.load(Ordering::Relaxed) == snapshot.number()
            && kept.answered_at.load(Ordering::Relaxed) == watch.changes()
        {
            return Ok((kept.answer.load(Ordering::Relaxed), Some(watch)));
        }
    }
    let answer = find()?;
    let watchers = watch::watchers(class.py()).filter(|_| snapshot.is_watched());
    let Some(watchers) = watchers.filter(|_| answer != UNKNOWN) else {
        return Ok((answer, None));
    };
    let Some(watch) = watchers.watch(class.cast()?, false)? else {
        return Ok((answer, None));
    };
    let changes = watch.changes();
    // Again, now that changes are reported.
    let answer = find()?;
    let kept = watch.entry();
    kept.answer.store(answer, Ordering::Relaxed);
    kept.answered_at.store(changes, Ordering::Relaxed);
    kept.snapshot.store(snapshot.number(), Ordering::Relaxed);
    Ok((answer, Some(watch)))
}

/// A class has nothing of the stock one.
const UNKNOWN: u8 = 0;

/// What a class of loggers has of the stock one.
pub(crate) fn of_logger(class: &Bound<'_, PyAny>, snapshot: &Snapshot) -> Result<LoggerClass> {
    let find = || {
        let mut answer = 0;
        if has(class, MAKES_RECORDS, snapshot)? {
            answer |= LoggerClass::MAKES_RECORDS;
        }
        let methods = &[
            (Name::handle, Row::LoggerHandle),
            (Name::filter, Row::LoggerFilter),
            (Name::callHandlers, Row::CallHandlers),
        ];
        // Where nothing is watched, finding this out at each record takes longer than Python's code.
        if snapshot.is_watched()
            && snapshot.has(Part::LOGGER)
            && has(class, methods, snapshot)?
            && is_plain(class, NOT_IN_LOGGER)?
        {
            answer |= LoggerClass::HANDLES;
        }
        Ok(answer)
    };
    Ok(LoggerClass(answer(class, snapshot, find)?.0))
}

/// The kind of the handlers of a class, and the watch that tells of its changes. `None` if Python's code has to handle
/// their records.
pub(crate) fn of_handler(
    class: &Bound<'_, PyAny>,
    snapshot: &Snapshot,
) -> Result<Option<(HandlerKind, ClassWatch)>> {
    let find = || {
        for (index, (kind, part, methods)) in KINDS.into_iter().enumerate() {
            let (common, without): (&[_], &[_]) = match kind {
                HandlerKind::Null => (&[], &[Name::level]),
                _ => (OF_HANDLER, NOT_IN_HANDLER),
            };
            if snapshot.has(part)
                && has(class, methods, snapshot)?
                && has(class, common, snapshot)?
                && is_plain(class, without)?
            {
                return Ok(index as u8 + 1);
            }
        }
        Ok(UNKNOWN)
    };
    Ok(match answer(class, snapshot, find)? {
        (UNKNOWN, _) | (_, None) => None,
        (index, Some(watch)) => Some((KINDS[usize::from(index) - 1].0, watch)),
    })
}

/// Whether a class has the stock methods of these rows, inherited or not.
fn has(class: &Bound<'_, PyAny>, methods: &[(Name, Row)], snapshot: &Snapshot) -> Result<bool> {
    for (name, row) in methods {
        let method = class.find(name.get(class.py()))?;
        if !method.is_some_and(|method| snapshot.has_at(&method, *row)) {
            return Ok(false);
        }
    }
    Ok(true)
}
