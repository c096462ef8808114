//! Names with a meaning of their own: options, keyword arguments, attributes of a record.

use syn::{Error, Ident, Result};

pub(super) const DESTINATIONS: [&str; 2] = ["target", "logger"];
pub(super) const LIMITS: [&str; 3] = ["first_n", "every_n", "every"];

/// Whether a name is that of an option.
pub(super) fn is_option(name: &Ident) -> bool {
    DESTINATIONS
        .iter()
        .chain(&LIMITS)
        .any(|option| name == option)
}

/// Whether a name is that of a keyword argument of Python's calls.
pub(super) fn is_keyword(name: &Ident) -> bool {
    name == "exc_info" || name == "stack_info"
}

/// The names that no key may have: the attributes of a `LogRecord` in any version of Python, and what a
/// `Formatter` adds or calls.
pub(super) const RESERVED: [&str; 24] = [
    "args",
    "asctime",
    "created",
    "exc_info",
    "exc_text",
    "filename",
    "funcName",
    "getMessage",
    "levelname",
    "levelno",
    "lineno",
    "message",
    "module",
    "msecs",
    "msg",
    "name",
    "pathname",
    "process",
    "processName",
    "relativeCreated",
    "stack_info",
    "taskName",
    "thread",
    "threadName",
];

/// Reports a name that means something else to `pylog` or to Python. As a string it can be a key.
pub(super) fn check_name(name: &Ident) -> Result<()> {
    check_option(name)?;
    check_foreign_name(name)
}

/// Reports an option among the key-values.
pub(super) fn check_option(name: &Ident) -> Result<()> {
    if is_option(name) {
        let message = format!(
            "`{name}` is an option, which takes a colon and a comma: `{name}: …,` before the key-values \
             and the message"
        );
        return Err(Error::new(name.span(), message));
    }
    Ok(())
}

/// Reports a keyword argument of Python's calls that these calls don't have.
pub(super) fn check_foreign_name(name: &Ident) -> Result<()> {
    let message = match name.to_string().as_str() {
        "extra" => {
            "`extra` isn't needed: write its items as key-values before the message, `key = value; \"…\"`"
        }
        "stacklevel" => {
            "`stacklevel` has no meaning here: a record has the file and the line of the call"
        }
        _ => return Ok(()),
    };
    Err(Error::new(name.span(), message))
}

#[cfg(test)]
#[path = "../../../runtime/src/record/attributes.rs"]
mod attributes;

#[cfg(test)]
mod tests {
    use super::RESERVED;
    use super::attributes::{ATTRIBUTES, FORMATTER_ATTRIBUTES};

    #[test]
    fn the_reserved_names_are_the_attributes_of_a_record() {
        let mut expected = [&ATTRIBUTES[..], &FORMATTER_ATTRIBUTES].concat();
        expected.sort_unstable();
        assert_eq!(RESERVED[..], expected);
    }
}
