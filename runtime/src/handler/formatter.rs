//! Formatting a record: `Handler.format` and `Formatter.format`.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString, PyTuple};

use super::asctime::Asctime;
use super::object::{ATTRIBUTES, Identity, Instance};
use super::percent::{Format, Values};
use super::text::Text;
use crate::python::frame::{self, Caller};
use crate::python::library::LOGGING_GLOBALS;
use crate::raw::thin::exception::Result;
use crate::raw::thin::{self, Name, Object, Stored, Thin};
use crate::record::prototype::Fresh;
use crate::stock::snapshot::Snapshot;
use crate::stock::table::{Part, Row};
use crate::stock::watch::InstanceWatch;

/// The styles of a format, and what they search for to find out whether it contains the time.
const STYLES: [Style; 3] = [
    Style {
        class: Row::PercentStyle,
        part: Part::PERCENT,
        search: Name::percent_asctime,
    },
    Style {
        class: Row::BraceStyle,
        part: Part::BRACE,
        search: Name::brace_asctime,
    },
    Style {
        class: Row::DollarStyle,
        part: Part::DOLLAR,
        search: Name::dollar_asctime,
    },
];

struct Style {
    class: Row,
    part: Part,
    search: Name,
}

/// What a `logging.Formatter` does.
pub(super) struct StockFormatter {
    itself: Identity,
    style: Identity,
    /// `formatter._style._fmt`.
    format: Stored<PyString>,
    fill: Fill,
    /// `None` if the format doesn't contain the time.
    time: Option<Asctime>,
}

/// How the values get into the format.
enum Fill {
    /// `format % values`. `None` if only Python can do it.
    Percent(Option<Format>),
    /// `format.format(**values)`.
    Brace,
    /// `style._tpl.substitute(**values)`.
    Dollar,
}

impl StockFormatter {
    /// `None` if only Python knows what the formatter does.
    pub(super) fn of(
        formatter: &Bound<'_, PyAny>,
        snapshot: &Snapshot,
    ) -> Result<Option<StockFormatter>> {
        const METHODS: [Name; 4] = [
            Name::format,
            Name::usesTime,
            Name::formatTime,
            Name::formatMessage,
        ];
        const METHODS_OF_STYLE: [Name; 4] = [
            Name::usesTime,
            Name::format,
            Name::_format,
            Name::asctime_search,
        ];

        let py = formatter.py();
        let class = formatter.class();
        if !snapshot.has(Part::FORMATTER) || !snapshot.has_at(&class, Row::Formatter) {
            return Ok(None);
        }
        let Some(formatter) = Instance::of(formatter) else {
            return Ok(None);
        };
        let Some(watch) = InstanceWatch::new(&formatter.dict, ATTRIBUTES) else {
            return Ok(None);
        };
        if formatter.has_any(&METHODS)? {
            return Ok(None);
        }
        let Some(style) = formatter.get(Name::_style)? else {
            return Ok(None);
        };
        let class = style.class();
        let is_of =
            |style: &&Style| snapshot.has(style.part) && snapshot.has_at(&class, style.class);
        let Some(kind) = STYLES.iter().find(is_of) else {
            return Ok(None);
        };
        let Some(style) = Instance::of(&style) else {
            return Ok(None);
        };
        let Some(watch_of_style) = InstanceWatch::new(&style.dict, ATTRIBUTES) else {
            return Ok(None);
        };
        if style.has_any(&METHODS_OF_STYLE)? {
            return Ok(None);
        }
        // Other values than None can change without a report.
        let defaults = style.get(Name::_defaults)?;
        let format = style.get(Name::_fmt)?;
        let format = format.and_then(|it| it.cast_into_exact::<PyString>().ok());
        let (Some(true), Some(format)) = (defaults.map(|it| it.is_none()), format) else {
            return Ok(None);
        };
        let mut uses_time = format.contains_item(kind.search.get(py))?;
        let fill = match kind.class {
            Row::BraceStyle => Fill::Brace,
            Row::DollarStyle => {
                uses_time |= format.contains_item(Name::bare_asctime.get(py))?;
                Fill::Dollar
            }
            _ => Fill::Percent(Format::parse(&format.to_cow()?, py)),
        };
        let time = match uses_time {
            true => Asctime::of(&formatter, snapshot)?,
            false => None,
        };
        if uses_time && time.is_none() {
            return Ok(None);
        }
        Ok(Some(StockFormatter {
            itself: Identity::of(&formatter, watch)?,
            style: Identity::of(&style, watch_of_style)?,
            format: format.into(),
            fill,
            time,
        }))
    }

    /// `formatter.format(record)`. `None`, without an effect, if only Python can do it now.
    ///
    /// # Errors
    /// The exception that Python raises. Python can do it again: nothing has happened but attributes of the record.
    pub(super) fn format<'py>(
        &self,
        record: &Instance<'_, 'py>,
        fresh: Option<&Fresh<'py>>,
    ) -> Result<Option<Text<'py>>> {
        let py = record.py();
        let (Some(_), Some(style)) = (self.itself.dict(py), self.style.dict(py)) else {
            return Ok(None);
        };
        // A traceback or a stack costs so much that Python's part makes no difference.
        let has_any = || -> Result<bool> {
            for name in [Name::exc_info, Name::exc_text, Name::stack_info] {
                if record.get(name)?.is_none_or(|value| !value.is_none()) {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        if fresh.is_none() && has_any()? {
            return Ok(None);
        }
        let message = match fresh.and_then(|fresh| fresh.msg.clone()) {
            Some(message) => Some(message),
            None => message(record)?,
        };
        let Some(message) = message else {
            return Ok(None);
        };
        let time = match &self.time {
            Some(time) => match time.text(record, fresh)? {
                Some(text) => Some(text),
                None => return Ok(None),
            },
            None => None,
        };
        record.dict.set_entry(Name::message, &message)?;
        let of_message = (Name::message.get(py), &*message);
        let fill = |known| {
            let attributes = &record.dict;
            self.fill(&style, &Values { attributes, known })
        };
        match &time {
            Some(time) => {
                record.dict.set_entry(Name::asctime, time)?;
                fill(&[of_message, (Name::asctime.get(py), time)])
            }
            None => fill(&[of_message]),
        }
        .map(Some)
    }

    fn fill<'py>(&self, style: &Bound<'py, PyAny>, values: &Values<'_, 'py>) -> Result<Text<'py>> {
        let attributes = values.attributes;
        let py = attributes.py();
        let format = self.format.bind(py).as_any();
        Ok(Text::Object(match &self.fill {
            Fill::Percent(parsed) => match parsed.as_ref().and_then(|it| it.fill(values)) {
                Some(text) => return Ok(Text::Made(text)),
                None => format.formatted(attributes)?,
            },
            Fill::Brace => format
                .get(Name::format)?
                .run_by(&*thin::tuple(py, &[])?, attributes)?,
            Fill::Dollar => {
                let template = style.part(Name::_tpl.get(py))?;
                template
                    .get(Name::substitute)?
                    .run_by(&*thin::tuple(py, &[])?, attributes)?
            }
        }))
    }
}

/// `record.getMessage()`. `None` if Python code makes the text.
fn message<'py>(record: &Instance<'_, 'py>) -> Result<Option<Object<'py>>> {
    let message = record.get(Name::msg)?;
    let args = record.get(Name::args)?;
    let (Some(message), Some(args)) = (message, args) else {
        return Ok(None);
    };
    let own_method = record.get(Name::getMessage)?;
    if !message.is_exact_instance_of::<PyString>() || own_method.is_some() {
        return Ok(None);
    }
    if args.is_none() {
        return Ok(Some(message));
    }
    let Ok(args) = args.cast_into_exact::<PyTuple>() else {
        return Ok(None);
    };
    if args.is_empty() {
        return Ok(Some(message));
    }
    let has_text = |it: Bound<'_, PyAny>| {
        it.is_exact_instance_of::<PyString>()
            || it.is_exact_instance_of::<PyInt>()
            || it.is_exact_instance_of::<PyFloat>()
            || it.is_exact_instance_of::<PyBool>()
            || it.is_none()
    };
    match args.iter().all(has_text) {
        true => message.formatted(&args).map(Some),
        false => Ok(None),
    }
}

/// `handler.format(record)` by Python's code.
///
/// # Errors
/// The exception that Python raises.
pub(super) fn format_by_python<'py>(
    handler: &Instance<'_, 'py>,
    record: &Instance<'_, 'py>,
    caller: &dyn Caller,
) -> Result<Text<'py>> {
    let py = record.py();
    let own = handler.itself.get(Name::formatter)?;
    let formatter = match own.is_true()? {
        true => own,
        false => LOGGING_GLOBALS.get(Name::_defaultFormatter, py)?,
    };
    let format = formatter.get(Name::format)?;
    Ok(Text::Object(frame::call(caller, &format, record.itself)?))
}
