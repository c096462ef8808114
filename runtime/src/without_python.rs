//! Calls before there is an interpreter. They go to the logger of the `log` crate, if the program has one: in
//! the unit tests of an extension that is usually `env_logger` or `test-log`.

use std::fmt;

use crate::event::message::Message;
use crate::level::Level;
use crate::metadata::Metadata;
use crate::python::exit;
use crate::raw::interpreter;

/// Whether there is no interpreter yet, and the logger of the `log` crate accepts the call.
pub(crate) fn accepts(metadata: &Metadata, level: Level) -> bool {
    // A call that came through pylog's bridge is from that logger.
    if metadata.is_of_log_crate() || exit::is_finalizing() || interpreter::is_initialized() {
        return false;
    }
    let level = level_of(level);
    let metadata = log::Metadata::builder()
        .level(level)
        .target(metadata.target)
        .build();
    level <= log::max_level() && log::logger().enabled(&metadata)
}

/// Logs a call that was accepted. The message alone: key-values have their form in Python.
pub(crate) fn log(
    metadata: &Metadata,
    level: Level,
    args: fmt::Arguments<'_>,
    template: Option<&'static str>,
) {
    let message = Message::format(args, template);
    log::logger().log(
        &log::Record::builder()
            .level(level_of(level))
            .target(metadata.target)
            .file_static(Some(metadata.file))
            .line(Some(metadata.line))
            .args(format_args!("{message}"))
            .build(),
    );
}

/// The level of the `log` crate that is the closest below.
fn level_of(level: Level) -> log::Level {
    let mut levels = log::Level::iter();
    let found = levels.find(|it| Level::from(*it) <= level);
    found.unwrap_or(log::Level::Trace)
}
