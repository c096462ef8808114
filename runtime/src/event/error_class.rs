//! The Python classes of Rust errors.

use pyo3::prelude::*;

use crate::python::kept::Kept;
use crate::raw::thin::{self, Name, Object, Result, Stored, Thin};

/// The class for a Rust error type, with the type's name and path: `core.num.error.ParseIntError`.
pub(super) fn class_of<'py>(py: Python<'py>, type_name: Option<&str>) -> Result<Object<'py>> {
    static CLASSES: Kept<Stored> = Kept::new();
    static BASE: Kept<Stored> = Kept::new();
    let base = BASE.get_or_try(|| make_base(py).map(Object::unbind))?;
    let base = base.bind(py);
    let Some(type_name) = type_name else {
        return Ok(base.into());
    };
    let classes = CLASSES.get_or_try(|| thin::dict(py).map(Object::unbind))?;
    let classes = classes.bind(py);
    let key = thin::text(py, type_name)?;
    if let Some(class) = classes.entry(&key)? {
        return Ok(class);
    }
    let Some((module, name)) = path_of(type_name) else {
        return Ok(base.into());
    };
    let namespace = thin::dict(py)?;
    namespace.set_entry(Name::__module__, &*thin::text(py, &module)?)?;
    let bases = thin::tuple(py, &[base.into()])?;
    let arguments = [thin::text(py, &name)?, bases, namespace];
    let arguments = thin::tuple(py, &arguments)?;
    let class = base.class().run_by(&arguments, &*thin::dict(py)?)?;
    classes.set_entry_of(&key, &class)?;
    Ok(class)
}

/// The class of all exceptions for Rust errors. They are copied and pickled: the process that unpickles one may not have
/// this extension, so it gets a `RuntimeError` with the name of the class. Some packages pickle the class, too.
fn make_base(py: Python<'_>) -> Result<Object<'_>> {
    let definitions = c"
class RustErrorType(type):
    pass

class RustError(Exception, metaclass=RustErrorType):
    __module__ = 'pylog'

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        kind = type(self)
        return RuntimeError, (f'{kind.__module__}.{kind.__qualname__}: {self}'.lstrip('.'),)

try:
    from copyreg import pickle
    pickle(RustErrorType, lambda kind: (type, (RuntimeError(),)))
except ImportError:
    pass  # At the end of the interpreter.
";
    thin::run_program(py, definitions)?.part(Name::RustError.get(py))
}

/// The module and the name of the class for a type; `None` if the type has no name.
fn path_of(type_name: &str) -> Option<(String, String)> {
    let mut inner = type_name.trim_start_matches('&');
    while let Some(wrapped) = wrapped(inner) {
        inner = wrapped;
    }
    if inner.starts_with("dyn ") {
        return None;
    }
    // Generic arguments are left out.
    let mut depth = 0_u32;
    let mut path = String::new();
    for character in inner.chars() {
        match character {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => path.push(character),
            _ => {}
        }
    }
    let is_name = |it: &&str| it.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let segments: Vec<_> = path.split("::").filter(is_name).collect();
    let (name, module) = segments.split_last()?;
    Some((module.join("."), (*name).to_owned()))
}

/// The type in a `Box`, `Rc` or `Arc`. Which module of `alloc` they are in depends on the version of Rust.
fn wrapped(type_name: &str) -> Option<&str> {
    let (path, rest) = type_name.split_once('<')?;
    let name = path.strip_prefix("alloc::")?.rsplit("::").next();
    let is_wrapper = matches!(name, Some("Box" | "Rc" | "Arc"));
    rest.strip_suffix('>').filter(|_| is_wrapper)
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn names_of_types() {
        for (type_name, expected) in [
            (
                "core::num::error::ParseIntError",
                Some(("core.num.error", "ParseIntError")),
            ),
            ("Local", Some(("", "Local"))),
            ("my::Error<alloc::string::String>", Some(("my", "Error"))),
            ("alloc::boxed::Box<my::Error<u8>>", Some(("my", "Error"))),
            (
                "&alloc::sync::Arc<alloc::boxed::Box<my::Error>>",
                Some(("my", "Error")),
            ),
            (
                "<my::Generic<T> as my::Trait>::method::Local",
                Some(("method", "Local")),
            ),
            ("alloc::rcs::arc::Arc<my::Error>", Some(("my", "Error"))),
            ("alloc::vec::Vec<my::Error>", Some(("alloc.vec", "Vec"))),
            ("my::f::{{closure}}::Local", Some(("my.f", "Local"))),
            ("alloc::boxed::Box<dyn core::error::Error>", None),
            (
                "alloc::sync::Arc<dyn core::error::Error + core::marker::Send>",
                None,
            ),
        ] {
            let path = path_of(type_name);
            let path = path.as_ref().map(|(module, name)| (&**module, &**name));
            assert_eq!(path, expected, "{type_name}");
        }
    }
}
