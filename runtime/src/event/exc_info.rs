//! `exc_info = …`, with the meaning that it has for `Logger.log`.

use std::error::Error;

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyTuple};

use super::error::{ErrorRef, MAX_SOURCES, Probe};
use super::error_class::class_of;
use super::value;
use crate::python::attach::try_attach;
use crate::python::frame::{self, Caller};
use crate::python::library::SYS_GLOBALS;
use crate::python::loose::Loose;
use crate::python::raised::attempt;
use crate::raw::thin::{self, Name, Object, Result, Thin};

/// An exception for a record, as the call gives it.
#[derive(Debug)]
pub struct ExcInfo<'a>(Kind<'a>);

#[derive(Debug)]
enum Kind<'a> {
    /// The exception that Python code is handling: `exc_info=True`.
    Handled,
    /// An error and its sources. Empty where there is no error.
    Chain(Vec<Link<'a>>),
}

#[derive(Debug)]
enum Link<'a> {
    Rust {
        type_name: Option<&'static str>,
        message: String,
    },
    /// The last link: a Python exception has its own `__cause__`.
    Python(&'a PyErr),
    /// An exception from Python, or any other object that the call gives.
    Object(Loose<Py<PyAny>>),
}

impl Link<'_> {
    fn rust(error: &dyn Error, type_name: Option<&'static str>) -> Self {
        Link::Rust {
            type_name,
            message: value::text(format_args!("{error}")),
        }
    }

    fn object(object: Bound<'_, PyAny>) -> Self {
        Link::Object(Loose::new(object.unbind()))
    }

    fn into_owned(self, py: Option<Python<'_>>) -> Option<Link<'static>> {
        Some(match self {
            Link::Rust { type_name, message } => Link::Rust { type_name, message },
            Link::Python(error) => Link::object(object_of(py?, error)),
            Link::Object(object) => Link::Object(object),
        })
    }
}

impl<'a> ExcInfo<'a> {
    fn of(links: impl IntoIterator<Item = Link<'a>>) -> ExcInfo<'a> {
        ExcInfo(Kind::Chain(links.into_iter().collect()))
    }
}

/// The types that `exc_info = …` takes, other than Rust errors.
///
/// Rust errors need no implementation: `exc_info` also takes types that implement [`Error`], trait objects such as
/// `Box<dyn Error>`, `anyhow::Error` and `eyre::Report`, references to these, and an `Option` of one of these.
///
/// A `PyErr` that is in a `Box<dyn Error>` or an `anyhow::Error`, or that is the source of an error, is logged
/// as the Python exception that it is. A `PyErr` behind a `&dyn Error` is logged as text, because that type
/// allows errors that aren't `'static`, and only `'static` errors can be asked for their type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be logged as `exc_info`",
    label = "neither an error nor an exception",
    note = "`exc_info` takes a `PyErr`, a Python exception, a `std::error::Error`, a `Box<dyn Error>`, an \
            `anyhow::Error`, an `eyre::Report`, an `Option` of one of these, or `true` for the exception that \
            Python is handling"
)]
pub trait ToExcInfo {
    /// The exception.
    fn to_exc_info(&self) -> ExcInfo<'_>;
}

impl ToExcInfo for bool {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        match self {
            true => ExcInfo(Kind::Handled),
            false => ExcInfo::of(None),
        }
    }
}

impl ToExcInfo for PyErr {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        ExcInfo::of([Link::Python(self)])
    }
}

impl<T> ToExcInfo for Py<T> {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        ExcInfo::of(try_attach(|py| {
            Link::object(self.bind(py).clone().into_any())
        }))
    }
}

impl<T> ToExcInfo for Bound<'_, T> {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        ExcInfo::of([Link::object(self.clone().into_any())])
    }
}

impl<T: ToExcInfo> ToExcInfo for Option<T> {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        self.as_ref().map_or(ExcInfo::of(None), T::to_exc_info)
    }
}

impl<T: ToExcInfo + ?Sized> ToExcInfo for &T {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        (**self).to_exc_info()
    }
}

impl<T: ToExcInfo + ?Sized> ToExcInfo for Box<T> {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        (**self).to_exc_info()
    }
}

impl ExcInfo<'_> {
    /// Whether [`ExcInfo::into_owned`] needs Python.
    pub(crate) fn needs_python(&self) -> bool {
        match &self.0 {
            Kind::Handled => true,
            Kind::Chain(links) => matches!(links.last(), Some(Link::Python(_))),
        }
    }

    /// Copies borrowed data. `py` if the thread is attached; without it an exception that
    /// [needs Python][ExcInfo::needs_python] is left out.
    pub(crate) fn into_owned(self, py: Option<Python<'_>>) -> ExcInfo<'static> {
        match self.0 {
            Kind::Handled => ExcInfo::of(py.and_then(|py| handled(py).ok()).map(Link::object)),
            Kind::Chain(links) => {
                ExcInfo::of(links.into_iter().filter_map(|link| link.into_owned(py)))
            }
        }
    }

    pub(crate) fn of_error(error: ErrorRef<'_>) -> ExcInfo<'_> {
        let (mut chain, mut next) = match error {
            ErrorRef::None => return ExcInfo::of(None),
            ErrorRef::Typed(error, type_name) => {
                (vec![Link::rust(error, Some(type_name))], error.source())
            }
            ErrorRef::Dynamic(error) => (Vec::new(), Some(error)),
        };
        while let Some(error) = next {
            if chain.len() > MAX_SOURCES {
                chain.push(Link::Rust {
                    type_name: None,
                    message: "more sources are not logged".to_owned(),
                });
                break;
            }
            if let Some(exception) = error.downcast_ref::<PyErr>() {
                chain.push(Link::Python(exception));
                break;
            }
            // The type of a trait object can't be known.
            chain.push(Link::rust(error, None));
            next = error.source();
        }
        ExcInfo(Kind::Chain(chain))
    }

    /// The object that Python code would pass as `exc_info=`.
    /// `caller` is the call that logs it, whose frame is the traceback of a Rust error.
    pub(crate) fn to_python<'py>(
        &self,
        py: Python<'py>,
        caller: &dyn Caller,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        match &self.0 {
            Kind::Handled => Ok(Some(PyBool::new(py, true).to_owned().into_any())),
            Kind::Chain(links) => exception_of(py, links, caller),
        }
    }
}

/// A reference to the value of `exc_info = …`.
#[derive(Clone, Copy)]
pub enum ExcInfoRef<'a> {
    /// A value whose type implements [`ToExcInfo`].
    ToExcInfo(&'a dyn ToExcInfo),
    /// A Rust error.
    Error(ErrorRef<'a>),
}

impl<'a> From<ErrorRef<'a>> for ExcInfoRef<'a> {
    fn from(error: ErrorRef<'a>) -> ExcInfoRef<'a> {
        ExcInfoRef::Error(error)
    }
}

impl<'a> ExcInfoRef<'a> {
    pub(crate) fn evaluate(self) -> ExcInfo<'a> {
        match self {
            ExcInfoRef::ToExcInfo(value) => value.to_exc_info(),
            ExcInfoRef::Error(error) => ExcInfo::of_error(error),
        }
    }
}

/// The second field of the [`Probe`] for `exc_info = …`.
#[derive(Debug)]
pub struct ForExcInfo;

/// A type that implements [`ToExcInfo`]: the first choice of a [`Probe`], because a `PyErr` is also an
/// error.
pub trait ProbeExcInfo<'a> {
    /// The exception.
    fn __pylog_error(&self) -> ExcInfoRef<'a>;
}

impl<'a, T: ToExcInfo> ProbeExcInfo<'a> for &&&&&&&Probe<'a, T, ForExcInfo> {
    fn __pylog_error(&self) -> ExcInfoRef<'a> {
        ExcInfoRef::ToExcInfo(self.0)
    }
}

impl<'a, T> Probe<'a, T, ForExcInfo> {
    /// The last choice: any other type, so that the compiler reports what is missing.
    pub fn __pylog_error(&self) -> ExcInfoRef<'a>
    where
        T: ToExcInfo,
    {
        ExcInfoRef::ToExcInfo(self.0)
    }
}

/// The exception with its traceback, which PyO3 keeps separately below Python 3.12.
fn object_of<'py>(py: Python<'py>, error: &PyErr) -> Bound<'py, PyAny> {
    error.clone_ref(py).into_value(py).into_bound(py).into_any()
}

/// A Python exception for a Rust error. Its sources become `__cause__`.
fn exception_of<'py>(
    py: Python<'py>,
    chain: &[Link<'_>],
    caller: &dyn Caller,
) -> Result<Option<Bound<'py, PyAny>>> {
    let is_rust = |link: &Link<'_>| matches!(link, Link::Rust { .. });
    let traceback = match chain.iter().any(is_rust) {
        true => attempt(py, frame::traceback(caller, py)).flatten(),
        false => None,
    };
    let mut cause: Option<Object<'py>> = None;
    for link in chain.iter().rev() {
        let exception = match link {
            Link::Python(error) => object_of(py, error).into(),
            Link::Object(object) => object.bind(py).into(),
            Link::Rust { type_name, message } => {
                let exception = class_of(py, *type_name)?.run_with(&*thin::text(py, message)?)?;
                if let Some(traceback) = &traceback {
                    exception.set(Name::__traceback__, traceback)?;
                }
                exception
            }
        };
        if let Some(cause) = cause {
            exception.set(Name::__cause__, &cause)?;
        }
        cause = Some(exception);
    }
    Ok(cause.map(Object::into_bound))
}

/// `record.exc_info` as `Logger._log` computes it: a tuple, or `None`.
pub(crate) fn normalized<'py>(exc_info: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyAny>>> {
    let py = exc_info.py();
    if !exc_info.is_true()? {
        return Ok(None);
    }
    if exc_info.is_instance_of::<PyBaseException>() {
        let traceback = exc_info.get(Name::__traceback__)?;
        let parts = [exc_info.get_type().into(), exc_info.into(), traceback];
        return Ok(Some(thin::tuple(py, &parts)?.into_bound()));
    }
    if exc_info.is_instance_of::<PyTuple>() {
        return Ok(Some(exc_info.clone()));
    }
    handled(py).map(Some)
}

/// The exception that Python code is handling: `sys.exc_info()`.
fn handled(py: Python<'_>) -> Result<Bound<'_, PyAny>> {
    Ok(SYS_GLOBALS.get(Name::exc_info, py)?.run()?.into_bound())
}
