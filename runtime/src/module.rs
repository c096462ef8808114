//! What `#[pylog::module]` does when Python imports the module.

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

use crate::logger::{levels, names};
use crate::metadata::Metadata;
use crate::python::attach::attach;
use crate::python::library;
use crate::python::raised::attempt;
use crate::queue::drain;
use crate::raw::interpreter;
use crate::raw::list::List;
use crate::raw::thin::{Exception, Name, Result, Thin};

/// An import of a module with the attribute.
struct Import {
    /// The crate.
    root: &'static str,
    /// The `__name__` of the module.
    module: String,
    /// The name under which the crate logs from then on.
    logger: String,
}

/// The imports that changed the name of a crate. The last one of a crate holds.
static IMPORTS: List<Import> = List::new();

/// The options of `#[pylog::module]`.
pub struct Options {
    /// Whether the module is an inline `mod`. That is the Python module itself, so its path takes the same
    /// name as the root of the crate.
    pub is_inline: bool,
    /// The name to log under, if it isn't that of the module.
    pub logger: Option<&'static str>,
    /// Helper crates, which log below that name.
    pub crates: &'static [&'static str],
    /// Whether to install the bridge, and its filters: a target, or "" for all others, and the number of a
    /// `log::LevelFilter`.
    pub log: Option<&'static [(&'static str, u8)]>,
    /// Installs the subscriber of `tracing`, if it is wanted.
    pub tracing: Option<fn(Python<'_>) -> PyResult<()>>,
    /// Sets the delivery, unless it is the default.
    pub delivery: Option<fn(Python<'_>) -> PyResult<()>>,
}

/// Makes the crate of a module log as its options say. `metadata` is that of the module's init function.
///
/// # Errors
/// An `ImportError` in a subinterpreter.
#[track_caller]
pub fn init(
    module: &Bound<'_, PyAny>,
    metadata: &'static Metadata,
    options: &'static Options,
) -> PyResult<()> {
    let py = module.py();
    attempt(py, interpreter::prepare(py));
    if !interpreter::is_main(py) {
        let message = "this module can't be imported in a subinterpreter: its Rust code logs by pylog, which logs in \
                       the main interpreter";
        return Err(PyImportError::new_err(message));
    }
    #[cfg(feature = "log")]
    if let Some(filters) = options.log {
        crate::bridge::installed::init_module(filters);
    }
    #[cfg(not(feature = "log"))]
    let _ = options.log;
    attach(metadata, |py| {
        library::find_all(py)?;
        let module: String = module.get(Name::__name__)?.extract()?;
        let name = options.logger.unwrap_or_else(|| name_of(&module));
        let path = metadata.target;
        let root = path.split_once("::").map_or(path, |(root, _)| root);
        names::rename(root, name);
        if options.is_inline {
            names::rename(path, name);
        }
        for helper in options.crates {
            // With the name of the crate, so that its modules and those of this crate stay apart.
            names::rename(helper, &format!("{name}.{helper}"));
        }
        drain::set_owner(root);
        if let Some(set_delivery) = options.delivery {
            match interpreter::prepare(py) {
                Ok(()) => set_delivery(py)?,
                Err(error) => warn_of_direct_delivery(py, root, error)?,
            }
        }
        if let Some(install) = options.tracing {
            install(py)?;
        }
        // So that `setLevel("TRACE")` works before the first record.
        attempt(py, levels::name_trace(py));
        warn_of_second_name(py, root, &module, name)
    });
    Ok(())
}

/// The name under which the crate of a module logs by default. A doubled last segment counts once: maturin
/// installs a project without Python files as `orders/orders.*.so`. Its users import `orders`, and its
/// `__name__` is `orders.orders`.
fn name_of(module: &str) -> &str {
    let Some((package, last)) = module.rsplit_once('.') else {
        return module;
    };
    match package.strip_suffix(last) {
        Some(rest) if rest.is_empty() || rest.ends_with('.') => package,
        _ => module,
    }
}

/// Issues a `RuntimeWarning` that records aren't queued, for one of the reasons of [`interpreter::prepare`].
fn warn_of_direct_delivery(py: Python<'_>, root: &str, error: Exception) -> Result<()> {
    let message = format!(
        "the records of the Rust crate `{root}` are not queued, so a thread that holds the GIL must not \
         wait for a thread that logs: {}",
        error.value(py)
    );
    library::warn(py, &message)
}

/// Issues a `RuntimeWarning` if another module of the crate has given the crate another name.
fn warn_of_second_name(
    py: Python<'_>,
    root: &'static str,
    module: &str,
    logger: &str,
) -> Result<()> {
    let imports = IMPORTS.iter().map(|(_, import)| import);
    let earlier = imports.filter(|import| import.root == root).last();
    if earlier.is_some_and(|earlier| earlier.logger == logger) {
        return Ok(());
    }
    IMPORTS.push(Import {
        root,
        module: module.to_owned(),
        logger: logger.to_owned(),
    });
    let Some(earlier) = earlier else {
        return Ok(());
    };
    let message = format!(
        "the modules {:?} and {module:?} are of one Rust crate, `{root}`, and both have \
         `#[pylog::module]`: the crate logged to {:?}, and logs to {logger:?} from now on; keep the \
         attribute on one of them, or give both the same `logger`",
        earlier.module, earlier.logger
    );
    library::warn(py, &message)
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_doubled_last_segment_counts_once() {
        for (module, name) in [
            ("orders.orders", "orders"),
            ("a.b.b", "a.b"),
            ("a.a.a", "a.a"),
            ("orders", "orders"),
            ("orders._native", "orders._native"),
            ("a.a.b", "a.a.b"),
            ("reorders.orders", "reorders.orders"),
            ("a.ab.b", "a.ab.b"),
        ] {
            assert_eq!(name_of(module), name);
        }
    }
}
