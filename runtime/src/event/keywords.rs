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
use crate::python::frame::Caller;
use crate::python::loose::Loose;
#[cfg(feature = "tracing")]
use crate::raw::once::Once;
use crate::raw::thin::exception::Result;
use crate::raw::thin::{self, Name, Object, Stored, Thin};

/// The arguments that the macros pass besides the message. Only references, so that a call that is off needs no
/// space on the stack for it.
#[derive(Clone, Copy, Default)]
pub struct Keywords<'a> {
    pairs: &'a [Pair<'a>],
    exc_info: Option<ExcInfoRef<'a>>,
    stack_info: bool,
    limited: Option<&'a Allowed>,
    pub(crate) template: Option<&'static str>,
    /// Whether the pairs say in which span of `tracing` the call is.
    #[cfg(feature = "tracing")]
    has_spans: bool,
}

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
        self
    }

    /// Sets `stack_info`.
    #[inline]
    #[must_use]
    pub fn stack_info(mut self, stack_info: bool) -> Keywords<'a> {
        self.stack_info = stack_info;
        self
    }

    /// Sets the answer of the call's limit.
    #[inline]
    #[must_use]
    pub fn limited(mut self, allowed: &'a Allowed) -> Keywords<'a> {
        self.limited = Some(allowed);
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

    #[cfg(feature = "tracing")]
    fn with_current_spans(&self, mut pairs: OwnPairs<'a>) -> OwnPairs<'a> {
        if let (Some(add_spans), false) = (ADD_SPANS.get(), self.has_spans) {
            add_spans(&mut pairs);
        }
        pairs
    }

    /// Converts the values. Their types may run any code, so a detached thread calls this before it
    /// attaches.
    pub(crate) fn evaluate(self) -> Option<Box<Values<'a>>> {
        let mut pairs = OwnPairs::with_capacity(self.pairs.len());
        for (key, value) in self.pairs {
            pairs.push(((*key).into(), value.to_value()));
        }
        #[cfg(feature = "tracing")]
        let pairs = self.with_current_spans(pairs);
        if pairs.is_empty() && self.exc_info.is_none() && !self.stack_info && self.limited.is_none()
        {
            return None;
        }
        Some(Box::new(Values {
            pairs,
            exc_info: self.exc_info.map(ExcInfoRef::evaluate),
            stack_info: match self.stack_info {
                true => StackInfo::Wanted,
                false => StackInfo::Unwanted,
            },
            limited: self.limited.copied(),
            logger: None,
        }))
    }
}

/// The keyword arguments of one call, free of the user's types.
#[derive(Default)]
pub(crate) struct Values<'a> {
    pairs: OwnPairs<'a>,
    exc_info: Option<ExcInfo<'a>>,
    stack_info: StackInfo,
    limited: Option<Allowed>,
    /// The Python logger of a `logger:` option.
    pub(crate) logger: Option<Loose<Stored>>,
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

impl<'a> Values<'a> {
    /// Whether there is a value with this key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.pairs.iter().any(|(other, _)| other == key)
    }

    pub(crate) fn add(&mut self, key: Cow<'a, str>, value: Value<'a>) {
        self.pairs.push((key, value));
    }

    /// Whether [`Values::into_owned`] needs Python.
    pub(crate) fn need_python(&self) -> bool {
        matches!(self.stack_info, StackInfo::Wanted)
            || self.exc_info.as_ref().is_some_and(ExcInfo::needs_python)
    }

    /// Undoes the count of a limited call that isn't logged after all.
    pub(crate) fn give_back(&self) {
        if let Some(allowed) = &self.limited {
            allowed.give_back();
        }
    }

    /// Copies borrowed data, and takes along the exception and the stack of this thread. `py` if the thread is attached; without it
    /// values that [need Python][Values::need_python] are left out. Runs no Python code.
    pub(crate) fn into_owned(self, py: Option<Python<'_>>) -> Values<'static> {
        let pairs = self.pairs.into_iter();
        Values {
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
            logger: self.logger,
        }
    }

    /// The attributes that `Logger._log` computes from these keyword arguments.
    pub(crate) fn attributes<'py>(
        &self,
        py: Python<'py>,
        caller: &dyn Caller,
    ) -> Result<Attributes<'py>> {
        let exc_info = self.exc_info(py, caller)?;
        Ok(Attributes {
            extra: self.extra(py)?,
            exc_info: exc_info.map_or(Ok(None), |it| exc_info::normalized(&it))?,
            stack_info: self.stack_info.text(py, caller)?,
        })
    }

    /// The keyword arguments themselves, as a `LoggerAdapter` takes them.
    pub(crate) fn to_kwargs<'py>(
        &self,
        py: Python<'py>,
        caller: &dyn Caller,
    ) -> Result<Bound<'py, PyDict>> {
        let kwargs = PyDict::new(py);
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

/// The attributes that the keyword arguments add to a record.
#[derive(Debug, Default)]
pub(crate) struct Attributes<'py> {
    pub(crate) extra: Option<Bound<'py, PyAny>>,
    pub(crate) exc_info: Option<Bound<'py, PyAny>>,
    pub(crate) stack_info: Option<String>,
}

impl<'py> Attributes<'py> {
    /// Adds them to the other attributes of a record.
    ///
    /// # Errors
    /// A `MemoryError`.
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

    /// The attributes that `Logger._log` computes from the mapping that an adapter's `process` returned for
    /// `values`.
    pub(crate) fn of_kwargs(
        kwargs: &Bound<'py, PyDict>,
        values: Option<&Values<'_>>,
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
        let wants_stack = stack_info.map_or(Ok(false), |it| it.is_truthy())?;
        Ok(Attributes {
            extra,
            exc_info: exc_info.map_or(Ok(None), |it| exc_info::normalized(&it))?,
            stack_info: match values.map(|values| &values.stack_info) {
                _ if !wants_stack => None,
                Some(taken @ StackInfo::Taken(_)) => taken.text(py, caller)?,
                _ => StackInfo::Wanted.text(py, caller)?,
            },
        })
    }
}
