//! Building the `LogRecord`.
//!
//! Two roads lead to the same record. On the [general] one Python makes it; that is always right. On
//! the [fast] one the attributes of a record that Python made for the same callsite are copied, and
//! those that vary are set. It is taken only where it is [proven][stock] at that moment that Python
//! would have done just that.

mod fast;
mod general;
mod process;
mod proof;
mod stock;
mod thread;
mod times;

pub(crate) use process::forget as forget_process;
pub(crate) use times::since_epoch as nanoseconds_since_epoch;

use pyo3::prelude::*;

use self::proof::Proof;
use self::stock::Stock;
use crate::Level;
use crate::callsite::Metadata;
use crate::data::Keywords;
use crate::exc_info;
use crate::logger::Own;
use crate::message::Message;
use crate::once::Once;
use crate::origin::Origin;

/// The attributes of a record, in the order in which `LogRecord` sets them; the last from 3.12.
pub(crate) const ATTRIBUTES: [&str; 21] = [
    "name",
    "msg",
    "args",
    "levelname",
    "levelno",
    "pathname",
    "filename",
    "module",
    "exc_info",
    "exc_text",
    "stack_info",
    "lineno",
    "funcName",
    "created",
    "msecs",
    "relativeCreated",
    "thread",
    "threadName",
    "processName",
    "process",
    "taskName",
];

/// What a record is made of.
pub(crate) struct Content<'a, 'py> {
    pub(crate) metadata: &'a Metadata,
    pub(crate) level: Level,
    pub(crate) text: Text<'a, 'py>,
    /// With a template, no key in `extra` is one of the [`ATTRIBUTES`].
    pub(crate) keywords: Keywords<'py>,
    /// Whether a key that can't be an attribute gets another name, since nobody could be told of it.
    pub(crate) keeps_all: bool,
    /// When and where the call was made, if not here and now.
    pub(crate) origin: Option<&'a Origin>,
}

/// The message of a record.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a, 'py> {
    /// As the call formatted it.
    pub(crate) message: &'a Message,
    /// What an adapter's `process` made of that.
    pub(crate) processed: Option<&'a Bound<'py, PyAny>>,
}

impl<'py> Text<'_, 'py> {
    pub(crate) fn msg(self, py: Python<'py>) -> Bound<'py, PyAny> {
        match self.processed {
            None => self.message.msg(py).into_any(),
            Some(processed) => processed.clone(),
        }
    }
}

/// What a callsite keeps of its first record.
pub(crate) struct Template(Once<fast::Template>);

impl Template {
    pub(crate) const fn new() -> Template {
        Template(Once::new())
    }
}

/// What goes into the record of [`Content::keywords`].
struct Attached<'py> {
    extra: Option<Bound<'py, PyAny>>,
    exc_info: Option<Bound<'py, PyAny>>,
    stack_info: Option<String>,
}

impl<'py> Attached<'py> {
    fn of(keywords: &Keywords<'py>, py: Python<'py>) -> PyResult<Attached<'py>> {
        let Keywords {
            extra,
            exc_info,
            stack_info,
        } = keywords;
        let with_stack = stack_info.as_ref().map_or(Ok(false), |it| it.is_truthy())?;
        Ok(Attached {
            extra: extra.clone(),
            exc_info: match exc_info {
                Some(exc_info) => exc_info::normalized(exc_info)?,
                None => None,
            },
            stack_info: if with_stack {
                exc_info::stack(py)?
            } else {
                None
            },
        })
    }
}

/// A record that was made, and how it may be handled.
pub(crate) struct Made<'py> {
    pub(crate) record: Bound<'py, PyAny>,
    /// If the logger is proven to handle it as the stock one does.
    pub(crate) own: Option<Own<'py>>,
}

/// What `logger.makeRecord` gives.
///
/// # Errors
/// What it, or the record factory, raises.
pub(crate) fn make<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    known: Option<(&Template, Own<'py>)>,
) -> PyResult<Made<'py>> {
    let attached = Attached::of(&content.keywords, logger.py())?;
    let by_python =
        || general::make(logger, content, &attached).map(|record| Made { record, own: None });
    let Some((template, own)) = known else {
        return by_python();
    };
    let Some(stock) = Stock::get(logger.py())? else {
        return by_python();
    };
    if let Some(template) = template.0.get() {
        let made = fast::make(stock, logger, own, content, &attached, template)?;
        return made.map_or_else(by_python, Ok);
    }
    let proof = Proof::of(stock, logger, content.level)?;
    let made = by_python()?;
    if let Some(proof) = proof {
        // Nothing has changed meanwhile.
        if proof.now(stock, logger)?.is_some() {
            let first = fast::Template::of(&made.record, proof, content, &attached)?;
            if let Some(first) = first {
                template.0.get_or_make(|| first);
            }
        }
    }
    Ok(made)
}
