//! The attributes of a `LogRecord`.

/// The attributes, in the order in which `LogRecord.__init__` sets them. Python 3.12 added the last one.
pub(crate) const ATTRIBUTES: [&str; 21] = [
    "name",
    "msg",
    "args",
    "levelname",
    "levelno",
    "pathname",
    "filename",
    "module",
    "exc_info",
    "exc_text",
    "stack_info",
    "lineno",
    "funcName",
    "created",
    "msecs",
    "relativeCreated",
    "thread",
    "threadName",
    "processName",
    "process",
    "taskName",
];

/// The attributes that a `Formatter` adds to a record, and the method that it calls. `Logger.makeRecord` refuses the
/// first two as keys, like the [`ATTRIBUTES`].
pub(crate) const FORMATTER_ATTRIBUTES: [&str; 3] = ["message", "asctime", "getMessage"];
