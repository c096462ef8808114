//! Formats of the percent style that consist of text and simple fields: `%(name)s`, `%(levelname)-8s`, `%(lineno)d`,
//! `%(msecs)03d`.
//!
//! For fields that are a `str` or an `int` the result is that of `format % values`. Python makes it of all other
//! formats and values.

use crate::raw::thin::{Stored, Thin};
use std::fmt::Write;

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyString};

/// A format in pieces.
pub(super) struct Format {
    pieces: Vec<Piece>,
    /// Room that its texts take.
    size: usize,
}

/// The values of the fields.
pub(super) struct Values<'a, 'py> {
    /// The attributes of a record.
    pub(super) attributes: &'a Bound<'py, PyAny>,
    /// Those of them that needn't be looked up, by their interned names.
    pub(super) known: &'a [(&'a Bound<'py, PyString>, &'a Bound<'py, PyAny>)],
}

struct Piece {
    /// The text before the field.
    text: String,
    field: Option<Field>,
}

struct Field {
    name: Stored<PyString>,
    is_number: bool,
    is_left: bool,
    has_zeros: bool,
    width: usize,
}

impl Format {
    /// `format % values`. `None`, without an effect, if only Python can make it.
    pub(super) fn fill(&self, values: &Values<'_, '_>) -> Option<String> {
        let mut result = String::with_capacity(self.size + 80);
        for Piece { text, field } in &self.pieces {
            result.push_str(text);
            if let Some(field) = field {
                field.append(values, &mut result)?;
            }
        }
        Some(result)
    }

    /// `None` if only Python can fill the format.
    pub(super) fn parse(format: &str, py: Python<'_>) -> Option<Format> {
        let mut pieces = vec![Piece::text(String::new())];
        let mut rest = format;
        while let Some((text, after)) = rest.split_once('%') {
            pieces.last_mut()?.text.push_str(text);
            if let Some(after) = after.strip_prefix('%') {
                pieces.last_mut()?.text.push('%');
                rest = after;
                continue;
            }
            let (name, after) = after.strip_prefix('(')?.split_once(')')?;
            if name.contains(['(', '%']) {
                return None;
            }
            let conversion = after.find(|it: char| !matches!(it, '-' | '0'..='9'))?;
            let (flags, after) = after.split_at(conversion);
            let is_left = flags.starts_with('-');
            let digits = &flags[usize::from(is_left)..];
            let has_zeros = digits.starts_with('0');
            let width = match digits {
                "" => 0,
                digits => digits.parse().ok().filter(|width| *width < 1000)?,
            };
            let is_number = match after.chars().next()? {
                's' => false,
                'd' => true,
                _ => return None,
            };
            if has_zeros && (is_left || !is_number) {
                return None;
            }
            pieces.last_mut()?.field = Some(Field {
                name: PyString::intern(py, name).into(),
                is_number,
                is_left,
                has_zeros,
                width,
            });
            pieces.push(Piece::text(String::new()));
            rest = &after[1..];
        }
        pieces.last_mut()?.text.push_str(rest);
        let size = pieces.iter().map(|part| part.text.len()).sum();
        Some(Format { pieces, size })
    }
}

impl Piece {
    fn text(text: String) -> Piece {
        Piece { text, field: None }
    }
}

impl Field {
    fn append(&self, values: &Values<'_, '_>, result: &mut String) -> Option<()> {
        let name = self.name.bind(values.attributes.py());
        let looked_up;
        let value = match values.known.iter().find(|(known, _)| name.is(known)) {
            Some((_, value)) => *value,
            None => {
                looked_up = values.attributes.entry(name).ok()??;
                &looked_up
            }
        };
        if let (Ok(text), false) = (value.cast_exact::<PyString>(), self.is_number) {
            let text = text.to_cow().ok()?;
            match self.width {
                0 => result.push_str(&text),
                width if self.is_left => write!(result, "{text:<width$}").ok()?,
                width => write!(result, "{text:>width$}").ok()?,
            }
            return Some(());
        }
        let number = match value.cast_exact::<PyInt>() {
            Ok(number) => number.number().ok()?,
            // `%d` cuts the fraction off.
            Err(_) if self.is_number => {
                let number = value.cast_exact::<PyFloat>().ok()?.value();
                (number.abs() < 1e15).then_some(number as i64)?
            }
            Err(_) => return None,
        };
        let width = self.width;
        match (self.is_left, self.has_zeros) {
            (true, _) => write!(result, "{number:<width$}"),
            (false, true) => write!(result, "{number:0width$}"),
            (false, false) => write!(result, "{number:>width$}"),
        }
        .ok()
    }
}

#[cfg(test)]
mod tests {
    use pyo3::types::PyDict;

    use super::*;

    /// The same as Python makes, or nothing.
    #[test]
    fn formats_as_python() {
        Python::attach(|py| {
            let values = PyDict::new(py);
            for (name, value) in [
                ("text", "naïve".into_pyobject(py).unwrap().into_any()),
                ("number", (-7_i32).into_pyobject(py).unwrap().into_any()),
                ("float", 999.9_f64.into_pyobject(py).unwrap().into_any()),
                ("none", py.None().into_bound(py)),
                ("large", py.eval(c"10**30", None, None).unwrap()),
                ("truth", py.eval(c"True", None, None).unwrap()),
            ] {
                values.set_item(name, value).unwrap();
            }
            let fields = [
                "s", "d", "5s", "-9s", "09d", "-9d", "3d", "03d", "9d", "i", "r", "+d", " d",
                ".2s", "09s", "-09d", "x", "%", "", "5", "#d", "*d", "ls", "hd",
            ];
            let mut made = 0;
            for name in [
                "text", "number", "float", "none", "large", "truth", "missing", "a(b)",
            ] {
                for field in fields {
                    for text in ["", "100%% ", "ü %(text)s ", "% ", "%"] {
                        let string = PyString::new(py, &format!("{text}%({name}){field} end"));
                        let expected = string.as_any().rem(&values).ok();
                        let parsed = Format::parse(&string.to_string(), py);
                        let values = Values {
                            attributes: &values,
                            known: &[],
                        };
                        let ours = parsed.and_then(|it| it.fill(&values));
                        made += usize::from(ours.is_some());
                        if let Some(ours) = ours {
                            let expected = expected.map(|it| it.extract::<String>().unwrap());
                            assert_eq!(Some(ours), expected, "{string}");
                        }
                    }
                }
            }
            assert!(made > 60, "{made}");
        });
    }
}
