//! The expansions of the macros that have a callsite.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Ident, LitStr};

use super::Crate;
use super::capture::Capture;
use super::expr::reference;
use super::level::Level;
use super::options::Destination;
use super::pairs::{Pair, Pairs};

/// `then` if the static maximum allows the level, else `otherwise`. `then` is given an expression for the
/// level, which it can use several times.
pub(crate) fn if_allowed(
    Crate(krate): &Crate,
    level: &Level,
    then: impl FnOnce(&TokenStream) -> TokenStream,
    otherwise: TokenStream,
) -> TokenStream {
    let span = Span::mixed_site();
    let variable = quote_spanned!(span=> __pylog_level);
    let private = quote_spanned!(span=> #krate::__private);
    match level {
        Level::Named(name) => {
            let then = then(&quote_spanned!(span=> #krate::Level::#name));
            quote_spanned! {span=>
                if #private::allows!(#name) {
                    #then
                } else {
                    #otherwise
                }
            }
        }
        Level::Constant(level) => {
            // The same tokens twice, so that a level of a wrong type is reported once.
            let level = quote_spanned!(span=> let __pylog_level: #krate::Level = #level;);
            let then = then(&variable);
            quote_spanned! {span=>
                if const { #level #private::allows(__pylog_level, #private::module_path!()) } {
                    #level
                    #then
                } else {
                    #otherwise
                }
            }
        }
        Level::Dynamic(level) => {
            let then = then(&variable);
            quote_spanned! {span=> {
                let __pylog_level: #krate::Level = #level;
                if __pylog_level >= const { #private::max_level(#private::module_path!()) } {
                    #then
                } else {
                    #otherwise
                }
            }}
        }
    }
}

/// An expression for a reference to the call's callsite.
pub(crate) fn callsite(Crate(krate): &Crate, destination: &Destination) -> TokenStream {
    let span = Span::mixed_site();
    let target = match destination {
        Destination::Constant(target) => quote_spanned!(span=> #target),
        _ => quote_spanned!(span=> #krate::__private::module_path!()),
    };
    let for_target = match destination {
        Destination::Target(target) => Some(quote_spanned!(span=> .for_target(#target))),
        _ => None,
    };
    quote_spanned!(span=> #krate::__private::callsite!(#target)#for_target)
}

impl Destination {
    /// An expression for a reference to the value of `logger:`.
    pub(crate) fn logger(&self) -> Option<TokenStream> {
        match self {
            // The compiler reports a type that can't be a logger at this reference.
            Destination::Logger(logger) => Some(reference(logger)),
            Destination::Module | Destination::Constant(_) | Destination::Target(_) => None,
        }
    }
}

impl Pairs {
    /// An expression for the `Keywords` of the call.
    pub(crate) fn keywords(&self, Crate(krate): &Crate) -> TokenStream {
        let span = Span::mixed_site();
        let private = quote_spanned!(span=> #krate::__private);
        let pairs = self.pairs.iter().map(|pair| pair.expand(&private));
        let exc_info = self.exc_info.iter().map(|value| {
            let error = error(value, "__PylogForExcInfo");
            quote_spanned!(value.span()=> .exc_info(#error))
        });
        let stack_info = self.stack_info.iter();
        quote_spanned! {span=>
            #private::Keywords::new(&[#(#pairs),*]) #(#exc_info)* #(.stack_info(#stack_info))*
        }
    }

    /// The imports that this expression needs.
    pub(crate) fn imports(&self, Crate(krate): &Crate) -> TokenStream {
        let span = Span::mixed_site();
        let is_error = |pair: &Pair| pair.capture == Capture::Error;
        if self.exc_info.is_none() && !self.pairs.iter().any(is_error) {
            return TokenStream::new();
        }
        quote_spanned! {span=>
            #[allow(unused_imports)]
            use #krate::__private::{
                ForExcInfo as __PylogForExcInfo, ForValue as __PylogForValue, Probe as __PylogProbe,
                ProbeError as _, ProbeExcInfo as _, ProbeOption as _, ProbeOptionOfPointer as _,
                ProbeOptionOfReference as _, ProbePointer as _, ProbePointerReference as _,
            };
        }
    }
}

/// An expression for the error that a value is. `keyword` is the second field of `Probe`.
fn error(value: &Expr, keyword: &str) -> TokenStream {
    let reference = reference(value);
    // All tokens are at the place of the value, and none is `$crate`, so that the compiler reports a value that isn't
    // an error at this place and not at the whole call.
    let probe = Ident::new("__PylogProbe", value.span());
    let keyword = Ident::new(keyword, value.span());
    // As many references as `Probe` needs.
    quote_spanned!(value.span()=> (&&&&&&&&#probe(#reference, #keyword)).__pylog_error())
}

impl Pair {
    fn expand(&self, private: &TokenStream) -> TokenStream {
        let Pair {
            key,
            capture,
            value,
        } = self;
        // The compiler reports a type without a form in Python at the value.
        let span = value.span();
        let reference = reference(value);
        let value = match capture {
            // A second reference, so that an unsized value such as `text[..2]` has a sized type.
            Capture::Typed => quote_spanned!(span=> &#reference),
            Capture::Debug => quote_spanned!(span=> &#private::AsDebug(#reference)),
            Capture::Display => quote_spanned!(span=> &#private::AsDisplay(#reference)),
            Capture::Error => {
                let error = error(value, "__PylogForValue");
                quote_spanned!(span=> &#private::AsError(#error))
            }
        };
        let key = LitStr::new(&key.value(), Span::mixed_site()).into_token_stream();
        quote_spanned!(Span::mixed_site()=> (#key, #value))
    }
}
