//! The types of other crates, each with a cargo feature of the crate's name.

use super::{ToValue, Value};

#[cfg(any(feature = "chrono", feature = "jiff", feature = "uuid"))]
macro_rules! convert {
    ($($type:ty),+) => {$(
        impl ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                Value::from_pyo3(self.clone())
            }
        }

        impl super::Hashable for $type {}
    )+};
}

#[cfg(feature = "chrono")]
convert!(
    chrono::NaiveDate,
    chrono::NaiveDateTime,
    chrono::NaiveTime,
    chrono::TimeDelta
);

/// With the offset from UTC, since PyO3 converts few types of time zones.
#[cfg(feature = "chrono")]
impl<Tz: chrono::TimeZone> ToValue for chrono::DateTime<Tz> {
    fn to_value(&self) -> Value<'_> {
        Value::from_pyo3(self.fixed_offset())
    }
}

#[cfg(feature = "chrono")]
impl<Tz: chrono::TimeZone> super::Hashable for chrono::DateTime<Tz> {}

#[cfg(feature = "jiff")]
convert!(
    jiff::SignedDuration,
    jiff::Timestamp,
    jiff::Zoned,
    jiff::civil::Date,
    jiff::civil::DateTime,
    jiff::civil::Time
);

#[cfg(feature = "uuid")]
convert!(uuid::Uuid);

#[cfg(feature = "serde_json")]
impl ToValue for serde_json::Value {
    fn to_value(&self) -> Value<'_> {
        match self {
            Self::Null => None::<bool>.into(),
            Self::Bool(value) => value.to_value(),
            Self::Number(value) => match value.as_i128() {
                Some(whole) => whole.into(),
                None => value.as_f64().into(),
            },
            Self::String(value) => value.to_value(),
            Self::Array(values) => values.to_value(),
            Self::Object(map) => map.to_value(),
        }
    }
}

#[cfg(feature = "serde_json")]
impl ToValue for serde_json::Map<String, serde_json::Value> {
    fn to_value(&self) -> Value<'_> {
        self.iter()
            .map(|(key, value)| (key.as_str(), value.to_value()))
            .collect()
    }
}
