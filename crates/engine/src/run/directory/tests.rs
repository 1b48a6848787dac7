use super::*;
use crate::experiment::Data;

fn digits() -> Experiment {
    Experiment::on(Data::Digits).unwrap()
}

fn plan(experiment: Experiment) -> Plan {
    Plan::new(experiment, "test").unwrap()
}

fn open(path: &Path, experiment: &Experiment, overwrite: bool) -> Result<Place, EngineError> {
    let plan = plan(experiment.clone());
    let clock = || 0.0;
    let host = Host {
        command: Vec::new(),
        system: "test".to_owned(),
        worker: None,
        clock: &clock,
        date: || f64::NAN,
    };
    Place::open(path, &plan, overwrite, (&host, &mut |line| panic!("{line}")))
}

#[test]
fn a_new_directory_is_made_and_gone_on_with() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("runs/one");
    let place = open(&path, &digits(), false).unwrap();
    assert_eq!(*place.start(), Start::Fresh);
    drop(place);
    let place = open(&path, &digits(), false).unwrap();
    assert_eq!(*place.start(), Start::Resumed);
    for (file, text) in [(RunLayout::REPORT, "{}\n"), (RunLayout::VERDICT, "words\n")] {
        fs::write(path.join(file), text).unwrap();
    }
    stored::finish(place.dir()).unwrap();
    drop(place);
    let place = open(&path, &digits(), false).unwrap();
    assert_eq!(*place.start(), Start::Finished("words\n".to_owned()));
}

#[test]
fn another_experiment_is_refused_with_the_difference() {
    let root = tempfile::tempdir().unwrap();
    drop(open(root.path(), &digits(), false).unwrap());
    let mut other = digits();
    other.layers += 1;
    let error = open(root.path(), &other, false).unwrap_err();
    let EngineError::OtherExperiment { differences, .. } = &error else { panic!("{error}") };
    let expected = format!("layers: {} there, {} here", digits().layers, other.layers);
    assert_eq!(*differences, [expected]);
    let place = open(root.path(), &other, true).unwrap();
    assert_eq!(*place.start(), Start::Fresh);
}

#[test]
fn seeds_are_added_and_never_taken_away() {
    let root = tempfile::tempdir().unwrap();
    let with = |seeds: &[u64]| Experiment { seeds: seeds.to_vec(), ..digits() };
    drop(open(root.path(), &with(&[3]), false).unwrap());
    drop(open(root.path(), &with(&[5, 3]), false).unwrap());
    let error = open(root.path(), &with(&[3]), false).unwrap_err();
    let EngineError::FewerSeeds { there, here, .. } = &error else { panic!("{error}") };
    assert_eq!((&there[..], &here[..]), (&[5, 3][..], &[3][..]));
}

#[test]
fn foreign_files_are_never_removed() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("experiment.ron");
    fs::write(&file, "(data: Digits)").unwrap();
    for overwrite in [false, true] {
        let error = open(root.path(), &digits(), overwrite).unwrap_err();
        assert!(matches!(error, EngineError::ForeignDirectory { .. }), "{error}");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "(data: Digits)");
}

#[test]
fn what_a_killed_start_left_is_no_run() {
    let root = tempfile::tempdir().unwrap();
    for name in [RunLayout::LOCK, RunLayout::RUN, "experiment.ron.tmp"] {
        fs::write(root.path().join(name), "").unwrap();
    }
    let place = open(root.path(), &digits(), false).unwrap();
    assert_eq!(*place.start(), Start::Fresh);
}

#[test]
fn a_run_has_one_writer() {
    let root = tempfile::tempdir().unwrap();
    let place = open(root.path(), &digits(), false).unwrap();
    let error = open(root.path(), &digits(), true).unwrap_err();
    assert!(matches!(error, EngineError::Locked { .. }), "{error}");
    drop(place);
    assert!(open(root.path(), &digits(), true).is_ok());
}

#[test]
fn runs_of_versions_whose_events_were_others_are_refused_untouched() {
    let root = tempfile::tempdir().unwrap();
    drop(open(root.path(), &digits(), false).unwrap());
    let old = "{\"event\":\"phase_started\",\"phase\":\"seed 3 search\",\"epochs\":2,\"steps_per_epoch\":1,\"epoch\":0}\n";
    let log = root.path().join(RunLayout::EVENTS);
    fs::write(&log, old).unwrap();
    let error = open(root.path(), &digits(), false).unwrap_err();
    assert!(matches!(error, EngineError::OldRun { .. }), "{error}");
    assert!(error.to_string().ends_with("begins another run in another directory"), "{error}");
    assert_eq!(fs::read_to_string(&log).unwrap(), old);
    // Who wants it gone says so.
    assert_eq!(*open(root.path(), &digits(), true).unwrap().start(), Start::Fresh);
    assert!(!log.exists());
}

#[test]
fn a_log_that_was_cut_off_in_its_first_line_is_gone_on_with() {
    let root = tempfile::tempdir().unwrap();
    drop(open(root.path(), &digits(), false).unwrap());
    fs::write(root.path().join(RunLayout::EVENTS), "{\"event\":\"run_st").unwrap();
    assert_eq!(*open(root.path(), &digits(), false).unwrap().start(), Start::Resumed);
}
