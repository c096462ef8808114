//! The path to pylog, which a facade puts first: `(path to pylog)`.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream};
use syn::{Result, parenthesized};

/// The path to pylog.
pub(crate) struct Crate(pub(crate) TokenStream);

impl Parse for Crate {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let path;
        parenthesized!(path in input);
        path.parse().map(Crate)
    }
}
