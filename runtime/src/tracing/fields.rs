//! The fields of events and spans, with their types.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;

use tracing_core::field::{Field, Visit};

use crate::event::error::ErrorRef;
use crate::event::exc_info::{ExcInfo, ToExcInfo};
use crate::event::value::Value;
use crate::python::attach::try_attach;

/// Fields by their names.
pub(super) type Pairs = Vec<(&'static str, Value<'static>)>;

/// The fields of one event or span.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) message: String,
    pub(super) pairs: Pairs,
    /// Of the first field that is an error.
    pub(super) error: Option<TakenOnce>,
}

/// A value of `exc_info` that is there already.
pub(super) struct TakenOnce(RefCell<Option<ExcInfo<'static>>>);

impl ToExcInfo for TakenOnce {
    fn to_exc_info(&self) -> ExcInfo<'_> {
        self.0.take().unwrap_or_else(|| false.to_exc_info())
    }
}

impl Fields {
    pub(super) fn of(pairs: Pairs) -> Fields {
        Fields {
            pairs,
            ..Fields::default()
        }
    }

    /// The fields of a span, for which `message` has no meaning.
    pub(super) fn into_pairs(mut self) -> Pairs {
        if !self.message.is_empty() {
            self.pairs.push(("message", self.message.into()));
        }
        self.pairs
    }

    fn set(&mut self, field: &Field, value: Value<'static>) {
        set(&mut self.pairs, field.name(), value);
    }
}

/// Sets a field, or replaces its value.
pub(super) fn set(pairs: &mut Pairs, name: &'static str, value: Value<'static>) {
    match pairs.iter_mut().find(|pair| pair.0 == name) {
        Some(pair) => pair.1 = value,
        None => pairs.push((name, value)),
    }
}

macro_rules! record {
    ($($record:ident: $type:ty),+) => {$(
        fn $record(&mut self, field: &Field, value: $type) {
            self.set(field, value.into());
        }
    )+};
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            _ => self.set(field, Value::format(format_args!("{value:?}"))),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            _ => self.set(field, value.to_owned().into()),
        }
    }

    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        self.set(field, Value::error(ErrorRef::Dynamic(error)));
        if self.error.is_none() {
            let exc_info = || ExcInfo::of_error(ErrorRef::Dynamic(error));
            // Only an exception of Python's needs Python, and waits for the GIL.
            let owned = match exc_info().needs_python() {
                true => try_attach(|py| exc_info().into_owned(Some(py))),
                false => Some(exc_info().into_owned(None)),
            };
            self.error = owned.map(|exc_info| TakenOnce(RefCell::new(Some(exc_info))));
        }
    }

    record! {
        record_i64: i64, record_u64: u64, record_i128: i128, record_u128: u128, record_f64: f64, record_bool: bool
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.set(field, value.to_vec().into());
    }
}
