//! `exc_info = …` and `stack_info = …`: what `Logger.log` takes under these names.

use std::any::type_name;
use std::error::Error;

use pyo3::exceptions::{PyBaseException, PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple, PyType};

use crate::once::{Once, intern};
use crate::python::{FORMAT_STACK, SYS};
use crate::value;

/// An exception for a record, found where the call stands.
#[derive(Debug)]
pub struct ExcInfo<'a>(Kind<'a>);

#[derive(Debug)]
enum Kind<'a> {
    None,
    /// The one that Python code is handling.
    Handled,
    Raised(&'a PyErr),
    Object(Py<PyAny>),
    /// A Rust error, and what caused it.
    Rust(Vec<Link<'a>>),
}

#[derive(Debug)]
enum Link<'a> {
    Rust {
        type_name: Option<&'static str>,
        message: String,
    },
    /// Ends the chain: the exception has its own cause.
    Python(&'a PyErr),
}

/// What `exc_info = …` takes besides concrete types that implement [`Error`]. (An error must be
/// `'static`, though the reference to it need not be.)
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be logged as `exc_info`",
    label = "neither an error nor an exception",
    note = "`exc_info` takes a `PyErr`, a Python exception, an `Option` of one of these, a \
            `std::error::Error`, or `true` for the exception that Python is handling"
)]
pub trait ToExcInfo {
    /// The exception.
    fn to_exc_info(&self) -> ExcInfo<'_>;
}

impl ToExcInfo for bool {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        ExcInfo(match self {
            true => Kind::Handled,
            false => Kind::None,
        })
    }
}

impl ToExcInfo for PyErr {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        ExcInfo(Kind::Raised(self))
    }
}

impl<T> ToExcInfo for Py<T> {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        let object = Python::try_attach(|py| self.clone_ref(py).into_any());
        ExcInfo(object.map_or(Kind::None, Kind::Object))
    }
}

impl<T> ToExcInfo for Bound<'_, T> {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        ExcInfo(Kind::Object(self.clone().into_any().unbind()))
    }
}

impl<T: ToExcInfo> ToExcInfo for Option<T> {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        self.as_ref().map_or(ExcInfo(Kind::None), T::to_exc_info)
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

macro_rules! of_dyn_error {
    ($($type:ty),+) => {$(
        impl ToExcInfo for $type {
            fn to_exc_info(&self) -> ExcInfo<'_> {
                ExcInfo::of_error(self, None)
            }
        }
    )+};
}

of_dyn_error!(
    dyn Error + 'static,
    dyn Error + Send + 'static,
    dyn Error + Send + Sync + 'static
);

impl<'a> ExcInfo<'a> {
    /// With nothing borrowed, unless that takes Python.
    pub(crate) fn into_owned(self) -> Result<ExcInfo<'static>, ExcInfo<'a>> {
        let is_rust = |link: &Link<'_>| matches!(link, Link::Rust { .. });
        match self.0 {
            Kind::None => Ok(ExcInfo(Kind::None)),
            Kind::Rust(chain) if chain.iter().all(is_rust) => {
                let links = chain.into_iter().filter_map(|link| match link {
                    Link::Rust { type_name, message } => Some(Link::Rust { type_name, message }),
                    Link::Python(_) => None,
                });
                Ok(ExcInfo(Kind::Rust(links.collect())))
            }
            kind => Err(ExcInfo(kind)),
        }
    }
}

impl ExcInfo<'_> {
    fn of_error<'a>(
        error: &'a (dyn Error + 'static),
        type_name: Option<&'static str>,
    ) -> ExcInfo<'a> {
        let mut chain = Vec::new();
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(exception) = error.downcast_ref::<PyErr>() {
                chain.push(Link::Python(exception));
                break;
            }
            chain.push(Link::Rust {
                // Of what causes an error no more is known than that it is one.
                type_name: type_name.filter(|_| chain.is_empty()),
                message: value::text(format_args!("{error}")),
            });
            next = error.source();
        }
        ExcInfo(Kind::Rust(chain))
    }

    /// What Python code would have written behind `exc_info=`.
    pub(crate) fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(Some(match &self.0 {
            Kind::None => return Ok(None),
            Kind::Handled => PyBool::new(py, true).to_owned().into_any(),
            Kind::Raised(error) => object_of(py, error),
            Kind::Object(object) => object.bind(py).clone(),
            Kind::Rust(chain) => match exception_of(py, chain)? {
                Some(exception) => exception,
                None => return Ok(None),
            },
        }))
    }
}

/// What stands behind `exc_info =`, before anything is made of it.
#[derive(Clone, Copy)]
pub enum Found<'a> {
    /// What says by itself what it is.
    Itself(&'a dyn ToExcInfo),
    /// An error, with the name of its type.
    Error(&'a (dyn Error + 'static), &'static str),
}

impl<'a> Found<'a> {
    pub(crate) fn exc_info(self) -> ExcInfo<'a> {
        match self {
            Found::Itself(value) => value.to_exc_info(),
            Found::Error(error, type_name) => ExcInfo::of_error(error, Some(type_name)),
        }
    }
}

/// The value of `exc_info`, for the macros. They call `__pylog_exc_info` on a reference to it several
/// references deep, and the compiler takes the first of the traits below that fits: there is no other
/// way to take both any error and types that aren't errors.
#[derive(Debug)]
pub struct Probe<'a, T>(pub &'a T);

/// First: for a reference to what implements [`ToExcInfo`].
pub trait ProbeReference<'a> {
    /// The exception.
    fn __pylog_exc_info(&self) -> Found<'a>;
}

impl<'a, T: ToExcInfo + ?Sized> ProbeReference<'a> for &&&Probe<'a, &'a T> {
    fn __pylog_exc_info(&self) -> Found<'a> {
        Found::Itself(self.0)
    }
}

/// Second: for a reference to an error, whose lifetime may be anything.
pub trait ProbeErrorReference<'a> {
    /// The exception.
    fn __pylog_exc_info(&self) -> Found<'a>;
}

impl<'a, E: Error + 'static> ProbeErrorReference<'a> for &&Probe<'a, &'a E> {
    fn __pylog_exc_info(&self) -> Found<'a> {
        Found::Error(*self.0, type_name::<E>())
    }
}

/// Third: for an error.
pub trait ProbeError<'a> {
    /// The exception.
    fn __pylog_exc_info(&self) -> Found<'a>;
}

impl<'a, E: Error + 'static> ProbeError<'a> for &Probe<'a, E> {
    fn __pylog_exc_info(&self) -> Found<'a> {
        Found::Error(self.0, type_name::<E>())
    }
}

impl<'a, T> Probe<'a, T> {
    /// Last: for all else, so that the compiler says what is missing.
    pub fn __pylog_exc_info(&self) -> Found<'a>
    where
        T: ToExcInfo,
    {
        Found::Itself(self.0)
    }
}

/// The exception, with its traceback: below Python 3.12 PyO3 keeps that apart.
fn object_of<'py>(py: Python<'py>, error: &PyErr) -> Bound<'py, PyAny> {
    error.clone_ref(py).into_value(py).into_bound(py).into_any()
}

/// A Python exception for a Rust error, with the rest of the chain as its `__cause__`.
fn exception_of<'py>(py: Python<'py>, chain: &[Link<'_>]) -> PyResult<Option<Bound<'py, PyAny>>> {
    let mut cause: Option<Bound<'py, PyAny>> = None;
    for link in chain.iter().rev() {
        let exception = match link {
            Link::Python(error) => object_of(py, error),
            Link::Rust { type_name, message } => class_of(py, *type_name)?.call1((message,))?,
        };
        if let Some(cause) = cause {
            exception.setattr(intern!(py, "__cause__"), cause)?;
        }
        cause = Some(exception);
    }
    Ok(cause)
}

/// The class for a Rust type, with its name and path: `std.num.ParseIntError`.
fn class_of<'py>(py: Python<'py>, type_name: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
    static CLASSES: Once<Py<PyDict>> = Once::new();
    static BASE: Once<Py<PyAny>> = Once::new();
    let make = |name: &str, module: &str, base: &Bound<'py, PyAny>| {
        let namespace = PyDict::new(py);
        namespace.set_item("__module__", module)?;
        let class = py.get_type::<PyType>();
        class.call1((name, (base,), namespace))
    };
    let base = BASE.get_or_try(|| {
        let base = py.get_type::<PyException>().into_any();
        make("RustError", "pylog", &base).map(Bound::unbind)
    })?;
    let base = base.bind(py);
    let Some(type_name) = type_name else {
        return Ok(base.clone());
    };
    let classes = CLASSES.get_or_make(|| PyDict::new(py).unbind()).bind(py);
    if let Some(class) = classes.get_item(type_name)? {
        return Ok(class);
    }
    let Some((module, name)) = path_of(type_name) else {
        return Ok(base.clone());
    };
    let class = make(&name, &module, base)?;
    classes.set_item(type_name, &class)?;
    Ok(class)
}

/// What Python would call the module and the class of a type; `None` if it has no name.
fn path_of(type_name: &str) -> Option<(String, String)> {
    const WRAPPERS: [&str; 3] = ["alloc::boxed::Box<", "alloc::rc::Rc<", "alloc::sync::Arc<"];
    let mut inner = type_name.trim_start_matches('&');
    while let Some(wrapped) = WRAPPERS.iter().find_map(|it| inner.strip_prefix(it)) {
        inner = wrapped.strip_suffix('>')?;
    }
    if inner.starts_with("dyn ") {
        return None;
    }
    // Without what stands in angle brackets.
    let mut depth = 0_u32;
    let mut path = String::new();
    for character in inner.chars() {
        match character {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => path.push(character),
            _ => {}
        }
    }
    let is_name = |it: &&str| it.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let segments: Vec<_> = path.split("::").filter(is_name).collect();
    let (name, module) = segments.split_last()?;
    Some((module.join("."), (*name).to_owned()))
}

/// What `Logger._log` makes of `exc_info`: the tuple that a record has, or `None`.
pub(crate) fn normalized<'py>(exc_info: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = exc_info.py();
    if !exc_info.is_truthy()? {
        return Ok(None);
    }
    if exc_info.is_instance_of::<PyBaseException>() {
        let traceback = exc_info.getattr(intern!(py, "__traceback__"))?;
        let parts = [exc_info.get_type().into_any(), exc_info.clone(), traceback];
        return Ok(Some(PyTuple::new(py, parts)?.into_any()));
    }
    if exc_info.is_instance_of::<PyTuple>() {
        return Ok(Some(exc_info.clone()));
    }
    SYS.get(py)?.call_method0(intern!(py, "exc_info")).map(Some)
}

/// What `Logger.findCaller` makes of `stack_info`: the Python code that led here, if any did.
pub(crate) fn stack(py: Python<'_>) -> PyResult<Option<String>> {
    let frame = match SYS.get(py)?.call_method0(intern!(py, "_getframe")) {
        Ok(frame) => frame,
        // A thread without Python code.
        Err(error) if error.is_instance_of::<PyValueError>(py) => return Ok(None),
        Err(error) => return Err(error),
    };
    // From 3.15 there is a frame without code below everything.
    if frame.getattr(intern!(py, "f_code"))?.is_none() {
        return Ok(None);
    }
    let lines: Vec<String> = FORMAT_STACK.get(py)?.call1((frame,))?.extract()?;
    let text = format!("Stack (most recent call last):\n{}", lines.concat());
    Ok(Some(text.strip_suffix('\n').unwrap_or(&text).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn names_of_types() {
        for (type_name, expected) in [
            (
                "core::num::error::ParseIntError",
                Some(("core.num.error", "ParseIntError")),
            ),
            ("Local", Some(("", "Local"))),
            ("my::Error<alloc::string::String>", Some(("my", "Error"))),
            ("alloc::boxed::Box<my::Error<u8>>", Some(("my", "Error"))),
            (
                "&alloc::sync::Arc<alloc::boxed::Box<my::Error>>",
                Some(("my", "Error")),
            ),
            (
                "<my::Generic<T> as my::Trait>::method::Local",
                Some(("method", "Local")),
            ),
            ("my::f::{{closure}}::Local", Some(("my.f", "Local"))),
            ("alloc::boxed::Box<dyn core::error::Error>", None),
            (
                "alloc::sync::Arc<dyn core::error::Error + core::marker::Send>",
                None,
            ),
        ] {
            let path = path_of(type_name);
            let path = path.as_ref().map(|(module, name)| (&**module, &**name));
            assert_eq!(path, expected, "{type_name}");
        }
    }
}
