//! `exc_info = …` and `stack_info = …`, with the meaning that they have for `Logger.log`.

use std::any::type_name;
use std::error::Error;

use pyo3::exceptions::{PyBaseException, PyException};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple, PyType};

use super::value;
use crate::python::attach::try_attach;
use crate::python::library::SYS;
use crate::python::once::{Once, intern};

/// An exception for a record, as the call gives it.
#[derive(Debug)]
pub struct ExcInfo<'a>(Kind<'a>);

#[derive(Debug)]
enum Kind<'a> {
    None,
    /// The exception that Python code is handling: `exc_info=True`.
    Handled,
    Raised(&'a PyErr),
    Object(Py<PyAny>),
    /// A Rust error and its sources.
    Rust(Vec<Link<'a>>),
}

#[derive(Debug)]
enum Link<'a> {
    Rust {
        type_name: Option<&'static str>,
        message: String,
    },
    /// The last link: a Python exception has its own `__cause__`.
    Python(&'a PyErr),
    /// The same.
    Object(Py<PyAny>),
}

/// The types that `exc_info = …` takes, besides concrete types that implement [`Error`]. (An error
/// must be `'static`; a reference to it need not be.)
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
        let object = try_attach(|py| self.clone_ref(py).into_any());
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

macro_rules! to_exc_info_of_dyn_error {
    ($($type:ty),+) => {$(
        impl ToExcInfo for $type {
            fn to_exc_info(&self) -> ExcInfo<'_> {
                ExcInfo::of_error(self, None)
            }
        }
    )+};
}

to_exc_info_of_dyn_error!(
    dyn Error + 'static,
    dyn Error + Send + 'static,
    dyn Error + Send + Sync + 'static
);

impl Link<'_> {
    fn into_owned(self, py: Option<Python<'_>>) -> Option<Link<'static>> {
        match self {
            Link::Rust { type_name, message } => Some(Link::Rust { type_name, message }),
            Link::Python(error) => py.map(|py| Link::Object(object_of(py, error).unbind())),
            Link::Object(object) => Some(Link::Object(object)),
        }
    }
}

impl ExcInfo<'_> {
    /// Whether [`ExcInfo::into_owned`] needs Python.
    pub(crate) fn needs_python(&self) -> bool {
        match &self.0 {
            Kind::None | Kind::Object(_) => false,
            Kind::Handled | Kind::Raised(_) => true,
            Kind::Rust(chain) => matches!(chain.last(), Some(Link::Python(_))),
        }
    }

    /// Copies borrowed data. `py` if the thread is attached; without it an exception that
    /// [needs Python][ExcInfo::needs_python] is left out.
    pub(crate) fn into_owned(self, py: Option<Python<'_>>) -> ExcInfo<'static> {
        let object = |object: Option<Bound<'_, PyAny>>| {
            object.map_or(Kind::None, |object| Kind::Object(object.unbind()))
        };
        ExcInfo(match self.0 {
            Kind::None => Kind::None,
            Kind::Handled => object(py.and_then(|py| handled(py).ok())),
            Kind::Raised(error) => object(py.map(|py| object_of(py, error))),
            Kind::Object(object) => Kind::Object(object),
            Kind::Rust(chain) => {
                let links = chain.into_iter().filter_map(|link| link.into_owned(py));
                Kind::Rust(links.collect())
            }
        })
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
            if chain.len() > value::MAX_SOURCES {
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
            chain.push(Link::Rust {
                // The types of an error's sources can't be known.
                type_name: type_name.filter(|_| chain.is_empty()),
                message: value::text(format_args!("{error}")),
            });
            next = error.source();
        }
        ExcInfo(Kind::Rust(chain))
    }

    /// The object that Python code would pass as `exc_info=`.
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

/// A reference to the value of `exc_info = …`.
#[derive(Clone, Copy)]
pub enum ExcInfoRef<'a> {
    /// A value whose type implements [`ToExcInfo`].
    ToExcInfo(&'a dyn ToExcInfo),
    /// An error, and the name of its type.
    Error(&'a (dyn Error + 'static), &'static str),
}

impl<'a> ExcInfoRef<'a> {
    pub(crate) fn evaluate(self) -> ExcInfo<'a> {
        match self {
            ExcInfoRef::ToExcInfo(value) => value.to_exc_info(),
            ExcInfoRef::Error(error, type_name) => ExcInfo::of_error(error, Some(type_name)),
        }
    }
}

/// Selects the variant of `ExcInfoRef` by the type of the value ("autoref specialization"). The macros
/// call `__pylog_exc_info` on a `&&&&Probe`, and the compiler takes the first trait below that applies:
/// there is no other way to accept both any error and some types that aren't errors.
#[derive(Debug)]
pub struct Probe<'a, T>(pub &'a T);

/// First choice: a reference to a type that implements [`ToExcInfo`].
pub trait ProbeReference<'a> {
    /// The exception.
    fn __pylog_exc_info(&self) -> ExcInfoRef<'a>;
}

impl<'a, T: ToExcInfo + ?Sized> ProbeReference<'a> for &&&Probe<'a, &'a T> {
    fn __pylog_exc_info(&self) -> ExcInfoRef<'a> {
        ExcInfoRef::ToExcInfo(self.0)
    }
}

/// Second choice: a reference, of any lifetime, to an error.
pub trait ProbeErrorReference<'a> {
    /// The exception.
    fn __pylog_exc_info(&self) -> ExcInfoRef<'a>;
}

impl<'a, E: Error + 'static> ProbeErrorReference<'a> for &&Probe<'a, &'a E> {
    fn __pylog_exc_info(&self) -> ExcInfoRef<'a> {
        ExcInfoRef::Error(*self.0, type_name::<E>())
    }
}

/// Third choice: an error.
pub trait ProbeError<'a> {
    /// The exception.
    fn __pylog_exc_info(&self) -> ExcInfoRef<'a>;
}

impl<'a, E: Error + 'static> ProbeError<'a> for &Probe<'a, E> {
    fn __pylog_exc_info(&self) -> ExcInfoRef<'a> {
        ExcInfoRef::Error(self.0, type_name::<E>())
    }
}

impl<'a, T> Probe<'a, T> {
    /// Last choice: any other type, so that the compiler reports what is missing.
    pub fn __pylog_exc_info(&self) -> ExcInfoRef<'a>
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
fn exception_of<'py>(py: Python<'py>, chain: &[Link<'_>]) -> PyResult<Option<Bound<'py, PyAny>>> {
    let mut cause: Option<Bound<'py, PyAny>> = None;
    for link in chain.iter().rev() {
        let exception = match link {
            Link::Python(error) => object_of(py, error),
            Link::Object(object) => object.bind(py).clone(),
            Link::Rust { type_name, message } => class_of(py, *type_name)?.call1((message,))?,
        };
        if let Some(cause) = cause {
            exception.setattr(intern!(py, "__cause__"), cause)?;
        }
        cause = Some(exception);
    }
    Ok(cause)
}

/// The class for a Rust error type, with the type's name and path: `core.num.error.ParseIntError`.
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

/// The module and the name of the class for a type; `None` if the type has no name.
fn path_of(type_name: &str) -> Option<(String, String)> {
    const WRAPPERS: [&str; 3] = ["alloc::boxed::Box<", "alloc::rc::Rc<", "alloc::sync::Arc<"];
    let mut inner = type_name.trim_start_matches('&');
    while let Some(wrapped) = WRAPPERS.iter().find_map(|it| inner.strip_prefix(it)) {
        inner = wrapped.strip_suffix('>')?;
    }
    if inner.starts_with("dyn ") {
        return None;
    }
    // Generic arguments are left out.
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

/// `record.exc_info` as `Logger._log` computes it: a tuple, or `None`.
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
    handled(py).map(Some)
}

/// The exception that Python code is handling: `sys.exc_info()`.
fn handled(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    SYS.get(py)?.call_method0(intern!(py, "exc_info"))
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
