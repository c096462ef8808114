//! `#[pylog::module]` on every form of module.

use pylog::testing::Capture;
use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyModule};
use pyo3::wrap_pymodule;

/// This is one test, because the name belongs to the whole crate.
#[test]
fn the_crate_takes_the_name_of_the_last_module_that_was_imported() {
    assert_eq!(name_here(), "embedded.modules");
    let mut earlier: Option<(String, &str)> = None;
    for (name, import) in FORMS {
        Python::attach(|py| {
            let (module, warnings) = with_warnings(py, import);
            let answer = module.getattr("answer").and_then(|it| it.extract::<u32>());
            // The attribute keeps the rest of the module. `underscore` defines no `answer`.
            assert_eq!(answer.ok(), (name != "underscore").then_some(42), "{name}");

            let module = module.name().expect("a name").to_string();
            match earlier.take() {
                Some((earlier, earlier_name)) if earlier_name != name => {
                    let [warning] = &warnings[..] else {
                        panic!("one warning: {warnings:?}");
                    };
                    let modules = format!("modules {earlier:?} and {module:?}");
                    let names = format!("to {earlier_name:?}, and logs to {name:?} from now on");
                    assert!(warning.contains(&modules), "{warning}");
                    assert!(warning.contains("`embedded`"), "{warning}");
                    assert!(warning.contains(&names), "{warning}");
                }
                _ => assert_eq!(warnings, [""; 0]),
            }
            earlier = Some((module, name));
        });
        assert_eq!(name_here(), format!("{name}.modules"));
    }
    // An inline module is the Python module, so its calls log under the module's name.
    let capture = Capture::new("inline", pylog::Level::WARN);
    inline::log();
    let records = capture.take();
    assert_eq!(records[0].name, "inline");
}

/// Imports a module, and returns the `RuntimeWarning`s that this issues.
fn with_warnings(py: Python<'_>, import: Import) -> (Bound<'_, PyModule>, Vec<String>) {
    let recorded = || {
        let library = py.import("warnings")?;
        let options = [("record", true)].into_py_dict(py)?;
        let recorder = library.call_method("catch_warnings", (), Some(&options))?;
        let warnings = recorder.call_method0("__enter__")?;
        library.call_method1("simplefilter", ("always",))?;
        let module = import(py).into_bound(py);
        recorder.call_method1("__exit__", (py.None(), py.None(), py.None()))?;
        let warnings = warnings.try_iter()?.map(|warning| {
            let warning = warning?;
            assert!(
                warning
                    .getattr("category")?
                    .is(py.get_type::<PyRuntimeWarning>())
            );
            warning.getattr("message")?.str()?.extract()
        });
        Ok((module, warnings.collect::<PyResult<_>>()?))
    };
    recorded().unwrap_or_else(|error: PyErr| panic!("{error}"))
}

/// The logger of a call in this module.
fn name_here() -> String {
    let capture = Capture::new("", pylog::Level::WARN);
    pylog::warn!("here");
    let records = capture.take();
    let here = records
        .into_iter()
        .find(|it| it.message == "here")
        .expect("it was logged");
    here.name
}

type Import = fn(Python<'_>) -> Py<PyModule>;

/// The name that each takes, and how it is imported.
const FORMS: [(&str, Import); 8] = [
    ("plain", |py| wrap_pymodule!(plain)(py)),
    ("underscore", |py| wrap_pymodule!(underscore)(py)),
    ("with_python", |py| wrap_pymodule!(with_python)(py)),
    ("own.own", |py| wrap_pymodule!(named)(py)),
    ("inline", |py| wrap_pymodule!(inline)(py)),
    ("with_init", |py| wrap_pymodule!(with_init)(py)),
    ("elsewhere", |py| wrap_pymodule!(with_path)(py)),
    ("elsewhere", |py| wrap_pymodule!(same_name)(py)),
];

#[pylog::module]
#[pymodule]
fn plain(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("answer", 42)
}

#[pylog::module()]
#[pymodule]
fn underscore(_: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

#[pylog::module]
#[pymodule]
fn with_python(_py: Python<'_>, m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("answer", 42)
}

#[pylog::module(logger = "own.own")]
#[pymodule]
fn named(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("answer", 42)
}

#[pylog::module]
#[pymodule]
mod inline {
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const answer: u32 = 42;

    pub(crate) fn log() {
        pylog::warn!("from within");
    }
}

#[pylog::module]
#[pymodule]
mod with_init {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("answer", 42)
    }
}

mod deep {
    pub(crate) use pylog as renamed;
}

#[pylog::module(crate = crate::modules::deep::renamed, logger = "elsewhere")]
#[pymodule]
#[pyo3(name = "another")]
fn with_path(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("answer", 42)
}

#[pylog::module(logger = "elsewhere")]
#[pymodule]
fn same_name(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("answer", 42)
}
