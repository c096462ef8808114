//! One call that logs, free of the user's types: what is delivered, at once or later.

use pyo3::prelude::*;

use crate::callsite::Callsite;
use crate::data::Evaluated;
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
    #[expect(clippy::result_large_err, reason = "the one is as large as the other")]
    pub(crate) fn into_owned(self) -> Result<Call<'static>, Call<'a>> {
        match self.data.into_owned() {
            Ok(data) => Ok(Call {
                callsite: self.callsite,
                level: self.level,
                message: self.message.fitted(),
                data,
                accepted: self.accepted,
                logger: self.logger,
            }),
            Err(data) => Err(Call { data, ..self }),
        }
    }

    /// As one that Python has accepted just now.
    pub(crate) fn settled(self) -> Call<'a> {
        Call {
            accepted: true,
            ..self
        }
    }

    /// Makes the record and has it handled. `origin` is where it comes from, if that isn't here and now.
    ///
    /// # Errors
    /// What Python raises.
    pub(crate) fn deliver(&self, py: Python<'_>, origin: Option<&Origin>) -> PyResult<()> {
        let content = Content {
            metadata: self.callsite.metadata(),
            level: self.level,
            text: Text {
                message: &self.message,
                processed: None,
            },
            keywords: self.data.keywords(py)?,
            keeps_all: true,
            origin,
        };
        if let Some(logger) = &self.logger {
            return delivery::deliver_to(logger.bind(py), &content);
        }
        // A call that is delivered at once and was accepted from memory: `Logger.disabled` may say no.
        // One that Python was asked about just now need not be answered the same again. Later it is
        // the other way round: one accepted then is accepted, of others nothing is known.
        let is_settled = self.accepted == origin.is_some();
        match self.callsite.logger(py, self.level, is_settled)? {
            Some(logger) => delivery::deliver(&logger, &content, Some(self.callsite.template())),
            None => Ok(()),
        }
    }
}
