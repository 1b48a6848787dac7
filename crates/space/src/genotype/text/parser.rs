//! Tokens into a written genotype.

use super::fields::{Fields, Keyword};
use super::lexer::{Kind, Token};
use crate::SpaceError;
use crate::genotype::tuples::{GeneList, Tuple, Written};

/// Longer than any chain; bounds what `range(0, n)` can make us allocate.
const LONGEST_RANGE: usize = 1024;

pub(super) struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

/// A genotype, and the name that the text gives it.
pub(super) struct Named {
    pub(super) name: Option<String>,
    pub(super) written: Written,
}

impl Parser {
    /// A reader of tokens that end with [`Kind::End`].
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, next: 0 }
    }

    /// `NAME = ` where there is one, then `Genotype(...)`, a dictionary, or the fields alone.
    pub(super) fn genotype(mut self) -> Result<Named, SpaceError> {
        let name = self.assigned();
        let fields = match self.peek().kind.clone() {
            Kind::Sign('{') => self.dictionary()?,
            Kind::Name(called) => match last_part(&called) {
                "OrderedDict" => self.ordered()?,
                "dict" => self.call()?,
                word if word.starts_with("Genotype") => self.call()?,
                // A list of fields has no bracket around it.
                _ if name.is_none() && Keyword::of(&called).is_some() => self.bare()?,
                _ => return Err(self.peek().instead_of("`Genotype(`")),
            },
            _ => return Err(self.peek().instead_of("`Genotype(`")),
        };
        let close = self.previous().clone();
        if self.peek().kind != Kind::End {
            return Err(self.peek().instead_of("the end"));
        }
        Ok(Named { name, written: fields.written(&close)? })
    }

    /// The name before `=`, unless that is a field of a list of fields.
    fn assigned(&mut self) -> Option<String> {
        let Kind::Name(name) = self.peek().kind.clone() else { return None };
        if self.ahead(1) != &Kind::Sign('=') {
            return None;
        }
        let is_field = Keyword::of(&name).is_some()
            && !matches!(self.ahead(2), Kind::Name(called) if last_part(called).starts_with("Genotype"));
        if is_field {
            return None;
        }
        self.next += 2;
        Some(last_part(&name).to_owned())
    }

    /// `Genotype(normal=..., ...)`, fields by name or in the order of the original.
    fn call(&mut self) -> Result<Fields, SpaceError> {
        self.advance();
        self.sign('(')?;
        let mut fields = Fields::default();
        for position in 0.. {
            if self.accept(')') {
                break;
            }
            let by_name =
                matches!(self.peek().kind, Kind::Name(_)) && self.ahead(1) == &Kind::Sign('=');
            let keyword = match Keyword::ORDER.get(position) {
                Some(&keyword) if !by_name && self.begins_value() => {
                    fields.once(keyword, self.peek())?;
                    keyword
                }
                _ => {
                    let keyword = self.keyword(&fields)?;
                    self.sign('=')?;
                    keyword
                }
            };
            self.field(keyword, &mut fields)?;
            if !self.accept(',') {
                self.sign(')')?;
                break;
            }
        }
        Ok(fields)
    }

    /// `true` if a field may begin here without its name.
    fn begins_value(&self) -> bool {
        match &self.peek().kind {
            Kind::Sign('[' | '(') => true,
            Kind::Name(name) => matches!(name.as_str(), "range" | "list" | "None"),
            _ => false,
        }
    }

    /// `{'normal': ..., ...}`, as Python and JSON print it.
    fn dictionary(&mut self) -> Result<Fields, SpaceError> {
        self.sign('{')?;
        let mut fields = Fields::default();
        while !self.accept('}') {
            let keyword = self.keyword(&fields)?;
            self.sign(':')?;
            self.field(keyword, &mut fields)?;
            if !self.accept(',') {
                self.sign('}')?;
                break;
            }
        }
        Ok(fields)
    }

    /// `OrderedDict([('normal', ...), ...])`.
    fn ordered(&mut self) -> Result<Fields, SpaceError> {
        self.advance();
        self.sign('(')?;
        if self.peek().kind == Kind::Sign('{') {
            let fields = self.dictionary()?;
            self.sign(')')?;
            return Ok(fields);
        }
        let close = self.open("a list of fields")?;
        let mut fields = Fields::default();
        while !self.accept(close) {
            let end = self.open("a pair such as ('normal', [...])")?;
            let keyword = self.keyword(&fields)?;
            self.sign(',')?;
            self.field(keyword, &mut fields)?;
            self.accept(',');
            self.sign(end)?;
            if !self.accept(',') {
                self.sign(close)?;
                break;
            }
        }
        self.sign(')')?;
        Ok(fields)
    }

    /// `normal=..., normal_concat=..., ...`, with commas or without.
    fn bare(&mut self) -> Result<Fields, SpaceError> {
        let mut fields = Fields::default();
        while self.peek().kind != Kind::End {
            let keyword = self.keyword(&fields)?;
            self.sign('=')?;
            self.field(keyword, &mut fields)?;
            self.accept(',');
        }
        Ok(fields)
    }

    fn keyword(&mut self, fields: &Fields) -> Result<Keyword, SpaceError> {
        let token = self.advance();
        let (Kind::Name(name) | Kind::Text(name)) = &token.kind else {
            return Err(token.instead_of(Keyword::expected(None)));
        };
        let keyword =
            Keyword::of(name).ok_or_else(|| token.instead_of(Keyword::expected(Some(name))))?;
        fields.once(keyword, &token)?;
        Ok(keyword)
    }

    fn field(&mut self, keyword: Keyword, fields: &mut Fields) -> Result<(), SpaceError> {
        let start = self.peek().clone();
        if matches!(&start.kind, Kind::Name(name) if name == "None" || name == "null") {
            self.advance();
            fields.nothing(keyword);
            return Ok(());
        }
        match keyword {
            Keyword::Connections => return Err(start.instead_of("`None`")),
            Keyword::Genes => fields.genes = Some(self.items(Self::gene_list)?),
            Keyword::Normal | Keyword::Reduce => {
                let list = self.gene_list()?;
                fields.lists.insert(keyword, list);
            }
            _ => {
                let numbers = self.numbers()?;
                fields.numbers.insert(keyword, (start, numbers));
            }
        }
        Ok(())
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

    /// The genes of a cell, one after the other or node by node.
    fn gene_list(&mut self) -> Result<GeneList, SpaceError> {
        let start = self.peek().clone();
        // A gene begins with its operation, a list of genes with another bracket.
        let bracket = |kind: &Kind| matches!(kind, Kind::Sign('[' | '('));
        let of_nodes = bracket(&start.kind)
            && bracket(self.ahead(1))
            && matches!(self.ahead(2), Kind::Sign('[' | '(' | ']' | ')'));
        let list = if of_nodes {
            GeneList::Nodes(self.items(|parser| parser.items(Self::tuple))?)
        } else {
            GeneList::Flat(self.items(Self::tuple)?)
        };
        let refuse = |expected: &str, found: &str| SpaceError::Text {
            line: start.line,
            column: start.column,
            expected: expected.to_owned(),
            found: found.to_owned(),
        };
        let all = list.tuples();
        let pairs = all.iter().filter(|tuple| tuple.is_pair()).count();
        if pairs != 0 && pairs != all.len() {
            return Err(refuse("genes of one form, (op, from) or (op, to, from)", "both"));
        }
        if of_nodes && pairs == 0 && !all.is_empty() {
            let expected = "genes (op, from) in the lists of the nodes";
            return Err(refuse(expected, "genes (op, to, from)"));
        }
        Ok(list)
    }

    /// `(op, from)` or `(op, to, from)`; what an operation weighed may stand behind.
    fn tuple(&mut self) -> Result<Tuple, SpaceError> {
        let close = self.open("a gene such as ('skip_connect', 0)")?;
        let token = self.advance();
        let Kind::Text(op) = token.kind else {
            return Err(token.instead_of("a quoted operation"));
        };
        self.sign(',')?;
        let first = self.number()?;
        let mut second = None;
        while self.accept(',') && self.peek().kind != Kind::Sign(close) {
            match self.peek().kind {
                Kind::Number(_) if second.is_none() => second = Some(self.number()?),
                _ => {
                    self.weight()?;
                    self.accept(',');
                    break;
                }
            }
        }
        self.sign(close)?;
        Ok(match second {
            None => Tuple::Pair(op, first),
            Some(from) => Tuple::Triple(op, first, from),
        })
    }

    /// A number with a point, bare or as numpy prints it: `np.float32(0.13)`.
    fn weight(&mut self) -> Result<(), SpaceError> {
        let wrapped =
            matches!(self.peek().kind, Kind::Name(_)) && self.ahead(1) == &Kind::Sign('(');
        if wrapped {
            self.advance();
            self.sign('(')?;
        }
        let token = self.advance();
        let Kind::Value(_) = token.kind else {
            return Err(token.instead_of("the end of the gene, or its weight"));
        };
        if wrapped { self.sign(')') } else { Ok(()) }
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
            let line = start.line;
            let column = start.column;
            return Err(SpaceError::Text { line, column, expected, found });
        }
        Ok((first..end).collect())
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn ahead(&self, tokens: usize) -> &Kind {
        &self.tokens[(self.next + tokens).min(self.tokens.len() - 1)].kind
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

    fn number(&mut self) -> Result<usize, SpaceError> {
        let token = self.advance();
        match token.kind {
            Kind::Number(number) => Ok(number),
            _ => Err(token.instead_of("a number")),
        }
    }
}

/// `Genotype` of `genotypes.Genotype`.
fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
