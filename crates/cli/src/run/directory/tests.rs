use super::*;
use crate::experiment::Data;

fn digits() -> Experiment {
    Experiment::on(Data::Digits).unwrap()
}

#[test]
fn a_new_directory_is_made_and_gone_on_with() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("runs/one");
    let place = Place::open(&path, &digits(), false).unwrap();
    assert_eq!(*place.start(), Start::Fresh);
    drop(place);
    let place = Place::open(&path, &digits(), false).unwrap();
    assert_eq!(*place.start(), Start::Resumed);
    fs::write(path.join(VERDICT), "words\n").unwrap();
    drop(place);
    let place = Place::open(&path, &digits(), false).unwrap();
    assert_eq!(*place.start(), Start::Finished("words\n".to_owned()));
}

#[test]
fn another_experiment_is_refused_with_the_difference() {
    let root = tempfile::tempdir().unwrap();
    drop(Place::open(root.path(), &digits(), false).unwrap());
    let mut other = digits();
    other.layers += 1;
    let error = Place::open(root.path(), &other, false).unwrap_err();
    let CliError::OtherExperiment { differences, .. } = &error else { panic!("{error}") };
    let expected = format!("layers: {} there, {} here", digits().layers, other.layers);
    assert_eq!(*differences, [expected]);
    let place = Place::open(root.path(), &other, true).unwrap();
    assert_eq!(*place.start(), Start::Fresh);
}

#[test]
fn foreign_files_are_never_removed() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("experiment.ron");
    fs::write(&file, "(data: Digits)").unwrap();
    for overwrite in [false, true] {
        let error = Place::open(root.path(), &digits(), overwrite).unwrap_err();
        assert!(matches!(error, CliError::ForeignDirectory { .. }), "{error}");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "(data: Digits)");
}

#[test]
fn what_a_killed_start_left_is_no_run() {
    let root = tempfile::tempdir().unwrap();
    for name in [LOCK, RUN, "experiment.ron.tmp"] {
        fs::write(root.path().join(name), "").unwrap();
    }
    let place = Place::open(root.path(), &digits(), false).unwrap();
    assert_eq!(*place.start(), Start::Fresh);
}

#[test]
fn a_run_has_one_writer() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::open(root.path(), &digits(), false).unwrap();
    let error = Place::open(root.path(), &digits(), true).unwrap_err();
    assert!(matches!(error, CliError::Locked { .. }), "{error}");
    drop(place);
    assert!(Place::open(root.path(), &digits(), true).is_ok());
}
