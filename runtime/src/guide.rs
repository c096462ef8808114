//! The guide: chapters for people who write extensions, and for people who run them.
//!
//! | chapter | content |
//! |---|---|
//! | [`authors`] | calls, values, limits, templates |
//! | [`names`] | the names of the loggers |
//! | [`static_levels`] | calls that are not in the binary |
//! | [`delivery`] | direct and queued delivery, deadlocks, contexts |
//! | [`errors`] | exceptions in handlers, signals, the end of the program |
//! | [`reconfiguration`] | which changes of the configuration are seen, and when |
//! | [`applications`] | for people who run the extension: loggers, levels, `dictConfig`, queues |
//! | [`tools`] | loguru, structlog, Sentry, OpenTelemetry, pytest, gunicorn and other tools |
//! | [`pyo3_log`] | moving from pyo3-log |
//! | [`mod@tracing`] | events and spans of the `tracing` crate |
//! | [`testing`] | tests in Rust and in Python |
//! | [`cost`] | what a call costs, all figures |
//! | [`questions`] | why is nothing logged, and other questions |
//! | [`support`] | versions, tests at the end of processes, known limits |
//! | [`features`] | the cargo features |
//! | [`comparison`] | pylog beside pyo3-log, `log` and `tracing` |

// A link of a chapter goes to the file that the chapter's end names for it, where the repository shows the chapter as a
// file. Here it goes to the item that `guide_links.md` names: the first definition of a link applies. Doc tests don't have it, so that they are named after the chapter's file and
// its lines.
macro_rules! chapters {
    ($($(#[$attribute:meta])* $name:ident)+) => {$(
        $(#[$attribute])*
        #[cfg_attr(not(doctest), doc = include_str!("guide_links.md"))]
        #[doc = include_str!(concat!("../docs/", stringify!($name), ".md"))]
        pub mod $name {}
    )+};
}

chapters! {
    #[doc(alias = "extra")]
    authors
    #[doc(alias = "getLogger")]
    names
    #[doc(alias = "PYLOG_MAX_LEVEL")]
    static_levels
    #[doc(alias = "deadlock")]
    #[doc(alias = "hang")]
    #[doc(alias = "thread")]
    delivery
    #[doc(alias = "exception")]
    #[doc(alias = "signal")]
    errors
    #[doc(alias = "setLevel")]
    reconfiguration
    #[doc(alias = "dictConfig")]
    applications
    tools pyo3_log tracing
    #[doc(alias = "caplog")]
    #[doc(alias = "env_logger")]
    #[doc(alias = "libpython")]
    testing
    #[allow(clippy::doc_markdown, reason = "the benchmark names the rows of the table")]
    #[doc(alias = "performance")]
    #[doc(alias = "size")]
    cost
    #[doc(alias = "hang")]
    #[doc(alias = "watchdog")]
    #[doc(alias = "PYLOG_WATCHDOG")]
    questions
    support features comparison
}
