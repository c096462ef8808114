//! The procedural macros of `pylog`. Nothing here is meant to be used but through that crate.

mod call;
mod enabled;
mod log;
mod module;

use proc_macro::TokenStream;

/// `(path to pylog) LEVEL; options, message`, behind the facades `info!`, `log!` and the like.
#[proc_macro]
pub fn log(input: TokenStream) -> TokenStream {
    finish(syn::parse(input).map(log::expand))
}

/// `(path to pylog) options, level`, behind the facade `enabled!`.
#[proc_macro]
pub fn enabled(input: TokenStream) -> TokenStream {
    finish(syn::parse(input).map(enabled::expand))
}

/// `#[module(options)]` above a `#[pymodule]`. Its documentation is where `pylog` re-exports it.
#[proc_macro_attribute]
pub fn module(args: TokenStream, item: TokenStream) -> TokenStream {
    module::expand(args.into(), item.into()).into()
}

fn finish(expansion: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expansion
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
