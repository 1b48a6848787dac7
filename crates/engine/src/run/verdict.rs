//! The verdict as text.

use std::path::Path;

use dartloom::verdict::Report;

use crate::experiment::Experiment;

/// Threads of the kernels.
pub(super) fn threads() -> usize {
    rayon::current_num_threads()
}

/// The report, and where everything is.
pub(super) fn render(experiment: &Experiment, report: &Report, out: &Path, system: &str) -> String {
    let seeds: Vec<String> = experiment.seeds.iter().map(u64::to_string).collect();
    format!(
        "{} (seeds {})\n\n{report}\n\n{} threads, dartloom {}, {system}\nfiles: {}\n",
        experiment.name,
        seeds.join(", "),
        threads(),
        env!("CARGO_PKG_VERSION"),
        out.display()
    )
}

#[cfg(test)]
mod tests {
    use dartloom::record::Objective;

    use super::*;
    use crate::experiment::Data;

    #[test]
    fn a_verdict_says_what_ran_where() {
        let report = Report {
            objective: Objective::share("accuracy"),
            seeds: vec![0, 1, 2],
            contenders: Vec::new(),
            methods: Vec::new(),
            random: Vec::new(),
            constant: None,
            remarks: vec!["every label is 0".to_owned()],
        };
        let experiment = Experiment::on(Data::Digits).unwrap();
        let text = render(&experiment, &report, Path::new("runs/digits"), "linux x86_64");
        assert!(text.starts_with("digits (seeds 0, 1, 2)\n\ncontender  test accuracy %"), "{text}");
        assert!(text.contains("\nevery label is 0\n"), "{text}");
        assert!(text.ends_with(", linux x86_64\nfiles: runs/digits\n"), "{text}");
    }
}
