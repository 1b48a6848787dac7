//! Benchmarks whose architectures have strings.

use std::io::Read;

use dartloom::explore::{Domain, ExploreError, Measured, Table, TableColumns};
use dartloom::space::{Blueprint, Build, Genotype, SpaceError, nasbench_macro, nasbench201};

/// The column of architectures.
const ARCHITECTURE: &str = "arch";

/// A benchmark with architecture strings and a network of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Benchmark {
    /// NAS-Bench-201.
    Nasbench201,
    /// NAS-Bench-Macro.
    NasbenchMacro,
}

impl Benchmark {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Nasbench201, Self::NasbenchMacro];

    /// Its name in commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nasbench201 => "nasbench201",
            Self::NasbenchMacro => "nasbench-macro",
        }
    }

    /// The benchmark of that name, if there is one.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|benchmark| benchmark.name() == name)
    }

    /// The benchmark that a text looks like an architecture of.
    pub fn of(text: &str) -> Option<Self> {
        let digits = text.len() == 8 && text.chars().all(|letter| letter.is_ascii_digit());
        match text {
            _ if text.starts_with('|') => Some(Self::Nasbench201),
            _ if digits => Some(Self::NasbenchMacro),
            _ => None,
        }
    }

    /// Its name in texts.
    pub fn title(self) -> &'static str {
        match self {
            Self::Nasbench201 => "NAS-Bench-201",
            Self::NasbenchMacro => "NAS-Bench-Macro",
        }
    }

    /// The architecture of a string.
    ///
    /// # Errors
    /// [`SpaceError`] where the space refuses it.
    pub fn parse(self, text: &str) -> Result<Genotype, SpaceError> {
        match self {
            Self::Nasbench201 => nasbench201::parse(text),
            Self::NasbenchMacro => nasbench_macro::parse(text),
        }
    }

    /// The network that was measured.
    ///
    /// # Errors
    /// [`SpaceError`] where the space refuses it.
    pub fn plan(self, genotype: &Genotype, build: Build) -> Result<Blueprint, SpaceError> {
        match self {
            Self::Nasbench201 => nasbench201::blueprint(genotype, build),
            Self::NasbenchMacro => nasbench_macro::blueprint(genotype, build),
        }
    }

    /// All of its architectures.
    ///
    /// # Errors
    /// [`SpaceError`] where the space refuses it.
    pub fn domain(self) -> Result<Domain, SpaceError> {
        match self {
            Self::Nasbench201 => nasbench201::space().map(Domain::every_edge),
            Self::NasbenchMacro => nasbench_macro::space().map(Domain::every_edge),
        }
    }

    /// A table of them, of which a search sees `quality`.
    ///
    /// # Errors
    /// [`ExploreError`] for a table that is not as expected.
    pub fn table(
        self,
        source: impl Read,
        quality: &str,
        reported: &str,
    ) -> Result<Table, ExploreError> {
        let ops = self.domain()?.space().op_set().clone();
        let columns = TableColumns::nasbench201(quality, reported);
        Table::read(source, &columns, ops, |text| self.parse(text))
    }

    /// The rows of a table of them, with the numbers of some columns.
    ///
    /// # Errors
    /// [`ExploreError`] for a table that is not as expected.
    pub fn rows(
        self,
        source: impl Read,
        columns: &[String],
    ) -> Result<Vec<Measured>, ExploreError> {
        let domain = self.domain()?;
        let ops = domain.space().op_set();
        Measured::read(source, (ARCHITECTURE, columns), ops, |text| self.parse(text))
    }

    /// The sizes that were asked for, with the benchmark's channels where none were.
    pub fn build(self, channels: Option<usize>, build: Build) -> Build {
        let own = match self {
            Self::Nasbench201 => 16,
            Self::NasbenchMacro => 32,
        };
        Build { channels: channels.unwrap_or(own), ..build }
    }
}
