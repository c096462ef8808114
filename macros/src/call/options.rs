//! The options of a call: which logger it is for, and how often it logs.

use proc_macro2::TokenTree;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, Lit, LitStr, Path, Result, Token};

use super::capture::WORDS;
use super::expr::peel;
use super::habits::is_pair;
use super::names::{DESTINATIONS, LIMITS, RESERVED, check_foreign_name, is_keyword, is_option};

/// The options of a call, `name: value,` each.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) destination: Destination,
    pub(crate) limit: Option<Limit>,
}

/// How often a call logs.
pub(crate) struct Limit {
    /// The name of a method of the runtime's `Limit`.
    pub(crate) kind: Ident,
    pub(crate) value: Expr,
}

/// The logger that a call is for.
#[derive(Default)]
pub(crate) enum Destination {
    /// The logger of the module that contains the call.
    #[default]
    Module,
    /// `target:` and an expression that looks constant.
    Constant(Expr),
    /// `target:` and any other expression.
    Target(Expr),
    /// `logger:` and a Python object.
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
                _ if is_keyword(&name) => {
                    let message =
                        format!("`{name}` takes `=` and a semicolon: `{name} = …; \"…\"`");
                    return Err(Error::new(name.span(), message));
                }
                "level" => {
                    let message = "the level has no name: `Level::INFO` behind the options";
                    return Err(Error::new(name.span(), message));
                }
                text => {
                    check_foreign_name(&name)?;
                    let own = if RESERVED.contains(&text) {
                        "user_"
                    } else {
                        ""
                    };
                    let accepted = DESTINATIONS.iter().chain(&LIMITS);
                    let accepted: Vec<_> = accepted.map(|it| format!("`{it}`")).collect();
                    let accepted = accepted.join(", ");
                    let message = format!(
                        "unknown option `{name}`; accepted: {accepted}; a key-value is \
                         `{own}{name} = …; \"…\"`"
                    );
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

/// Reports `name` if it is one of a group of options and another one of the group was seen.
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

/// Whether `name:` begins a key-value and not an option.
fn is_captured(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let Ok(name) = ahead.call(Ident::parse_any) else {
        return false;
    };
    if ahead.parse::<Token![:]>().is_err() {
        return false;
    }
    if ahead.peek(Token![?]) || ahead.peek(Token![%]) {
        return true;
    }
    // What stands behind a key that isn't an option, up to its value, is reported as that of other keys.
    if !is_option(&name) && !is_keyword(&name) && has_value(&ahead) {
        return true;
    }
    let is_word = ahead
        .call(Ident::parse_any)
        .is_ok_and(|word| WORDS.iter().any(|known| word == known));
    // `target: err,` is an option with the value `err`.
    let ends = ahead.peek(Token![,]) || ahead.peek(Token![;]);
    is_word && (ahead.peek(Token![=]) || ends && !is_option(&name) && !is_keyword(&name))
}

/// Whether a `=` follows before the next comma or semicolon.
fn has_value(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    while !ahead.is_empty() && !ahead.peek(Token![,]) && !ahead.peek(Token![;]) {
        if ahead.peek(Token![<=]) || ahead.peek(Token![>=]) || ahead.peek(Token![!=]) {
            return false;
        }
        if ahead.peek(Token![=]) {
            return is_pair(&ahead);
        }
        let _ = ahead.parse::<TokenTree>();
    }
    false
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

/// Whether a macro is one of the standard library that gives a constant string.
fn is_constant_macro(path: &Path) -> bool {
    let known = ["concat", "env", "file", "module_path", "stringify"];
    path.segments
        .last()
        .is_some_and(|it| known.iter().any(|name| it.ident == name))
}
