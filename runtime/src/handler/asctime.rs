//! The time of a record as text: `Formatter.formatTime`.

use std::sync::Mutex;

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyString};

use super::object::Instance;
use crate::python::library::TIME_GLOBALS;
use crate::raw::thin::exception::Result;
use crate::raw::thin::{Name, Object, Stored, Thin};
use crate::record::prototype::Fresh;
use crate::stock::snapshot::Snapshot;
use crate::stock::table::{Part, Row};

/// How a formatter writes the time of a record, with `time.localtime` or `time.gmtime` and `time.strftime`.
pub(super) struct Asctime {
    converter: Stored,
    format: Stored<PyString>,
    /// The text between the second and the milliseconds. `None` if the time has no milliseconds.
    before_milliseconds: Option<String>,
    /// Whether the text is the same for a whole second.
    is_of_second: bool,
    /// The last second and its text. It is the same as long as the snapshot, which has the names of the time zone.
    last: Mutex<Option<(i64, String)>>,
}

impl Asctime {
    /// `None` if only Python knows how.
    pub(super) fn of(formatter: &Instance<'_, '_>, snapshot: &Snapshot) -> Result<Option<Asctime>> {
        let converter = formatter.attribute(Name::converter)?;
        let is_stock = |it: &Bound<'_, PyAny>| {
            snapshot.has_at(it, Row::LocalTime) || snapshot.has_at(it, Row::UtcTime)
        };
        let converter = converter.filter(|it| snapshot.has(Part::TIME) && is_stock(it));
        let Some(converter) = converter else {
            return Ok(None);
        };
        let own = formatter.get(Name::datefmt)?;
        let is_own = own.as_ref().is_some_and(|it| !it.is_none());
        let format = match is_own {
            true => own,
            false => formatter.attribute(Name::default_time_format)?,
        };
        let format = format.and_then(|it| it.cast_into_exact::<PyString>().ok());
        // Python takes the default format for an empty one.
        let Some(format) = format.filter(|it| it.is_true().unwrap_or_default()) else {
            return Ok(None);
        };
        let milliseconds = match is_own {
            true => Some(None),
            false => milliseconds(formatter.attribute(Name::default_msec_format)?)?,
        };
        let Some(before_milliseconds) = milliseconds else {
            return Ok(None);
        };
        Ok(Some(Asctime {
            converter: converter.unbind(),
            before_milliseconds,
            is_of_second: is_of_second(&format.to_cow()?),
            format: format.into(),
            last: Mutex::new(None),
        }))
    }

    /// `formatter.formatTime(record, formatter.datefmt)`. `None` if only Python can make it.
    ///
    /// # Errors
    /// The exception that the converter or the formatting raises.
    pub(super) fn text<'py>(
        &self,
        record: &Instance<'_, 'py>,
        fresh: Option<&Fresh<'py>>,
    ) -> Result<Option<Object<'py>>> {
        let py = record.py();
        let float = |name: Name| -> Result<Option<f64>> {
            let value = record.get(name)?;
            let float = value
                .as_ref()
                .and_then(|it| it.cast_exact::<PyFloat>().ok());
            Ok(float.map(|it| it.value()).filter(|it| it.is_finite()))
        };
        let created = match fresh {
            Some(fresh) => Some(fresh.created),
            None => float(Name::created)?,
        };
        let Some(created) = created else {
            return Ok(None);
        };
        let second = created.floor() as i64;
        // A forked child may find it locked for good.
        let mut last = self.last.try_lock().ok();
        let kept = last.as_ref().and_then(|last| last.as_ref());
        let mut text = match kept.filter(|(of, _)| *of == second) {
            Some((_, text)) => {
                let mut copy = String::with_capacity(text.len() + 8);
                copy.push_str(text);
                copy
            }
            None => {
                let time = self
                    .converter
                    .bind(py)
                    .run_with(&PyFloat::new(py, created))?;
                let strftime = TIME_GLOBALS.get(Name::strftime, py)?;
                let text: String = strftime
                    .run_with_two(self.format.bind(py), &time)?
                    .extract()?;
                if let (Some(last), true) = (&mut last, self.is_of_second) {
                    **last = Some((second, text.clone()));
                }
                text
            }
        };
        if let Some(separator) = &self.before_milliseconds {
            let milliseconds = match fresh {
                Some(fresh) => Some(fresh.msecs),
                None => float(Name::msecs)?,
            };
            let Some(milliseconds) = milliseconds.filter(|it| (0.0..1000.0).contains(it)) else {
                return Ok(None);
            };
            let milliseconds = milliseconds as u32;
            let digits = [
                milliseconds / 100,
                milliseconds / 10 % 10,
                milliseconds % 10,
            ];
            text.push_str(separator);
            for digit in digits {
                text.push(char::from_digit(digit, 10).unwrap_or_default());
            }
        }
        Ok(Some(PyString::new(py, &text).into()))
    }
}

/// The text between the second and the milliseconds in a `default_msec_format` such as `%s,%03d`, `None` without a
/// format. The outer `None` stands for any other format.
fn milliseconds(format: Option<Object<'_>>) -> Result<Option<Option<String>>> {
    let Some(format) = format else {
        return Ok(None);
    };
    if format.is_none() {
        return Ok(Some(None));
    }
    let Ok(format) = format.cast_exact::<PyString>() else {
        return Ok(None);
    };
    let format = format.to_cow()?;
    let between = format
        .strip_prefix("%s")
        .and_then(|it| it.strip_suffix("%03d"));
    Ok(between
        .filter(|between| !between.contains('%'))
        .map(|between| Some(between.to_owned())))
}

/// Whether the text of a time in this format is the same for a whole second, whatever the locale.
fn is_of_second(format: &str) -> bool {
    let mut bytes = format.bytes();
    while let Some(byte) = bytes.next() {
        // A `%` at the end stays as it is.
        let is_of_second = |directive| b"YmdHMSyjFTDRzZ%".contains(&directive);
        if byte == b'%' && !bytes.next().is_none_or(is_of_second) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_of_second;

    #[test]
    fn what_depends_on_the_locale_is_made_anew() {
        for format in ["", "%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%d.%m.%y %% %b"] {
            assert_eq!(is_of_second(format), !format.contains("%b"), "{format}");
        }
        for format in ["%c", "%p", "%a %d", "%H %-d", "%Ey", "%Od"] {
            assert!(!is_of_second(format), "{format}");
        }
        assert!(is_of_second("100%% %H"));
    }
}
