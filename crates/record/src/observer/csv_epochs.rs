use std::io::Write;

use crate::{Event, Flow, Observer, ObserverError, Where};

/// Writes the metrics of finished epochs as a table of `phase,epoch,metric,value`.
///
/// There is one row per metric and epoch, so the columns stay the same whatever is measured. Values
/// that are not finite are written as `NaN`, `inf` and `-inf`. Each epoch is flushed at once; other
/// events leave no trace.
#[derive(Debug)]
pub struct CsvEpochs<W: Write> {
    writer: csv::Writer<W>,
    header: bool,
}

impl<W: Write> CsvEpochs<W> {
    /// A new table: the header goes before the first row.
    pub fn new(writer: W) -> Self {
        Self { writer: csv::Writer::from_writer(writer), header: true }
    }

    /// Rows for a table that has its header already, as when a run is resumed.
    pub fn append(writer: W) -> Self {
        Self { writer: csv::Writer::from_writer(writer), header: false }
    }

    fn write_rows<'a>(
        &mut self,
        phase: &Where,
        epoch: usize,
        metrics: impl Iterator<Item = (&'a String, &'a f64)>,
    ) -> Result<(), csv::Error> {
        if std::mem::take(&mut self.header) {
            self.writer.write_record(["phase", "epoch", "metric", "value"])?;
        }
        let phase = phase.to_string();
        let epoch = epoch.to_string();
        for (metric, value) in metrics {
            // The debug form is the shortest that reads back as the same number.
            self.writer.write_record([&*phase, &epoch, metric, &format!("{value:?}")])?;
        }
        self.writer.flush()?;
        Ok(())
    }
}

impl<W: Write> Observer for CsvEpochs<W> {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        if let Event::EpochFinished { phase, epoch, metrics } = event {
            self.write_rows(phase, *epoch, metrics.iter())
                .map_err(|source| ObserverError::Table { event: event.name(), source })?;
        }
        Ok(Flow::Continue)
    }
}
