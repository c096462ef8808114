//! Attributes that the extension adds to the records of all calls.

use std::borrow::Cow;
use std::cell::Cell;

use crate::event::keywords::{Arguments, no_values};
use crate::event::value::{ToValue, Value};
use crate::raw::list::List;
use crate::raw::once::Once;
use crate::record::attributes::{ATTRIBUTES, FORMATTER_ATTRIBUTES};

/// The attributes that a function of [`add_attributes`] adds to one record.
#[derive(Debug)]
pub struct Attributes(Vec<(Cow<'static, str>, Value<'static>)>);

impl Attributes {
    /// Adds an attribute. If a record has an attribute of that name by itself, or if the call gives it one, an
    /// underscore is appended to the key.
    pub fn add(&mut self, key: impl Into<Cow<'static, str>>, value: impl ToValue) {
        self.0.push((key.into(), value.to_value().into_owned()));
    }
}

type Add = Box<dyn Fn(&mut Attributes) + Send + Sync>;

static FUNCTIONS: List<Add> = List::new();

/// Only [`add_attributes`] leads from here to what adds them, so that other extensions are linked without that.
static ADD_ALL: Once<AddAll> = Once::new();

type AddAll = fn(&mut Option<Box<dyn Arguments + '_>>);

/// Makes a function add attributes to each record of this extension from now on.
///
/// pylog calls it where the call is made, in its thread, also if the record is queued. So it can read what is
/// only known there, such as a task-local of an async runtime. A record factory or a filter runs where the record is
/// delivered. A call that doesn't evaluate its arguments doesn't call it. Calls that it makes itself get no attributes.
///
/// The functions of several calls of `add_attributes` are all called, in this order.
///
/// ```
/// use std::cell::Cell;
///
/// thread_local! {
///     static REQUEST: Cell<Option<u64>> = const { Cell::new(None) };
/// }
///
/// pylog::add_attributes(|attributes| attributes.add("request", REQUEST.get()));
///
/// REQUEST.set(Some(7));
/// pylog::info!("record.request is 7");
/// ```
///
/// # Panics
/// A panic of the function reaches the code that logs, as one of a `Display` does.
pub fn add_attributes(add: impl Fn(&mut Attributes) + Send + Sync + 'static) {
    FUNCTIONS.push(Box::new(add));
    ADD_ALL.get_or_make(|| add_all);
}

/// Adds the attributes to the values of a call of this thread.
pub(crate) fn add_to(values: &mut Option<Box<dyn Arguments + '_>>) {
    if let Some(add_all) = ADD_ALL.get() {
        add_all(values);
    }
}

thread_local! {
    static IS_ADDING: Cell<bool> = const { Cell::new(false) };
}

struct Adding;

impl Adding {
    /// `None` within a function that adds attributes, and at the end of a thread, where the variable may be gone.
    fn begin() -> Option<Adding> {
        let was_adding = IS_ADDING.try_with(|it| it.replace(true));
        (was_adding == Ok(false)).then(|| Adding)
    }
}

impl Drop for Adding {
    fn drop(&mut self) {
        let _ = IS_ADDING.try_with(|it| it.set(false));
    }
}

fn add_all(values: &mut Option<Box<dyn Arguments + '_>>) {
    let Some(_adding) = Adding::begin() else {
        return;
    };
    let mut attributes = Attributes(Vec::new());
    FUNCTIONS.iter().for_each(|(_, add)| add(&mut attributes));
    if attributes.0.is_empty() {
        return;
    }
    let values = values.get_or_insert_with(|| no_values());
    for (mut key, value) in attributes.0 {
        let is_of_record =
            |key: &str| ATTRIBUTES.contains(&key) || FORMATTER_ATTRIBUTES.contains(&key);
        while is_of_record(&key) || values.has(&key) {
            key.to_mut().push('_');
        }
        values.add(key, value);
    }
}
