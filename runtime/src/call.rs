//! One call that may log, free of the user's types: it is delivered at once, or queued.

use std::fmt;

use pyo3::prelude::*;

use crate::added_attributes;
use crate::callsite::site::{Callsite, Decision};
use crate::deliver::{deliver, deliver_to};
use crate::event::keywords::Attributes;
use crate::event::keywords::{Arguments, Keywords};
use crate::event::message::Message;
use crate::event::origin::Origin;
use crate::level::Level;
use crate::logger::levels;
use crate::python::loose::Loose;
use crate::raw::thin::{self, Name, Result, Stored, Thin};
use crate::record::content::Content;

/// What few calls have.
#[derive(Default)]
struct Extra<'a> {
    values: Option<Box<dyn Arguments + 'a>>,
    /// What the `logger:` option says.
    target: Option<Target>,
    /// The attribute `dropped` of a WARNING of pylog's own.
    dropped: Option<usize>,
}

/// Another logger than that of the callsite.
struct Target {
    logger: Loose<Stored>,
    /// [`deliver_to`], to which only calls with such a logger lead.
    deliver: DeliverTo,
}

type DeliverTo =
    for<'py> fn(&Bound<'py, PyAny>, Content<'_, 'py>, Option<&dyn Arguments>) -> Result<()>;

/// A call. Small, since many can be queued.
pub(crate) struct Call<'a> {
    pub(crate) callsite: &'static Callsite,
    pub(crate) level: Level,
    pub(crate) decision: Decision,
    /// Whether the thread waits for the delivery.
    pub(crate) is_awaited: bool,
    message: Message,
    extra: Option<Box<Extra<'a>>>,
    /// When and where a queued call was made.
    pub(crate) origin: Option<Origin>,
}

impl<'a> Call<'a> {
    /// Formats the message and converts the values. They may run any code, so a detached thread does
    /// this before it attaches.
    pub(crate) fn new(
        callsite: &'static Callsite,
        level: Level,
        decision: Decision,
        args: fmt::Arguments<'_>,
        keywords: Keywords<'a>,
    ) -> Call<'a> {
        let message = Message::format(args, keywords.template);
        let mut values = keywords.evaluate(callsite.metadata());
        added_attributes::add_to(&mut values);
        Call {
            callsite,
            level,
            decision,
            is_awaited: false,
            message,
            extra: values.map(|values| {
                Box::new(Extra {
                    values: Some(values),
                    ..Extra::default()
                })
            }),
            origin: None,
        }
    }

    /// Sends the call to the Python logger of a `logger:` option.
    pub(crate) fn with_logger(mut self, logger: Loose<Stored>) -> Call<'a> {
        let deliver = deliver_to;
        self.extra.get_or_insert_default().target = Some(Target { logger, deliver });
        self
    }

    pub(crate) fn set_dropped(&mut self, dropped: usize) {
        self.extra.get_or_insert_default().dropped = Some(dropped);
    }

    fn values(&self) -> Option<&dyn Arguments> {
        self.extra.as_ref()?.values.as_deref().map(|it| it as _)
    }

    /// Whether [`Call::into_queued`] needs Python.
    pub(crate) fn needs_python(&self) -> bool {
        self.values().is_some_and(Arguments::need_python)
    }

    /// Makes a call that can be delivered later, in another thread. `py` if the thread is attached. Runs no
    /// Python code.
    pub(crate) fn into_queued(self, origin: Origin, py: Option<Python<'_>>) -> Call<'static> {
        Call {
            callsite: self.callsite,
            level: self.level,
            // A level that is accepted now counts as accepted when the call is delivered.
            decision: match self.decision {
                Decision::Cached | Decision::Accepted => Decision::Accepted,
                Decision::Undecided => Decision::Undecided,
            },
            is_awaited: self.is_awaited,
            message: self.message.shrunk(),
            extra: self.extra.map(|extra| {
                Box::new(Extra {
                    values: extra.values.map(|values| values.into_owned(py)),
                    target: extra.target,
                    dropped: extra.dropped,
                })
            }),
            origin: Some(origin),
        }
    }

    /// Makes the record and handles it, unless the logger refuses the level. Returns whether it
    /// accepted it.
    pub(crate) fn deliver(&self, py: Python<'_>) -> Result<bool> {
        let is_accepted = self.deliver_if_accepted(py)?;
        if !is_accepted {
            self.give_back();
        }
        Ok(is_accepted)
    }

    /// Undoes the count of a limited call that isn't logged after all.
    pub(crate) fn give_back(&self) {
        if let Some(values) = self.values() {
            values.give_back();
        }
    }

    fn deliver_if_accepted(&self, py: Python<'_>) -> Result<bool> {
        let values = self.values();
        let content = |attributes| Content {
            caller: self.callsite,
            level: self.level,
            message: &self.message,
            processed: None,
            attributes,
            origin: self.origin.as_ref(),
        };
        let target = self.extra.as_ref().and_then(|extra| extra.target.as_ref());
        if let Some(target) = target {
            let logger = target.logger.bind(py);
            if self.decision == Decision::Undecided && !levels::is_enabled_for(logger, self.level)?
            {
                return Ok(false);
            }
            let content = content(Attributes::default());
            return (target.deliver)(logger, content, values).map(|()| true);
        }
        let found = self.callsite.logger(py, self.level, self.decision)?;
        let Some((logger, dict)) = found else {
            return Ok(false);
        };
        let mut attributes = match values {
            Some(values) => values.attributes(py, self.callsite)?,
            None => Attributes::default(),
        };
        if let Some(dropped) = self.extra.as_ref().and_then(|extra| extra.dropped) {
            let extra = attributes
                .extra
                .take()
                .map_or_else(|| thin::dict(py), |it| Ok(it.into()))?;
            extra.set_entry(Name::dropped, &*thin::number(py, dropped as i64)?)?;
            attributes.extra = Some(extra.into_bound());
        }
        let of_callsite = Some((&self.callsite.state().records, &dict));
        deliver(&logger, &content(attributes), of_callsite).map(|()| true)
    }
}
