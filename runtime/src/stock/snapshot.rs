//! What each row of the [table] is at this moment.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMappingProxy, PyString, PyType};

use super::table::{Entry, Expected, Part, Place, ROWS, Row, State, TABLE};
use super::{explain, fingerprint, known, watch};
use crate::python::exception::Result;
use crate::python::interpreter::{PlainClass, Watchers};
use crate::python::kept::{self, Kept, Shared};
use crate::python::library::{Globals, OS_GLOBALS, SYS_GLOBALS, is_builtin, loaded};
use crate::python::once::intern;
use crate::python::raised::attempt;

const COUNT: usize = TABLE.len();

/// What the rows are, and which parts of the work pylog can do itself. It never changes: when a row is another object,
/// there is another snapshot.
pub(crate) struct Snapshot {
    /// Each snapshot has another one.
    number: usize,
    slots: [Slot; COUNT],
    /// What each row is found to be.
    states: [State; COUNT],
    /// The parts whose rows have been looked up.
    established: Part,
    /// Those of them whose rows are all as expected.
    parts: Part,
    /// `LogRecord`, if it is as expected.
    record_class: Option<PlainClass>,
    /// The number of [changes](watch::changes) when each row was last found to be the same. 0 if nothing is watched.
    verified: AtomicUsize,
}

/// Where a row was found, and what.
#[derive(Default)]
struct Slot {
    /// A dict or a class, and the name there. `None` if there is no such dict or class: then another row tells when there is.
    place: Option<(Py<PyAny>, Py<PyAny>)>,
    object: Option<Py<PyAny>>,
    /// Of a class that should be like a stock one: its attributes.
    attributes: Option<Attributes>,
}

/// The names of the attributes that a class itself has.
struct Attributes {
    of_class: Py<PyMappingProxy>,
    names: Vec<Py<PyAny>>,
}

static CURRENT: Kept<Snapshot> = Kept::new();

/// The snapshot of this moment, in which `parts` have been established. `None` when nothing is kept any more.
pub(crate) fn current(py: Python<'_>, parts: Part) -> Option<Shared<Snapshot>> {
    match CURRENT.get() {
        Some(now) if now.established.has(parts) && now.is_current() => Some(now),
        before => attempt(py, refresh(before, parts, py)).flatten(),
    }
}

#[cold]
fn refresh(
    before: Option<Shared<Snapshot>>,
    parts: Part,
    py: Python<'_>,
) -> Result<Option<Shared<Snapshot>>> {
    if kept::are_released() {
        return Ok(None);
    }
    let watchers = watch::watchers(py);
    // Read before the rows, so that a change that comes meanwhile makes them be looked up again.
    let changes = watch::changes();
    if let Some(before) = &before {
        if before.established.has(parts) && before.holds(watchers, py)? {
            if before.is_watched() {
                before.verified.store(changes, Ordering::Relaxed);
            }
            return Ok(Some(before.clone()));
        }
    }
    let parts = before
        .as_ref()
        .map_or(parts, |before| before.established | parts);
    let look = Look::at_rows(parts, watchers, py)?;
    let verified = match watchers {
        Some(_) if look.all_are_watched => changes,
        _ => 0,
    };
    let snapshot = look.into_snapshot(parts, verified)?;
    explain::report(&snapshot.states, snapshot.is_watched());
    Ok(Some(CURRENT.set(snapshot)))
}

impl Snapshot {
    /// Whether nothing has changed since the rows were last looked up.
    #[inline]
    pub(crate) fn is_current(&self) -> bool {
        self.verified.load(Ordering::Relaxed) == watch::changes()
    }

    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Whether CPython reports changes.
    pub(crate) fn is_watched(&self) -> bool {
        self.verified.load(Ordering::Relaxed) != 0
    }

    /// Whether pylog can do all of these parts.
    #[inline]
    pub(crate) fn has(&self, parts: Part) -> bool {
        self.parts.has(parts)
    }

    /// The object of a row.
    #[inline]
    pub(crate) fn get<'py>(&self, row: Row, py: Python<'py>) -> Option<&Bound<'py, PyAny>> {
        Some(self.slots[row as usize].object.as_ref()?.bind(py))
    }

    /// Whether an object is that of a row, and as expected.
    pub(crate) fn has_at(&self, object: &Bound<'_, PyAny>, row: Row) -> bool {
        let at_row = self.slots[row as usize].object.as_ref();
        self.state(row) == State::AsExpected && at_row.is_some_and(|it| object.is(it))
    }

    /// Why Python does some of the work.
    pub(super) fn sentences(&self) -> Vec<String> {
        explain::sentences(&self.states, self.is_watched())
    }

    pub(crate) fn state(&self, row: Row) -> State {
        self.states[row as usize]
    }

    /// `object.__new__(LogRecord)`. `None` if the class isn't as expected.
    pub(crate) fn new_record<'py>(&self, py: Python<'py>) -> Option<Result<Bound<'py, PyAny>>> {
        self.record_class
            .as_ref()
            .map(|class| class.new_instance(py))
    }

    /// Whether each row is the same object as before. Gives their classes versions, so that CPython reports changes.
    fn holds(&self, watchers: Option<&Watchers>, py: Python<'_>) -> Result<bool> {
        for (slot, state) in self.slots.iter().zip(self.states) {
            let Some((container, name)) = &slot.place else {
                continue;
            };
            let container = container.bind(py);
            if let (Some(watchers), Ok(class)) = (watchers, container.cast::<PyType>()) {
                let is_exhausted = watchers.watch(class, true)?.is_none();
                if is_exhausted != (state == State::Exhausted) {
                    return Ok(false);
                }
            }
            let now = attempt(py, look_up(container, name.bind(py))).flatten();
            if now.as_ref().map(Bound::as_ptr) != slot.object.as_ref().map(Py::as_ptr) {
                return Ok(false);
            }
            if slot
                .attributes
                .as_ref()
                .is_some_and(|it| !it.are_same(py).unwrap_or_default())
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Attributes {
    fn of(class: &Bound<'_, PyType>) -> Result<Attributes> {
        let own = class.getattr(intern!(class.py(), "__dict__"))?;
        let own = own.cast_into::<PyMappingProxy>()?;
        Ok(Attributes {
            names: own.keys()?.iter().map(Bound::unbind).collect(),
            of_class: own.unbind(),
        })
    }

    /// Whether the class has no other attributes now. Those that matter by themselves are rows of their own.
    fn are_same(&self, py: Python<'_>) -> Result<bool> {
        let own = self.of_class.bind(py).as_any();
        if own.len()? != self.names.len() {
            return Ok(false);
        }
        for name in &self.names {
            if !own.contains(name)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What a dict or a class has under a name.
fn look_up<'py>(
    container: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
) -> Result<Option<Bound<'py, PyAny>>> {
    Ok(match container.cast::<PyDict>() {
        Ok(dict) => dict.get_item(name)?,
        Err(_) => container.getattr_opt(name.cast::<PyString>()?)?,
    })
}

/// The rows, as they are looked up.
pub(super) struct Look<'py> {
    py: Python<'py>,
    watchers: Option<&'static Watchers>,
    all_are_watched: bool,
    pub(super) objects: [Option<Bound<'py, PyAny>>; COUNT],
    places: [Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>; COUNT],
    exhausted: [bool; COUNT],
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
            objects: [const { None }; COUNT],
            places: [const { None }; COUNT],
            exhausted: [false; COUNT],
        };
        for (index, entry) in TABLE.iter().enumerate() {
            if entry.parts.overlaps(parts) {
                // A row that can't be looked up is missing. It ends what rests on it alone.
                if let Some((container, name)) = attempt(py, look.place(entry)).flatten() {
                    look.watch(index, &container, &name)?;
                    look.objects[index] = attempt(py, look_up(&container, &name)).flatten();
                    look.places[index] = Some((container, name));
                }
            }
        }
        Ok(look)
    }

    /// The dict or the class that a row is in, and the name there.
    fn place(&self, entry: &Entry) -> Result<Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
        let py = self.py;
        let name = PyString::intern(py, entry.name).into_any();
        let container = match &entry.place {
            Place::Global(module) => self.dict_of(module)?,
            Place::Attribute(class) => self.objects[*class as usize]
                .clone()
                .filter(|it| it.is_instance_of::<PyType>()),
            Place::Loaded => Some(SYS_GLOBALS.get(intern!(py, "modules"))?),
            Place::Environment => {
                let environ = OS_GLOBALS.get(intern!(py, "environ"))?;
                let data = environ.getattr_opt(intern!(py, "_data"))?;
                let key = environ.call_method1(intern!(py, "encodekey"), (name,))?;
                return Ok(data
                    .filter(|it| it.is_instance_of::<PyDict>())
                    .map(|data| (data, key)));
            }
            Place::EntryOfRecord(module) => {
                let dict = self
                    .dict_of(module)?
                    .map_or(Ok(None), |dict| look_up(&dict, &name))?;
                let dict = dict.filter(|it| it.is_instance_of::<PyDict>());
                return Ok(dict.zip(self.objects[Row::LogRecord as usize].clone()));
            }
        };
        Ok(container.map(|container| (container, name)))
    }

    /// Watches the place of a row, before it is read.
    fn watch(
        &mut self,
        index: usize,
        container: &Bound<'py, PyAny>,
        name: &Bound<'py, PyAny>,
    ) -> Result<()> {
        let Some(watchers) = self.watchers else {
            return Ok(());
        };
        if let Ok(class) = container.cast::<PyType>() {
            self.exhausted[index] = watchers.watch(class, true)?.is_none();
        } else if let Ok(dict) = container.cast::<PyDict>() {
            self.all_are_watched &= watchers.watch_key(dict, name)?;
        } else {
            self.all_are_watched = false;
        }
        Ok(())
    }

    /// The dict of a module, if the program has imported it.
    fn dict_of(&self, module: &'static Globals) -> Result<Option<Bound<'py, PyAny>>> {
        match loaded(&PyString::intern(self.py, module.name()))? {
            Some(_) => module.dict(self.py).map(|dict| Some(dict.into_any())),
            None => Ok(None),
        }
    }

    fn into_snapshot(self, established: Part, verified: usize) -> Result<Snapshot> {
        static NUMBER: AtomicUsize = AtomicUsize::new(1);
        let mut parts = established;
        let mut states = [State::NotLookedUp; COUNT];
        let mut attributes = [const { None }; COUNT];
        let mut record_class = None;
        for (index, (row, entry)) in ROWS.into_iter().zip(TABLE).enumerate() {
            if !entry.parts.overlaps(established) {
                continue;
            }
            states[index] = match self.exhausted[index] {
                true => State::Exhausted,
                false => self.state(row, entry, &states)?,
            };
            if states[index] != State::AsExpected {
                parts = parts.without(entry.parts);
            }
            let class = self.objects[index]
                .as_ref()
                .and_then(|it| it.cast::<PyType>().ok());
            if let Some(class) = class.filter(|_| entry.expected.is_class()) {
                attributes[index] = Some(Attributes::of(class)?);
            }
            if let (Row::LogRecord, State::AsExpected, Some(class)) = (row, states[index], class) {
                record_class = PlainClass::of(class)?;
            }
        }
        let rows = self.objects.into_iter().zip(self.places).zip(attributes);
        let mut slots = rows.map(|((object, place), attributes)| Slot {
            place: place.map(|(container, name)| (container.unbind(), name.unbind())),
            object: object.map(Bound::unbind),
            attributes,
        });
        Ok(Snapshot {
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            slots: std::array::from_fn(|_| slots.next().unwrap_or_default()),
            states,
            established,
            parts,
            record_class,
            verified: AtomicUsize::new(verified),
        })
    }

    fn state(&self, row: Row, entry: &Entry, states: &[State; COUNT]) -> Result<State> {
        let object = match (&self.objects[row as usize], &entry.expected) {
            (_, Expected::Setting) | (None, Expected::Absent) => return Ok(State::AsExpected),
            (Some(_), Expected::Absent) => return Ok(State::Unknown),
            (None, _) => return Ok(State::Missing),
            (Some(object), _) => object,
        };
        let is_as_expected = match &entry.expected {
            Expected::Setting | Expected::Absent => true,
            Expected::Function(name) => self.is_known(object, name, module_of(entry))?,
            Expected::Builtin(modules) => {
                let mut is = false;
                for module in *modules {
                    is |= is_builtin(object, module, entry.name)?;
                }
                is
            }
            Expected::Module => loaded(&PyString::intern(self.py, entry.name))?
                .is_some_and(|module| module.is(object)),
            Expected::PlainClass(attributes) => match object.cast::<PyType>() {
                Ok(class) => PlainClass::of(class)?.is_some() && has_only(class, attributes)?,
                Err(_) => false,
            },
            Expected::Class(without) => match object.cast::<PyType>() {
                Ok(class) => is_plain(class, without)?,
                Err(_) => false,
            },
            Expected::Same(other) => {
                let is = self.objects[*other as usize]
                    .as_ref()
                    .is_some_and(|it| it.is(object));
                is && states[*other as usize] == State::AsExpected
            }
            Expected::Text(text) => object.cast_exact::<PyString>().is_ok_and(|it| *it == *text),
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
        name: &str,
        module: &'static Globals,
    ) -> Result<bool> {
        let function = function_of(object)?;
        Ok(module.define(&function)? && known::contains(name, fingerprint::of(&function)?))
    }
}

/// The function itself, or the getter of a property.
pub(super) fn function_of<'py>(object: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
    let getter = object.getattr_opt(intern!(object.py(), "fget"))?;
    Ok(getter.unwrap_or_else(|| object.clone()))
}

/// The module whose code a row is.
fn module_of(entry: &Entry) -> &'static Globals {
    match &entry.place {
        Place::Global(module) | Place::EntryOfRecord(module) => module,
        Place::Attribute(class) => module_of(&TABLE[*class as usize]),
        Place::Loaded | Place::Environment => &SYS_GLOBALS,
    }
}

fn has_only(class: &Bound<'_, PyType>, attributes: &[&str]) -> Result<bool> {
    let own = class.getattr(intern!(class.py(), "__dict__"))?;
    let own = own.cast::<PyMappingProxy>()?;
    for name in own.keys()?.iter() {
        if !attributes.contains(&&*name.cast::<PyString>()?.to_cow()?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a class reads its objects' attributes as `object` does, and has none of these itself.
pub(super) fn is_plain(class: &Bound<'_, PyType>, without: &[&str]) -> Result<bool> {
    for name in without {
        if class.hasattr(*name)? {
            return Ok(false);
        }
    }
    let name = intern!(class.py(), "__getattribute__");
    let object = class.py().get_type::<PyAny>();
    Ok(class.getattr(name)?.is(&object.getattr(name)?))
}
