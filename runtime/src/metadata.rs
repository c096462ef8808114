//! The properties of a call that are known at compile time.

/// Where a call stands and which logger it is for.
#[derive(Clone, Copy)]
pub struct Metadata {
    pub(crate) target: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    function: Function,
}

/// How the path of the enclosing function is found.
#[derive(Clone, Copy)]
enum Function {
    /// `type_name` of an item that is declared at the call.
    Around(fn() -> &'static str),
    /// Only the module is known, as with the `log` crate.
    InModule(&'static str),
}

impl Metadata {
    /// `here` is `type_name` of an item that is declared at the call.
    pub(crate) const fn new(
        target: &'static str,
        file: &'static str,
        line: u32,
        here: fn() -> &'static str,
    ) -> Metadata {
        Metadata {
            target,
            file,
            line,
            function: Function::Around(here),
        }
    }

    /// For a call of which only the module is known.
    pub const fn in_module(
        target: &'static str,
        file: &'static str,
        line: u32,
        module: &'static str,
    ) -> Metadata {
        Metadata {
            target,
            file,
            line,
            function: Function::InModule(module),
        }
    }

    pub(crate) const fn with_target(self, target: &'static str) -> Metadata {
        Metadata { target, ..self }
    }

    /// Whether the call came through the `log` crate.
    #[cfg(feature = "log")]
    pub(crate) fn is_of_log_crate(&self) -> bool {
        matches!(self.function, Function::InModule(_))
    }

    /// The path of the enclosing function: `my_crate::parse::header`. Closures and the bodies of
    /// async functions count as the function that contains them.
    pub(crate) fn function(&self) -> &'static str {
        let here = match self.function {
            Function::Around(here) => here(),
            Function::InModule(module) => return module,
        };
        let mut function = here
            .rsplit_once(':')
            .map_or(here, |(function, _)| function.trim_end_matches(':'));
        while let Some(outer) = function.strip_suffix("::{{closure}}") {
            function = outer;
        }
        function
    }
}
