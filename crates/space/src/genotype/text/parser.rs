//! Tokens into a written genotype.

use super::lexer::{Kind, Token};
use crate::SpaceError;
use crate::genotype::tuples::{Tuple, Written};

const KEYWORDS: [&str; 8] =
    ["normal", "normal_concat", "reduce", "reduce_concat", "genes", "seq", "concat", "reductions"];

/// Longer than any chain; bounds what `range(0, n)` can make us allocate.
const LONGEST_RANGE: usize = 1024;

/// What stood behind the keywords.
#[derive(Default)]
struct Fields {
    lists: Vec<(&'static str, Vec<Tuple>)>,
    numbers: Vec<(&'static str, Vec<usize>)>,
    genes: Option<Vec<Vec<Tuple>>>,
}

impl Fields {
    fn knows(&self, keyword: &str) -> bool {
        self.lists.iter().map(|(known, _)| known).any(|&known| known == keyword)
            || self.numbers.iter().map(|(known, _)| known).any(|&known| known == keyword)
            || (keyword == "genes" && self.genes.is_some())
    }

    fn list(&mut self, keyword: &str) -> Option<Vec<Tuple>> {
        let index = self.lists.iter().position(|(known, _)| *known == keyword)?;
        Some(self.lists.swap_remove(index).1)
    }

    fn numbers(&mut self, keyword: &str) -> Option<Vec<usize>> {
        let index = self.numbers.iter().position(|(known, _)| *known == keyword)?;
        Some(self.numbers.swap_remove(index).1)
    }
}

pub(super) struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    /// A reader of tokens that end with [`Kind::End`].
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, next: 0 }
    }

    /// The name before `=`, if any, and the genotype.
    pub(super) fn genotype(mut self) -> Result<(Option<String>, Written), SpaceError> {
        let mut called = self.name("`Genotype(`")?;
        let mut name = None;
        if self.accept('=') {
            name = Some(called);
            called = self.name("`Genotype(`")?;
        }
        if !called.starts_with("Genotype") {
            return Err(self.previous().instead_of("`Genotype(`"));
        }
        self.sign('(')?;
        let fields = self.fields()?;
        let close = self.previous().clone();
        if self.peek().kind != Kind::End {
            return Err(self.peek().instead_of("the end"));
        }
        Ok((name, written(fields, &close)?))
    }

    fn fields(&mut self) -> Result<Fields, SpaceError> {
        let mut fields = Fields::default();
        while !self.accept(')') {
            let keyword = self.keyword(&fields)?;
            self.sign('=')?;
            match keyword {
                "genes" => fields.genes = Some(self.items(Self::tuples)?),
                "normal" | "reduce" => fields.lists.push((keyword, self.tuples()?)),
                _ => fields.numbers.push((keyword, self.numbers()?)),
            }
            if !self.accept(',') {
                self.sign(')')?;
                break;
            }
        }
        Ok(fields)
    }

    fn keyword(&mut self, fields: &Fields) -> Result<&'static str, SpaceError> {
        let token = self.advance();
        let expected = || format!("one of {}", KEYWORDS.join(", "));
        let Kind::Name(name) = &token.kind else { return Err(token.instead_of(expected())) };
        match KEYWORDS.iter().find(|&keyword| keyword == name) {
            Some(keyword) if fields.knows(keyword) => {
                Err(token.instead_of(format!("`{keyword}` only once")))
            }
            Some(keyword) => Ok(keyword),
            None => Err(token.instead_of(expected())),
        }
    }

    /// `[item, item, ...]` or `(item, item, ...)`.
    fn items<T>(
        &mut self,
        item: impl Fn(&mut Self) -> Result<T, SpaceError>,
    ) -> Result<Vec<T>, SpaceError> {
        let close = self.open("a list")?;
        let mut items = Vec::new();
        while !self.accept(close) {
            items.push(item(self)?);
            if !self.accept(',') {
                self.sign(close)?;
                break;
            }
        }
        Ok(items)
    }

    fn tuples(&mut self) -> Result<Vec<Tuple>, SpaceError> {
        let start = self.peek().clone();
        let tuples = self.items(Self::tuple)?;
        let pairs = tuples.iter().filter(|tuple| matches!(tuple, Tuple::Pair(..))).count();
        if pairs == 0 || pairs == tuples.len() {
            return Ok(tuples);
        }
        Err(SpaceError::Text {
            line: start.line,
            column: start.column,
            expected: "genes of one form, (op, from) or (op, to, from)".to_owned(),
            found: "both".to_owned(),
        })
    }

    fn tuple(&mut self) -> Result<Tuple, SpaceError> {
        let close = self.open("a gene such as ('skip_connect', 0)")?;
        let token = self.advance();
        let Kind::Text(op) = token.kind else {
            return Err(token.instead_of("a quoted operation"));
        };
        self.sign(',')?;
        let first = self.number()?;
        let mut second = None;
        if self.accept(',') && self.peek().kind != Kind::Sign(close) {
            second = Some(self.number()?);
            self.accept(',');
        }
        self.sign(close)?;
        Ok(match second {
            None => Tuple::Pair(op, first),
            Some(from) => Tuple::Triple(op, first, from),
        })
    }

    /// `[2, 3]`, `(2, 3)`, `range(4)`, `range(2, 6)` or `list(...)` around one of them.
    fn numbers(&mut self) -> Result<Vec<usize>, SpaceError> {
        let token = self.peek().clone();
        match &token.kind {
            Kind::Name(name) if name == "range" => {
                self.advance();
                self.range()
            }
            Kind::Name(name) if name == "list" => {
                self.advance();
                self.sign('(')?;
                let numbers = match &self.peek().kind {
                    Kind::Name(name) if name == "range" => {
                        self.advance();
                        self.range()?
                    }
                    _ => self.items(Self::number)?,
                };
                self.sign(')')?;
                Ok(numbers)
            }
            Kind::Sign('[' | '(') => self.items(Self::number),
            _ => Err(token.instead_of("a list of numbers or range(first, end)")),
        }
    }

    fn range(&mut self) -> Result<Vec<usize>, SpaceError> {
        let start = self.peek().clone();
        let bounds = self.items(Self::number)?;
        let (first, end) = match bounds[..] {
            [end] => (0, end),
            [first, end] => (first, end),
            _ => return Err(start.instead_of("range(end) or range(first, end)")),
        };
        if end.saturating_sub(first) > LONGEST_RANGE {
            let expected = format!("a range of at most {LONGEST_RANGE} numbers");
            let found = format!("range({first}, {end})");
            let (line, column) = (start.line, start.column);
            return Err(SpaceError::Text { line, column, expected, found });
        }
        Ok((first..end).collect())
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn previous(&self) -> &Token {
        &self.tokens[self.next.saturating_sub(1)]
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn accept(&mut self, sign: char) -> bool {
        let found = self.peek().kind == Kind::Sign(sign);
        self.next += usize::from(found);
        found
    }

    fn sign(&mut self, sign: char) -> Result<(), SpaceError> {
        if self.accept(sign) { Ok(()) } else { Err(self.peek().instead_of(format!("`{sign}`"))) }
    }

    /// Opens a list and returns the sign that closes it.
    fn open(&mut self, what: &str) -> Result<char, SpaceError> {
        if self.accept('[') {
            Ok(']')
        } else if self.accept('(') {
            Ok(')')
        } else {
            Err(self.peek().instead_of(what))
        }
    }

    fn name(&mut self, what: &str) -> Result<String, SpaceError> {
        let token = self.advance();
        match token.kind {
            Kind::Name(name) => Ok(name),
            _ => Err(token.instead_of(what)),
        }
    }

    fn number(&mut self) -> Result<usize, SpaceError> {
        let token = self.advance();
        match token.kind {
            Kind::Number(number) => Ok(number),
            _ => Err(token.instead_of("a number")),
        }
    }
}

/// `close` is the bracket at which a missing keyword is noticed.
fn written(mut fields: Fields, close: &Token) -> Result<Written, SpaceError> {
    let concat = fields.numbers("concat");
    if let Some(genes) = fields.genes.take() {
        if let Some(index) = genes.iter().position(|list| matches!(list[..], [Tuple::Pair(..), ..]))
        {
            return Err(SpaceError::Text {
                line: close.line,
                column: close.column,
                expected: "genes (op, to, from)".to_owned(),
                found: format!("(op, from) in gene list {index}"),
            });
        }
        for stray in ["normal", "reduce", "normal_concat", "reduce_concat"] {
            if fields.knows(stray) {
                return Err(close.instead_of(format!("no `{stray}` beside `genes`")));
            }
        }
        let (seq, reductions) = (fields.numbers("seq"), fields.numbers("reductions"));
        return Ok(Written::Cells { genes, seq, reductions });
    }
    for stray in ["seq", "reductions"] {
        if fields.knows(stray) || concat.is_some() {
            return Err(close.instead_of("`genes=` with `seq`, `concat` or `reductions`"));
        }
    }
    let missing = |keyword: &str| close.instead_of(format!("`{keyword}=`"));
    let normal = fields.list("normal").ok_or_else(|| missing("normal"))?;
    let reduce = fields.list("reduce").ok_or_else(|| missing("reduce"))?;
    let mut concats = [None, None];
    for (concat, (keyword, list)) in
        concats.iter_mut().zip([("normal_concat", &normal), ("reduce_concat", &reduce)])
    {
        *concat = fields.numbers(keyword);
        if concat.is_none() && matches!(list[..], [Tuple::Pair(..), ..]) {
            return Err(missing(keyword));
        }
    }
    Ok(Written::TwoCells { normal, reduce, concats })
}
