//! The message of one call, on its way to Python.

use std::fmt::{self, Write};

use crate::buffer::Buffer;

/// A formatted message.
pub(crate) enum Message {
    /// Without arguments.
    Literal(&'static str),
    /// With what the arguments made of it.
    Formatted(Buffer),
}

impl Message {
    /// To be called detached where the thread is, since a `Display` may do anything.
    pub(crate) fn format(args: fmt::Arguments<'_>) -> Message {
        if let Some(literal) = args.as_str() {
            return Message::Literal(literal);
        }
        let mut buffer = Buffer::take();
        // A `Display` that fails has written what it could; that is logged.
        let _ = buffer.write_fmt(args);
        Message::Formatted(buffer)
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Message::Literal(literal) => literal,
            Message::Formatted(buffer) => buffer,
        }
    }
}
