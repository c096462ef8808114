//! `cargo xtask compare`: drives pylog and pyo3-log with the same random reconfigurations and calls.

use crate::run::{Result, command, headline, run};
use crate::{extension, python};

const SEEDS: [&str; 3] = ["1", "2", "3"];
const STEPS: &str = "20000";

pub(crate) fn compare() -> Result {
    let modules = extension::build()?;
    extension::build_member("pylog-peer", &modules.join("pylog_peer.abi3.so"))?;
    for python in python::all()? {
        headline(&format!("{python}: {STEPS} steps of tests/python/model.py"));
        for seed in SEEDS {
            for module in ["pylog_probe._native", "pylog_peer"] {
                let mut model = command(&python.executable);
                model.args(["tests/python/model.py", module, seed, STEPS]);
                run(model.env("PYTHONPATH", &modules), "The model failed.")?;
            }
        }
    }
    Ok(())
}
