//! The key-values of the `log` crate, with their types.

use std::error::Error;

use log::Record;
use log::kv::{self, Key, VisitSource, VisitValue};

use crate::event::error::ErrorRef;
use crate::event::keywords::{Keywords, Pair};
use crate::event::value::{ToValue, Value};
use crate::record::attributes::{ATTRIBUTES, FORMATTER_ATTRIBUTES};

/// Calls `log` with the key-values of a record.
pub(super) fn with_keywords(record: &Record<'_>, log: impl FnOnce(Keywords<'_>)) {
    let mut pairs = Pairs(Vec::new());
    // If a source fails, the key-values until then are logged.
    let _ = record.key_values().visit(&mut pairs);
    let pairs: Vec<Pair<'_>> = pairs
        .0
        .iter()
        .map(|(key, value)| (&**key, value as &dyn ToValue))
        .collect();
    log(Keywords::new(&pairs));
}

struct Pairs(Vec<(String, Value<'static>)>);

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let mut typed = Typed(Value::from(None::<bool>));
        if value.visit(&mut typed).is_err() {
            typed.visit_any(value)?;
        }
        let mut key = key.as_str().to_owned();
        // The compiler can't reject such a key, so underscores are appended, and nothing is lost.
        while ATTRIBUTES.contains(&&*key)
            || FORMATTER_ATTRIBUTES.contains(&&*key)
            || self.0.iter().any(|(other, _)| *other == key)
        {
            key.push('_');
        }
        self.0.push((key, typed.0));
        Ok(())
    }
}

struct Typed(Value<'static>);

impl Typed {
    fn set(&mut self, value: Value<'static>) -> Result<(), kv::Error> {
        self.0 = value;
        Ok(())
    }
}

macro_rules! visit {
    ($($visit:ident: $type:ty),+) => {$(
        fn $visit(&mut self, value: $type) -> Result<(), kv::Error> {
            self.set(value.into())
        }
    )+};
}

impl<'v> VisitValue<'v> for Typed {
    /// Other types become the text of their `Display` or `Debug`.
    fn visit_any(&mut self, value: kv::Value<'_>) -> Result<(), kv::Error> {
        self.set(Value::format(format_args!("{value}")))
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        self.set(None::<bool>.into())
    }

    visit! {
        visit_u64: u64, visit_i64: i64, visit_u128: u128, visit_i128: i128, visit_f64: f64, visit_bool: bool, visit_char: char
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.set(value.to_owned().into())
    }

    fn visit_error(&mut self, error: &(dyn Error + 'static)) -> Result<(), kv::Error> {
        self.set(Value::error(ErrorRef::Dynamic(error)))
    }

    fn visit_borrowed_error(&mut self, error: &'v (dyn Error + 'static)) -> Result<(), kv::Error> {
        self.visit_error(error)
    }
}
