//! The key-values of the `log` crate, with their types.

use std::error::Error;

use log::Record;
use log::kv::{self, Key, VisitSource, VisitValue};

use crate::data::{Data, Pair};
use crate::record::ATTRIBUTES;
use crate::value::{ToValue, Value};

/// Calls `log` with what a record has besides its message.
pub(super) fn with_data(record: &Record<'_>, log: impl FnOnce(Data<'_>)) {
    let mut pairs = Pairs(Vec::new());
    // Nothing here fails; a source that does has given what it could.
    let _ = record.key_values().visit(&mut pairs);
    let pairs: Vec<Pair<'_>> = pairs
        .0
        .iter()
        .map(|(key, value)| (&**key, value as &dyn ToValue))
        .collect();
    log(Data::new(&pairs));
}

/// What a `Formatter` adds to a record, which `Logger.makeRecord` refuses as it does what the record
/// has already; and what it calls.
const OF_FORMATTERS: [&str; 3] = ["message", "asctime", "getMessage"];

struct Pairs(Vec<(String, Value<'static>)>);

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let mut typed = Typed(Value::from(None::<bool>));
        if value.visit(&mut typed).is_err() {
            typed.visit_any(value)?;
        }
        let mut key = key.as_str().to_owned();
        // Nobody could be told while compiling: a key that is taken gets underscores behind it, so
        // that nothing is lost.
        while ATTRIBUTES.contains(&&*key)
            || OF_FORMATTERS.contains(&&*key)
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
