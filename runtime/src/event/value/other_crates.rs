//! The types of other crates, each with a cargo feature of the crate's name. Each crate has a module of its own,
//! from which rustdoc takes the feature: it sees no `cfg` of an invocation of `convert!`.

#[cfg(any(feature = "chrono", feature = "jiff", feature = "uuid"))]
macro_rules! convert {
    ($($type:ty),+) => {$(
        impl ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                Value::from_pyo3(self.clone())
            }
        }

        impl Hashable for $type {}
    )+};
}

#[cfg(feature = "chrono")]
mod chrono {
    use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};

    use crate::event::value::{Hashable, ToValue, Value};

    convert!(NaiveDate, NaiveDateTime, NaiveTime, TimeDelta);

    /// With the offset from UTC, since PyO3 converts few types of time zones.
    impl<Tz: TimeZone> ToValue for DateTime<Tz> {
        fn to_value(&self) -> Value<'_> {
            Value::from_pyo3(self.fixed_offset())
        }
    }

    impl<Tz: TimeZone> Hashable for DateTime<Tz> {}
}

#[cfg(feature = "jiff")]
mod jiff {
    use jiff::civil::{Date, DateTime, Time};
    use jiff::{SignedDuration, Timestamp, Zoned};

    use crate::event::value::{Hashable, ToValue, Value};

    convert!(SignedDuration, Timestamp, Zoned, Date, DateTime, Time);
}

#[cfg(feature = "uuid")]
mod uuid {
    use uuid::Uuid;

    use crate::event::value::{Hashable, ToValue, Value};

    convert!(Uuid);
}

#[cfg(feature = "serde_json")]
mod serde_json {
    use serde_json::Map;

    use crate::event::value::{ToValue, Value};

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

    impl ToValue for Map<String, serde_json::Value> {
        fn to_value(&self) -> Value<'_> {
            self.iter()
                .map(|(key, value)| (key.as_str(), value.to_value()))
                .collect()
        }
    }
}
