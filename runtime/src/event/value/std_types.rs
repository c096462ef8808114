//! Types of the standard library that PyO3 converts.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Hashable, ToValue, Value};

impl ToValue for Duration {
    fn to_value(&self) -> Value<'_> {
        Value::from_pyo3(*self)
    }
}

impl ToValue for SystemTime {
    fn to_value(&self) -> Value<'_> {
        // PyO3 panics at a time before 1970.
        match self.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(_) => Value::from_pyo3(*self),
            Err(_) => Value::format(format_args!("{self:?}")),
        }
    }
}

impl ToValue for Path {
    fn to_value(&self) -> Value<'_> {
        Value::from_pyo3(self.to_path_buf())
    }
}

impl ToValue for PathBuf {
    fn to_value(&self) -> Value<'_> {
        self.as_path().to_value()
    }
}

impl ToValue for OsStr {
    fn to_value(&self) -> Value<'_> {
        Value::from_pyo3(self.to_os_string())
    }
}

impl ToValue for OsString {
    fn to_value(&self) -> Value<'_> {
        self.as_os_str().to_value()
    }
}

impl Hashable for Duration {}
impl Hashable for SystemTime {}
impl Hashable for Path {}
impl Hashable for PathBuf {}
impl Hashable for OsStr {}
impl Hashable for OsString {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::value::Kind;

    #[test]
    fn a_time_before_1970_is_text() {
        let time = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert!(matches!(time.to_value(), Value(Kind::Text(_))));
    }
}
