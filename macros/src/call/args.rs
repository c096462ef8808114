//! What every call has: where pylog is, where the record goes, and at which level.

use proc_macro2::TokenStream;
use quote::ToTokens;
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
    pub(crate) limit: Option<Limit>,
}

/// How often a call logs.
pub(crate) struct Limit {
    /// A method of the runtime's `Limit`.
    pub(crate) kind: Ident,
    pub(crate) value: Expr,
}

const DESTINATIONS: [&str; 2] = ["target", "logger"];
const LIMITS: [&str; 3] = ["first_n", "every_n", "every"];

/// Whether there is an option of that name.
pub(super) fn is_option(name: &Ident) -> bool {
    DESTINATIONS
        .iter()
        .chain(&LIMITS)
        .any(|option| name == option)
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
                text if LIMITS.contains(&text) => {
                    options.limit = Some(Limit::new(&name, value(input, &name)?)?);
                }
                _ => {
                    let accepted = DESTINATIONS.iter().chain(&LIMITS);
                    let accepted: Vec<_> = accepted.map(|it| format!("`{it}`")).collect();
                    let accepted = accepted.join(", ");
                    let message = format!("unknown option `{name}`; accepted: {accepted}");
                    return Err(Error::new(name.span(), message));
                }
            }
            exclude(
                &seen,
                &name,
                &DESTINATIONS,
                "a Python logger has a name of its own",
            )?;
            exclude(&seen, &name, &LIMITS, "a call has one limit")?;
            seen.push(name);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

/// An error if `name` is one of `group` and another of it was seen.
fn exclude(seen: &[Ident], name: &Ident, group: &[&str], reason: &str) -> Result<()> {
    let is_of_group = |name: &Ident| group.iter().any(|it| name == it);
    match seen.iter().find(|it| is_of_group(it)) {
        Some(first) if is_of_group(name) => {
            let message = format!("`{first}` and `{name}` exclude each other: {reason}");
            Err(Error::new(name.span(), message))
        }
        _ => Ok(()),
    }
}

impl Limit {
    fn new(name: &Ident, value: Expr) -> Result<Limit> {
        if let Expr::Lit(literal) = peel(&value) {
            let is_number =
                matches!(&literal.lit, Lit::Int(number) if number.base10_digits() != "0");
            if name == "every" || !is_number {
                let message = match name == "every" {
                    true => {
                        "`every` takes a `Duration`: `every: Duration::from_secs(5)`".to_owned()
                    }
                    false => format!("`{name}` takes a whole number above 0: `{name}: 100`"),
                };
                return Err(Error::new_spanned(value, message));
            }
        }
        Ok(Limit {
            kind: name.clone(),
            value,
        })
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
    Named(Ident),
    /// It can stand in a const block, but may be of another type.
    Constant(TokenStream),
    /// It is known when the call is reached.
    Dynamic(TokenStream),
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
pub(super) fn peel(mut value: &Expr) -> &Expr {
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
