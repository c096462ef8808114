//! The fast path: records that are made from a prototype, without running Python code.
//!
//! Varying values are read from where `LogRecord.__init__` reads them, at each call or since they last
//! changed. So a patched clock or a renamed level has the same effect as on a record that Python makes.

use std::ffi::c_ulong;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::attributes::ATTRIBUTES;
use super::content::Content;
use super::process;
use super::settings::Settings;
use super::thread::RecordThread;
use super::times::Times;
use crate::logger::dict::{LoggerDict, LoggerWatch};
use crate::python::asyncio::task_name;
use crate::python::kept::{Kept, Shared};
use crate::python::raised::attempt;
use crate::raw::thin::{self, Name, Object, Result, Stored, Thin};
use crate::stock::class;
use crate::stock::snapshot::{self, Snapshot};
use crate::stock::table::{Part, Row};
use crate::stock::watch;

/// What makes the records of a callsite fast.
pub(crate) struct RecordCache {
    pub(super) prototype: Kept<RecordPrototype>,
    pub(crate) logger: LoggerWatch,
}

impl RecordCache {
    pub(crate) const fn new() -> RecordCache {
        RecordCache {
            prototype: Kept::new(),
            logger: LoggerWatch::new(),
        }
    }
}

/// A record that has been made.
pub(crate) struct NewRecord<'py> {
    pub(crate) record: Object<'py>,
    /// Whether the class of the logger handles it as the stock one does.
    pub(crate) is_handled_as_stock: bool,
    pub(crate) fresh: Option<Fresh<'py>>,
}

/// What is known of a record that has just been made, and of which no Python code has a reference: it needn't be read. It
/// has no arguments, no exception and no stack.
pub(crate) struct Fresh<'py> {
    /// `record.msg`, which is a `str`. `None` if it is a constant.
    pub(crate) msg: Option<Object<'py>>,
    pub(crate) created: f64,
    pub(crate) msecs: f64,
}

/// A record of a callsite, as Python made it.
///
/// The values that seldom vary are kept besides the attributes, and are set only if they have changed.
pub(crate) struct RecordPrototype {
    attributes: Stored,
    /// What `logging` was when Python made the record.
    snapshot: Shared<Snapshot>,
    settings: Settings,
    levelno: i32,
    level_name: Stored,
    /// The number of [changes](watch::changes) when the level last had that name. 0 if a new name isn't reported.
    named_at: AtomicUsize,
    /// The message, if it is a constant. Calls of the `log` crate on one line share a callsite, so the
    /// next message may be another one.
    msg: Option<&'static str>,
    pub(super) name: Stored,
    thread: Option<c_ulong>,
    thread_name: Stored,
    process_name: Stored,
    process: Option<u32>,
    /// From Python 3.12 on.
    task_name: Option<Stored>,
}

impl RecordPrototype {
    /// What `logging` is at this moment, if Python's records can be prototypes now.
    pub(super) fn snapshot(py: Python<'_>) -> Option<Shared<Snapshot>> {
        snapshot::for_records(py).filter(|snapshot| snapshot.has(Part::RECORD))
    }

    /// Makes a record that Python has made a prototype. `None` if the record has other attributes than the stock ones, or if
    /// `logging` has changed since it was that of the snapshot.
    pub(super) fn of(
        record: &Bound<'_, PyAny>,
        logger: &Bound<'_, PyAny>,
        snapshot: Shared<Snapshot>,
        content: &Content<'_, '_>,
    ) -> Result<Option<RecordPrototype>> {
        let py = record.py();
        let is_same = RecordPrototype::snapshot(py).is_some_and(|now| now.is(&snapshot));
        if !is_same || !class::of_logger(&logger.get_type(), &snapshot)?.makes_records() {
            return Ok(None);
        }
        let levelno = content.level.levelno();
        let Some(settings) = Settings::of(&snapshot, py)? else {
            return Ok(None);
        };
        // Read before the name, so that a change that comes meanwhile is seen.
        let named_at = match settings.watch_name(levelno, &snapshot, py)? {
            true => watch::changes(),
            false => 0,
        };
        learn_classes(logger, &snapshot)?;
        let (Some(attributes), Some(level_name)) = (
            constant_attributes(record, content)?,
            settings.level_name(levelno, py)?,
        ) else {
            return Ok(None);
        };
        // Another thread may have named the level anew meanwhile.
        if !record.get(Name::levelname)?.is(&*level_name) {
            return Ok(None);
        }
        // `None` where `logging.logThreads` or `logProcesses` is off.
        let number = |name| -> Result<Option<i64>> {
            let value = record.get(name)?;
            (!value.is_none()).then(|| value.number()).transpose()
        };
        Ok(Some(RecordPrototype {
            snapshot,
            settings,
            levelno,
            level_name: level_name.unbind(),
            named_at: AtomicUsize::new(named_at),
            msg: content.message.constant(),
            name: record.get(Name::name)?.unbind(),
            thread: number(Name::thread)?.map(|it| it as c_ulong),
            thread_name: record.get(Name::threadName)?.unbind(),
            process_name: record.get(Name::processName)?.unbind(),
            process: number(Name::process)?.map(|it| it as u32),
            task_name: record.find(Name::taskName.get(py))?.map(Object::unbind),
            attributes: attributes.unbind(),
        }))
    }

    /// Whether `logging` is as it was when Python made the record.
    pub(super) fn is_current(&self, py: Python<'_>) -> bool {
        self.snapshot.is_current()
            || RecordPrototype::snapshot(py).is_some_and(|now| now.is(&self.snapshot))
    }

    /// The record that `LogRecord(…)` would have been, while the prototype is current. `None` if Python has to make it.
    #[inline]
    pub(super) fn make<'py>(
        &self,
        logger: &Bound<'py, PyAny>,
        dict: &LoggerDict<'py>,
        content: &Content<'_, 'py>,
    ) -> Result<Option<NewRecord<'py>>> {
        let py = logger.py();
        let class = class::of_logger(&logger.class(), &self.snapshot)?;
        if !class.makes_records() || dict.has_method()? {
            return Ok(None);
        }
        let Some(times) = self.times(content, py)? else {
            return Ok(None);
        };
        let attributes = self.attributes.bind(py).copied()?;
        times.set_by(py, |name, time| attributes.set_entry(name, time))?;
        let msg = match content.message.constant() == self.msg && self.msg.is_some() {
            true => None,
            false => Some(content.msg(py)?),
        };
        if let Some(msg) = &msg {
            attributes.set_entry(Name::msg, msg)?;
        }
        let args = content.message.args(py)?;
        if let Some(args) = &args {
            attributes.set_entry(Name::args, args)?;
        }
        if !self.set_logger_and_level(&attributes, logger, dict, class.handles(), content)? {
            return Ok(None);
        }
        // Attributes that are switched off are `None` in the prototype, too.
        self.set_thread(&attributes, content)?;
        self.set_process(&attributes)?;
        self.set_task(&attributes, content)?;
        content.attributes.add_to(&attributes)?;
        let of_call = &content.attributes;
        let is_fresh = args.is_none() && of_call.exc_info.is_none() && of_call.stack_info.is_none();
        let Some(record) = self.snapshot.new_record(py) else {
            return Ok(None);
        };
        let record = record?;
        // (`PyObject_GenericSetDict` leaves the values that CPython 3.13 stores in the instance itself.)
        record.set(Name::__dict__, &attributes)?;
        Ok(Some(NewRecord {
            record,
            is_handled_as_stock: class.handles(),
            fresh: is_fresh.then_some(Fresh {
                msg,
                created: times.created,
                msecs: times.msecs,
            }),
        }))
    }

    fn times(&self, content: &Content<'_, '_>, py: Python<'_>) -> Result<Option<Times>> {
        let clock = self.settings.clock;
        let Some(function) = self.snapshot.get(clock.row(), py) else {
            return Ok(None);
        };
        match content.origin {
            Some(origin) => Times::of_origin(origin, function, clock).map(Some),
            None => Times::by(function, clock),
        }
    }

    /// Sets the name of the logger and the level. Returns `false` if the level has no name.
    fn set_logger_and_level<'py>(
        &self,
        attributes: &Bound<'py, PyAny>,
        logger: &Bound<'py, PyAny>,
        dict: &LoggerDict<'py>,
        is_plain: bool,
        content: &Content<'_, 'py>,
    ) -> Result<bool> {
        let py = attributes.py();
        if !dict.is_known {
            let logger_name = match is_plain {
                true => dict.get_from(logger, Name::name)?,
                false => logger.get(Name::name)?,
            };
            set_if_changed(attributes, Name::name, &logger_name, &self.name)?;
        }
        let levelno = content.level.levelno();
        let changes = watch::changes();
        if levelno == self.levelno && self.named_at.load(Ordering::Relaxed) == changes {
            return Ok(true);
        }
        let Some(level_name) = self.settings.level_name(levelno, py)? else {
            return Ok(false);
        };
        set_if_changed(attributes, Name::levelname, &level_name, &self.level_name)?;
        if levelno == self.levelno {
            if level_name.is(&self.level_name) && self.named_at.load(Ordering::Relaxed) != 0 {
                self.named_at.store(changes, Ordering::Relaxed);
            }
        } else {
            attributes.set_entry(Name::levelno, &*thin::number(py, levelno.into())?)?;
        }
        Ok(true)
    }

    fn set_thread<'py>(
        &self,
        attributes: &Bound<'py, PyAny>,
        content: &Content<'_, 'py>,
    ) -> Result<()> {
        if !self.settings.log_threads {
            return Ok(());
        }
        let py = attributes.py();
        let active = Object::from(self.settings.active_threads.bind(py));
        let get_ident = match self.settings.has_stock_ident {
            true => None,
            false => self.snapshot.get(Row::GetIdent, py),
        };
        let (threads, snapshot) = (&self.settings.threads, Some(&*self.snapshot));
        let thread = RecordThread::among(active, get_ident, content.origin, threads, snapshot)?;
        let name = thread.name()?;
        set_if_changed(attributes, Name::threadName, &name, &self.thread_name)?;
        if Some(thread.ident.number) != self.thread {
            attributes.set_entry(Name::thread, &thread.ident.object)?;
        }
        Ok(())
    }

    fn set_process<'py>(&self, attributes: &Bound<'py, PyAny>) -> Result<()> {
        let py = attributes.py();
        if self.settings.log_processes {
            let process = Some(process::id());
            if process != self.process {
                attributes.set_entry(Name::process, process.into_pyobject(py)?.as_any())?;
            }
        }
        if self.settings.log_multiprocessing {
            let name = match self.settings.uses_multiprocessing {
                true => process::name(py)?,
                false => None,
            };
            let name = name.unwrap_or_else(|| Name::MainProcess.get(py).into());
            set_if_changed(attributes, Name::processName, &name, &self.process_name)?;
        }
        Ok(())
    }

    fn set_task<'py>(
        &self,
        attributes: &Bound<'py, PyAny>,
        content: &Content<'_, 'py>,
    ) -> Result<()> {
        let py = attributes.py();
        let (true, Some(before)) = (self.settings.log_asyncio_tasks, &self.task_name) else {
            return Ok(());
        };
        let name = match content.origin {
            None if self.settings.uses_asyncio => attempt(py, task_name(py)).flatten(),
            None => None,
            Some(origin) => origin.task_name(py),
        };
        let name = name.unwrap_or_else(|| py.None().into_bound(py).into());
        set_if_changed(attributes, Name::taskName, &name, before)
    }
}

fn set_if_changed<'py>(
    attributes: &Bound<'py, PyAny>,
    name: Name,
    value: &Bound<'py, PyAny>,
    before: &Stored,
) -> Result<()> {
    match value.is(before) {
        true => Ok(()),
        false => attributes.set_entry(name, value),
    }
}

/// Finds out which loggers above this one, whose handlers get its records, are of classes that are known.
fn learn_classes(logger: &Bound<'_, PyAny>, snapshot: &Snapshot) -> Result<()> {
    /// Deeper hierarchies don't exist, but circles can.
    const MAX_DEPTH: usize = 64;

    let mut parent = logger.get(Name::parent)?;
    for _ in 0..MAX_DEPTH {
        if parent.is_none() {
            break;
        }
        class::of_logger(&parent.get_type(), snapshot)?;
        parent = parent.get(Name::parent)?;
    }
    Ok(())
}

/// The attributes of a record without what is of this call alone. `None` if they aren't the stock ones.
fn constant_attributes<'py>(
    record: &Bound<'py, PyAny>,
    content: &Content<'_, '_>,
) -> Result<Option<Object<'py>>> {
    let py = record.py();
    let of_record = record.get(Name::__dict__)?;
    // A copy shares its keys with the class, as the dicts of Python's own records do: without them
    // it would take more than twice the memory.
    let attributes = of_record.copied()?;
    if let Some(extra) = &content.attributes.extra {
        for key in extra.cast::<PyDict>()?.keys() {
            attributes.del_item(key)?;
        }
    }
    for name in [Name::exc_info, Name::stack_info] {
        attributes.set_entry(name, py.None().bind(py))?;
    }
    // A message can be large, or secret.
    let message = match content.message.constant() {
        Some(message) => thin::text(py, message)?,
        None => py.None().into_bound(py).into(),
    };
    attributes.set_entry(Name::msg, &message)?;
    attributes.set_entry(Name::args, &*thin::tuple(py, &[])?)?;
    // A patched `os.path` can return anything.
    let file = content.caller.metadata().file;
    let file = file.rsplit(std::path::is_separator).next().unwrap_or(file);
    let module = file.rsplit_once('.').map_or(file, |(module, _)| module);
    for (name, expected) in [(Name::filename, file), (Name::module, module)] {
        if !record.get(name)?.equals_text(expected)? {
            return Ok(None);
        }
    }
    let has_task_name = attributes.has_entry(Name::taskName)?;
    let expected = match has_task_name {
        true => &ATTRIBUTES[..],
        false => &ATTRIBUTES[..20],
    };
    let mut is_stock = attributes.len()? == expected.len();
    for (name, expected) in attributes.cast::<PyDict>()?.keys().iter().zip(expected) {
        is_stock &= name.cast::<PyString>()?.to_cow()? == *expected;
    }
    Ok(is_stock.then_some(attributes))
}
