//! What `#[pylog::module]` does when Python imports the module.

use pyo3::prelude::*;

use crate::callsite::Metadata;
use crate::queue::{self, Delivery};
use crate::{delivery, logger, python};

/// Makes the crate of a module log as `name`, or else as the module's own `__name__`.
///
/// `metadata` is of the module's init function. An inline module is that Python module itself, so
/// what is in it takes the same name as the root of the crate.
#[track_caller]
pub fn init(
    module: &Bound<'_, PyAny>,
    metadata: &'static Metadata,
    is_inline: bool,
    name: Option<&'static str>,
    log: bool,
    queue: Option<usize>,
) {
    #[cfg(feature = "log")]
    if log {
        crate::bridge::init_module();
    }
    #[cfg(not(feature = "log"))]
    let _ = log;
    delivery::attach(metadata, |py| {
        python::import_all(py)?;
        let name = match name {
            Some(name) => name.to_owned(),
            None => module.getattr("__name__")?.extract()?,
        };
        let path = metadata.target;
        let root = path.split_once("::").map_or(path, |(root, _)| root);
        logger::rename(root, &name);
        if is_inline {
            logger::rename(path, &name);
        }
        queue::set_owner(root);
        if let Some(capacity) = queue {
            queue::set_delivery(py, Delivery::Queued(capacity))?;
        }
        // So that `setLevel("TRACE")` works before the first record.
        logger::name_trace(py)
    });
}
