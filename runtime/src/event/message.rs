//! The message of one call.

use std::cell::Cell;
use std::fmt::{self, Write};
use std::ops::{Deref, DerefMut};

use pyo3::prelude::*;

use crate::raw::thin::{self, Object, Result};

/// A formatted message.
pub(crate) enum Message {
    /// A message without arguments.
    Literal(&'static str),
    /// A message that was formatted in Rust.
    Formatted(Buffer),
    /// A message template, and the text of each argument.
    Template(&'static str, Box<TemplateArgs>),
}

impl Message {
    /// Formats a message. A `Display` may run any code, so a detached thread calls this before it
    /// attaches.
    pub(crate) fn format(args: fmt::Arguments<'_>, template: Option<&'static str>) -> Message {
        if let Some(template) = template {
            let mut template_args = TemplateArgs {
                text: Buffer::take(),
                starts: Vec::new(),
            };
            if template_args.write_fmt(args).is_err() {
                // A `Display` that failed. Python needs as many arguments as there are placeholders.
                let wanted = count_placeholders(template);
                template_args
                    .starts
                    .resize(wanted, template_args.text.len());
            }
            return Message::Template(template, Box::new(template_args));
        }
        if let Some(literal) = args.as_str() {
            return Message::Literal(literal);
        }
        let mut buffer = Buffer::take();
        // If a `Display` fails, the text until then is logged.
        let _ = buffer.write_fmt(args);
        Message::Formatted(buffer)
    }

    /// Uses no more memory than the text needs.
    pub(crate) fn shrunk(self) -> Message {
        match self {
            Message::Literal(_) => self,
            Message::Formatted(buffer) => Message::Formatted(buffer.shrunk()),
            Message::Template(template, args) => {
                let TemplateArgs { text, starts } = *args;
                let text = text.shrunk();
                Message::Template(template, Box::new(TemplateArgs { text, starts }))
            }
        }
    }

    /// `record.msg`, if it is a constant of the program.
    pub(crate) fn constant(&self) -> Option<&'static str> {
        match self {
            Message::Literal(text) | Message::Template(text, _) => Some(text),
            Message::Formatted(_) => None,
        }
    }

    /// `record.msg`.
    pub(crate) fn msg<'py>(&self, py: Python<'py>) -> Result<Object<'py>> {
        thin::text(
            py,
            match self {
                Message::Literal(text) | Message::Template(text, _) => text,
                Message::Formatted(buffer) => buffer,
            },
        )
    }

    /// `record.args`, if there are any.
    pub(crate) fn args<'py>(&self, py: Python<'py>) -> Result<Option<Object<'py>>> {
        match self {
            Message::Literal(_) | Message::Formatted(_) => Ok(None),
            Message::Template(_, args) => {
                let mut texts = Vec::new();
                for text in args.to_vec() {
                    texts.push(thin::text(py, text)?);
                }
                thin::tuple(py, &texts).map(Some)
            }
        }
    }
}

/// How many `%s` there are.
fn count_placeholders(template: &str) -> usize {
    let mut bytes = template.bytes();
    let mut count = 0;
    while let Some(byte) = bytes.next() {
        // `%%` is a percent sign.
        if byte == b'%' && bytes.next() == Some(b's') {
            count += 1;
        }
    }
    count
}

/// The text of the message.
#[cfg(feature = "log")]
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (template, args) = match self {
            Message::Literal(text) => return f.write_str(text),
            Message::Formatted(buffer) => return f.write_str(buffer),
            Message::Template(template, args) => (template, args.to_vec()),
        };
        let mut args = args.into_iter();
        let mut rest = *template;
        while let Some(position) = rest.find('%') {
            f.write_str(&rest[..position])?;
            match rest[position..].starts_with("%s") {
                true => f.write_str(args.next().unwrap_or_default())?,
                false => f.write_char('%')?, // It is written `%%`.
            }
            rest = &rest[position + 2..];
        }
        f.write_str(rest)
    }
}

/// Stands before each argument in the format string of a message template, and separates the arguments.
#[derive(Debug)]
pub struct ArgumentMark;

/// Recognized by its address, since an argument can have the same text.
static MARK: &str = "an argument begins";

impl fmt::Display for ArgumentMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)
    }
}

/// The texts of the arguments of a message template.
pub(crate) struct TemplateArgs {
    /// All texts, concatenated.
    text: Buffer,
    /// Where each of them starts.
    starts: Vec<usize>,
}

impl TemplateArgs {
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

impl Write for TemplateArgs {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if std::ptr::eq(text, MARK) {
            self.starts.push(self.text.len());
            return Ok(());
        }
        self.text.write_str(text)
    }
}

/// Bytes that a buffer has room for from the start. Most messages need no more.
const INITIAL_CAPACITY: usize = 1024;

/// Bytes. A larger buffer isn't reused.
const MAX_REUSED_CAPACITY: usize = 16 * 1024;

thread_local! {
    static BUFFER: Cell<String> = const { Cell::new(String::new()) };
}

/// A string that gives its memory back to the thread when it is dropped.
///
/// While one is in use, because a `Display` logs in turn, [`Buffer::take`] allocates another one.
pub(crate) struct Buffer(String);

impl Buffer {
    pub(crate) fn take() -> Buffer {
        // At the end of a thread the variable may be gone.
        let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
        buffer.reserve(INITIAL_CAPACITY);
        Buffer(buffer)
    }

    /// Copies the text into memory of its own size, and gives the buffer back.
    pub(crate) fn shrunk(self) -> Buffer {
        Buffer(String::from(&*self.0))
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.0);
        if (INITIAL_CAPACITY..=MAX_REUSED_CAPACITY).contains(&buffer.capacity()) {
            buffer.clear();
            let _ = BUFFER.try_with(|kept| kept.set(buffer));
        }
    }
}

impl Deref for Buffer {
    type Target = String;

    fn deref(&self) -> &String {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut String {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(args: fmt::Arguments<'_>) -> Vec<String> {
        match Message::format(args, Some("")) {
            Message::Template(_, args) => args.to_vec().into_iter().map(Into::into).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    #[cfg(feature = "log")]
    fn a_template_is_formatted_as_python_does() {
        let args = format_args!("{ArgumentMark}{}{ArgumentMark}{}", "a%s", 2);
        let message = Message::format(args, Some("100%% of %s%%s, %s"));
        assert_eq!(message.to_string(), "100% of a%s%s, 2");
    }

    #[test]
    fn arguments_are_separated() {
        assert_eq!(
            texts(format_args!("{ArgumentMark}{}{ArgumentMark}{:>3}", "", 1)),
            ["", "  1"]
        );
        // The same text at another address.
        let same = String::from(MARK);
        assert_eq!(
            texts(format_args!("{ArgumentMark}{same}{ArgumentMark}{same}x")),
            [same.clone(), same + "x"]
        );
    }
}
