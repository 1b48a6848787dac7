//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, value_parser};
use dartloom::space::Shape;

/// Neural architecture search: search, decode, retrain, count, draw and measure.
///
/// Without a command, `dartloom run` is meant: is searching worth it on the embedded digits?
#[derive(Debug, Parser)]
#[command(name = "dartloom", version)]
pub(crate) struct Arguments {
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compare methods with each other, random search and a hand-made network, all retrained.
    Run(RunArguments),
    /// Predict images with a trained network: masks, classes, labels or values.
    Predict(crate::predict::PredictArguments),
    /// Judge a trained network on data.
    Evaluate(crate::evaluate::EvaluateArguments),
    /// Write the page of a run: verdict, tables, curves, cells and costs as one HTML file.
    Report(crate::report::ReportArguments),
    /// Say how far a run is.
    Status(crate::report::StatusArguments),
    /// Write a trained network as an ONNX file.
    Export(crate::export::ExportArguments),
    /// Turn architecture weights into a genotype.
    Decode(DecodeArguments),
    /// Count parameters and multiply-adds of a genotype's network.
    Count(CountArguments),
    /// Say how far two genotypes are apart.
    Distance(DistanceArguments),
    /// Say what an experiment will need of memory, before anything runs.
    Estimate(EstimateArguments),
    /// Say what is wrong with data before anything is trained on them.
    Check(crate::check::CheckArguments),
    /// Measure data and write an experiment file that suits them, with its reasons.
    Plan(crate::plan::PlanArguments),
    /// Choose the blocks of a network laid out by hand that are worth searching.
    Blocks(crate::blocks::BlocksArguments),
    /// Draw a genotype or a space.
    Draw(DrawArguments),
    /// Train candidates for a run that started this process.
    #[command(hide = true)]
    Worker(WorkerArguments),
    /// Score a network, or the supernet of a space, before it is trained.
    Score(crate::score::ScoreArguments),
    /// Say whether scores rank architectures as a table of measurements does.
    Correlate(crate::correlate::CorrelateArguments),
    /// Say how far from a benchmark's best explorers stay.
    Regret(crate::regret::RegretArguments),
    /// Measure time and memory of a step, of inference, of kernels, and the machine's peak.
    Bench(dartloom_bench::BenchArguments),
}

impl Default for Command {
    fn default() -> Self {
        Self::Run(RunArguments::default())
    }
}

/// More than anybody waits for; keeps a typing error from filling the memory.
const MOST_SEEDS: u64 = 10_000;

/// The results go to stdout, everything else to stderr. A run that was stopped or killed goes on
/// when the same command is given again. Exit codes: 0 done, 1 failure, 2 bad usage or input, 130
/// stopped by Ctrl-C with the state saved.
#[derive(Debug, Default, Args)]
pub(crate) struct RunArguments {
    /// The experiment to run; the embedded digits when left out.
    pub(crate) experiment: Option<PathBuf>,
    /// Search with these methods in place of the experiment's and compare them.
    #[arg(
        long,
        value_name = "NAME,...",
        value_delimiter = ',',
        value_parser = PossibleValuesParser::new(dartloom_engine::experiment::method_names())
    )]
    pub(crate) method: Vec<String>,
    /// Use the images in this folder, or those of another experiment, in place of the experiment's.
    #[arg(long, value_name = "FOLDER|EXPERIMENT.ron")]
    pub(crate) data: Option<PathBuf>,
    /// Compare with this hand-made network in place of the experiment's: `unet`, `resnet_unet`,
    /// `fcn`, `self_configured`, `tiny_resnet`, `resnet18` or `resnet50`, with settings as in an
    /// experiment file, such as `unet(base: 32)`.
    #[arg(long, value_name = "NAME")]
    pub(crate) baseline: Option<String>,
    /// Replace a value of the experiment, such as `search.epochs=4` or `split=Full`; may be
    /// repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Directory of the run; `runs/NAME` when left out.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Processes that train candidates of discrete searches, 1 when left out; what is found does
    /// not depend on them.
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<usize>,
    /// Memory that each of these processes may have; a candidate that needs more fails, and the
    /// search goes on.
    #[arg(long, value_name = "BYTES", value_parser = crate::estimate::bytes)]
    pub(crate) worker_memory: Option<u64>,
    /// End a candidate that has not finished an epoch for so many seconds.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) worker_stall: Option<f64>,
    /// Memory that the run may count on, in place of what the machine has; a run that is predicted
    /// to need more is refused before it starts.
    #[arg(long, value_name = "BYTES", value_parser = crate::estimate::bytes)]
    pub(crate) memory: Option<u64>,
    /// Use the seeds 0 to N-1.
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..=MOST_SEEDS))]
    pub(crate) seeds: Option<u64>,
    /// Start anew where a run is stored.
    #[arg(long)]
    pub(crate) overwrite: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WorkerArguments {
    /// The experiment with every value filled in.
    #[arg(long)]
    pub(crate) experiment: PathBuf,
    /// Key of the explorer.
    #[arg(long)]
    pub(crate) method: String,
    /// Seed of the comparison.
    #[arg(long)]
    pub(crate) seed: u64,
    /// The directory in which candidates are saved.
    #[arg(long)]
    pub(crate) checkpoints: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DecodeArguments {
    /// A built-in space (`darts`, `darts-S`, `individual`, ...) or a file in RON or JSON.
    #[arg(long, value_name = "NAME|FILE", long_help = dartloom_engine::spaces::HELP)]
    pub(crate) space: OsString,
    /// The rule: a name such as `darts`, or settings such as `TopK(edges: 3)`.
    #[arg(long, value_name = "NAME|RON", long_help = crate::decode::DECODER_HELP)]
    pub(crate) decoder: String,
    /// The links between cells that stay: `best_path`, `multi_path`, `feasible_topology`, or
    /// settings.
    #[arg(long, value_name = "NAME|RON", long_help = crate::decode::PATHS_HELP)]
    pub(crate) paths: Option<String>,
    /// The weights as JSON, the same numbers that the search used.
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: PathBuf,
    /// The file holds logits: turn them into weights in this way first.
    #[arg(long, value_name = "RULE", value_enum)]
    pub(crate) logits: Option<crate::decode::Logits>,
    /// The file of the genotype as JSON; stdout when left out.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The file for the space with the links that stay, as JSON.
    #[arg(long, value_name = "FILE", requires = "paths")]
    pub(crate) space_out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CountArguments {
    /// A published name (`DARTS_V2`, `PC_DARTS_cifar`, ...), a benchmark's string
    /// (`|nor_conv_3x3~0|+...`, `01221102`), whose own network is counted, or a file in JSON, RON
    /// or Python text.
    #[arg(value_name = "GENOTYPE")]
    pub(crate) genotype: OsString,
    /// The space the genotype is from: its network is counted, with its operations.
    #[arg(long, value_name = "NAME|FILE", long_help = dartloom_engine::spaces::HELP)]
    pub(crate) space: Option<OsString>,
    /// Base channels.
    #[arg(long, value_name = "C")]
    pub(crate) channels: usize,
    /// Cells; what the genotype was made for when left out, or 20 where any number will do.
    #[arg(long, value_name = "L")]
    pub(crate) layers: Option<usize>,
    /// Classes.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) classes: usize,
    /// Shape of an image; from 128 rows on the network starts with the ImageNet stem.
    #[arg(long, value_name = "CxHxW", default_value = "3x32x32")]
    pub(crate) input: Shape,
    /// Positions of reduction cells; where the genotype has them when left out.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) reductions: Option<Vec<usize>>,
    /// Also give the parameters with the auxiliary head.
    #[arg(long)]
    pub(crate) aux: bool,
    /// One line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DistanceArguments {
    /// A published name (`ResNet18`, `DARTS_V2`, ...), a benchmark's string, or a file in JSON, RON
    /// or Python text.
    #[arg(value_name = "GENOTYPE")]
    pub(crate) first: OsString,
    /// The other genotype.
    #[arg(value_name = "GENOTYPE")]
    pub(crate) second: OsString,
    /// Weights of operations: published `means` or `medians`, or a JSON object of numbers by
    /// operation name.
    #[arg(long, value_name = "means|medians|FILE.json", default_value = "means")]
    pub(crate) weights: OsString,
    /// The space both are from, for the distance by position.
    #[arg(long, value_name = "NAME|FILE", long_help = dartloom_engine::spaces::HELP)]
    pub(crate) space: Option<OsString>,
    /// One line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The peaks are those of a process of this program, predicted from shapes.
#[derive(Debug, Args)]
pub(crate) struct EstimateArguments {
    /// The experiment.
    #[arg(value_name = "EXPERIMENT.ron")]
    pub(crate) experiment: PathBuf,
    /// Say whether it runs in so much memory, such as `8GiB`, and else what would.
    #[arg(long, value_name = "LIMIT", value_parser = crate::estimate::bytes)]
    pub(crate) memory: Option<u64>,
    /// Threads of the kernels; 2 where there are two cores, when left out.
    #[arg(long, value_name = "T", value_parser = dartloom_bench::few)]
    pub(crate) threads: Option<usize>,
    /// One line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DrawArguments {
    /// A published genotype, a benchmark's string, a built-in space, or a file with either.
    #[arg(value_name = "GENOTYPE|SPACE")]
    pub(crate) subject: OsString,
    /// The file of the drawing; its ending says in which form.
    #[arg(long, value_name = "FILE.svg|FILE.dot")]
    pub(crate) out: PathBuf,
}
