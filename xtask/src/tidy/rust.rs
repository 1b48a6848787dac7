//! Rust sources as flat tokens, with what is compiled for tests only left out.

use std::str::FromStr;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A word, a literal or a mark, and its line counted from 1.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

/// The part of a source that is shipped.
#[derive(Debug, Default)]
pub(super) struct Shipped {
    /// Tokens in order. Comments are gone, documentation is a string literal.
    pub(super) tokens: Vec<Token>,
    /// Modules in other files that only tests compile.
    pub(super) test_modules: Vec<String>,
}

impl Shipped {
    /// `None` when the text is not Rust.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let stream = TokenStream::from_str(text).ok()?;
        let mut shipped = Self::default();
        shipped.extend(stream);
        Some(shipped)
    }

    fn extend(&mut self, stream: TokenStream) {
        let trees: Vec<_> = stream.into_iter().collect();
        let mut rest = trees.as_slice();
        while let Some(tree) = rest.first() {
            rest = match attribute(rest).as_deref() {
                Some("#![cfg(test)]") => return,
                Some("#[cfg(test)]") => self.skip_item(rest),
                _ => self.push(tree, rest),
            };
        }
    }

    /// Leaves out the item that follows an attribute: up to its braces or its semicolon.
    fn skip_item<'a>(&mut self, trees: &'a [TokenTree]) -> &'a [TokenTree] {
        let ends = |tree: &TokenTree| match tree {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(mark) => mark.as_char() == ';',
            _ => false,
        };
        let end = trees.iter().position(ends).map_or(trees.len(), |last| last + 1);
        let (item, rest) = trees.split_at(end);
        if let [.., TokenTree::Ident(keyword), TokenTree::Ident(name), TokenTree::Punct(_)] = item
            && keyword == "mod"
        {
            self.test_modules.push(name.to_string());
        }
        rest
    }

    fn push<'a>(&mut self, tree: &TokenTree, rest: &'a [TokenTree]) -> &'a [TokenTree] {
        let line = tree.span().start().line;
        let mut add = |text: String| self.tokens.push(Token { text, line });
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = marks(group.delimiter());
                add(open.to_owned());
                self.extend(group.stream());
                self.tokens
                    .push(Token { text: close.to_owned(), line: group.span_close().start().line });
            }
            TokenTree::Punct(mark) if is_path_separator(rest) => {
                debug_assert_eq!(mark.as_char(), ':');
                add("::".to_owned());
                return &rest[2..];
            }
            other => add(other.to_string()),
        }
        &rest[1..]
    }
}

fn is_path_separator(trees: &[TokenTree]) -> bool {
    match trees {
        [TokenTree::Punct(first), TokenTree::Punct(second), ..] => {
            first.as_char() == ':' && first.spacing() == Spacing::Joint && second.as_char() == ':'
        }
        _ => false,
    }
}

/// The attribute that stands here, without blanks.
fn attribute(trees: &[TokenTree]) -> Option<String> {
    let (hash, inner, group) = match trees {
        [TokenTree::Punct(hash), TokenTree::Group(group), ..] => (hash, "", group),
        [TokenTree::Punct(hash), TokenTree::Punct(mark), TokenTree::Group(group), ..]
            if mark.as_char() == '!' =>
        {
            (hash, "!", group)
        }
        _ => return None,
    };
    let is_attribute = hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket;
    let text: String = group.stream().to_string().split_whitespace().collect();
    is_attribute.then(|| format!("#{inner}[{text}]"))
}

fn marks(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

/// Every path in the tokens with the line it starts in; groups of `use` are written out.
pub(super) fn paths(tokens: &[Token]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_word(&tokens[at].text) && tokens.get(at + 1).is_some_and(|next| next.text == "::") {
            at = path(tokens, at, "", &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads one path from `at`, where a word, a star or a group stands; returns the place behind it.
fn path(tokens: &[Token], at: usize, prefix: &str, found: &mut Vec<(String, usize)>) -> usize {
    let Some(token) = tokens.get(at) else { return at };
    if token.text == "{" {
        return group(tokens, at + 1, prefix, found);
    }
    if !is_word(&token.text) && token.text != "*" {
        // `Vec::<u8>` or the like: the path ends before the mark.
        found.push((prefix.to_owned(), token.line));
        return at;
    }
    let here = match (prefix, token.text.as_str()) {
        ("", word) => word.to_owned(),
        (_, "self") => prefix.to_owned(),
        (_, word) => format!("{prefix}::{word}"),
    };
    if tokens.get(at + 1).is_some_and(|next| next.text == "::") {
        return path(tokens, at + 2, &here, found);
    }
    found.push((here, token.line));
    at + 1
}

/// Reads the members of a `use` group up to its closing brace.
fn group(tokens: &[Token], mut at: usize, prefix: &str, found: &mut Vec<(String, usize)>) -> usize {
    while let Some(token) = tokens.get(at) {
        at = match token.text.as_str() {
            "}" => return at + 1,
            word if is_word(word) => {
                let behind = path(tokens, at, prefix, found);
                // `a as b`: what follows a member up to the comma is not a path of its own.
                let tail = tokens[behind..].iter().position(|t| t.text == "," || t.text == "}");
                tail.map_or(tokens.len(), |skip| behind + skip)
            }
            "{" | "*" => path(tokens, at, prefix, found),
            _ => at + 1,
        };
    }
    at
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}
