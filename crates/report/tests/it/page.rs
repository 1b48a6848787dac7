//! The page of a run says what its directory says.

use std::fs;

use dartloom_record::{Objective, Run, RunDir, RunLayout};
use dartloom_report::page::State;
use dartloom_report::{Page, Status};
use serde_json::json;
use tempfile::TempDir;

use crate::small_run::SmallRun;

fn page(folder: &TempDir) -> Page {
    Page::of(&Run::open(folder.path()).unwrap()).unwrap()
}

/// Everything that holds for every page.
fn check(html: &str) {
    assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{}", &html[..100]);
    for outside in ["<script", "http://", "https://", "@import", "url(", "<img", "NaN\""] {
        assert!(!html.contains(outside), "{outside}");
    }
    let mut level = 0;
    for heading in html.match_indices("<h").map(|(at, _)| &html[at + 2..]) {
        let Some(next) = heading.chars().next().and_then(|c| c.to_digit(10)) else { continue };
        assert!(next <= level + 1, "a heading of level {next} after one of {level}");
        level = next;
    }
    for table in html.split("<table").skip(1) {
        let table = table.split("</table>").next().unwrap();
        assert!(table.contains("<caption>"));
        assert!(!table.contains("<th>") && table.contains("<th scope=\"col\">"));
    }
    for svg in html.split("<svg ").skip(1) {
        let svg = svg.split("</svg>").next().unwrap();
        let hidden = svg.contains("aria-hidden=\"true\"");
        assert!(hidden || (svg.contains("<title>") && svg.contains("<desc>")), "{svg}");
    }
    let mut ids: Vec<&str> =
        html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "ids are unique");
}

#[test]
fn a_finished_run_has_its_verdict_first_and_its_numbers_in_a_table() {
    let page = page(&SmallRun::default().write());
    assert_eq!(page.status.state, State::Finished);
    let results = page.results.as_ref().unwrap();
    let darts = &results.rows[0];
    assert_eq!((darts.name.as_str(), darts.scores.len()), ("DARTS", 2));
    assert!((darts.mean.unwrap().0 - 0.53125).abs() < 1e-12);
    // Two values that are 0.0625 apart.
    assert!((darts.sd.unwrap().0 - 0.0625 / 2.0_f64.sqrt()).abs() < 1e-12);
    assert_eq!((darts.search_seconds, darts.train_seconds), (Some(8.0), Some(4.0)));
    assert_eq!(results.rows[2].name, "tiny ResNet");
    let html = page.html();
    check(&html);
    let verdict = html.find("Searching with DARTS is worth it.").unwrap();
    assert!(verdict < html.find("<table").unwrap());
    assert!(html.contains("53.12 ± 4.42") && html.contains("2.00 M"));
    assert!(html.contains("+12.50 points") && html.contains("+10.00 to +15.00"));
    assert!(html.contains("bands are one standard deviation"));
    // Under the operation of the first edge, which the decoder took though it does not lead.
    assert!(html.contains("0.250 (-0.500)"));
    assert!(html.contains("+0.2500"), "the discretisation gap");
}

#[test]
fn json_has_the_numbers_of_the_page() {
    let page = page(&SmallRun { loss: f64::NAN, ..SmallRun::default() }.write());
    let value = serde_json::to_value(&page).unwrap();
    assert_eq!(value["results"]["rows"][0]["mean"], json!(0.53125));
    assert_eq!(value["searches"][0]["edges"][0]["operations"][1]["weights"], json!([0.75, 0.75]));
    assert_eq!(value["searches"][0]["entropies"][0]["means"], json!([0.8, 0.8]));
    assert_eq!(value["status"]["state"], "finished");
    let words = value["curves"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|curve| curve["lines"][0]["points"][1]["values"].as_array().unwrap().clone());
    assert!(words.filter(|value| *value == "NaN").count() >= 2);
}

#[test]
fn values_that_are_not_finite_break_lines_and_are_counted() {
    let html = page(&SmallRun { loss: f64::NAN, ..SmallRun::default() }.write()).html();
    check(&html);
    assert!(html.contains("values are not finite and break the lines"));
    assert!(!html.contains("NaN,") && !html.contains(",NaN"), "no coordinate is NaN");
}

#[test]
fn names_are_text_and_never_tags() {
    let title = "<script>alert('x')</script> & \"co\"";
    let html = page(&SmallRun { title, ..SmallRun::default() }.write()).html();
    check(&html);
    assert!(html.contains("&lt;script&gt;alert('x')&lt;/script&gt; &amp; &quot;co&quot;"));
}

#[test]
fn one_seed_has_no_spread_and_says_so() {
    let html = page(&SmallRun { seeds: vec![7], ..SmallRun::default() }.write()).html();
    check(&html);
    assert!(html.contains("One seed: no spread is known") && html.contains("there is no spread"));
    assert!(!html.contains('±') || html.contains("Mean ± standard deviation"));
    assert!(!html.contains("class=\"band"));
}

#[test]
fn a_run_without_a_finished_leg_is_a_page_too() {
    let run = SmallRun { done: 0, finished: false, ..SmallRun::default() };
    let page = page(&run.write());
    assert_eq!(page.status.state, State::Empty);
    let html = page.html();
    check(&html);
    assert!(html.contains("There is no verdict yet") && html.contains("No epoch is finished yet."));
}

#[test]
fn a_killed_run_shows_what_is_done() {
    let run = SmallRun { done: 3, finished: false, ..SmallRun::default() };
    let folder = run.write();
    let page = page(&folder);
    assert_eq!(page.status.state, State::Interrupted);
    assert_eq!((page.status.done, page.status.parts), (6, Some(10)));
    let html = page.html();
    check(&html);
    assert!(html.contains("Best so far: DARTS, test accuracy 53.12 % over 2 seeds."), "{html}");
    let status = Status::of(&Run::open(folder.path()).unwrap()).unwrap();
    assert_eq!(status, page.status);
    let lines = status.lines();
    assert!(lines[0].starts_with("run of DARTS: interrupted, 6 of 10 parts done, "), "{lines:?}");
    assert!(lines.iter().any(|line| line == "best accuracy: DARTS: 56.25 % (seed 1)"), "{lines:?}");
    assert!(status.seconds_left.is_some_and(f64::is_finite));
}

#[test]
fn a_run_that_is_written_is_running() {
    let folder = SmallRun { done: 3, finished: false, ..SmallRun::default() }.write();
    let lock = fs::File::create(folder.path().join(RunLayout::LOCK)).unwrap();
    lock.lock().unwrap();
    assert_eq!(page(&folder).status.state, State::Running);
    drop(lock);
    assert_eq!(page(&folder).status.state, State::Interrupted);
}

#[test]
fn a_line_that_is_being_written_is_no_error_and_a_broken_one_names_file_and_line() {
    let folder = SmallRun::default().write();
    let path = folder.path().join(RunLayout::EVENTS);
    let whole = fs::read_to_string(&path).unwrap();
    let lines = whole.lines().count();
    fs::write(&path, format!("{whole}{{\"version\":2,\"eve")).unwrap();
    let html = page(&folder).html();
    assert!(html.contains(&format!("Line {} of events.jsonl has no end", lines + 1)));
    fs::write(&path, format!("{whole}neither\n")).unwrap();
    let error = Page::of(&Run::open(folder.path()).unwrap()).unwrap_err().to_string();
    assert!(error.contains("events.jsonl"), "{error}");
    assert!(error.contains(&format!("line {} ", lines + 1)), "{error}");
}

#[test]
fn a_broken_result_names_its_file() {
    let folder = SmallRun::default().write();
    fs::write(folder.path().join("seed-1/retrain-random.json"), "{").unwrap();
    let error = Page::of(&Run::open(folder.path()).unwrap()).unwrap_err().to_string();
    assert!(error.contains("retrain-random.json") && error.contains("line 1"), "{error}");
}

#[test]
fn errors_are_better_when_less() {
    let objective = Objective::lower("rmse").with_unit("mm");
    let page = page(&SmallRun { objective, ..SmallRun::default() }.write());
    let html = page.html();
    check(&html);
    assert!(html.contains("less is better") && html.contains("test rmse mm"));
    // The hand-made network has the least error.
    assert!(html.contains("<tr class=\"best\"><th scope=\"row\">tiny ResNet (best)"));
}

#[test]
fn confusions_of_an_evaluation_are_shown() {
    let objective = Objective::share("mean_iou");
    let folder = SmallRun { objective, ..SmallRun::default() }.write();
    let dir = RunDir::open(folder.path()).unwrap();
    let text = json!({
        "images": 3, "loss": 0.5, "objective": "mean_iou", "scores": {}, "curves": [],
        "tables": [{
            "name": "confusion", "columns": ["class", "water", "land"],
            "rows": [["water", 75, 25], ["land", 0, 100]],
        }],
    });
    dir.write("judged/evaluation.json", text.to_string().as_bytes()).unwrap();
    let html = page(&folder).html();
    check(&html);
    assert!(html.contains("Evaluation in judged") && html.contains("<th scope=\"row\">water</th>"));
    assert!(html.contains("var(--c0) 75.0%"));
    dir.write("judged/evaluation.json", b"{").unwrap();
    let error = Page::of(&Run::open(folder.path()).unwrap()).unwrap_err().to_string();
    assert!(error.contains("judged/evaluation.json") && error.contains("line 1"), "{error}");
}

#[test]
fn equal_runs_give_equal_pages() {
    let folder = SmallRun::default().write();
    assert_eq!(page(&folder).html(), page(&folder).html());
}
