//! What `#[pylog::module]` does when Python imports the module.

use pyo3::prelude::*;

use crate::logger::{levels, names};
use crate::metadata::Metadata;
use crate::python::attach::attach;
use crate::python::library;
use crate::queue::drain;
use crate::queue::mode::{self, Delivery};

/// Makes the crate of a module log as `name`, or else as the module's own `__name__`.
///
/// `metadata` is that of the module's init function. An inline module is the Python module itself, so
/// its path takes the same name as the root of the crate.
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
        crate::bridge::init::init_module();
    }
    #[cfg(not(feature = "log"))]
    let _ = log;
    attach(metadata, |py| {
        library::import_all(py)?;
        let name = match name {
            Some(name) => name.to_owned(),
            None => module.getattr("__name__")?.extract()?,
        };
        let path = metadata.target;
        let root = path.split_once("::").map_or(path, |(root, _)| root);
        names::rename(root, &name);
        if is_inline {
            names::rename(path, &name);
        }
        drain::set_owner(root);
        if let Some(capacity) = queue {
            mode::set_delivery(py, Delivery::Queued(capacity))?;
        }
        // So that `setLevel("TRACE")` works before the first record.
        levels::name_trace(py)
    });
}
