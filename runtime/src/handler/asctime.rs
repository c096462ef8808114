//! The time of a record as text: `Formatter.formatTime`.

use std::sync::Mutex;

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyString};

use super::object::Object;
use super::stock::{DEFAULT_MSEC_FORMAT, DEFAULT_TIME_FORMAT, Stock};
use super::text::Text;
use crate::python::exception::Result;
use crate::python::library::TIME_GLOBALS;
use crate::python::once::intern;
use crate::python::watch::Epoch;

/// The text of a second. It is the same until what is watched changes: `time.tzset` writes to the dict of `time`,
/// and the environment can name another zone.
struct Second {
    number: i64,
    is_utc: bool,
    format: Py<PyString>,
    text: String,
    epoch: Epoch,
}

/// The texts that were made last. Few programs have more formats.
static LAST: Mutex<[Option<Second>; 4]> = Mutex::new([const { None }; 4]);

/// `formatter.formatTime(record, formatter.datefmt)`. `is_bare`: the formatter has only the attributes that
/// `Formatter.__init__` sets.
///
/// # Errors
/// The exception that the converter or the formatting raises.
pub(super) fn asctime<'py>(
    formatter: &Object<'_, 'py>,
    is_bare: bool,
    record: &Object<'_, 'py>,
    stock: &Stock,
) -> Result<Bound<'py, PyAny>> {
    let py = formatter.py();
    let names = [
        intern!(py, "converter"),
        intern!(py, "default_time_format"),
        intern!(py, "default_msec_format"),
    ];
    let has_defaults = stock.has_default_times() && (is_bare || !formatter.has_any(&names)?);
    let converter = match has_defaults {
        true => stock.local_time.bind(py).clone(),
        false => formatter.itself.getattr(names[0])?,
    };
    let date_format = formatter.required(intern!(py, "datefmt"))?;
    if date_format.is_truthy()? {
        let text = text(record, &converter, &date_format, stock)?;
        return Ok(text.into_object(py));
    }
    if has_defaults {
        let format = intern!(py, DEFAULT_TIME_FORMAT).as_any();
        let text = text(record, &converter, format, stock)?;
        let msecs = record.required(intern!(py, "msecs"))?;
        return match (text, msecs.cast_exact::<PyFloat>()) {
            (Text::Made(mut text), Ok(msecs)) if (0.0..1000.0).contains(&msecs.value()) => {
                let msecs = msecs.value() as u32;
                let digits = [msecs / 100, msecs / 10 % 10, msecs % 10];
                let digits = digits.map(|digit| char::from_digit(digit, 10).unwrap_or_default());
                text.push(',');
                text.extend(digits);
                Ok(PyString::new(py, &text).into_any())
            }
            (text, _) => Ok(intern!(py, DEFAULT_MSEC_FORMAT)
                .as_any()
                .rem((text.into_object(py), msecs))?),
        };
    }
    let format = formatter.itself.getattr(names[1])?;
    let text = text(record, &converter, &format, stock)?.into_object(py);
    let msec_format = formatter.itself.getattr(names[2])?;
    match msec_format.is_truthy()? {
        true => Ok(msec_format.rem((text, record.required(intern!(py, "msecs"))?))?),
        false => Ok(text),
    }
}

/// `time.strftime(format, converter(record.created))`.
fn text<'py>(
    record: &Object<'_, 'py>,
    converter: &Bound<'py, PyAny>,
    format: &Bound<'py, PyAny>,
    stock: &Stock,
) -> Result<Text<'py>> {
    let py = record.py();
    let created = record.required(intern!(py, "created"))?;
    let is_utc = converter.is(&stock.utc_time);
    let has_stock_functions =
        stock.has_stock_strftime() && (is_utc || converter.is(&stock.local_time));
    let second = match (
        created.cast_exact::<PyFloat>(),
        format.cast_exact::<PyString>(),
    ) {
        (Ok(created), Ok(format)) if has_stock_functions && created.value().is_finite() => {
            Some((created.value().floor() as i64, format))
        }
        _ => None,
    };
    if let Some((number, format)) = second {
        if let Some(text) = last(number, is_utc, format) {
            return Ok(Text::Made(text));
        }
    }
    let epoch = Epoch::current();
    let time = converter.call1((created,))?;
    let text = TIME_GLOBALS
        .get(intern!(py, "strftime"))?
        .call1((format, time))?;
    if let Some((number, format)) = second {
        let text = text.extract()?;
        if is_of_second(&format.to_cow()?) {
            let format = format.clone().unbind();
            remember(Second {
                number,
                is_utc,
                format,
                text,
                epoch,
            });
        }
    }
    Ok(Text::Object(text))
}

fn last(number: i64, is_utc: bool, format: &Bound<'_, PyString>) -> Option<String> {
    let last = LAST.try_lock().ok()?;
    let is_this = |it: &&Second| {
        let is_same = (it.number, it.is_utc) == (number, is_utc);
        is_same && it.format.is(format) && it.epoch == Epoch::current()
    };
    last.iter()
        .flatten()
        .find(is_this)
        .map(|it| it.text.clone())
}

/// Replaces the text of the same format, or the oldest one.
fn remember(second: Second) {
    // A forked child may find it locked for good.
    let Ok(mut last) = LAST.try_lock() else {
        return;
    };
    let is_free = |it: &Option<Second>| match it {
        Some(it) => it.is_utc == second.is_utc && it.format.is(&second.format),
        None => true,
    };
    let place = last.iter().position(is_free);
    let place = place.unwrap_or_else(|| {
        (0..last.len())
            .min_by_key(|it| last[*it].as_ref().map(|it| it.number))
            .unwrap_or(0)
    });
    last[place] = Some(second);
}

/// Whether the text of a time in this format is the same for a whole second, whatever the locale.
fn is_of_second(format: &str) -> bool {
    let mut directives = format.split('%');
    directives.next();
    let mut is_escaped = false;
    directives.all(|directive| {
        let first = directive.chars().next();
        match first {
            // The second half of `%%`.
            _ if std::mem::take(&mut is_escaped) => true,
            None => {
                is_escaped = true;
                true
            }
            Some(first) => "YmdHMSyjFTDRzZ".contains(first),
        }
    })
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
