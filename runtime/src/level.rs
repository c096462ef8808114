//! Levels, with Python's numbers.

use std::fmt;

/// The severity of a record: Python's `levelno`.
///
/// A greater level is more severe, as in Python's [`logging`]. In the `log` crate the order is the other
/// way round: `Level::Error < Level::Info`. Any number is a level. Each of the six constants has a macro
/// of its own.
///
/// ```
/// use pylog::Level;
///
/// const NOTICE: Level = Level::new(25);
/// assert!(Level::INFO < NOTICE && NOTICE < Level::WARN);
/// assert_eq!(Level::WARN.levelno(), 30);
/// assert_eq!(Level::WARN.to_string(), "WARNING");
/// assert_eq!(NOTICE.to_string(), "Level 25");
/// ```
///
/// [`logging`]: https://docs.python.org/3/library/logging.html#logging-levels
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(i32);

impl Level {
    /// Level 5, which Python doesn't have. pylog names it `TRACE`, unless the application has named it.
    pub const TRACE: Level = Level(5);
    /// Level 10, Python's `DEBUG`.
    pub const DEBUG: Level = Level(10);
    /// Level 20, Python's `INFO`.
    pub const INFO: Level = Level(20);
    /// Level 30, Python's `WARNING`.
    pub const WARN: Level = Level(30);
    /// Level 40, Python's `ERROR`.
    pub const ERROR: Level = Level(40);
    /// Level 50, Python's `CRITICAL`.
    pub const CRITICAL: Level = Level(50);

    /// The level with that number, for levels that are registered with [`logging.addLevelName`].
    ///
    /// Any number is allowed. By default Python refuses levels below 1, because `logging.disable` is 0 at
    /// first; so does pylog.
    ///
    /// [`logging.addLevelName`]: https://docs.python.org/3/library/logging.html#logging.addLevelName
    #[doc(alias = "addLevelName")]
    pub const fn new(levelno: i32) -> Level {
        Level(levelno)
    }

    /// The number of the level in Python.
    pub const fn levelno(self) -> i32 {
        self.0
    }
}

/// The constants as the `log` crate spells them, so that code that is written for it compiles.
#[allow(non_upper_case_globals)]
impl Level {
    /// [`Level::TRACE`] as the `log` crate spells it.
    pub const Trace: Level = Level::TRACE;
    /// [`Level::DEBUG`] as the `log` crate spells it.
    pub const Debug: Level = Level::DEBUG;
    /// [`Level::INFO`] as the `log` crate spells it.
    pub const Info: Level = Level::INFO;
    /// [`Level::WARN`] as the `log` crate spells it.
    pub const Warn: Level = Level::WARN;
    /// [`Level::ERROR`] as the `log` crate spells it.
    pub const Error: Level = Level::ERROR;
}

/// The level of the same name; `Trace` is level 5.
///
/// ```
/// assert_eq!(pylog::Level::from(log::Level::Warn), pylog::Level::WARN);
/// ```
#[cfg(feature = "log")]
impl From<log::Level> for Level {
    fn from(level: log::Level) -> Level {
        match level {
            log::Level::Error => Level::ERROR,
            log::Level::Warn => Level::WARN,
            log::Level::Info => Level::INFO,
            log::Level::Debug => Level::DEBUG,
            log::Level::Trace => Level::TRACE,
        }
    }
}

/// The name that [`logging.getLevelName`] gives if the application has named no levels itself.
///
/// [`logging.getLevelName`]: https://docs.python.org/3/library/logging.html#logging.getLevelName
impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Level::TRACE => "TRACE",
            Level::DEBUG => "DEBUG",
            Level::INFO => "INFO",
            Level::WARN => "WARNING",
            Level::ERROR => "ERROR",
            Level::CRITICAL => "CRITICAL",
            Level(levelno) => return write!(f, "Level {levelno}"),
        })
    }
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Level({})", self.0)
    }
}
