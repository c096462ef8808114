//! The key-values of the `log` crate, with their types.

use std::error::Error;
use std::fmt::Write;

use log::kv::{self, Key, Source, VisitSource, VisitValue};

use crate::value::{Extra, Value};

/// What is logged with a record, as attributes.
pub(super) fn extra(source: &dyn Source) -> Extra {
    let mut pairs = Pairs(Extra::default());
    // Nothing here fails; a source that does has given what it could.
    let _ = source.visit(&mut pairs);
    pairs.0
}

struct Pairs(Extra);

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let mut typed = Typed(Value::None);
        value.visit(&mut typed)?;
        self.0.add(key.as_str(), typed.0);
        Ok(())
    }
}

struct Typed(Value);

impl Typed {
    fn set(&mut self, value: Value) -> Result<(), kv::Error> {
        self.0 = value;
        Ok(())
    }
}

impl<'v> VisitValue<'v> for Typed {
    /// What has no type that is known here is text, as its `Display` or `Debug` gives it.
    fn visit_any(&mut self, value: kv::Value<'_>) -> Result<(), kv::Error> {
        self.set(Value::Text(value.to_string()))
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        self.set(Value::None)
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.set(Value::Unsigned(value.into()))
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.set(Value::Signed(value.into()))
    }

    fn visit_u128(&mut self, value: u128) -> Result<(), kv::Error> {
        self.set(Value::Unsigned(value))
    }

    fn visit_i128(&mut self, value: i128) -> Result<(), kv::Error> {
        self.set(Value::Signed(value))
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.set(Value::Float(value))
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.set(Value::Bool(value))
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.set(Value::Text(value.to_owned()))
    }

    fn visit_char(&mut self, value: char) -> Result<(), kv::Error> {
        self.set(Value::Text(value.into()))
    }

    fn visit_error(&mut self, error: &(dyn Error + 'static)) -> Result<(), kv::Error> {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            // Writing to a string doesn't fail.
            let _ = write!(text, ": {error}");
            source = error.source();
        }
        self.set(Value::Text(text))
    }

    fn visit_borrowed_error(&mut self, error: &'v (dyn Error + 'static)) -> Result<(), kv::Error> {
        self.visit_error(error)
    }
}
