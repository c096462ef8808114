//! `cargo xtask fingerprints`: which functions of `logging` pylog doesn't know in each Python found.

use crate::run::{Result, command, headline, root, run};
use crate::{extension, python};

pub(crate) fn fingerprints() -> Result {
    let modules = extension::build()?;
    headline("Functions that runtime/src/stock/known.rs lacks");
    for python in python::all()? {
        // Without docstrings, the constants of a function are others.
        for options in [&[][..], &["-OO"]] {
            let mut program = command(&python.executable);
            program
                .args(options)
                .arg(root().join("tests/python/programs/fingerprints.py"));
            run(
                program.env("PYTHONPATH", &modules),
                "The output above has the cause.",
            )?;
        }
    }
    Ok(())
}
