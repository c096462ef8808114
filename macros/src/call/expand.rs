use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Expr;
use syn::spanned::Spanned;

use super::args::peel;
use super::{Crate, Destination, Level};

/// `then` where the static maximum allows the level, `otherwise` elsewhere. `then` is given an
/// expression for the level, which may stand in it as often as it likes.
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
            // The same words twice: a level of another type is then reported once.
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
    /// An expression for a reference to what stands behind `logger:`.
    pub(crate) fn logger(&self) -> Option<TokenStream> {
        match self {
            // The reference is where the compiler finds that it is no logger.
            Destination::Logger(logger) => Some(reference(logger)),
            Destination::Module | Destination::Constant(_) | Destination::Target(_) => None,
        }
    }
}

/// `&value`, with parentheses where an operator in the value would bind less tightly than the `&`.
pub(super) fn reference(value: &Expr) -> TokenStream {
    let span = value.span();
    let binds_less = matches!(
        peel(value),
        Expr::Binary(_) | Expr::Cast(_) | Expr::Range(_) | Expr::Assign(_)
    );
    if binds_less && !matches!(value, Expr::Paren(_)) {
        quote_spanned!(span=> &(#value))
    } else {
        quote_spanned!(span=> &#value)
    }
}
