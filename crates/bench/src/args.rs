//! The command line after `dartloom bench`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use dartloom::presets;

use super::method::{Ablation, Method};
use super::network::Derived;
use super::recompute::Choice;
use super::size::{Images, Retrained, Searched, Size};
use super::unet_step::UnetStepArguments;

/// Figures go to stdout, as a table or with `--json` as one line. Images, labels and weights are
/// made up from a fixed seed; nothing is read but what is named.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// The subject to measure.
    #[command(subcommand)]
    pub(crate) subject: Subject,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Subject {
    /// One step of a search: logits on a validation batch, then weights on a training batch.
    SearchStep(SearchStepArguments),
    /// One training step of a genotype's network.
    TrainStep(TrainStepArguments),
    /// One training step of the hand-made U-Net on made-up masks.
    UnetStep(UnetStepArguments),
    /// A forward pass of a genotype's network or of a ResNet in evaluation mode.
    Infer(InferArguments),
    /// Single kernels, forward and with gradients.
    Kernels(KernelsArguments),
    /// The matrix product's rate, which nothing else can exceed.
    Peak(PeakArguments),
    /// Predicted against measured peaks of memory, every network in a process of its own.
    Memory(MemoryArguments),
}

impl BenchArguments {
    /// Threads to compute with.
    pub fn threads(&self) -> usize {
        let threads = match &self.subject {
            Subject::SearchStep(arguments) => arguments.pace.threads,
            Subject::TrainStep(arguments) => arguments.pace.threads,
            Subject::UnetStep(arguments) => arguments.pace.threads,
            Subject::Infer(arguments) => arguments.pace.threads,
            Subject::Kernels(arguments) => arguments.threads,
            Subject::Peak(arguments) => arguments.threads,
            Subject::Memory(arguments) => arguments.pace.threads,
        };
        threads.unwrap_or_else(default_threads)
    }
}

/// Two, if there are two.
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(2))
}

/// Repetitions, threads, and the form of the output.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Pace {
    /// Steps that are measured.
    #[arg(long, value_name = "N", default_value = "5", value_parser = count)]
    pub(crate) steps: usize,
    /// Steps before that.
    #[arg(long, value_name = "N", default_value = "1", value_parser = count_or_none)]
    pub(crate) warm_up: usize,
    /// Threads of the kernels; 2 where there are two cores, when left out.
    #[arg(long, value_name = "T", value_parser = few)]
    pub(crate) threads: Option<usize>,
    /// One line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SearchStepArguments {
    /// The method.
    #[arg(long, value_name = "NAME", default_value = "darts")]
    pub(crate) method: Method,
    #[command(flatten)]
    pub(crate) size: Size<Searched>,
    /// The values that cells keep for the backward pass.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) recompute: Choice,
    /// The part of D-DARTS' ablation loss that is computed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) ablation: Ablation,
    /// Make one step from the weights, logits and batches in this file, and print its losses and
    /// the logits' gradients instead of times.
    #[arg(long, value_name = "FILE.safetensors", conflicts_with_all = ["steps", "warm_up"])]
    pub(crate) parity: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

/// The network of a genotype, and its batches.
#[derive(Debug, Args)]
pub(crate) struct NetworkArguments {
    /// A published name or a file.
    #[arg(long, value_name = "NAME|FILE", default_value = "DARTS_V2")]
    pub(crate) genotype: String,
    #[command(flatten)]
    pub(crate) size: Size<Retrained>,
}

impl NetworkArguments {
    /// The network.
    pub(crate) fn derived(&self, aux: bool) -> Derived<'_> {
        Derived {
            genotype: &self.genotype,
            channels: self.size.channels,
            layers: self.size.layers,
            input: self.size.images.input,
            aux,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TrainStepArguments {
    #[command(flatten)]
    pub(crate) network: NetworkArguments,
    /// With the auxiliary head, whose loss weighs 0.4.
    #[arg(long)]
    pub(crate) aux: bool,
    /// Probability of drop-path.
    #[arg(long, value_name = "P", default_value = "0", value_parser = probability)]
    pub(crate) drop_path: f64,
    /// Make one step without drop-path from the weights and the batch in this file, and print its
    /// loss and gradients instead of times.
    #[arg(
        long,
        value_name = "FILE.safetensors",
        conflicts_with_all = ["steps", "warm_up", "drop_path"]
    )]
    pub(crate) parity: Option<PathBuf>,
    /// The values that cells keep for the backward pass.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) recompute: Choice,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

#[derive(Debug, Args)]
pub(crate) struct InferArguments {
    #[command(flatten)]
    pub(crate) network: NetworkArguments,
    /// A hand-made network in the genotype's place: `resnet18` or `tiny-resnet`.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["genotype", "channels", "layers"])]
    pub(crate) baseline: Option<Baseline>,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

/// Networks to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Baseline {
    /// ResNet-18 for small images.
    #[value(name = "resnet18")]
    ResNet18,
    /// Ten layers, eight channels.
    #[value(name = "tiny-resnet")]
    TinyResNet,
}

#[derive(Debug, Args)]
pub(crate) struct KernelsArguments {
    /// Only the kernel of this name; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) kernel: Vec<String>,
    /// Only batches of this size; may be repeated. 16 and 64 when left out.
    #[arg(long, value_name = "B", value_parser = count)]
    pub(crate) batch: Vec<usize>,
    /// Only inputs of this shape; may be repeated. 16x32, 32x16 and 64x8 when left out, and 3x32
    /// for the stem.
    #[arg(long, value_name = "CxHW")]
    pub(crate) shape: Vec<super::kernels::Plane>,
    /// Seconds to repeat a kernel for; five repetitions are made in any case.
    #[arg(long, value_name = "S", default_value = "0.35", value_parser = seconds)]
    pub(crate) seconds: f64,
    /// Threads of the kernels; 2 where there are two cores, when left out.
    #[arg(long, value_name = "T", value_parser = few)]
    pub(crate) threads: Option<usize>,
    /// One line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PeakArguments {
    /// Rows and columns of the matrices.
    #[arg(long, value_name = "N", default_value = "1024", value_parser = count)]
    pub(crate) size: usize,
    /// Seconds to repeat the product for.
    #[arg(long, value_name = "S", default_value = "1", value_parser = seconds)]
    pub(crate) seconds: f64,
    /// Most threads; 2 where there are two cores, when left out.
    #[arg(long, value_name = "T", value_parser = few)]
    pub(crate) threads: Option<usize>,
    /// One line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MemoryArguments {
    /// Train candidates of this space; may be repeated.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) space: Vec<String>,
    /// Candidates of each space.
    #[arg(long, value_name = "N", default_value = "10", value_parser = count, requires = "space")]
    pub(crate) candidates: usize,
    /// Seed that candidates are drawn from.
    #[arg(long, value_name = "S", default_value = "0", requires = "space")]
    pub(crate) seed: u64,
    /// Search with the supernet of this preset; may be repeated.
    #[arg(
        long,
        value_name = "NAME",
        value_parser = PossibleValuesParser::new(presets::names().collect::<Vec<_>>())
    )]
    pub(crate) preset: Vec<String>,
    /// Search with the supernets of all presets.
    #[arg(long, conflicts_with = "preset")]
    pub(crate) presets: bool,
    /// Base channels; a preset's own, and 16 for candidates, when left out.
    #[arg(long, value_name = "C", value_parser = count)]
    pub(crate) channels: Option<usize>,
    #[command(flatten)]
    pub(crate) images: Images<Retrained>,
    /// The values that cells keep for the backward pass.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) recompute: Choice,
    /// Run one operation after the other.
    #[arg(long, conflicts_with = "recompute")]
    pub(crate) staged: bool,
    /// Write every case's figures to this file.
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) csv: Option<PathBuf>,
    /// Train this case and print the peak: what the command starts for each case.
    #[arg(long, value_name = "JSON", hide = true)]
    pub(crate) child: Option<String>,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

/// More than anybody measures; keeps a typing error from filling the memory.
const MOST: usize = 1 << 16;
const MOST_THREADS: usize = 1024;
const MOST_SECONDS: f64 = 3600.0;

pub(crate) fn count(text: &str) -> Result<usize, String> {
    within(text, 1, MOST)
}

fn count_or_none(text: &str) -> Result<usize, String> {
    within(text, 0, MOST)
}

/// A number of threads, as it is typed.
///
/// # Errors
/// Words for a number that is none of 1 to 1024.
pub fn few(text: &str) -> Result<usize, String> {
    within(text, 1, MOST_THREADS)
}

fn within(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("expected a whole number from {least} to {most}"))
}

fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..1.0).contains(number));
    number.ok_or_else(|| "expected a number of 0 or more and less than 1".to_owned())
}

fn seconds(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=MOST_SECONDS).contains(number));
    number.ok_or_else(|| format!("expected seconds from 0 to {MOST_SECONDS}"))
}
