//! What `#[pylog::module]` does when Python imports the module.

use pyo3::prelude::*;

use crate::callsite::Metadata;
use crate::{delivery, logger};

/// Makes the crate that `module_path` is in log below the logger `name`, or else below the
/// module's own `__name__`.
pub fn init(module: &Bound<'_, PyAny>, metadata: &'static Metadata, name: Option<&'static str>) {
    delivery::attach(metadata, |py| {
        let name = match name {
            Some(name) => name.to_owned(),
            None => module.getattr("__name__")?.extract()?,
        };
        let root = metadata.target.split("::").next().unwrap_or_default();
        logger::rename_root(root, name);
        // So that `setLevel("TRACE")` works before the first record.
        logger::name_trace(py)
    });
}
