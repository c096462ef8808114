//! Which arguments a format string uses.

/// The arguments that a format string uses.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Uses<'a> {
    names: Vec<&'a str>,
    /// How many arguments are used by their position.
    positions: usize,
}

impl<'a> Uses<'a> {
    /// `None` if `format_args!` will report an error.
    pub(super) fn of(format: &'a str) -> Option<Uses<'a>> {
        let mut uses = Uses::default();
        // The number of `{}`, which take the arguments in their order.
        let mut unnumbered = 0;
        let mut rest = format;
        while let Some(position) = rest.find(['{', '}']) {
            let found = &rest[position..];
            if found.starts_with("{{") || found.starts_with("}}") {
                rest = &found[2..];
                continue;
            }
            let (placeholder, behind) = found.strip_prefix('{')?.split_once('}')?;
            let (argument, spec) = placeholder.split_once(':').unwrap_or((placeholder, ""));
            match argument.trim() {
                "" => unnumbered += 1,
                argument => uses.add(argument),
            }
            unnumbered += usize::from(spec.contains(".*"));
            // The width or the precision, if an argument has it.
            for (end, _) in spec.match_indices('$') {
                let is_name = |it: char| it.is_alphanumeric() || it == '_';
                let start = spec[..end].trim_end_matches(is_name).len();
                uses.add(&spec[start..end]);
            }
            rest = behind;
        }
        uses.positions = uses.positions.max(unnumbered);
        Some(uses)
    }

    fn add(&mut self, argument: &'a str) {
        // A flag `0` can stand before the name of a width.
        let name = argument.trim_start_matches(|it: char| it.is_ascii_digit());
        if !name.is_empty() {
            self.names.push(name);
        } else if let Ok(position) = argument.parse::<usize>() {
            self.positions = self.positions.max(position + 1);
        }
    }

    /// Whether an argument is used by its name or its position.
    pub(super) fn contain(&self, name: &str, position: usize) -> bool {
        self.names.contains(&name) || position < self.positions
    }
}

#[cfg(test)]
mod tests {
    use super::Uses;

    #[test]
    fn the_arguments_that_a_format_string_uses() {
        for (format, names, positions) in [
            ("", &[][..], 0),
            ("{{n}}", &[], 0),
            ("{} {n:?} {}", &["n"], 2),
            (
                "{n:>width$.precision$} {m:08}",
                &["n", "width", "precision", "m"],
                0,
            ),
            ("{:0width$}", &["width"], 1),
            ("{:>1$.2$}", &[], 3),
            ("{:.*}", &[], 2),
            ("{3} {}", &[], 4),
            ("{:$>5}", &[], 1),
        ] {
            let names = names.to_vec();
            assert_eq!(
                Uses::of(format),
                Some(Uses { names, positions }),
                "{format}"
            );
        }
        for format in ["{", "}", "{n"] {
            assert_eq!(Uses::of(format), None, "{format}");
        }
    }
}
