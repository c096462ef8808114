//! The errors that `exc_info = …` and `key:err = …` take.

use std::any::type_name;
use std::error::Error;
use std::ops::Deref;

/// A reference to an error. Only an error whose type is `'static` can be asked for its type.
#[derive(Clone, Copy, Debug)]
pub enum ErrorRef<'a> {
    /// `None` of an `Option`.
    None,
    /// An error, and the name of its type.
    Typed(&'a (dyn Error + 'a), &'static str),
    /// An error of a type that is not known.
    Dynamic(&'a (dyn Error + 'static)),
}

/// How many sources of an error are logged. An error can be its own source.
pub(crate) const MAX_SOURCES: usize = 100;

/// The trait objects for an error that is `'static`.
pub trait DynError {
    /// The error.
    fn as_error(&self) -> &(dyn Error + 'static);
}

macro_rules! dyn_error {
    ($($type:ty),+) => {$(
        impl DynError for $type {
            fn as_error(&self) -> &(dyn Error + 'static) {
                self
            }
        }
    )+};
}

dyn_error!(
    dyn Error + 'static,
    dyn Error + Send + 'static,
    dyn Error + Send + Sync + 'static
);

/// Finds out in which way a value is an error ("autoref specialization"). The macros call `__pylog_error` on
/// a `Probe` behind eight references, and the compiler takes the first trait that applies: for
/// `exc_info = …` `ProbeExcInfo`, then those below from top to bottom. There is no other way to accept any
/// error and also types that aren't errors, such as `anyhow::Error`.
#[derive(Debug)]
pub struct Probe<'a, T, Keyword>(pub &'a T, pub Keyword);

/// What `key:err = …` takes, for the compiler's message about any other type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error",
    label = "`:err` behind a key takes an error",
    note = "`:err` takes a `std::error::Error`, a `Box<dyn Error>`, an `anyhow::Error`, an `eyre::Report`, or an \
            `Option` of one of these; for any other value write `key = value`, `key:% = value` or \
            `key:? = value`"
)]
pub trait IsError: Error {}

#[diagnostic::do_not_recommend]
impl<T: Error> IsError for T {}

/// The second field of the [`Probe`] for `key:err = …`.
#[derive(Debug)]
pub struct ForValue;

macro_rules! probes {
    ($(
        $(#[$doc:meta])*
        $probe:ident: ($($refs:tt)*) $type:ty, <$parameter:ident: $bound:path>, |$value:ident| $error:expr;
    )+) => {$(
        $(#[$doc])*
        pub trait $probe<'a> {
            /// The error.
            fn __pylog_error(&self) -> ErrorRef<'a>;
        }

        impl<'a, $parameter: $bound, Keyword> $probe<'a> for $($refs)* Probe<'a, $type, Keyword> {
            fn __pylog_error(&self) -> ErrorRef<'a> {
                let $value = self.0;
                $error
            }
        }
    )+};
}

probes! {
    /// An error, or a reference to one.
    ProbeError: (&&&&&&) E, <E: Error>, |error| ErrorRef::Typed(error, type_name::<E>());
    /// A pointer to a trait object, such as `Box<dyn Error>` or `anyhow::Error`.
    ProbePointer: (&&&&&) P, <P: Deref<Target: DynError>>, |it| ErrorRef::Dynamic(it.as_error());
    /// A reference to such a pointer.
    ProbePointerReference: (&&&&) &P, <P: Deref<Target: DynError>>, |it| ErrorRef::Dynamic(it.as_error());
    /// An `Option` of an error.
    ProbeOption: (&&&) Option<E>, <E: Error>, |option| match option {
        Some(error) => ErrorRef::Typed(error, type_name::<E>()),
        None => ErrorRef::None,
    };
    /// An `Option` of a pointer.
    ProbeOptionOfPointer: (&&) Option<P>, <P: Deref<Target: DynError>>, |option| match option {
        Some(it) => ErrorRef::Dynamic(it.as_error()),
        None => ErrorRef::None,
    };
    /// An `Option` of a reference to a pointer.
    ProbeOptionOfReference: (&) Option<&P>, <P: Deref<Target: DynError>>, |option| match option {
        Some(it) => ErrorRef::Dynamic(it.as_error()),
        None => ErrorRef::None,
    };
}

impl<'a, T> Probe<'a, T, ForValue> {
    /// Any other type, so that the compiler reports what is missing.
    pub fn __pylog_error(&self) -> ErrorRef<'a>
    where
        T: IsError,
    {
        ErrorRef::Typed(self.0, type_name::<T>())
    }
}
