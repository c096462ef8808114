//! Formatting a record: `Handler.format` and `Formatter.format`.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString, PyTuple};

use super::asctime::Asctime;
use super::object::{ATTRIBUTES, Identity, Instance, Native, exact, only_if};
use super::percent::{Format, Values};
use super::text::Text;
use crate::python::frame::{self, Caller};
use crate::python::library::LOGGING_GLOBALS;
use crate::raw::thin::{self, Name, Object, Result, Stored, Thin};
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
    pub(super) fn of(formatter: &Bound<'_, PyAny>, snapshot: &Snapshot) -> Native<StockFormatter> {
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
        only_if(snapshot.has(Part::FORMATTER) && snapshot.has_at(&class, Row::Formatter))?;
        let formatter = Instance::of(formatter).ok_or(None)?;
        let watch = InstanceWatch::new(&formatter.dict, ATTRIBUTES).ok_or(None)?;
        only_if(!formatter.has_any(&METHODS)?)?;
        let style = formatter.get(Name::_style)?.ok_or(None)?;
        let class = style.class();
        let is_of =
            |style: &&Style| snapshot.has(style.part) && snapshot.has_at(&class, style.class);
        let kind = STYLES.iter().find(is_of).ok_or(None)?;
        let style = Instance::of(&style).ok_or(None)?;
        let watch_of_style = InstanceWatch::new(&style.dict, ATTRIBUTES).ok_or(None)?;
        only_if(!style.has_any(&METHODS_OF_STYLE)?)?;
        // Other values than None can change without a report.
        only_if(style.get(Name::_defaults)?.is_some_and(|it| it.is_none()))?;
        let format = style.text(Name::_fmt)?;
        let mut uses_time = format.contains_item(kind.search.get(py))?;
        let fill = match kind.class {
            Row::BraceStyle => Fill::Brace,
            Row::DollarStyle => {
                uses_time |= format.contains_item(Name::bare_asctime.get(py))?;
                Fill::Dollar
            }
            _ => Fill::Percent(Format::parse(&format.to_cow().or(Err(None))?, py)),
        };
        let time = match uses_time {
            true => Some(Asctime::of(&formatter, snapshot)?),
            false => None,
        };
        Ok(StockFormatter {
            itself: Identity::of(&formatter, watch)?,
            style: Identity::of(&style, watch_of_style)?,
            format: format.into(),
            fill,
            time,
        })
    }

    /// `formatter.format(record)`. After an error Python can do it again: nothing has happened but attributes of the record.
    pub(super) fn format<'py>(
        &self,
        record: &Instance<'_, 'py>,
        fresh: Option<&Fresh<'py>>,
    ) -> Native<Text<'py>> {
        let py = record.py();
        self.itself.dict(py).ok_or(None)?;
        let style = self.style.dict(py).ok_or(None)?;
        // A traceback or a stack costs so much that Python's part makes no difference.
        if fresh.is_none() {
            for name in [Name::exc_info, Name::exc_text, Name::stack_info] {
                only_if(record.get(name)?.is_some_and(|value| value.is_none()))?;
            }
        }
        let message = match fresh.and_then(|fresh| fresh.msg.clone()) {
            Some(message) => message,
            None => message(record)?,
        };
        let time = self.time.as_ref().map(|time| time.text(record, fresh));
        let time = time.transpose()?;
        record.dict.set_entry(Name::message, &message)?;
        let of_message = (Name::message.get(py), &*message);
        let fill = |known| {
            let attributes = &record.dict;
            self.fill(&style, &Values { attributes, known })
        };
        Ok(match &time {
            Some(time) => {
                record.dict.set_entry(Name::asctime, time)?;
                fill(&[of_message, (Name::asctime.get(py), time)])?
            }
            None => fill(&[of_message])?,
        })
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
            // A copy, as a call with `**` makes.
            Fill::Brace => format
                .get(Name::format)?
                .run_by(&*thin::tuple(py, &[])?, &*attributes.copied()?)?,
            Fill::Dollar => {
                let template = style.part(Name::_tpl.get(py))?;
                template
                    .get(Name::substitute)?
                    .run_by(&*thin::tuple(py, &[])?, attributes)?
            }
        }))
    }
}

/// `record.getMessage()`.
fn message<'py>(record: &Instance<'_, 'py>) -> Native<Object<'py>> {
    let message = record.text(Name::msg)?;
    let args = record.get(Name::args)?.ok_or(None)?;
    only_if(record.get(Name::getMessage)?.is_none())?;
    if args.is_none() {
        return Ok(message.into());
    }
    let args = exact::<PyTuple>(Some(args))?;
    if args.is_empty() {
        return Ok(message.into());
    }
    let has_text = |it: Bound<'_, PyAny>| {
        it.is_exact_instance_of::<PyString>()
            || it.is_exact_instance_of::<PyInt>()
            || it.is_exact_instance_of::<PyFloat>()
            || it.is_exact_instance_of::<PyBool>()
            || it.is_none()
    };
    only_if(args.iter().all(has_text))?;
    Ok(message.formatted(&args)?)
}

/// `handler.format(record)` by Python's code.
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
