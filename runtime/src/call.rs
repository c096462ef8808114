//! One call that logs, free of the user's types: what is delivered, at once or later.

use pyo3::prelude::*;

use crate::callsite::Callsite;
use crate::data::{Evaluated, Keywords};
use crate::message::Message;
use crate::origin::Origin;
use crate::record::{Content, Text};
use crate::{Level, delivery};

pub(crate) struct Call<'a> {
    pub(crate) callsite: &'static Callsite,
    pub(crate) level: Level,
    pub(crate) message: Message,
    pub(crate) data: Evaluated<'a>,
    /// Whether the callsite knew that Python accepts the level.
    pub(crate) accepted: bool,
    /// Where it goes if not to the callsite's own logger.
    pub(crate) logger: Option<Py<PyAny>>,
}

impl<'a> Call<'a> {
    /// As it can be kept for later; a call that needs Python for that comes back as it is.
    pub(crate) fn into_queued(self) -> Result<Queued, Call<'a>> {
        if self.logger.is_some() {
            return Err(self);
        }
        let data = match self.data.into_owned() {
            Ok(data) => data,
            Err(data) => return Err(Call { data, ..self }),
        };
        Ok(Queued {
            callsite: self.callsite,
            level: self.level,
            accepted: self.accepted,
            message: self.message.fitted(),
            data: (!data.is_empty()).then(|| Box::new(data)),
            origin: Origin::here(),
        })
    }

    /// Makes the record and has it handled.
    ///
    /// # Errors
    /// What Python raises.
    pub(crate) fn deliver(&self, py: Python<'_>) -> PyResult<()> {
        let keywords = self.data.keywords(py)?;
        let content = content(self.callsite, self.level, &self.message, keywords, None);
        if let Some(logger) = &self.logger {
            return delivery::deliver_to(logger.bind(py), &content);
        }
        // One that was accepted from memory may still be refused by `Logger.disabled`. One that Python
        // was asked about just now need not be answered the same again.
        deliver(self.callsite, &content, !self.accepted, py).map(drop)
    }
}

/// The same, to be delivered later. As small as may be, since many wait.
pub(crate) struct Queued {
    callsite: &'static Callsite,
    level: Level,
    /// Whether it was known then that Python accepts the level.
    pub(crate) accepted: bool,
    message: Message,
    data: Option<Box<Evaluated<'static>>>,
    pub(crate) origin: Origin,
}

impl Queued {
    pub(crate) fn callsite(&self) -> &'static Callsite {
        self.callsite
    }

    /// Makes the record and has it handled, unless its level is refused. Whether it wasn't.
    ///
    /// # Errors
    /// What Python raises.
    pub(crate) fn deliver(&self, py: Python<'_>) -> PyResult<bool> {
        let keywords = match &self.data {
            Some(data) => data.keywords(py)?,
            None => Keywords::default(),
        };
        let origin = Some(&self.origin);
        let content = content(self.callsite, self.level, &self.message, keywords, origin);
        // What was accepted then is accepted. Of others nothing is known.
        deliver(self.callsite, &content, self.accepted, py)
    }
}

fn content<'a, 'py>(
    callsite: &'static Callsite,
    level: Level,
    message: &'a Message,
    keywords: Keywords<'py>,
    origin: Option<&'a Origin>,
) -> Content<'a, 'py> {
    Content {
        metadata: callsite.metadata(),
        level,
        text: Text {
            message,
            processed: None,
        },
        keywords,
        keeps_all: true,
        origin,
    }
}

/// To the callsite's own logger, if that accepts the level or `is_settled`. Whether it was.
fn deliver(
    callsite: &'static Callsite,
    content: &Content<'_, '_>,
    is_settled: bool,
    py: Python<'_>,
) -> PyResult<bool> {
    let Some((logger, own)) = callsite.logger(py, content.level, is_settled)? else {
        return Ok(false);
    };
    let known = Some((callsite.template(), own));
    delivery::deliver(&logger, content, known).map(|()| true)
}
