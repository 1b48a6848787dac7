//! `report` and `status`.

use crate::program::Program;

/// Seconds, not minutes.
const TINY: &str = r#"(
    name: "tiny", data: Digits, scale: Small,
    ops: ["skip_connect", "max_pool_3x3", "sep_conv_3x3"],
    layers: 3, nodes: 2, channels: 2, seeds: [0], stem: Cifar(1),
    search: (epochs: 1, batch: 128),
    random: (fit: (epochs: 1, batch: 128)),
    retrain: (channels: 2, fit: (epochs: 1, batch: 128)),
)"#;

#[test]
fn a_run_has_a_page_that_anybody_may_write_again() {
    let program = Program::new();
    program.write("tiny.ron", TINY);
    program.succeed(&["run", "tiny.ron", "--out", "out"]);
    let html = program.read("out/report.html");
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("finished"));
    for part in ["Results", "Curves", "Weights of each edge", "Settings", "tiny ResNet"] {
        assert!(html.contains(part), "{part}");
    }
    let json: serde_json::Value = serde_json::from_str(&program.read("out/report.json")).unwrap();
    assert_eq!(json["contenders"].as_array().unwrap().len(), 3);
    assert_eq!(json["page"]["results"]["rows"][0]["scores"].as_array().unwrap().len(), 1);
    assert!(json["page"]["searches"][0]["edges"][0]["operations"].is_array());

    let said = program.succeed(&["report", "out"]);
    assert!(said.stderr.contains("wrote out/report.html and out/report.json"), "{}", said.stderr);
    assert_eq!(program.read("out/report.html"), html);
    let next = program.succeed(&["run", "tiny.ron", "--out", "out"]);
    assert!(next.stderr.contains("is finished"), "results are as they were: {}", next.stderr);
    program.succeed(&["report", "out", "--out", "page.html"]);
    assert_eq!(program.read("page.html"), html);

    let said = program.succeed(&["status", "out"]);
    assert!(said.stdout.starts_with("tiny: finished, 5 of 5 parts done, 100 %"), "{}", said.stdout);
    assert!(said.stdout.contains("best accuracy: hand-made network: "), "{}", said.stdout);
    let said = program.succeed(&["status", "out", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((&json["state"], &json["done"]), (&"finished".into(), &5.into()));

    let events = program.read("out/events.jsonl");
    program.write("out/events.jsonl", &format!("{events}{{\"version\":2,"));
    program.succeed(&["status", "out"]);
    program.write("out/events.jsonl", &format!("{events}nothing\n"));
    for command in ["status", "report"] {
        let said = program.run(&[command, "out"]);
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        let line = format!("events.jsonl: line {} ", events.lines().count() + 1);
        assert!(said.stderr.contains(&line), "{}", said.stderr);
    }
}

#[test]
fn what_is_no_run_is_refused() {
    let program = Program::new();
    program.write("folder/file", "");
    for command in ["status", "report"] {
        let said = program.run(&[command, "folder"]);
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(said.stderr.contains("folder: there is no run"), "{}", said.stderr);
        let said = program.run(&[command, "nowhere"]);
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(said.stderr.contains("nowhere"), "{}", said.stderr);
    }
}
