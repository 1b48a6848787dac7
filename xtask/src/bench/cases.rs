//! The whole steps that are measured.

use super::Suite;

/// One kind of step that both programs can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StepCase {
    /// Its name in records.
    pub(super) name: &'static str,
    /// A sentence for the reader.
    pub(super) about: &'static str,
    /// Script of the reference, in `xtask/bench`.
    pub(super) script: &'static str,
    /// Words of the candidate's command line before the shared ones.
    pub(super) candidate: &'static str,
    /// Words that both understand.
    pub(super) shared: &'static str,
    /// Words about random numbers, which no two programs draw alike: for times alone.
    pub(super) timed: &'static str,
    /// Threads of both.
    pub(super) threads: u32,
}

const SEARCH: &str = "bench search-step";
const SEARCH_SCRIPT: &str = "search_step.py";

impl StepCase {
    /// `true` if gradients that nobody uses can be left out.
    pub(super) fn is_search(&self) -> bool {
        self.script == SEARCH_SCRIPT
    }

    const fn search(name: &'static str, about: &'static str, shared: &'static str) -> Self {
        Self {
            name,
            about,
            script: SEARCH_SCRIPT,
            candidate: SEARCH,
            shared,
            timed: "",
            threads: 2,
        }
    }
}

const CASES: [(Suite, StepCase); 8] = [
    (
        Suite::Search,
        StepCase::search(
            "search",
            "DARTS, first order, batch 64",
            "--method darts --channels 16 --layers 8 --batch 64 --input 3x32x32",
        ),
    ),
    (
        Suite::SearchB16,
        StepCase::search(
            "search-b16",
            "DARTS, first order, batch 16",
            "--method darts --channels 16 --layers 8 --batch 16 --input 3x32x32",
        ),
    ),
    (
        Suite::SecondOrder,
        StepCase::search(
            "second-order",
            "DARTS, second order, batch 16",
            "--method darts-second-order --channels 16 --layers 8 --batch 16 --input 3x32x32",
        ),
    ),
    (
        Suite::PcDarts,
        StepCase::search(
            "pc-darts",
            "PC-DARTS, first order, a quarter of the channels, batch 64",
            "--method pc-darts --channels 16 --layers 8 --batch 64 --input 3x32x32",
        ),
    ),
    (
        Suite::Small,
        StepCase::search(
            "small",
            "DARTS, first order, 8 channels, 5 cells, grey images, batch 32",
            "--method darts --channels 8 --layers 5 --batch 32 --input 1x28x28",
        ),
    ),
    (
        Suite::UnetSearch,
        StepCase::search(
            "unet-search",
            "DARTS in a U-Net of three halvings, first order, 2 images of 3x128x128",
            "--method darts-unet --channels 16 --layers 6 --batch 2 --input 3x128x128",
        ),
    ),
    (
        Suite::Retrain,
        StepCase {
            name: "retrain",
            about: "DARTS_V2, 36 channels, 20 cells, auxiliary head, drop-path 0.2, batch 32",
            script: "train_step.py",
            candidate: "bench train-step --genotype DARTS_V2",
            shared: "--channels 36 --layers 20 --batch 32 --input 3x32x32 --aux",
            timed: " --drop-path 0.2",
            threads: 2,
        },
    ),
    (
        Suite::Unet,
        StepCase {
            name: "unet",
            about: "U-Net, 16 base channels, four halvings, 4 images of 3x128x128",
            script: "unet.py",
            candidate: "bench unet-step",
            shared: "--channels 16 --depth 4 --batch 4 --input 3x128x128",
            timed: "",
            threads: 2,
        },
    ),
];

/// The steps of a suite in the order in which they are measured.
pub(super) fn of(suite: Suite, threads: u32) -> Vec<StepCase> {
    let one = |wanted: Suite, threads: u32| {
        let found = CASES.iter().filter(move |(suite, _)| *suite == wanted);
        found.map(move |(_, case)| StepCase { threads, ..case.clone() })
    };
    match suite {
        Suite::Kernels => Vec::new(),
        Suite::Threads => [1, 2].into_iter().flat_map(|t| one(Suite::SearchB16, t)).collect(),
        Suite::All => {
            let all = CASES.iter().map(|(_, case)| StepCase { threads, ..case.clone() });
            // Batch 16 on two threads is among them; one thread makes the comparison.
            all.chain(one(Suite::SearchB16, 1)).collect()
        }
        other => one(other, threads).collect(),
    }
}
