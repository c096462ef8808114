//! The procedural macros of `pylog`. Use them through that crate.

mod call;
mod enabled;
mod log;
mod module;

use proc_macro::TokenStream;

/// `(path to pylog) LEVEL; options, message`: called by the facades `info!`, `log!` and so on.
#[proc_macro]
pub fn log(input: TokenStream) -> TokenStream {
    finish(syn::parse(input).map(log::expand))
}

/// `(path to pylog) options, level`: called by the facade `enabled!`.
#[proc_macro]
pub fn enabled(input: TokenStream) -> TokenStream {
    finish(syn::parse(input).map(|args| enabled::expand(&args)))
}

// `#[module(options)]` above a `#[pymodule]`.
#[expect(
    missing_docs,
    reason = "`pylog` documents it where it re-exports it, and rustdoc would append this text to that one"
)]
#[proc_macro_attribute]
pub fn module(args: TokenStream, item: TokenStream) -> TokenStream {
    module::expand(args.into(), item.into()).into()
}

fn finish(expansion: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expansion
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
