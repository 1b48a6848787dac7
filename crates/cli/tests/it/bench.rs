//! `bench`: what it prints.

use serde_json::Value;

use crate::program::Program;

pub(crate) const SMALL: [&str; 8] =
    ["--channels", "2", "--layers", "3", "--batch", "2", "--input", "1x8x8"];

pub(crate) fn json(program: &Program, words: &[&str]) -> Value {
    let said = program.succeed(words);
    assert_eq!(said.stdout.lines().count(), 1, "{}", said.stdout);
    serde_json::from_str(&said.stdout).unwrap()
}

fn search_step(more: &[&str]) -> Value {
    let words = [&["bench", "search-step", "--json", "--threads", "1"], &SMALL[..], more].concat();
    json(&Program::new(), &words)
}

/// Names of phases in the order of the text.
fn phases(value: &Value) -> Vec<&str> {
    value["phases"].as_object().unwrap().keys().map(String::as_str).collect()
}

fn positive(value: &Value) -> bool {
    value.as_f64().is_some_and(|number| number.is_finite() && number > 0.0)
}

#[test]
fn a_search_step_keeps_its_contract() {
    let step = search_step(&["--steps", "2", "--warm-up", "0"]);
    assert_eq!(step["benchmark"], "search-step");
    assert_eq!(step["method"], "darts");
    assert_eq!(step["input"], "1x8x8");
    for (field, expected) in
        [("channels", 2), ("layers", 3), ("batch", 2), ("threads", 1), ("steps", 2), ("warm_up", 0)]
    {
        assert_eq!(step[field], expected, "{field}");
    }
    assert_eq!(step["step_seconds_all"].as_array().unwrap().len(), 2);
    for field in ["step_seconds", "images_per_second", "gflop_per_step", "loss", "parameters"] {
        assert!(positive(&step[field]), "{field}: {}", step[field]);
    }
    let ratio =
        step["useful_gflop_per_step"].as_f64().unwrap() / step["gflop_per_step"].as_f64().unwrap();
    assert!((ratio - 5.0 / 6.0).abs() < 1e-12, "{ratio}");
    assert_eq!(step["recompute"], "never");
    assert!(positive(&step["predicted_mib"]), "{}", step["predicted_mib"]);
    #[cfg(target_os = "linux")]
    assert!(positive(&step["rss_mib"]), "{}", step["rss_mib"]);

    let names = ["logits_backward", "logits_forward", "weights_backward", "weights_forward"];
    assert_eq!(phases(&step), names);
    let parts: f64 =
        step["phases"].as_object().unwrap().values().map(|part| part.as_f64().unwrap()).sum();
    let longest = step["step_seconds_all"].as_array().unwrap();
    let longest = longest.iter().map(|step| step.as_f64().unwrap()).fold(0.0, f64::max);
    assert!(parts <= longest, "{parts} s of {longest} s");
}

#[test]
fn recomputing_edges_needs_less_and_finds_the_same() {
    let train = |more: &[&str]| {
        let words = ["bench", "train-step", "--json", "--steps", "1", "--warm-up", "0"];
        let size = ["--channels", "4", "--layers", "3", "--batch", "2"];
        json(&Program::new(), &[&words[..], &size, more].concat())
    };
    let search = |more: &[&str]| search_step(&[&["--steps", "1"], more].concat());
    let pairs = [
        (search(&["--recompute", "never"]), search(&["--recompute", "edge"])),
        (train(&["--recompute", "never"]), train(&["--recompute", "edge"])),
    ];
    for (never, edge) in pairs {
        assert_eq!((&never["recompute"], &edge["recompute"]), (&"never".into(), &"edge".into()));
        let number = |value: &Value, field: &str| value[field].as_f64().unwrap();
        assert!(number(&edge, "predicted_mib") < number(&never, "predicted_mib"));
        let first = number(&never, "loss");
        let second = number(&edge, "loss");
        assert!((first - second).abs() < 1e-5 * first, "{first} {second}");
    }
}

#[test]
fn second_order_makes_five_passes() {
    let step = search_step(&["--steps", "1", "--method", "darts-second-order"]);
    assert_eq!(step["method"], "darts-second-order");
    let forward: Vec<&str> =
        phases(&step).into_iter().filter(|name| name.ends_with("forward")).collect();
    let passes = ["ahead", "logits", "minus", "plus", "weights"].map(|p| format!("{p}_forward"));
    assert_eq!(forward, passes);
    let first = search_step(&["--steps", "1"]);
    let ratio =
        step["gflop_per_step"].as_f64().unwrap() / first["gflop_per_step"].as_f64().unwrap();
    assert!((ratio - 2.5).abs() < 1e-12, "{ratio}");
}

#[test]
fn work_is_counted_as_measured_elsewhere() {
    // Hooks on the published network count 600.5 MFLOP for a forward pass on one image.
    let words = ["bench", "search-step", "--json", "--channels", "16", "--batch", "1"];
    let step = json(&Program::new(), &[&words[..], &["--steps", "1", "--warm-up", "0"]].concat());
    let gflop = step["gflop_per_step"].as_f64().unwrap();
    assert!((gflop / 6.0 - 0.6005).abs() < 5e-4, "{gflop}");
}

#[test]
fn training_and_inference_are_measured() {
    let program = Program::new();
    let size = ["--channels", "4", "--layers", "3", "--batch", "2", "--steps", "1", "--json"];
    let words = [&["bench", "train-step", "--drop-path", "0.2", "--aux"], &size[..]].concat();
    let train = json(&program, &words);
    assert_eq!((&train["benchmark"], &train["method"]), (&"train-step".into(), &"DARTS_V2".into()));
    assert_eq!(phases(&train), ["backward", "forward", "update"]);
    assert!(positive(&train["loss"]));

    let infer = json(&program, &[&["bench", "infer"], &size[..]].concat());
    let ratio =
        train["gflop_per_step"].as_f64().unwrap() / infer["gflop_per_step"].as_f64().unwrap();
    assert!(ratio > 3.0, "three passes and the auxiliary head: {ratio}");
    for field in ["loss", "recompute", "predicted_mib"] {
        assert!(infer[field].is_null(), "{field}: {}", infer[field]);
    }

    let words = ["bench", "infer", "--baseline", "tiny-resnet", "--batch", "2", "--steps", "1"];
    let baseline = json(&program, &[&words[..], &["--json"]].concat());
    assert_eq!(baseline["method"], "tiny-resnet");
    assert!(baseline["channels"].is_null());
}

#[test]
fn kernels_and_the_peak_are_measured() {
    let program = Program::new();
    let words = ["bench", "kernels", "--batch", "2", "--seconds", "0", "--shape", "4x8", "--json"];
    let kernels = json(&program, &words);
    let kernels = kernels["kernels"].as_array().unwrap();
    // Everything but the stem, which reads images.
    assert_eq!(kernels.len(), 20);
    for kernel in kernels {
        assert_eq!(kernel["shape"], "4x8");
        for field in ["forward_ms", "forward_ms_best", "both_ms", "both_ms_best"] {
            assert!(positive(&kernel[field]), "{kernel}");
        }
    }
    let words = ["bench", "kernels", "--kernel", "stem3x3", "--batch", "1", "--seconds", "0"];
    assert!(program.succeed(&words).stdout.contains("3x32"));

    let words = ["bench", "peak", "--size", "64", "--seconds", "0", "--threads", "2", "--json"];
    let peak = json(&program, &words);
    let rates = peak["rates"].as_array().unwrap();
    let threads: Vec<u64> = rates.iter().map(|rate| rate["threads"].as_u64().unwrap()).collect();
    assert_eq!(threads, [1, 2]);
    assert!(rates.iter().all(|rate| positive(&rate["gflop_per_second_best"])));
}

#[test]
fn a_search_in_a_unet_has_half_its_cells_on_the_way_down() {
    let unet = |layers: &str| {
        let words = ["--channels", "2", "--layers", layers, "--batch", "2", "--input", "1x8x8"];
        let step = ["bench", "search-step", "--json", "--method", "darts-unet", "--steps", "1"];
        json(&Program::new(), &[&step[..], &words[..]].concat())
    };
    let two = unet("2");
    assert_eq!(two["method"], "darts-unet");
    for field in ["step_seconds", "loss", "parameters", "predicted_mib"] {
        assert!(positive(&two[field]), "{field}: {}", two[field]);
    }
    assert_eq!(two["parameters"], unet("3")["parameters"]);
    assert!(two["parameters"].as_u64() < unet("4")["parameters"].as_u64());
}

#[test]
fn tables_are_for_people() {
    let program = Program::new();
    let words = [&["bench", "search-step", "--steps", "1"], &SMALL[..]].concat();
    let said = program.succeed(&words);
    for part in ["darts C2 L3", "images per second", "logits_forward", "peak MiB"] {
        assert!(said.stdout.contains(part), "no `{part}` in {}", said.stdout);
    }
}

#[test]
fn bad_usage_says_what() {
    let program = Program::new();
    program.write("no.safetensors", "no tensors");
    let rows: [(&[&str], &str); 16] = [
        (&["bench"], "search-step"),
        (&["bench", "walk"], "walk"),
        (&["bench", "search-step", "--method", "snas"], "darts-second-order"),
        (&["bench", "search-step", "--channels", "0"], "--channels"),
        (&["bench", "search-step", "--batch", "many"], "--batch"),
        (&["bench", "search-step", "--input", "32x32"], "3x32x32"),
        (&["bench", "search-step", "--steps", "0"], "--steps"),
        (&["bench", "search-step", "--threads", "0"], "--threads"),
        (&["bench", "search-step", "--parity", "absent.safetensors"], "absent.safetensors"),
        (&["bench", "search-step", "--parity", "no.safetensors"], "no.safetensors"),
        (&["bench", "train-step", "--genotype", "DARTS_V9"], "DARTS_V2"),
        (&["bench", "train-step", "--drop-path", "1"], "--drop-path"),
        (&["bench", "train-step", "--aux", "--input", "3x8x8"], "auxiliary"),
        (&["bench", "infer", "--baseline", "resnet18", "--layers", "3"], "--layers"),
        (&["bench", "kernels", "--kernel", "warp"], "sepconv3"),
        (&["bench", "kernels", "--kernel", "stem3x3", "--shape", "16x32"], "3 channels"),
    ];
    for (words, message) in rows {
        let said = program.run(words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(message), "{words:?}: no `{message}` in {}", said.stderr);
        assert_eq!(said.stdout, "", "{words:?}");
    }
}

#[test]
fn partial_channels_are_measured_too() {
    let words = "bench search-step --method pc-darts --channels 4 --layers 3 --batch 2 \
                 --input 3x8x8 --steps 1 --warm-up 0 --threads 1 --json";
    let said = Program::new().run(&words.split_whitespace().collect::<Vec<_>>());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stdout.contains("\"method\":\"pc-darts\""), "{}", said.stdout);
}
