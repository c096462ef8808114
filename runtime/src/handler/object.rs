//! An object of `logging` and its own attributes.

use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType, PyWeakrefMethods, PyWeakrefReference};

use crate::python::raised::attempt;
use crate::raw::interpreter;
use crate::raw::thin::{Exception, Name, Object, Result, Stored, Thin};
use crate::stock::watch::InstanceWatch;

/// Methods by which a handler does something else than its class.
pub(super) const METHODS: &[Name] = &[
    Name::handle,
    Name::filter,
    Name::acquire,
    Name::release,
    Name::emit,
    Name::format,
    Name::flush,
    Name::shouldRollover,
    Name::prepare,
    Name::enqueue,
];

/// The attributes of handlers, formatters and styles that a plan depends on.
pub(super) const ATTRIBUTES: [&[Name]; 2] = [METHODS, OTHERS];

const OTHERS: &[Name] = &[
    Name::level,
    Name::lock,
    Name::formatter,
    Name::terminator,
    Name::maxBytes,
    Name::rolloverAt,
    Name::usesTime,
    Name::formatTime,
    Name::formatMessage,
    Name::_style,
    Name::datefmt,
    Name::converter,
    Name::default_time_format,
    Name::default_msec_format,
    Name::_fmt,
    Name::_defaults,
    Name::_format,
    Name::asctime_search,
];

/// What is done here. The error is `None`, and nothing has happened, where only Python can do it.
pub(super) type Native<T> = std::result::Result<T, Option<Exception>>;

/// `None` is an error if a condition doesn't hold.
pub(super) fn only_if(condition: bool) -> Native<()> {
    condition.then_some(()).ok_or(None)
}

/// An object whose class is known to have no attribute of the names that are read here.
pub(super) struct Instance<'a, 'py> {
    pub(super) itself: &'a Bound<'py, PyAny>,
    pub(super) dict: Object<'py>,
}

impl<'a, 'py> Instance<'a, 'py> {
    /// `None` if it has no dict of its own.
    pub(super) fn of(itself: &'a Bound<'py, PyAny>) -> Option<Instance<'a, 'py>> {
        let dict = dict_of(itself)?;
        Some(Instance { itself, dict })
    }

    pub(super) fn py(&self) -> Python<'py> {
        self.itself.py()
    }

    /// `None` if the object itself has no such attribute. Python may find one elsewhere.
    pub(super) fn get(&self, name: Name) -> Result<Option<Object<'py>>> {
        self.dict.entry_named(name)
    }

    /// An attribute of the object itself that is a `str`.
    pub(super) fn text(&self, name: Name) -> Native<Bound<'py, PyString>> {
        exact(self.get(name)?)
    }

    /// Whether the object itself, not its class, has any of these attributes.
    pub(super) fn has_any(&self, names: &[Name]) -> Result<bool> {
        for name in names {
            if self.dict.has_entry(*name)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// An attribute of the object itself or of its class. `None` if it has none, or if Python code may make it.
    pub(super) fn attribute(&self, name: Name) -> Result<Option<Object<'py>>> {
        let of_class = self.itself.class().find(name.get(self.py()))?;
        if let Some(of_class) = &of_class {
            if of_class.class().has(Name::__get__)? {
                return Ok(None);
            }
        }
        Ok(self.dict.entry_named(name)?.or(of_class))
    }
}

/// An object that is there, and of that type.
pub(super) fn exact<'py, T: PyTypeInfo>(object: Option<Object<'py>>) -> Native<Bound<'py, T>> {
    object.and_then(|it| it.cast_into_exact().ok()).ok_or(None)
}

/// The dict of an object's own attributes.
pub(super) fn dict_of<'py>(object: &Bound<'py, PyAny>) -> Option<Object<'py>> {
    let dict = attempt(object.py(), interpreter::dict_of(object))?;
    // A subclass can have methods by which Python finds something else.
    dict.is_exact_instance_of::<PyDict>().then_some(dict)
}

/// The class and the dict of an object, in which nothing relevant has changed. CPython doesn't report when the object gets
/// others.
pub(super) struct Identity {
    /// So that the object isn't kept alive, nor what it leads to.
    object: Stored<PyWeakrefReference>,
    class: Stored<PyType>,
    dict: InstanceWatch,
}

impl Identity {
    pub(super) fn of(object: &Instance<'_, '_>, dict: InstanceWatch) -> Result<Identity> {
        Ok(Identity {
            object: PyWeakrefReference::new(object.itself)?.into(),
            class: object.itself.get_type().into(),
            dict,
        })
    }

    /// The dict of the object. `None` if the object has another class or another dict now, or has changed.
    pub(super) fn dict<'py>(&self, py: Python<'py>) -> Option<Object<'py>> {
        let object = self.object.bind(py).upgrade()?;
        let is_same_class = object.class_address() == self.class.as_ptr().addr();
        let dict = dict_of(&object).filter(|_| is_same_class)?;
        self.dict.is_current(dict.as_ptr().addr()).then_some(dict)
    }
}
