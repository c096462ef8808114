//! Formatting a record: `Handler.format` and `Formatter.format`.

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::asctime::asctime;
use super::object::Object;
use super::stock::{STYLES, Stock};
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
    pub(super) fn of(handler: &Object<'_, 'py>, stock: &Stock) -> PyResult<Formatter<'py>> {
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
    pub(super) fn format(
        &self,
        record: &Object<'_, 'py>,
        stock: &Stock,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = record.py();
        if self.is_stock {
            if let Some(text) = format_as_stock(&Object::of(&self.itself)?, record, stock)? {
                return Ok(text);
            }
        }
        self.itself
            .call_method1(intern!(py, "format"), (record.itself,))
    }
}

/// `None`, without an effect, if the formatter or the record has something that isn't dealt with here.
fn format_as_stock<'py>(
    formatter: &Object<'_, 'py>,
    record: &Object<'_, 'py>,
    stock: &Stock,
) -> PyResult<Option<Bound<'py, PyAny>>> {
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
    if formatter.has_any(&methods)? || record.has_any(&[intern!(py, "getMessage")])? {
        return Ok(None);
    }
    let style = formatter.required(intern!(py, "_style"))?;
    let class = style.get_type();
    let Some(kind) = stock.styles.iter().position(|style| class.is(style)) else {
        return Ok(None);
    };
    let Some(style) = Style::of(&Object::of(&style)?, kind)? else {
        return Ok(None);
    };
    record
        .dict
        .set_item(intern!(py, "message"), message(record)?)?;
    if style.uses_time()? {
        let text = asctime(formatter, record, stock)?;
        record.dict.set_item(intern!(py, "asctime"), text)?;
    }
    style.format(record).map(Some)
}

/// `record.getMessage()`.
fn message<'py>(record: &Object<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
    let py = record.py();
    let message = record.required(intern!(py, "msg"))?;
    let message = match message.is_exact_instance_of::<PyString>() {
        true => message,
        false => message.str()?.into_any(),
    };
    let args = record.required(intern!(py, "args"))?;
    match args.is_truthy()? {
        true => message.rem(args),
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
    /// `None` if it has methods of its own, or a format that isn't a string.
    fn of(style: &Object<'_, 'py>, kind: usize) -> PyResult<Option<Style<'py>>> {
        let py = style.py();
        let methods = [
            intern!(py, "usesTime"),
            intern!(py, "format"),
            intern!(py, "_format"),
            intern!(py, "asctime_search"),
        ];
        let format = style.required(intern!(py, "_fmt"))?;
        let Ok(format) = format.cast_into_exact::<PyString>() else {
            return Ok(None);
        };
        if style.has_any(&methods)? {
            return Ok(None);
        }
        Ok(Some(Style {
            kind,
            format,
            defaults: style.required(intern!(py, "_defaults"))?,
            template: style.get(intern!(py, "_tpl"))?,
        }))
    }

    fn uses_time(&self) -> PyResult<bool> {
        let py = self.format.py();
        match self.kind {
            0 => self.format.as_any().contains(intern!(py, STYLES[0].1)),
            1 => self.format.as_any().contains(intern!(py, STYLES[1].1)),
            _ => Ok(self.format.as_any().contains(intern!(py, "$asctime"))?
                || self.format.as_any().contains(intern!(py, STYLES[2].1))?),
        }
    }

    fn format(&self, record: &Object<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let py = record.py();
        let values = match self.defaults.is_truthy()? {
            true => self.defaults.bitor(&record.dict)?.cast_into::<PyDict>()?,
            false => record.dict.clone(),
        };
        match (self.kind, &self.template) {
            (0, _) => self.format.as_any().rem(values),
            (1, _) => self
                .format
                .call_method(intern!(py, "format"), (), Some(&values)),
            (_, Some(template)) => {
                template.call_method(intern!(py, "substitute"), (), Some(&values))
            }
            (_, None) => Err(PyAttributeError::new_err("_tpl")),
        }
    }
}
