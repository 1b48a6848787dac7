//! A tuple parameter is a struct that nobody named; a `let` of a tuple is several statements in a
//! line.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::style::Place;

/// Most values that a parameter may hold without a name of their own.
const MOST: usize = 2;
/// Most arguments of a function, as for clippy.
const ARGUMENTS: usize = 6;

/// Parameters that are tuples of more than [`MOST`], inner tuples counted in full, and functions
/// that take more than [`ARGUMENTS`] values when tuples are.
pub(super) fn parameters(text: &str) -> Vec<Place> {
    collect(text, &|trees, places| {
        let Some(list) = parameter_list(trees) else { return };
        let parameters = split(&list.stream());
        let widths: Vec<_> = parameters.iter().map(|parameter| values(parameter)).collect();
        for (parameter, values) in parameters.iter().zip(&widths) {
            if *values > MOST {
                let message = format!("a parameter of {values} values is a struct without a name");
                places.push((parameter[0].span().start().line, message));
            }
        }
        let all: usize = widths.iter().sum();
        if all > ARGUMENTS && widths.len() <= ARGUMENTS {
            let message = format!("{all} arguments by way of tuples, {ARGUMENTS} are the limit");
            places.push((trees[0].span().start().line, message));
        }
    })
}

/// `let (a, b) = (x, y);` and the same with brackets.
pub(super) fn lets(text: &str) -> Vec<Place> {
    collect(text, &|trees, places| {
        let [TokenTree::Ident(word), TokenTree::Group(pattern), rest @ ..] = trees else { return };
        let Some(end) = rest.iter().position(|tree| is_mark(tree, ';')) else { return };
        let Some(is) = rest[..end].iter().position(|tree| is_mark(tree, '=')) else { return };
        let [TokenTree::Group(values)] = &rest[is + 1..end] else { return };
        let lists = [pattern, values].map(|group| split(&group.stream()).len());
        if word == "let" && pattern.delimiter() == values.delimiter() && lists[0] > 1 {
            let same = lists[0] == lists[1];
            let message = format!("{} statements in one `let`", lists[0]);
            places.extend(same.then(|| (word.span().start().line, message)));
        }
    })
}

/// Number of values that a parameter holds, by its pattern or its type.
fn values(parameter: &[TokenTree]) -> usize {
    parameter.split(|tree| is_mark(tree, ':')).map(width).max().unwrap_or(0)
}

/// A look at the tokens from a place to the end of their group.
type Look<'a> = &'a dyn Fn(&[TokenTree], &mut Vec<Place>);

fn collect(text: &str, look: Look<'_>) -> Vec<Place> {
    let mut places = Vec::new();
    // What is not Rust is refused by the compiler.
    if let Ok(stream) = TokenStream::from_str(text) {
        walk(stream, look, &mut places);
    }
    places
}

fn walk(stream: TokenStream, look: Look<'_>, places: &mut Vec<Place>) {
    let trees: Vec<_> = stream.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        look(&trees[at..], places);
        if let TokenTree::Group(group) = tree {
            walk(group.stream(), look, places);
        }
    }
}

/// The parentheses behind `fn name<..>`, where one begins here.
fn parameter_list(trees: &[TokenTree]) -> Option<&Group> {
    let [TokenTree::Ident(word), TokenTree::Ident(_), rest @ ..] = trees else { return None };
    let mut depth = 0_usize;
    let mut behind = None;
    for tree in rest.iter().take_while(|_| word == "fn") {
        match tree {
            TokenTree::Group(group) if depth == 0 => {
                return (group.delimiter() == Delimiter::Parenthesis).then_some(group);
            }
            tree => depth = deeper(depth, tree, behind),
        }
        behind = Some(tree);
    }
    None
}

/// The parts between commas that stand in no group and no angle brackets.
fn split(stream: &TokenStream) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    let mut depth = 0;
    let mut behind = None;
    for tree in stream.clone() {
        depth = deeper(depth, &tree, behind.as_ref());
        behind = Some(tree.clone());
        match parts.last_mut() {
            Some(part) if depth > 0 || !is_mark(&tree, ',') => part.push(tree),
            _ => parts.push(Vec::new()),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The number of open angle brackets behind a token. Nested comparisons close no bracket, and the
/// `>` of an arrow is none.
fn deeper(depth: usize, tree: &TokenTree, behind: Option<&TokenTree>) -> usize {
    let arrow = behind.is_some_and(|tree| is_mark(tree, '-') || is_mark(tree, '='));
    if is_mark(tree, '<') {
        depth + 1
    } else if is_mark(tree, '>') && !arrow {
        depth.saturating_sub(1)
    } else {
        depth
    }
}

/// Number of values in a pattern or a type: those of a tuple, behind references, one otherwise.
fn width(tokens: &[TokenTree]) -> usize {
    let mut tokens = tokens;
    while let [TokenTree::Punct(_), rest @ ..] = tokens {
        // A lifetime is a mark and a word.
        let lifetime = is_mark(&tokens[0], '\'');
        tokens = rest.get(usize::from(lifetime)..).unwrap_or_default();
    }
    if let [TokenTree::Ident(word), rest @ ..] = tokens
        && word == "mut"
    {
        tokens = rest;
    }
    match tokens {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
            split(&group.stream()).iter().map(|part| width(part)).sum()
        }
        _ => 1,
    }
}

fn is_mark(tree: &TokenTree, mark: char) -> bool {
    matches!(tree, TokenTree::Punct(found) if found.as_char() == mark)
}
