//! The key-values of the `log` crate, with their types.

use std::error::Error;

use log::kv::{self, Key, Source, VisitSource, VisitValue};

use crate::value::{Pair, Value};

/// What is logged with a record.
pub(super) fn pairs(source: &dyn Source) -> Vec<Pair<'static>> {
    let mut pairs = Pairs(Vec::new());
    // Nothing here fails; a source that does has given what it could.
    let _ = source.visit(&mut pairs);
    pairs.0
}

struct Pairs(Vec<Pair<'static>>);

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let mut typed = Typed(Value::from(None::<bool>));
        if value.visit(&mut typed).is_err() {
            typed.visit_any(value)?;
        }
        let pair = Pair::renamed(key.as_str(), typed.0, &self.0);
        self.0.push(pair);
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

impl<'v> VisitValue<'v> for Typed {
    /// What has no type that is known here is text, as its `Display` or `Debug` gives it.
    fn visit_any(&mut self, value: kv::Value<'_>) -> Result<(), kv::Error> {
        self.set(Value::format(format_args!("{value}")))
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        self.set(None::<bool>.into())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.set(value.into())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.set(value.into())
    }

    fn visit_u128(&mut self, value: u128) -> Result<(), kv::Error> {
        self.set(value.into())
    }

    fn visit_i128(&mut self, value: i128) -> Result<(), kv::Error> {
        self.set(value.into())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.set(value.into())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.set(value.into())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.set(value.to_owned().into())
    }

    fn visit_char(&mut self, value: char) -> Result<(), kv::Error> {
        self.set(value.into())
    }

    fn visit_error(&mut self, error: &(dyn Error + 'static)) -> Result<(), kv::Error> {
        self.set(Value::error(error))
    }

    fn visit_borrowed_error(&mut self, error: &'v (dyn Error + 'static)) -> Result<(), kv::Error> {
        self.visit_error(error)
    }
}
