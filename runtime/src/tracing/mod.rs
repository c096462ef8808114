//! The events and spans of the [`tracing`] crate become records of Python's `logging`.
//!
//! This is the cargo feature `tracing`, which is off by default. With it, `#[pylog::module(tracing = true)]` installs
//! a subscriber at import, unless the extension has a default subscriber already. To combine it with
//! other layers, install a subscriber with [`layer`] yourself:
//!
//! ```
//! use tracing_subscriber::layer::SubscriberExt;
//!
//! let subscriber = tracing_subscriber::registry()
//!     .with(pylog::tracing::layer())
//!     .with(tracing_subscriber::fmt::layer());
//! // `init()` would also take the place of pylog's bridge as the logger of the `log` crate, and panic.
//! tracing::subscriber::set_global_default(subscriber)?;
//!
//! let request = tracing::info_span!("request", id = 7, user = tracing::field::Empty);
//! let _entered = request.enter();
//! request.record("user", "ada");
//! tracing::warn!(rows = 3, "slow query");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The event becomes a record of the logger that its target names, by the same rules as a call of
//! [`warn!`](crate::warn). A level of `tracing` becomes the level of that name; TRACE is 5. The record has
//!
//! - the text of the field `message` as its message,
//! - each other field as an attribute: numbers, `bool`, text and bytes with their types, and everything else as the
//!   text of its `Debug`,
//! - the first field that is a `&dyn Error` also as `exc_info`, with its sources,
//! - `span`, the name of the innermost span, and `spans`, a list with a dict for each span from the
//!   outermost on: its `name` and its fields, also those that were recorded later,
//! - the fields of the spans as attributes, those of inner spans first, where nothing else has the name,
//! - `pathname` and `lineno` of the event, and the path of its module as `funcName`.
//!
//! A name that every record has gets an underscore at its end. Records of pylog's own macros and of the `log` crate within
//! a span have the attributes of the span, too, so that [`tracing::instrument`](https://docs.rs/tracing/latest/tracing/attr.instrument.html)
//! and these calls go together. For that the subscriber has to be based on the
//! [`Registry`].
//!
//! Python decides which events and spans are on: an event or span is on if `isEnabledFor` of its logger accepts its
//! level at that moment. A span that is off isn't in `spans`. Other layers of the same registry see everything that they
//! want to see. (Beside other layers, `tracing::enabled!` can be true for what Python refuses: it doesn't ask the filters of
//! single layers.) The maximum level of `tracing` is the most verbose level that any Python logger accepts, so an event
//! below that costs what it costs with a `LevelFilter` of `tracing-subscriber`. Delivery, contexts and
//! exceptions are the same as for the macros; see [`guide::tracing`](mod@crate::guide::tracing). In the repository, `examples/fetch` is an
//! async HTTP client and server whose records have their spans and the request id of a context variable.
//!
//! [`tracing`]: https://docs.rs/tracing

mod callsites;
mod fields;
mod hint;
mod layer;
mod levels;
mod spans;

use pyo3::prelude::*;
use tracing_core::{Dispatch, Subscriber, dispatcher};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

use self::layer::Records;
use self::levels::Levels;
use crate::event::keywords::ADD_SPANS;
use crate::python::library;
use crate::raw::once::RunOnce;
use crate::raw::thin::{Exception, Result};

/// A layer that makes records of events, with the defaults of [`Options`].
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let subscriber = tracing_subscriber::registry().with(pylog::tracing::layer());
/// # drop(subscriber);
/// ```
pub fn layer<S>() -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    Options::default().layer()
}

/// What a [`layer`] makes records of, and what they have.
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let options = pylog::tracing::Options::default()
///     .span_attributes(false)
///     .span_events(true);
/// let subscriber = tracing_subscriber::registry().with(options.layer());
/// # drop(subscriber);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Options {
    span_attributes: bool,
    span_events: bool,
}

/// The fields of spans are attributes. Spans make no records.
impl Default for Options {
    fn default() -> Options {
        Options {
            span_attributes: true,
            span_events: false,
        }
    }
}

impl Options {
    /// Whether the fields of the spans that an event is in become attributes of its record.
    #[must_use]
    pub fn span_attributes(self, span_attributes: bool) -> Options {
        Options {
            span_attributes,
            ..self
        }
    }

    /// Whether a span makes two records: `new`, and `close` with the attributes `time_busy`, the seconds for which it was
    /// entered, and `time_idle`, the others. They have the level and the logger of the span.
    #[must_use]
    pub fn span_events(self, span_events: bool) -> Options {
        Options {
            span_events,
            ..self
        }
    }

    /// A layer with these options.
    pub fn layer<S>(self) -> impl Layer<S> + Send + Sync
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        begin();
        let decides = false;
        Records {
            options: self,
            decides,
        }
        .with_filter(Levels)
    }
}

/// Makes the maximum level of `tracing` follow Python, and other calls know their spans.
fn begin() {
    levels::follow_python();
    ADD_SPANS.get_or_make(|| spans::add_current);
}

/// Installs the subscriber of `#[pylog::module(tracing = true)]`.
///
/// # Errors
/// A `RuntimeWarning` that the program turns into an exception.
#[doc(hidden)]
pub fn install(py: Python<'_>) -> PyResult<()> {
    static INSTALLED: RunOnce = RunOnce::new();
    let install = || -> Result<()> {
        begin();
        let subscriber = Registry::default().with(Records {
            options: Options::default(),
            decides: true,
        });
        dispatcher::set_global_default(Dispatch::new(subscriber)).or_else(|_| {
            let message = "this extension has a default subscriber of `tracing` already, so its events don't reach \
                           Python's logging: add `pylog::tracing::layer()` to that subscriber, and remove \
                           `tracing = true`";
            library::warn(py, message)
        })
    };
    INSTALLED.run(install).map_err(Exception::into_inner)
}
