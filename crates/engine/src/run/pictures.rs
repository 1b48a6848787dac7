//! Genotypes and their drawings, as a search finds them.

use dartloom::record::{Event, Flow, Observer, ObserverError, RunDir, Where};
use dartloom::space::Genotype;

use dartloom_report::svg;

/// Writes every new architecture to `genotypes/` and draws its cells in `cells/`.
#[derive(Debug)]
pub(super) struct Pictures {
    dir: RunDir,
}

impl Pictures {
    /// Writes into `dir`.
    pub(super) fn new(dir: RunDir) -> Self {
        Self { dir }
    }

    fn store(&self, phase: &Where, epoch: usize, value: &serde_json::Value) -> std::io::Result<()> {
        let name = format!("{}-epoch-{epoch:03}", phase.to_string().replace([' ', '/'], "-"));
        let text = serde_json::to_string_pretty(value)? + "\n";
        self.write(&format!("genotypes/{name}.json"), &text)?;
        let genotype: Genotype = serde_json::from_value(value.clone())?;
        for cell in genotype.drawing().parts {
            // Cell names are free text.
            let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
            let place =
                format!("cells/{name}-{}", cell.title.chars().map(safe).collect::<String>());
            self.write(&format!("{place}.dot"), &cell.to_dot())?;
            self.write(&format!("{place}.svg"), &svg::one(&cell))?;
        }
        Ok(())
    }

    fn write(&self, name: &str, text: &str) -> std::io::Result<()> {
        self.dir.write(name, text.as_bytes()).map_err(std::io::Error::other)?;
        Ok(())
    }
}

impl Observer for Pictures {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        if let Event::Architecture { phase, epoch, genotype, .. } = event {
            self.store(phase, *epoch, genotype)
                .map_err(|source| ObserverError::Write { event: event.name(), source })?;
        }
        Ok(Flow::Continue)
    }
}
