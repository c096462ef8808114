//! Formatting a record: `Handler.format` and `Formatter.format`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::asctime::asctime;
use super::object::Object;
use super::percent;
use super::stock::{BRACE, DOLLAR, PERCENT, STYLES, Stock};
use super::text::Text;
use crate::python::exception::Result;
use crate::python::library::LOGGING_GLOBALS;
use crate::python::once::intern;

/// A formatter of a handler.
pub(super) struct Formatter<'py> {
    pub(super) itself: Bound<'py, PyAny>,
    /// Whether its work is done here.
    pub(super) is_stock: bool,
}

impl<'py> Formatter<'py> {
    /// `handler.formatter`, or the default one.
    ///
    /// # Errors
    /// The exception that Python raises.
    pub(super) fn of(handler: &Object<'_, 'py>, stock: &Stock) -> Result<Formatter<'py>> {
        let py = handler.py();
        let own = handler.required(intern!(py, "formatter"))?;
        let itself = match own.is_truthy()? {
            true => own,
            false => LOGGING_GLOBALS.get(intern!(py, "_defaultFormatter"))?,
        };
        let is_stock = itself.get_type().is(&stock.formatter);
        Ok(Formatter { itself, is_stock })
    }

    /// `formatter.format(record)`.
    ///
    /// # Errors
    /// The exception that Python raises. If the formatter is stock, Python can do it again: nothing has happened but
    /// attributes of the record.
    pub(super) fn format(&self, record: &Object<'_, 'py>, stock: &Stock) -> Result<Text<'py>> {
        let py = record.py();
        if self.is_stock {
            if let Some(text) = format_as_stock(&Object::of(&self.itself)?, record, stock)? {
                return Ok(text);
            }
        }
        let format = intern!(py, "format");
        let text = self.itself.call_method1(format, (record.itself,));
        Ok(Text::Object(text?))
    }
}

/// `None`, without an effect, if the formatter or the record has something that isn't dealt with here.
fn format_as_stock<'py>(
    formatter: &Object<'_, 'py>,
    record: &Object<'_, 'py>,
    stock: &Stock,
) -> Result<Option<Text<'py>>> {
    let py = formatter.py();
    let methods = [
        intern!(py, "format"),
        intern!(py, "usesTime"),
        intern!(py, "formatTime"),
        intern!(py, "formatMessage"),
    ];
    // A traceback or a stack costs so much that Python's part makes no difference.
    for name in [
        intern!(py, "exc_info"),
        intern!(py, "exc_text"),
        intern!(py, "stack_info"),
    ] {
        if record.required(name)?.is_truthy()? {
            return Ok(None);
        }
    }
    // All three of a formatter's attributes are read.
    let is_bare = formatter.dict.len() == 3 && formatter.dict.contains(intern!(py, "_fmt"))?;
    if !is_bare && formatter.has_any(&methods)? || record.has_any(&[intern!(py, "getMessage")])? {
        return Ok(None);
    }
    let style = formatter.required(intern!(py, "_style"))?;
    let Some(style) = Style::of(&Object::of(&style)?, stock)? else {
        return Ok(None);
    };
    let message = message(record)?;
    record.dict.set_item(intern!(py, "message"), message)?;
    if style.uses_time()? {
        let text = asctime(formatter, is_bare, record, stock)?;
        record.dict.set_item(intern!(py, "asctime"), text)?;
    }
    style.format(record).map(Some)
}

/// `record.getMessage()`.
fn message<'py>(record: &Object<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    let py = record.py();
    let message = record.required(intern!(py, "msg"))?;
    let message = match message.is_exact_instance_of::<PyString>() {
        true => message,
        false => message.str()?.into_any(),
    };
    let args = record.required(intern!(py, "args"))?;
    match args.is_truthy()? {
        true => Ok(message.rem(args)?),
        false => Ok(message),
    }
}

/// The style of a formatter: how its format is written.
struct Style<'py> {
    /// Which of [`STYLES`].
    kind: usize,
    format: Bound<'py, PyString>,
    defaults: Bound<'py, PyAny>,
    template: Option<Bound<'py, PyAny>>,
}

impl<'py> Style<'py> {
    /// `None` if it is of another class, has methods of its own, a format that isn't a string, or
    /// defaults that aren't a dict.
    fn of(style: &Object<'_, 'py>, stock: &Stock) -> Result<Option<Style<'py>>> {
        let py = style.py();
        let class = style.itself.get_type();
        let Some(kind) = stock.styles.iter().position(|it| class.is(it)) else {
            return Ok(None);
        };
        let template = match kind {
            DOLLAR => Some(style.required(intern!(py, "_tpl"))?),
            _ => None,
        };
        let methods = [
            intern!(py, "usesTime"),
            intern!(py, "format"),
            intern!(py, "_format"),
            intern!(py, "asctime_search"),
        ];
        // All of its attributes are read.
        let is_bare = style.dict.len() == 2 + usize::from(template.is_some());
        if !is_bare && style.has_any(&methods)? {
            return Ok(None);
        }
        let format = style.required(intern!(py, "_fmt"))?;
        let Ok(format) = format.cast_into_exact::<PyString>() else {
            return Ok(None);
        };
        let defaults = style.required(intern!(py, "_defaults"))?;
        // Another mapping can have values that it doesn't keep.
        if !defaults.is_none() && !defaults.is_exact_instance_of::<PyDict>() {
            return Ok(None);
        }
        Ok(Some(Style {
            kind,
            format,
            defaults,
            template,
        }))
    }

    fn uses_time(&self) -> Result<bool> {
        let py = self.format.py();
        match self.kind {
            PERCENT => Ok(self.format.as_any().contains(intern!(py, STYLES[0].1))?),
            BRACE => Ok(self.format.as_any().contains(intern!(py, STYLES[1].1))?),
            _ => Ok(self.format.as_any().contains(intern!(py, "$asctime"))?
                || self.format.as_any().contains(intern!(py, STYLES[2].1))?),
        }
    }

    fn format(&self, record: &Object<'_, 'py>) -> Result<Text<'py>> {
        let py = record.py();
        let values = match self.defaults.is_truthy()? {
            true => self.defaults.bitor(&record.dict)?.cast_into::<PyDict>()?,
            false => record.dict.clone(),
        };
        let call =
            |object: &Bound<'py, PyAny>, method| object.call_method(method, (), Some(&values));
        let text = match (self.kind, &self.template) {
            (PERCENT, _) => match percent::format(&self.format, &values) {
                Some(text) => return Ok(Text::Made(text)),
                None => self.format.as_any().rem(values),
            },
            (_, Some(template)) => call(template, intern!(py, "substitute")),
            (_, None) => call(&self.format, intern!(py, "format")),
        };
        Ok(Text::Object(text?))
    }
}
