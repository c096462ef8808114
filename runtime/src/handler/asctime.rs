//! The time of a record as text: `Formatter.formatTime`.

use std::sync::Mutex;

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyString};

use super::object::{Instance, Native, exact, only_if};
use crate::python::library::TIME_GLOBALS;
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
    pub(super) fn of(formatter: &Instance<'_, '_>, snapshot: &Snapshot) -> Native<Asctime> {
        let converter = formatter.attribute(Name::converter)?.ok_or(None)?;
        let is_at = |row| snapshot.has_at(&converter, row);
        only_if(snapshot.has(Part::TIME) && (is_at(Row::LocalTime) || is_at(Row::UtcTime)))?;
        let own = formatter.get(Name::datefmt)?.filter(|it| !it.is_none());
        let (format, before_milliseconds) = match own {
            Some(own) => (Some(own), None),
            None => (
                formatter.attribute(Name::default_time_format)?,
                milliseconds(formatter.attribute(Name::default_msec_format)?)?,
            ),
        };
        let format = exact::<PyString>(format)?;
        // Python takes the default format for an empty one.
        only_if(format.is_true().unwrap_or_default())?;
        Ok(Asctime {
            converter: converter.unbind(),
            before_milliseconds,
            is_of_second: is_of_second(&format.to_cow().or(Err(None))?),
            format: format.into(),
            last: Mutex::new(None),
        })
    }

    /// `formatter.formatTime(record, formatter.datefmt)`.
    pub(super) fn text<'py>(
        &self,
        record: &Instance<'_, 'py>,
        fresh: Option<&Fresh<'py>>,
    ) -> Native<Object<'py>> {
        let py = record.py();
        let float = |name: Name| Native::Ok(exact::<PyFloat>(record.get(name)?)?.value());
        let created = match fresh {
            Some(fresh) => fresh.created,
            None => float(Name::created)?,
        };
        only_if(created.is_finite())?;
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
                let text = strftime.run_with_two(self.format.bind(py), &time)?;
                let text: String = text.extract().or(Err(None))?;
                if let (Some(last), true) = (&mut last, self.is_of_second) {
                    **last = Some((second, text.clone()));
                }
                text
            }
        };
        if let Some(separator) = &self.before_milliseconds {
            let milliseconds = match fresh {
                Some(fresh) => fresh.msecs,
                None => float(Name::msecs)?,
            };
            only_if((0.0..1000.0).contains(&milliseconds))?;
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
        Ok(PyString::new(py, &text).into())
    }
}

/// The text between the second and the milliseconds in a `default_msec_format` such as `%s,%03d`, `None` without a
/// format.
fn milliseconds(format: Option<Object<'_>>) -> Native<Option<String>> {
    if format.as_ref().is_some_and(|it| it.is_none()) {
        return Ok(None);
    }
    let format = exact::<PyString>(format)?;
    let format = format.to_cow().or(Err(None))?;
    let between = format
        .strip_prefix("%s")
        .and_then(|it| it.strip_suffix("%03d"));
    let between = between.filter(|between| !between.contains('%'));
    Ok(Some(between.ok_or(None)?.to_owned()))
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
