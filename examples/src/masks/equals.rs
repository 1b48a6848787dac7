//! Networks that are trained equally long on the same images.

use std::error::Error;

use dartloom::data::{ConfiguredTransform, DataSets};
use dartloom::net::GraphNetwork;
use dartloom::prelude::*;
use dartloom::space::hand_made::{Baseline, UNet};
use dartloom::train::{Outcome, Problem, Schedule, SgdConfig, TrainError, evaluate};

/// The part that all of them have in common.
pub(super) struct Equals<'a> {
    pub setting: Setting<'a>,
    pub task: &'a dyn Task,
    pub data: &'a DataSets,
    pub epochs: usize,
    pub batch: usize,
    pub noise: Noise,
}

impl Equals<'_> {
    /// Trains the network of `found`, a random one with at most `edges` edges into a node, and a
    /// U-Net as wide in its first level; prints a row for each.
    pub(super) fn compare(&self, found: &Genotype, edges: usize) -> Result<(), Box<dyn Error>> {
        let mut numbers = self.noise.stream("random architecture", 0);
        let random = self.setting.space.sample(edges, &mut numbers);
        println!("trained for {} epochs each, one seed:", self.epochs);
        println!(
            "{:12} {:>8} {:>8} {:>10} {:>13}",
            "network", "mean IoU", "Dice", "parameters", "MACs"
        );
        for (name, genotype) in [("found", found), ("random", &random)] {
            let mut numbers = self.noise.stream("weights", 0);
            let size = NetworkSize { channels: None, layers: None, auxiliary: false };
            let network = self.setting.derive(genotype, &size, &mut numbers)?;
            self.row(name, &network)?;
        }
        let Build { channels, input, outputs, .. } = self.setting.build;
        let unet = Baseline::UNet(UNet { base: channels, depth: None });
        let mut numbers = self.noise.stream("weights", 0);
        let graph = unet.graph(input, outputs)?;
        let network = GraphNetwork::new(graph, &Place::default(), &mut numbers)?;
        self.row("U-Net", &network)
    }

    fn row(&self, name: &str, network: &dyn Model) -> Result<(), Box<dyn Error>> {
        let problem = Problem { task: self.task, train: &*self.data.train, held_out: None };
        let noise = self.noise.child("training");
        let mut fit = Fit::solving(name, network, self.config(), noise, problem)?;
        if drive(&mut fit, &mut Session::silent())? != Outcome::Finished {
            return Err("the training was stopped".into());
        }
        let loader = Loader::new(&*self.data.test, self.batch)?;
        let place = Place::default();
        let found = evaluate(&loader, self.task, |images| -> Result<_, TrainError> {
            Ok(network.forward(&place.take(images)?, &mut Pass::eval())?.main.detach())
        })?;
        let score = |name: &str| found.scores.get(name).unwrap_or(f64::NAN);
        let cost = network.cost();
        println!(
            "{name:12} {:8.4} {:8.4} {:10} {:13}",
            score("mean_iou"),
            score("mean_dice_foreground"),
            cost.parameters,
            cost.macs,
        );
        Ok(())
    }

    /// The training of the study of segmentation, with mirrored images.
    fn config(&self) -> FitConfig {
        FitConfig {
            epochs: self.epochs,
            batch: self.batch,
            rate: Schedule::Cosine { from: 0.01, to: 0.0 },
            sgd: SgdConfig { weight_decay: 1e-3, ..SgdConfig::default() },
            drop_path: 0.0,
            auxiliary: 0.0,
            crop_padding: 0,
            flip: true,
            cutout: 0,
            transforms: vec![ConfiguredTransform::FlipVertical],
            ..FitConfig::default()
        }
    }
}
