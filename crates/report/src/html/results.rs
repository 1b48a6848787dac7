//! The verdict, the table of results, and scores against sizes.

use maud::{Markup, PreEscaped, html};

use super::axis::Axis;
use super::plot::{KINDS, Line, Numbers, Plot, mark};
use super::{absent, seconds};
use crate::page::{Network, Page, Results, Row, Sentence, count};

/// The sentences of the verdict.
pub(super) fn verdict(page: &Page) -> Markup {
    html! {
        ul.verdict {
            @for sentence in &page.verdict.sentences {
                li class=(class(sentence)) {
                    @if let Some(method) = &sentence.method {
                        strong { (method) ": " (word(sentence)) }
                    }
                    (sentence.text)
                }
            }
        }
        @for remark in &page.verdict.remarks { p { (remark) } }
    }
}

fn class(sentence: &Sentence) -> &'static str {
    match sentence.worth_it {
        Some(true) => "yes",
        Some(false) => "no",
        None => "open",
    }
}

fn word(sentence: &Sentence) -> &'static str {
    match sentence.worth_it {
        Some(true) => "worth it",
        Some(false) => "not shown to be worth it",
        None => "no verdict",
    }
}

/// The table of contenders and its picture.
pub(super) fn results(page: &Page) -> Markup {
    let Some(results) = &page.results else {
        return absent("No score is known yet: no network has been trained to the end.");
    };
    let objective = &results.objective;
    let best = objective.best(results.rows.iter().map(mean));
    html! {
        (table(results, best))
        @if results.seeds.len() < 2 {
            p { "One seed: no spread is known, so differences may be chance." }
        }
        @if let Some(constant) = &results.constant {
            p {
                "Always answering " em { (constant.answer) } " scores "
                (objective.text(constant.score.0)) "."
            }
        }
        @for row in &results.rows {
            @for failure in &row.failures { p { (row.name) ", " (failure) } }
        }
        (seeds(results))
        (paired(page))
    }
}

fn mean(row: &Row) -> f64 {
    row.mean.map_or(f64::NAN, |mean| mean.0)
}

fn table(results: &Results, best: Option<usize>) -> Markup {
    let objective = &results.objective;
    let less = if objective.better(0.0, 1.0) { "less is better" } else { "more is better" };
    html! {
        div.wide tabindex="0" {
            table {
                caption {
                    "Mean ± standard deviation over seeds on test data, " (less) "; costs are means."
                }
                thead {
                    tr {
                        th scope="col" { "network" }
                        th scope="col" { "test " (objective.title()) }
                        th scope="col" { "seeds" }
                        th scope="col" { "parameters" }
                        th scope="col" { "multiply-adds" }
                        th scope="col" { "search" }
                        th scope="col" { "training" }
                    }
                }
                tbody {
                    @for (index, row) in results.rows.iter().enumerate() {
                        tr class=[(best == Some(index)).then_some("best")] {
                            th scope="row" { (row.name) @if best == Some(index) { " (best)" } }
                            td { (score(row, objective)) }
                            td { (row.scores.len()) " of " (results.seeds.len()) }
                            td { (row.parameters.map_or_else(dash, count)) }
                            td { (row.macs.map_or_else(dash, count)) }
                            td { (seconds(row.search_seconds)) }
                            td { (seconds(row.train_seconds)) }
                        }
                    }
                }
            }
        }
    }
}

fn dash() -> String {
    "-".to_owned()
}

fn score(row: &Row, objective: &dartloom_record::Objective) -> String {
    match (row.mean, row.sd) {
        (Some(mean), Some(sd)) => {
            format!("{} ± {}", objective.number(mean.0), objective.number(sd.0))
        }
        (Some(mean), None) => objective.number(mean.0),
        _ => dash(),
    }
}

const WIDTH: f64 = 380.0;
const ROW: f64 = 34.0;

/// Every seed's score as a mark, and their mean as a line.
fn seeds(results: &Results) -> Markup {
    let objective = &results.objective;
    let shown = |row: &Row| {
        let scores = row.scores.iter();
        scores.map(|score| objective.shown(score.score.0)).filter(|s| s.is_finite()).collect()
    };
    let rows: Vec<(&str, Vec<f64>)> =
        results.rows.iter().map(|row| (row.name.as_str(), shown(row))).collect();
    if rows.iter().all(|(_, scores)| scores.is_empty()) {
        return html! {};
    }
    let x = Axis::of(rows.iter().flat_map(|(_, scores)| scores.iter().copied()), 5);
    let at = |value: f64| 12.0 + x.share(value) * (WIDTH - 24.0);
    let height = ROW * rows.len() as f64 + 34.0;
    let title = format!("Test {} of every seed", objective.title());
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" class=\"chart seeds\"><title>{0}</title>\
         <desc>A mark for each seed of each network; the numbers are in the table.</desc>",
        crate::svg::escaped(&title)
    );
    let bottom = height - 30.0;
    for tick in &x.ticks {
        let place = at(*tick);
        svg.push_str(&format!(
            "<path class=\"grid\" d=\"M{place:.1},4V{bottom}\"/><text class=\"tick\" \
             x=\"{place:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 16.0,
            x.text(*tick)
        ));
    }
    for (index, (name, scores)) in rows.iter().enumerate() {
        let y = ROW * index as f64 + 26.0;
        svg.push_str(&format!(
            "<text class=\"halo\" x=\"4\" y=\"{:.1}\" font-size=\"12\">{}</text><path class=\"grid\" \
             d=\"M12,{y}H{}\"/>",
            y - 11.0,
            crate::svg::escaped(name),
            WIDTH - 12.0
        ));
        let kind = index % KINDS;
        if let Some(mean) = dartloom_record::statistics::mean(scores) {
            svg.push_str(&format!(
                "<path class=\"line s{}\" d=\"M{:.1},{}v12\"/>",
                if kind < 4 { 0 } else { 4 },
                at(mean),
                y - 6.0
            ));
        }
        scores.iter().for_each(|score| svg.push_str(&mark(kind, [at(*score), y])));
    }
    svg.push_str("</svg>");
    html! { figure { figcaption { (title) "; the upright line is the mean" } (PreEscaped(svg)) } }
}

/// Paired comparisons.
fn paired(page: &Page) -> Markup {
    let Some(results) = &page.results else { return html! {} };
    let objective = &results.objective;
    let any = page.verdict.sentences.iter().any(|sentence| !sentence.paired.is_empty());
    html! {
        @if any {
            div.wide tabindex="0" {
                table {
                    caption {
                        "Paired comparisons: the method's score minus the other's, seed by seed. The effect is \
                         the mean difference in standard deviations of the differences; the p value among all \
                         methods decides."
                    }
                    thead {
                        tr {
                            th scope="col" { "method" }
                            th.words scope="col" { "against" }
                            th scope="col" { "pairs" }
                            th scope="col" { "difference" }
                            th scope="col" { "95 % interval" }
                            th scope="col" { "effect" }
                            th scope="col" { "p" }
                            th scope="col" { "p among all" }
                            th scope="col" { "seeds it takes" }
                        }
                    }
                    tbody {
                        @for sentence in &page.verdict.sentences {
                            @for pair in &sentence.paired {
                                tr {
                                    th scope="row" { (sentence.method.as_deref().unwrap_or("-")) }
                                    td.words { (pair.against) }
                                    td { (pair.seeds) }
                                    td { (objective.difference(pair.difference)) }
                                    td {
                                        @if let Some([least, most]) = pair.interval {
                                            (objective.signed(least)) " to " (objective.signed(most))
                                        } @else { "-" }
                                    }
                                    td { (pair.effect.map_or_else(dash, |d| format!("{d:+.2}"))) }
                                    td { (pair.p_value.map_or_else(dash, |p| format!("{p:.3}"))) }
                                    td { (pair.adjusted_p_value.map_or_else(dash, |p| format!("{p:.3}"))) }
                                    td { (pair.seeds_needed.map_or_else(dash, |n| n.to_string())) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Scores against parameters and multiply-adds.
pub(super) fn tradeoff(page: &Page) -> Markup {
    let Some(results) = page.results.as_ref().filter(|_| !page.tradeoff.is_empty()) else {
        return absent("No network with a score and a size is known yet.");
    };
    let objective = &results.objective;
    let y = format!("test {}", objective.title());
    let trained = |size: &dyn Fn(&Network) -> Option<f64>| -> Vec<Line> {
        let networks = page.tradeoff.trained.iter().enumerate();
        let lines = networks.filter_map(|(kind, network)| {
            let point = [size(network)?, objective.shown(network.score)];
            let name = network.name.clone();
            Some(Line { name, kind, points: vec![point], band: vec![], joined: false })
        });
        lines.collect()
    };
    let plot = |title, x, lines, y| {
        let numbers = Numbers::Sizes;
        Plot { title, x, y, range: None, numbers, lines }.figure()
    };
    html! {
        div.figures {
            (plot("Trained networks by parameters", "parameters",
                trained(&|network| Some(network.parameters)), &y))
            (plot("Trained networks by multiply-adds", "multiply-adds for one image",
                trained(&|network| network.macs), &y))
            @if !page.tradeoff.candidates.is_empty() {
                (plot("Candidates by parameters", "parameters",
                    candidates(&page.tradeoff.candidates, objective), &objective.title()))
            }
        }
        @let front: Vec<&Network> =
            page.tradeoff.trained.iter().filter(|network| network.front).collect();
        p {
            "On the front, where no other network is both smaller and better: "
            @for (index, network) in front.iter().enumerate() {
                @if index > 0 { ", " } (network.name)
            }
            "."
        }
    }
}

/// All candidates as points, and their front as a line.
fn candidates(networks: &[Network], objective: &dartloom_record::Objective) -> Vec<Line> {
    let point = |network: &Network| [network.parameters, objective.shown(network.score)];
    let mut front: Vec<[f64; 2]> =
        networks.iter().filter(|network| network.front).map(point).collect();
    front.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let line = |name: &str, kind, points, joined| Line {
        name: name.to_owned(),
        kind,
        points,
        band: Vec::new(),
        joined,
    };
    vec![
        line("candidates", 5, networks.iter().map(point).collect(), false),
        line("front", 0, front, true),
    ]
}
