//! The message of one call, on its way to Python.

use std::fmt::{self, Write};

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::buffer::Buffer;

/// A formatted message.
pub(crate) enum Message {
    /// Without arguments.
    Literal(&'static str),
    /// With what the arguments made of it.
    Formatted(Buffer),
    /// With the arguments apart.
    Template(&'static str, Box<Pieces>),
}

impl Message {
    /// To be called detached where the thread is, since a `Display` may do anything.
    pub(crate) fn format(args: fmt::Arguments<'_>, template: Option<&'static str>) -> Message {
        if let Some(template) = template {
            let mut pieces = Pieces {
                text: Buffer::take(),
                starts: Vec::new(),
            };
            if pieces.write_fmt(args).is_err() {
                // As below; but Python would not format a message that lacks arguments.
                let wanted = template.replace("%%", "").matches("%s").count();
                pieces.starts.resize(wanted, pieces.text.len());
            }
            return Message::Template(template, Box::new(pieces));
        }
        if let Some(literal) = args.as_str() {
            return Message::Literal(literal);
        }
        let mut buffer = Buffer::take();
        // A `Display` that fails has written what it could; that is logged.
        let _ = buffer.write_fmt(args);
        Message::Formatted(buffer)
    }

    /// With no more memory than it needs.
    pub(crate) fn fitted(self) -> Message {
        match self {
            Message::Literal(_) => self,
            Message::Formatted(buffer) => Message::Formatted(buffer.fitted()),
            Message::Template(template, pieces) => {
                let Pieces { text, starts } = *pieces;
                let text = text.fitted();
                Message::Template(template, Box::new(Pieces { text, starts }))
            }
        }
    }

    /// `record.msg`, where it is part of the program.
    pub(crate) fn constant(&self) -> Option<&'static str> {
        match self {
            Message::Literal(text) | Message::Template(text, _) => Some(text),
            Message::Formatted(_) => None,
        }
    }

    /// `record.msg`.
    pub(crate) fn msg<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        match self {
            Message::Literal(text) | Message::Template(text, _) => PyString::new(py, text),
            Message::Formatted(buffer) => PyString::new(py, buffer),
        }
    }

    /// `record.args`, if there are any.
    pub(crate) fn args<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        match self {
            Message::Literal(_) | Message::Formatted(_) => Ok(None),
            Message::Template(_, pieces) => PyTuple::new(py, pieces.to_vec()).map(Some),
        }
    }
}

/// Stands in a format string before each argument, so that they can be told apart.
#[derive(Debug)]
pub struct Mark;

/// Known by where it is, since an argument may well have the same text.
static MARK: &str = "an argument begins";

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)
    }
}

/// The arguments of a message, one after the other.
pub(crate) struct Pieces {
    text: Buffer,
    starts: Vec<usize>,
}

impl Pieces {
    fn to_vec(&self) -> Vec<&str> {
        let ends = self.starts.iter().skip(1).copied();
        let ends = ends.chain([self.text.len()]);
        let starts = self.starts.iter().copied();
        starts
            .zip(ends)
            .map(|(start, end)| &self.text[start..end])
            .collect()
    }
}

impl Write for Pieces {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if std::ptr::eq(text, MARK) {
            self.starts.push(self.text.len());
            return Ok(());
        }
        self.text.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(args: fmt::Arguments<'_>) -> Vec<String> {
        match Message::format(args, Some("")) {
            Message::Template(_, pieces) => pieces.to_vec().into_iter().map(Into::into).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn arguments_are_told_apart() {
        assert_eq!(
            pieces(format_args!("{Mark}{}{Mark}{:>3}", "", 1)),
            ["", "  1"]
        );
        // The same text, from elsewhere.
        let same = String::from(MARK);
        assert_eq!(
            pieces(format_args!("{Mark}{same}{Mark}{same}x")),
            [same.clone(), same + "x"]
        );
    }
}
