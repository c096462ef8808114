//! Whether an exception comes from the handler of a signal.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::is_main_thread;
use crate::python::library::loaded;
use crate::raw::thin::{self, Exception, Name, Object, Result, Thin};

/// Whether the exception was raised by a signal handler, which Python runs in the main thread.
pub(super) fn is_of_signal_handler(py: Python<'_>, error: &Exception) -> Result<bool> {
    let Some(signal) = loaded(Name::_signal.get(py))? else {
        return Ok(false);
    };
    if !is_main_thread(py)? {
        return Ok(false);
    }
    let signals = signal.get(Name::NSIG)?.number()?;
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
fn handles_signal(frame: &Bound<'_, PyAny>, signals: i64) -> Result<bool> {
    /// The flag of a code object that takes `*args`.
    const HAS_VARIABLE_ARGUMENTS: i64 = 4;

    let py = frame.py();
    let code = frame.get(Name::f_code)?;
    let number = |name| code.get(name)?.number();
    let positional = number(Name::co_argcount)?;
    let names = code.get(Name::co_varnames)?;
    let locals = frame.get(Name::f_locals)?;
    // `None` where the function has deleted the variable.
    let value = |index: i64| -> Result<Option<Object<'_>>> {
        let name = names.part(&*thin::number(py, index)?)?;
        Ok(locals.part(&name).ok())
    };
    let mut arguments = Vec::new();
    for index in 0..positional {
        arguments.push(value(index)?);
    }
    if number(Name::co_flags)? & HAS_VARIABLE_ARGUMENTS != 0 {
        let more = value(positional + number(Name::co_kwonlyargcount)?)?;
        if let Some(Ok(more)) = more.map(Object::cast_into_exact::<PyTuple>) {
            arguments.extend(more.iter().map(|it| Some(it.into())));
        }
    }
    let is_signal = |it: &Object<'_>| it.number().is_ok_and(|it| (0..signals).contains(&it));
    let is_frame = |it: &Object<'_>| it.class_address() == frame.class_address();
    Ok(arguments.windows(2).any(|pair| match pair {
        [Some(first), Some(second)] => is_frame(second) && is_signal(first),
        _ => false,
    }))
}
