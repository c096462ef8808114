//! The level of a call.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, ExprCall, Ident, Lit, Result};

use super::expr::peel;

/// The level of a call.
pub(crate) enum Level {
    /// A constant of `pylog::Level`.
    Named(Ident),
    /// An expression that can be evaluated in a const block. It may be of a wrong type.
    Constant(TokenStream),
    /// An expression that is evaluated when the call is reached.
    Dynamic(TokenStream),
}

impl Parse for Level {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            let message = "expected a level: `Level::INFO`, or any expression of that type";
            return Err(Error::new(input.span(), message));
        }
        let level: Expr = input.parse()?;
        if let Expr::Lit(literal) = peel(&level) {
            let message = format!("a level is a `Level`: `{}`", suggested(&literal.lit));
            return Err(Error::new_spanned(level, message));
        }
        let tokens = level.to_token_stream();
        Ok(if is_constant(&level) {
            Level::Constant(tokens)
        } else {
            Level::Dynamic(tokens)
        })
    }
}

/// The level that a literal stands for, such as Python's number of it.
fn suggested(literal: &Lit) -> String {
    let Lit::Int(number) = literal else {
        return "Level::INFO".to_owned();
    };
    let name = match number.base10_digits() {
        "5" => "TRACE",
        "10" => "DEBUG",
        "20" => "INFO",
        "30" => "WARN",
        "40" => "ERROR",
        "50" => "CRITICAL",
        other => return format!("Level::new({other})"),
    };
    format!("Level::{name}")
}

/// Whether a level is `Level::INFO`, `Level::new(25)` or the like. A path of several segments is never a
/// variable.
fn is_constant(level: &Expr) -> bool {
    match peel(level) {
        Expr::Path(level) => level.path.segments.len() > 1,
        Expr::Call(ExprCall { func, args, .. }) => {
            is_level_new(func) && args.iter().all(|arg| matches!(arg, Expr::Lit(_)))
        }
        _ => false,
    }
}

fn is_level_new(function: &Expr) -> bool {
    let Expr::Path(function) = function else {
        return false;
    };
    let mut segments = function.path.segments.iter().rev();
    segments.next().is_some_and(|it| it.ident == "new")
        && segments.next().is_some_and(|it| it.ident == "Level")
}
