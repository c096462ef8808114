//! The keyword arguments of a call: `extra`, `exc_info` and `stack_info`, as `Logger.log` has them.
//!
//! They exist in three forms: [`Keywords`], the references that the macros pass, [`Values`], free of the
//! user's types, and [`Attributes`], the Python objects that become attributes of the record.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};

use super::exc_info::{self, ExcInfo, ExcInfoRef};
use super::limit::Allowed;
use super::stack_info::Stack;
use super::value::{ToValue, Value};
use crate::metadata::Metadata;
use crate::python::frame::Caller;
use crate::python::watchdog::Watched;
#[cfg(feature = "tracing")]
use crate::raw::once::Once;
use crate::raw::thin::{self, Name, Object, Result, Thin};

/// The arguments that the macros pass besides the message. Only references, so that a call that is off needs no
/// space on the stack for it.
#[derive(Clone, Copy, Default)]
pub struct Keywords<'a> {
    pairs: &'a [Pair<'a>],
    exc_info: Option<ExcInfoRef<'a>>,
    stack_info: bool,
    limited: Option<&'a Allowed>,
    pub(crate) template: Option<&'static str>,
    /// Makes the [`Values`]. `None` if there are none: only what sets one leads to the code for them, so that an extension
    /// without keyword arguments is linked without it.
    evaluate: Option<Evaluate>,
    /// Whether the pairs say in which span of `tracing` the call is.
    #[cfg(feature = "tracing")]
    has_spans: bool,
}

type Evaluate = for<'a> fn(Keywords<'a>) -> Option<Box<dyn Arguments + 'a>>;

/// Pairs that are free of the user's types.
pub(crate) type OwnPairs<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// Adds the current span of `tracing` to the pairs of a call, once a layer of pylog's has been made.
#[cfg(feature = "tracing")]
pub(crate) static ADD_SPANS: Once<fn(&mut OwnPairs<'_>)> = Once::new();

/// A key, which can be the name of an attribute, and its value.
pub(crate) type Pair<'a> = (&'a str, &'a dyn ToValue);

impl<'a> Keywords<'a> {
    /// Key-values alone.
    #[inline]
    pub const fn new(pairs: &'a [Pair<'a>]) -> Keywords<'a> {
        Keywords {
            pairs,
            exc_info: None,
            stack_info: false,
            limited: None,
            template: None,
            evaluate: Some(evaluate),
            #[cfg(feature = "tracing")]
            has_spans: false,
        }
    }

    /// Notes that the pairs say in which span of `tracing` the call is.
    #[cfg(feature = "tracing")]
    pub(crate) fn with_spans(mut self) -> Keywords<'a> {
        self.has_spans = true;
        self
    }

    /// Sets `exc_info`.
    #[inline]
    #[must_use]
    pub fn exc_info(mut self, exc_info: impl Into<ExcInfoRef<'a>>) -> Keywords<'a> {
        self.exc_info = Some(exc_info.into());
        self.evaluate = Some(evaluate);
        self
    }

    /// Sets `stack_info`.
    #[inline]
    #[must_use]
    pub fn stack_info(mut self, stack_info: bool) -> Keywords<'a> {
        self.stack_info = stack_info;
        self.evaluate = Some(evaluate);
        self
    }

    /// Sets the answer of the call's limit.
    #[inline]
    #[must_use]
    pub fn limited(mut self, allowed: &'a Allowed) -> Keywords<'a> {
        self.limited = Some(allowed);
        self.evaluate = Some(evaluate);
        self
    }

    /// Sets the message template. The message then consists of its arguments alone, each after an
    /// [`ArgumentMark`][super::message::ArgumentMark].
    #[inline]
    #[must_use]
    pub fn template(mut self, template: &'static str) -> Keywords<'a> {
        self.template = Some(template);
        self
    }

    /// Converts the values. Their types may run any code, so a detached thread calls this before it
    /// attaches.
    pub(crate) fn evaluate(self, metadata: &Metadata) -> Option<Box<dyn Arguments + 'a>> {
        let wanted = self.evaluate;
        #[cfg(feature = "tracing")]
        let wanted = match ADD_SPANS.get() {
            Some(_) => Some(evaluate as Evaluate),
            None => wanted,
        };
        wanted.and_then(|evaluate| evaluate_watched(evaluate, self, metadata))
    }
}

/// A Python object can't be cloned without the GIL.
#[inline(never)]
fn evaluate_watched<'a>(
    evaluate: Evaluate,
    keywords: Keywords<'a>,
    metadata: &Metadata,
) -> Option<Box<dyn Arguments + 'a>> {
    let _watched = Watched::evaluates(metadata);
    evaluate(keywords)
}

fn evaluate(keywords: Keywords<'_>) -> Option<Box<dyn Arguments + '_>> {
    let mut pairs = OwnPairs::with_capacity(keywords.pairs.len());
    for (key, value) in keywords.pairs {
        pairs.push(((*key).into(), value.to_value()));
    }
    #[cfg(feature = "tracing")]
    if let (Some(add_spans), false) = (ADD_SPANS.get(), keywords.has_spans) {
        add_spans(&mut pairs);
    }
    let Keywords {
        exc_info,
        stack_info,
        limited,
        ..
    } = keywords;
    if pairs.is_empty() && exc_info.is_none() && !stack_info && limited.is_none() {
        return None;
    }
    Some(Box::new(Values {
        pairs,
        exc_info: exc_info.map(ExcInfoRef::evaluate),
        stack_info: match stack_info {
            true => StackInfo::Wanted,
            false => StackInfo::Unwanted,
        },
        limited: limited.copied(),
    }))
}

/// The keyword arguments of one call, free of the user's types: [`Values`], which only calls with such arguments lead to.
pub(crate) trait Arguments: Send {
    /// Whether there is a value with this key.
    fn has(&self, key: &str) -> bool;

    fn add(&mut self, key: Cow<'static, str>, value: Value<'static>);

    /// Whether [`into_owned`](Arguments::into_owned) needs Python.
    fn need_python(&self) -> bool;

    /// Undoes the count of a limited call that isn't logged after all.
    fn give_back(&self);

    /// Copies borrowed data, and takes along the exception and the stack of this thread. `py` if the thread is attached; without it
    /// values that [need Python](Arguments::need_python) are left out. Runs no Python code.
    fn into_owned(self: Box<Self>, py: Option<Python<'_>>) -> Box<dyn Arguments>;

    /// The attributes that `Logger._log` computes from these keyword arguments.
    fn attributes<'py>(&self, py: Python<'py>, caller: &dyn Caller) -> Result<Attributes<'py>>;

    /// The keyword arguments themselves, as a `LoggerAdapter` takes them.
    fn to_kwargs<'py>(&self, py: Python<'py>, caller: &dyn Caller) -> Result<Object<'py>>;

    /// The stack of the call.
    fn stack(&self, py: Python<'_>, caller: &dyn Caller) -> Result<Option<String>>;
}

/// Values of a call that has no keyword arguments.
pub(crate) fn no_values() -> Box<dyn Arguments> {
    Box::new(Values::default())
}

/// The keyword arguments of one call, free of the user's types.
#[derive(Default)]
struct Values<'a> {
    pairs: OwnPairs<'a>,
    exc_info: Option<ExcInfo<'a>>,
    stack_info: StackInfo,
    limited: Option<Allowed>,
}

/// `stack_info`.
#[derive(Default)]
enum StackInfo {
    #[default]
    Unwanted,
    /// Of the current thread.
    Wanted,
    /// Of the thread that made a queued call.
    Taken(Stack),
}

impl StackInfo {
    /// `record.stack_info`, which ends at the call.
    fn text(&self, py: Python<'_>, caller: &dyn Caller) -> Result<Option<String>> {
        match self {
            StackInfo::Unwanted => Ok(None),
            StackInfo::Wanted => Stack::here(py)?.text(py, caller),
            StackInfo::Taken(stack) => stack.text(py, caller),
        }
    }
}

impl Arguments for Values<'_> {
    fn has(&self, key: &str) -> bool {
        self.pairs.iter().any(|(other, _)| other == key)
    }

    fn add(&mut self, key: Cow<'static, str>, value: Value<'static>) {
        self.pairs.push((key, value));
    }

    fn need_python(&self) -> bool {
        matches!(self.stack_info, StackInfo::Wanted)
            || self.exc_info.as_ref().is_some_and(ExcInfo::needs_python)
    }

    fn give_back(&self) {
        if let Some(allowed) = &self.limited {
            allowed.give_back();
        }
    }

    fn into_owned(self: Box<Self>, py: Option<Python<'_>>) -> Box<dyn Arguments> {
        let pairs = self.pairs.into_iter();
        Box::new(Values {
            pairs: pairs
                .map(|(key, value)| (key.into_owned().into(), value.into_owned()))
                .collect(),
            exc_info: self.exc_info.map(|exc_info| exc_info.into_owned(py)),
            stack_info: match self.stack_info {
                StackInfo::Wanted => py
                    .and_then(|py| Stack::here(py).ok())
                    .map_or(StackInfo::Unwanted, StackInfo::Taken),
                other => other,
            },
            limited: self.limited,
        })
    }

    fn attributes<'py>(&self, py: Python<'py>, caller: &dyn Caller) -> Result<Attributes<'py>> {
        let exc_info = self.exc_info(py, caller)?;
        Ok(Attributes {
            extra: self.extra(py)?,
            exc_info: exc_info.map_or(Ok(None), |it| exc_info::normalized(&it))?,
            stack_info: self.stack_info.text(py, caller)?,
        })
    }

    fn to_kwargs<'py>(&self, py: Python<'py>, caller: &dyn Caller) -> Result<Object<'py>> {
        let kwargs = thin::dict(py)?;
        if let Some(extra) = self.extra(py)? {
            kwargs.set_entry(Name::extra, &extra)?;
        }
        if let Some(exc_info) = self.exc_info(py, caller)? {
            kwargs.set_entry(Name::exc_info, &exc_info)?;
        }
        if !matches!(self.stack_info, StackInfo::Unwanted) {
            kwargs.set_entry(Name::stack_info, &PyBool::new(py, true))?;
        }
        Ok(kwargs)
    }

    fn stack(&self, py: Python<'_>, caller: &dyn Caller) -> Result<Option<String>> {
        match &self.stack_info {
            taken @ StackInfo::Taken(_) => taken.text(py, caller),
            _ => StackInfo::Wanted.text(py, caller),
        }
    }
}

impl Values<'_> {
    fn exc_info<'py>(
        &self,
        py: Python<'py>,
        caller: &dyn Caller,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        let exc_info = self.exc_info.as_ref();
        exc_info.map_or(Ok(None), |exc_info| exc_info.to_python(py, caller))
    }

    fn extra<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyAny>>> {
        if self.pairs.is_empty() {
            return Ok(None);
        }
        let extra = PyDict::new(py);
        for (key, value) in &self.pairs {
            extra.set_item(&**key, value.to_python(py)?)?;
        }
        Ok(Some(extra.into_any()))
    }
}

impl<'py> Attributes<'py> {
    /// The attributes that `Logger._log` computes from the mapping that an adapter's `process` returned for
    /// `values`.
    pub(crate) fn of_kwargs(
        kwargs: &Bound<'py, PyAny>,
        values: Option<&dyn Arguments>,
        caller: &dyn Caller,
    ) -> Result<Attributes<'py>> {
        let py = kwargs.py();
        let [extra, exc_info, stack_info] = [
            kwargs.entry_named(Name::extra)?.map(Object::into_bound),
            kwargs.entry_named(Name::exc_info)?.map(Object::into_bound),
            kwargs
                .entry_named(Name::stack_info)?
                .map(Object::into_bound),
        ];
        let wants_stack = stack_info.map_or(Ok(false), |it| it.is_true())?;
        Ok(Attributes {
            extra,
            exc_info: exc_info.map_or(Ok(None), |it| exc_info::normalized(&it))?,
            stack_info: match values {
                _ if !wants_stack => None,
                Some(values) => values.stack(py, caller)?,
                None => StackInfo::Wanted.text(py, caller)?,
            },
        })
    }
}

/// The attributes that the keyword arguments add to a record.
#[derive(Debug, Default)]
pub(crate) struct Attributes<'py> {
    pub(crate) extra: Option<Bound<'py, PyAny>>,
    pub(crate) exc_info: Option<Bound<'py, PyAny>>,
    pub(crate) stack_info: Option<String>,
}

impl<'py> Attributes<'py> {
    /// Adds them to the other attributes of a record.
    pub(crate) fn add_to(&self, record: &Bound<'py, PyAny>) -> Result<()> {
        let py = record.py();
        if let Some(exc_info) = &self.exc_info {
            record.set_entry(Name::exc_info, exc_info)?;
        }
        if let Some(stack_info) = &self.stack_info {
            record.set_entry(Name::stack_info, &*thin::text(py, stack_info)?)?;
        }
        if let Some(extra) = &self.extra {
            record
                .cast::<PyDict>()?
                .update(extra.cast::<PyDict>()?.as_mapping())?;
        }
        Ok(())
    }
}
