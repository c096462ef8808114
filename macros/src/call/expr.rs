//! Expressions of the user's.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Expr;
use syn::spanned::Spanned;

/// The expression without parentheses around it, also without the invisible ones that a `macro_rules!`
/// adds.
pub(super) fn peel(mut value: &Expr) -> &Expr {
    loop {
        value = match value {
            Expr::Group(group) => &group.expr,
            Expr::Paren(parenthesized) => &parenthesized.expr,
            _ => return value,
        }
    }
}

/// `&value`, or `&(value)` if an operator in the value binds less tightly than `&`.
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
