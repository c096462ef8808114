//! The parts of a call that several macros share.

mod capture;
mod expand;
mod expr;
mod format;
mod habits;
mod level;
mod names;
mod options;
mod pairs;

pub(crate) use expand::{callsite, if_allowed};
pub(crate) use habits::{check_arguments, check_not_pair};
pub(crate) use level::Level;
pub(crate) use options::{Limit, Options, check_target};
pub(crate) use pairs::Pairs;

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream};

/// The path to pylog, which a facade puts first: `(path to pylog)`.
pub(crate) struct Crate(pub(crate) TokenStream);

impl Parse for Crate {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path;
        syn::parenthesized!(path in input);
        path.parse().map(Crate)
    }
}
