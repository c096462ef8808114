//! What every call has: where pylog is, where the record goes, and at which level.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, ExprCall, Ident, Lit, LitStr, Path, Result, Token, parenthesized};

use super::pairs::is_captured;

/// `(path to pylog)`, which a facade puts first.
pub(crate) struct Crate(pub(crate) TokenStream);

impl Parse for Crate {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let path;
        parenthesized!(path in input);
        path.parse().map(Crate)
    }
}

/// `name: value,` as often as there is one.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) destination: Destination,
}

/// Where the record goes.
#[derive(Default)]
pub(crate) enum Destination {
    /// To the logger of the module.
    #[default]
    Module,
    /// `target:` and something that is constant by its looks.
    Constant(Expr),
    /// `target:` and anything else.
    Target(Expr),
    /// `logger:`.
    Logger(Expr),
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Options::default();
        let mut seen: Vec<Ident> = Vec::new();
        while input.peek(Ident::peek_any)
            && input.peek2(Token![:])
            && !input.peek2(Token![::])
            && !is_captured(input)
        {
            let name = input.call(Ident::parse_any)?;
            input.parse::<Token![:]>()?;
            if seen.contains(&name) {
                return Err(Error::new(
                    name.span(),
                    format!("duplicate option `{name}`"),
                ));
            }
            match name.to_string().as_str() {
                "target" => options.destination = Destination::target(value(input, &name)?)?,
                "logger" => options.destination = Destination::Logger(value(input, &name)?),
                _ => {
                    let message = format!("unknown option `{name}`; accepted: `target`, `logger`");
                    return Err(Error::new(name.span(), message));
                }
            }
            seen.push(name);
            if let [first, second] = &seen[..] {
                let message = format!(
                    "`{first}` and `{second}` exclude each other: a Python logger has a name of its own"
                );
                return Err(Error::new(second.span(), message));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

fn value(input: ParseStream<'_>, name: &Ident) -> Result<Expr> {
    if input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(
            name.span(),
            format!("option `{name}` has no value"),
        ));
    }
    input.parse()
}

impl Destination {
    fn target(value: Expr) -> Result<Destination> {
        Ok(match peel(&value) {
            Expr::Lit(literal) => {
                let Lit::Str(target) = &literal.lit else {
                    let message = "`target` takes a string: `target: \"net::http\"`";
                    return Err(Error::new_spanned(value, message));
                };
                check_target(target)?;
                Destination::Constant(value)
            }
            Expr::Macro(call) if is_constant_macro(&call.mac.path) => Destination::Constant(value),
            _ => Destination::Target(value),
        })
    }
}

pub(crate) fn check_target(target: &LitStr) -> Result<()> {
    let text = target.value();
    let mistake = if text.is_empty() {
        "is empty; the root logger is \"root\""
    } else if text.contains('\0') {
        "has a NUL"
    } else if text.replace("::", ".").split('.').any(str::is_empty) {
        "has an empty segment"
    } else {
        return Ok(());
    };
    Err(Error::new(target.span(), format!("the target {mistake}")))
}

/// The level of a call.
pub(crate) enum Level {
    /// A constant of `pylog::Level`.
    Named(TokenStream),
    /// It can stand in a const block, but may be of another type.
    Constant(TokenStream),
    /// It is known when the call is reached.
    Dynamic(TokenStream),
}

impl Level {
    /// The level of a facade.
    pub(crate) fn named(krate: &Crate, name: &Ident) -> Level {
        let krate = &krate.0;
        Level::Named(quote_spanned!(Span::mixed_site()=> #krate::Level::#name))
    }
}

impl Parse for Level {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            let message = "expected a level: `Level::INFO`, or any expression of that type";
            return Err(Error::new(input.span(), message));
        }
        let level: Expr = input.parse()?;
        let tokens = level.to_token_stream();
        Ok(if is_constant(&level) {
            Level::Constant(tokens)
        } else {
            Level::Dynamic(tokens)
        })
    }
}

/// Without parentheses, and the invisible ones around what a `macro_rules!` passes on.
fn peel(mut value: &Expr) -> &Expr {
    loop {
        value = match value {
            Expr::Group(group) => &group.expr,
            Expr::Paren(parenthesized) => &parenthesized.expr,
            _ => return value,
        }
    }
}

/// `Level::INFO` and `Level::new(25)`. A variable is never a path of several segments.
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

/// The macros of the standard library that give a constant string.
fn is_constant_macro(path: &Path) -> bool {
    let known = ["concat", "env", "file", "module_path", "stringify"];
    path.segments
        .last()
        .is_some_and(|it| known.iter().any(|name| it.ident == name))
}
