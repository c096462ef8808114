//! Looking up the rows of the table, and telling whether they are as expected.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMappingProxy, PyString, PyType};

use super::table::{Expectation, Expected, Location, OF_RECORD, Part, Row, State, TABLE, globals};
use super::{fingerprint, known};
use crate::python::library::{Globals, OS_GLOBALS, SYS_GLOBALS, is_builtin, loaded};
use crate::python::raised::attempt;
use crate::raw::interpreter::PlainClass;
use crate::raw::thin::{Name, Object, Result, Stored, Thin};
use crate::raw::watching::Watchers;

/// The rows, as they are looked up. On the heap: a thread can have little stack.
pub(super) struct Look<'py> {
    py: Python<'py>,
    watchers: Option<&'static Watchers>,
    pub(super) all_are_watched: bool,
    pub(super) rows: Vec<Found>,
}

/// Where a row was found, and what.
pub(super) struct Found {
    /// A dict or a class, and the name there. `None` if there is no such dict or class: then another row tells when there is.
    pub(super) place: Option<(Stored, Stored)>,
    pub(super) object: Option<Stored>,
    /// What it is found to be.
    pub(super) state: State,
    /// Of a class that should be like a stock one: its attributes.
    pub(super) attributes: Option<Attributes>,
}

impl<'py> Look<'py> {
    pub(super) fn at_rows(
        parts: Part,
        watchers: Option<&'static Watchers>,
        py: Python<'py>,
    ) -> Result<Look<'py>> {
        let mut look = Look {
            py,
            watchers,
            all_are_watched: true,
            rows: Vec::with_capacity(TABLE.len()),
        };
        for entry in TABLE {
            let mut found = Found {
                place: None,
                object: None,
                state: State::NotLookedUp,
                attributes: None,
            };
            if entry.parts.overlaps(parts) {
                // A row that can't be looked up is missing. It ends what rests on it alone.
                if let Some((container, name)) = attempt(py, look.place(entry)).flatten() {
                    if look.is_exhausted(&container, &name)? {
                        found.state = State::Exhausted;
                    }
                    let object = attempt(py, look_up(&container, &name)).flatten();
                    found.object = object.map(Object::unbind);
                    found.place = Some((container.unbind(), name.unbind()));
                }
            }
            look.rows.push(found);
        }
        Ok(look)
    }

    /// The object of a row that has been looked up.
    pub(super) fn object(&self, row: Row) -> Option<&Bound<'py, PyAny>> {
        Some(self.rows[row as usize].object.as_ref()?.bind(self.py))
    }

    /// The dict or the class that a row is in, and the name there.
    fn place(&self, entry: &Expectation) -> Result<Option<(Object<'py>, Object<'py>)>> {
        let py = self.py;
        let name = Object::from(entry.name.get(py));
        let container = match &entry.place {
            Location::Global(module) => self.dict_of(globals(*module))?,
            Location::Attribute(class) => self
                .object(*class)
                .filter(|it| it.is_instance_of::<PyType>())
                .map(Object::from),
            Location::Loaded => Some(SYS_GLOBALS.get(Name::modules, py)?),
            Location::Environment => {
                let environ = OS_GLOBALS.get(Name::environ, py)?;
                let data = environ.find(Name::_data.get(py))?;
                let key = environ.call_named_with(Name::encodekey, &name)?;
                return Ok(data
                    .filter(|it| it.is_instance_of::<PyDict>())
                    .map(|data| (data, key)));
            }
            Location::EntryOfRecord(module) => {
                let dict = self
                    .dict_of(globals(*module))?
                    .map_or(Ok(None), |dict| look_up(&dict, &name))?;
                let dict = dict.filter(|it| it.is_instance_of::<PyDict>());
                return Ok(dict.zip(self.object(Row::LogRecord).map(Object::from)));
            }
        };
        Ok(container.map(|container| (container, name)))
    }

    /// Watches the place of a row, before it is read. Returns whether CPython doesn't report changes of its class any more.
    fn is_exhausted(
        &mut self,
        container: &Bound<'py, PyAny>,
        name: &Bound<'py, PyAny>,
    ) -> Result<bool> {
        let Some(watchers) = self.watchers else {
            return Ok(false);
        };
        if let Ok(class) = container.cast::<PyType>() {
            return Ok(watchers.watch(class, true)?.is_none());
        }
        let is_watched = match container.cast::<PyDict>() {
            // Changes of keys that aren't strings always count. `LogRecord` may be many classes, one after the other.
            Ok(dict) if name.is_instance_of::<PyType>() => {
                watchers.watch_key(dict, Name::LogRecord.get(self.py))?
            }
            Ok(dict) => watchers.watch_key(dict, name)?,
            Err(_) => false,
        };
        self.all_are_watched &= is_watched;
        Ok(false)
    }

    /// The dict of a module, if the program has imported it.
    fn dict_of(&self, module: &'static Globals) -> Result<Option<Object<'py>>> {
        match loaded(module.name().get(self.py))? {
            Some(_) => module.dict(self.py).map(|dict| Some(dict.into())),
            None => Ok(None),
        }
    }

    pub(super) fn state(&self, row: Row, entry: &Expectation) -> Result<State> {
        let object = match (self.object(row), &entry.expected) {
            (_, Expected::Setting) | (None, Expected::Absent) => return Ok(State::AsExpected),
            (Some(_), Expected::Absent) => return Ok(State::Unknown),
            (None, _) => return Ok(State::Missing),
            (Some(object), _) => object,
        };
        let is_as_expected = match &entry.expected {
            Expected::Setting | Expected::Absent => true,
            Expected::Function(place) => self.is_known(object, *place, module_of(entry))?,
            Expected::Builtin(modules) => {
                let mut is = false;
                for module in *modules {
                    is |= is_builtin(object, module.text(), entry.name.text())?;
                }
                is
            }
            Expected::Module(module) => {
                let dict = globals(*module).dict(self.py)?;
                object.get(Name::__dict__)?.is(&dict)
            }
            Expected::RecordClass => match object.cast::<PyType>() {
                Ok(class) => PlainClass::of(class)?.is_some() && has_only(class, OF_RECORD)?,
                Err(_) => false,
            },
            Expected::Class(without) => match object.cast::<PyType>() {
                Ok(class) => is_plain(class, without)?,
                Err(_) => false,
            },
            Expected::OfObject => {
                let object_class = self.py.get_type::<PyAny>();
                object_class.get(entry.name)?.is(object)
            }
            Expected::Same(other) => {
                let is_same = self.object(*other).is_some_and(|it| it.is(object));
                is_same && self.rows[*other as usize].state == State::AsExpected
            }
            Expected::Str(text) => object
                .cast_exact::<PyString>()
                .is_ok_and(|it| *it == *text.text()),
        };
        Ok(match is_as_expected {
            true => State::AsExpected,
            false => State::Unknown,
        })
    }

    /// Whether a function of a module, or the getter of a property, has a known fingerprint.
    fn is_known(
        &self,
        object: &Bound<'py, PyAny>,
        place: u8,
        module: &'static Globals,
    ) -> Result<bool> {
        let function = function_of(object)?;
        Ok(module.define(&function)? && known::contains(place, fingerprint::of(&function)?))
    }
}

/// The function itself, or the getter of a property.
pub(super) fn function_of<'py>(object: &Bound<'py, PyAny>) -> Result<Object<'py>> {
    let getter = object.find(Name::fget.get(object.py()))?;
    Ok(getter.unwrap_or_else(|| object.into()))
}

/// The module whose code a row is.
fn module_of(entry: &Expectation) -> &'static Globals {
    match &entry.place {
        Location::Global(module) | Location::EntryOfRecord(module) => globals(*module),
        Location::Attribute(class) => module_of(&TABLE[*class as usize]),
        Location::Loaded | Location::Environment => &SYS_GLOBALS,
    }
}

fn has_only(class: &Bound<'_, PyType>, attributes: &[Name]) -> Result<bool> {
    let own = class.get(Name::__dict__)?;
    let own = own.cast::<PyMappingProxy>()?;
    for name in own.keys()?.iter() {
        let name = name.cast::<PyString>()?.to_cow()?;
        if !attributes.iter().any(|it| it.text() == name) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a class reads its objects' attributes as `object` does, and has none of these itself.
pub(super) fn is_plain(class: &Bound<'_, PyAny>, without: &[Name]) -> Result<bool> {
    for name in without {
        if class.has(*name)? {
            return Ok(false);
        }
    }
    let object = class.py().get_type::<PyAny>();
    let of_class = class.get(Name::__getattribute__)?;
    Ok(of_class.is(&object.get(Name::__getattribute__)?))
}

/// What a dict or a class has under a name.
pub(super) fn look_up<'py>(
    container: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
) -> Result<Option<Object<'py>>> {
    match container.is_instance_of::<PyDict>() {
        true => container.entry(name),
        false => container.find(name.cast::<PyString>()?),
    }
}

/// The names of the attributes that a class itself has.
pub(super) struct Attributes {
    of_class: Stored<PyMappingProxy>,
    names: Vec<Stored>,
}

impl Attributes {
    pub(super) fn of(class: &Bound<'_, PyType>) -> Result<Attributes> {
        let own = class.get(Name::__dict__)?;
        let own = own.cast_into::<PyMappingProxy>()?;
        Ok(Attributes {
            names: own.keys()?.iter().map(Stored::from).collect(),
            of_class: own.into(),
        })
    }

    /// Whether the class has no other attributes now. Those that matter by themselves are rows of their own.
    pub(super) fn are_same(&self, py: Python<'_>) -> Result<bool> {
        let own = self.of_class.bind(py).as_any();
        if own.len()? != self.names.len() {
            return Ok(false);
        }
        for name in &self.names {
            if !own.contains_item(name.bind(py))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
