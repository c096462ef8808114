//! Whether an exception comes from the handler of a signal.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::is_main_thread;
use crate::python::library::loaded;
use crate::raw::thin::exception::{Exception, Result};
use crate::raw::thin::{Name, Thin};

/// Whether the exception was raised by a signal handler, which Python runs in the main thread.
pub(super) fn is_of_signal_handler(py: Python<'_>, error: &Exception) -> Result<bool> {
    let Some(signal) = loaded(Name::_signal.get(py))? else {
        return Ok(false);
    };
    if !is_main_thread(py)? {
        return Ok(false);
    }
    let signals = signal.get(Name::NSIG)?.extract()?;
    let mut traceback = error.value(py).get(Name::__traceback__)?;
    while !traceback.is_none() {
        let frame = traceback.get(Name::tb_frame)?;
        if handles_signal(&frame, signals)? {
            return Ok(true);
        }
        traceback = traceback.get(Name::tb_next)?;
    }
    Ok(false)
}

/// Whether a frame is of a function that was called as Python calls the handlers of signals: with the number of
/// a signal, below `signals`, and a frame. The handler that is installed tells less: it can be any callable, and can
/// have been replaced meanwhile.
fn handles_signal(frame: &Bound<'_, PyAny>, signals: u32) -> Result<bool> {
    /// The flag of a code object that takes `*args`.
    const HAS_VARIABLE_ARGUMENTS: u32 = 4;

    let py = frame.py();
    let code = frame.get(Name::f_code)?;
    let number = |name| code.getattr(name)?.extract::<usize>();
    let positional = number(Name::co_argcount.get(py))?;
    let flags: u32 = code.get(Name::co_flags)?.extract()?;
    let names = code.get(Name::co_varnames)?;
    let locals = frame.get(Name::f_locals)?;
    // `None` where the function has deleted the variable.
    let value = |index: usize| {
        locals
            .get_item(names.get_item(index)?)
            .map(Some)
            .or(Ok(None))
    };
    let mut arguments = (0..positional).map(value).collect::<Result<Vec<_>>>()?;
    if flags & HAS_VARIABLE_ARGUMENTS != 0 {
        let more = value(positional + number(Name::co_kwonlyargcount.get(py))?)?;
        let more = more.and_then(|it| it.cast_into_exact::<PyTuple>().ok());
        arguments.extend(more.iter().flatten().map(Some));
    }
    let is_signal = |it: &Bound<'_, PyAny>| it.extract().is_ok_and(|it: u32| it < signals);
    let is_frame = |it: &Bound<'_, PyAny>| it.get_type().is(frame.get_type());
    Ok(arguments.windows(2).any(|pair| match pair {
        [Some(first), Some(second)] => is_frame(second) && is_signal(first),
        _ => false,
    }))
}
