//! `stack_info = …`: the stack of Python functions.

use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::python::frame::{self, Caller};
use crate::python::library::{SIMPLE_NAMESPACE, STACK_SUMMARY};
use crate::python::loose::Loose;
use crate::raw::interpreter;
use crate::raw::thin::{self, Name, Object, Result, Stored, Thin};

/// The functions on the stack of a thread, the current one first: of each the code, the globals and the line, which a traceback
/// shows. A frame itself would keep all local variables alive.
pub(crate) struct Stack(Loose<Vec<[Stored; 3]>>);

impl Stack {
    /// The stack of this thread. Empty in a thread that runs no Python code. Runs no Python code.
    pub(crate) fn here(py: Python<'_>) -> Result<Stack> {
        let mut frames = Vec::new();
        let mut next = interpreter::current_frame(py);
        while let Some(frame) = next {
            if let Some(code) = frame.code()? {
                let (globals, line) = (frame.get(Name::f_globals)?, frame.get(Name::f_lineno)?);
                frames.push([code, globals, line].map(Object::unbind));
            }
            next = frame.back()?;
        }
        Ok(Stack(Loose::new(frames)))
    }

    /// `record.stack_info` as `Logger.findCaller` computes it, for this stack below the frame of a call. `None` for an
    /// empty stack.
    pub(crate) fn text(&self, py: Python<'_>, caller: &dyn Caller) -> Result<Option<String>> {
        let frames = PyList::empty(py);
        if let Some([code, globals]) = frame::code_and_globals(caller, py)? {
            let line = code.get(Name::co_firstlineno)?;
            add(&frames, &code, &globals, &line)?;
        }
        for [code, globals, line] in &*self.0 {
            add(&frames, code.bind(py), globals.bind(py), line.bind(py))?;
        }
        if frames.is_empty() {
            return Ok(None);
        }
        let summary = STACK_SUMMARY
            .get(py)?
            .call_named_with(Name::extract, &frames)?;
        summary.call_named(Name::reverse)?;
        let lines: Vec<String> = summary.call_named(Name::format)?.extract()?;
        let text = format!("Stack (most recent call last):\n{}", lines.concat());
        Ok(Some(text.strip_suffix('\n').unwrap_or(&text).to_owned()))
    }
}

/// Adds what `StackSummary.extract` needs of a frame.
fn add<'py>(
    frames: &Bound<'py, PyList>,
    code: &Bound<'py, PyAny>,
    globals: &Bound<'py, PyAny>,
    line: &Bound<'py, PyAny>,
) -> Result<()> {
    let py = frames.py();
    let frame = SIMPLE_NAMESPACE.get(py)?.run()?;
    frame.set(Name::f_code, code)?;
    frame.set(Name::f_globals, globals)?;
    Ok(frames.append(&*thin::tuple(py, &[frame, line.into()])?)?)
}
