//! Numbers that are off, and files that are unknown, missing or left over, fail; the program's exit
//! code says so.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Output};

use candle_core::{Device, Tensor};
use dartloom_ops::Execution;
use dartloom_tests::golden::{FOLDER_VARIABLE, Outcome, Verdict, fixtures, run};
use serde_json::{Value, json};
use tempfile::TempDir;

const MASKED: &str = "drop_path.safetensors";

/// A folder with one fixture and its manifest entry.
fn folder(file: &str, entry: impl FnOnce(&mut Value)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(fixtures().join("manifest.json")).unwrap();
    let mut manifest: Value = serde_json::from_str(&text).unwrap();
    let mut own = manifest["files"][file].take();
    entry(&mut own);
    let manifest = json!({ "files": { file: own } });
    std::fs::write(folder.path().join("manifest.json"), manifest.to_string()).unwrap();
    std::fs::copy(fixtures().join(file), folder.path().join(file)).unwrap();
    folder
}

fn outcomes(folder: &Path) -> Vec<Outcome> {
    run(folder, Execution::default(), &mut |_| {}).unwrap()
}

/// The reason for which the only case of a folder fails.
fn failure(folder: &Path) -> String {
    match &outcomes(folder)[..] {
        [Outcome { verdict: Verdict::Fail(why), .. }] => why.clone(),
        other => panic!("one failure expected, found {other:?}"),
    }
}

/// Rewrites the tensors of a file.
fn edit(folder: &Path, file: &str, change: impl FnOnce(&mut HashMap<String, Tensor>)) {
    let path = folder.join(file);
    let mut tensors = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
    change(&mut tensors);
    candle_core::safetensors::save(&tensors, &path).unwrap();
}

#[test]
fn a_tensor_beyond_its_tolerance_fails_and_one_within_passes() {
    let folder = folder(MASKED, |_| {});
    let shift = |tensors: &mut HashMap<String, Tensor>, by: f64| {
        let shifted = (&tensors["y"] + by).unwrap();
        tensors.insert("y".to_owned(), shifted);
    };
    edit(folder.path(), MASKED, |tensors| shift(tensors, 5e-6));
    assert_eq!(outcomes(folder.path())[0].verdict, Verdict::Pass);
    edit(folder.path(), MASKED, |tensors| shift(tensors, 1e-2));
    assert!(failure(folder.path()).starts_with("y: off by"));
}

#[test]
fn not_a_number_fails_whatever_the_tolerance() {
    let wide = |entry: &mut Value| entry["tolerance"] = json!({ "atol": 1e30 });
    let folder = folder(MASKED, wide);
    edit(folder.path(), MASKED, |tensors| {
        let nothing = (tensors["y"].zeros_like().unwrap() / 0.0).unwrap();
        tensors.insert("y".to_owned(), nothing);
    });
    assert!(failure(folder.path()).contains("NaN"));
}

#[test]
fn a_tensor_without_use_or_missing_fails() {
    let folder = folder(MASKED, |_| {});
    edit(folder.path(), MASKED, |tensors| {
        let spare = tensors["y"].clone();
        tensors.insert("spare".to_owned(), spare);
    });
    assert!(failure(folder.path()).contains("no use for this tensor"));
    edit(folder.path(), MASKED, |tensors| {
        tensors.remove("y");
    });
    assert!(failure(folder.path()).contains("`y` is missing"));
}

#[test]
fn what_is_not_understood_fails() {
    let folder = folder(MASKED, |_| {});
    edit(folder.path(), MASKED, |tensors| {
        tensors.remove("mask");
    });
    assert!(failure(folder.path()).contains("which family"));
    std::fs::write(folder.path().join("unlisted.json"), "{}").unwrap();
    let found = outcomes(folder.path());
    assert_eq!(found[0].to_string(), "fail unlisted.json: the manifest does not list this file");
}

#[test]
fn a_listed_file_that_is_absent_or_badly_described_fails() {
    let vague = folder(MASKED, |entry| entry["tolerance"] = json!("roughly"));
    assert!(failure(vague.path()).contains("roughly"));
    let gone = folder(MASKED, |_| {});
    std::fs::remove_file(gone.path().join(MASKED)).unwrap();
    failure(gone.path());
}

#[test]
fn file_names_do_not_matter() {
    let folder = folder(MASKED, |_| {});
    let manifest = folder.path().join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap().replace(MASKED, "other.safetensors");
    std::fs::write(&manifest, text).unwrap();
    let path = folder.path().join(MASKED);
    std::fs::rename(path, folder.path().join("other.safetensors")).unwrap();
    assert_eq!(outcomes(folder.path())[0].to_string(), "pass other");
}

/// Two cases of the same logits and different genotypes cannot both be right.
#[test]
fn logits_of_another_case_fail() {
    check_noticed("pure_genotype_darts.json", "pure_genotype_darts/0", |value| {
        for field in ["alphas_normal", "alphas_reduce"] {
            value["cases"][0][field] = value["cases"][1][field].clone();
        }
    });
    let sparse = "pure_genotype_fairdarts/0/threshold_sparse@0.6";
    check_noticed("pure_genotype_fairdarts.json", sparse, |value| {
        for field in ["alphas_normal", "alphas_reduce"] {
            value["cases"][0][field] = value["cases"][2][field].clone();
        }
    });
}

/// A resizing that lacks a tensor, and one that has too many.
#[test]
fn what_is_no_resizing_fails() {
    let file = "pure_resize.safetensors";
    let whole = folder(file, |_| {});
    assert!(outcomes(whole.path()).iter().all(|outcome| outcome.verdict == Verdict::Pass));
    edit(whole.path(), file, |tensors| {
        tensors.remove("nearest.8x8_to_4x4/gy");
    });
    assert!(failure(whole.path()).contains("which family"));
    let loose = folder(file, |_| {});
    edit(loose.path(), file, |tensors| {
        let spare = tensors["nearest.8x8_to_4x4/y"].clone();
        tensors.insert("spare".to_owned(), spare);
    });
    assert!(failure(loose.path()).contains("which family"));
}

/// A case that lacks a field fails by itself.
#[test]
fn a_case_without_its_logits_fails() {
    let file = "pure_multi_path.json";
    let folder = folder(file, |_| {});
    let path = folder.path().join(file);
    let mut value: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    value["cases"][1].as_object_mut().unwrap().remove("logits");
    std::fs::write(&path, value.to_string()).unwrap();
    let failed = outcomes(folder.path()).into_iter().filter(|own| own.verdict != Verdict::Pass);
    let lines: Vec<String> = failed.map(|own| own.to_string()).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("fail pure_multi_path/1: field `logits`"), "{lines:?}");
}

/// Paths, their statistics and levels are compared, each number of them.
#[test]
fn a_wrong_path_or_level_fails() {
    let file = "pure_multi_path.json";
    let off = |value: &mut Value| *value = json!(value.as_f64().unwrap() + 1e-6);
    check_noticed(file, "pure_multi_path/2", |value| off(&mut value["cases"][2]["mean"]));
    check_noticed(file, "pure_multi_path/4", |value| {
        off(&mut value["cases"][4]["paths"][7]["score"]);
    });
    check_noticed(file, "pure_multi_path/9", |value| {
        value["cases"][9]["K"]["variance"] = json!(5);
    });
    let file = "pure_autodeeplab.json";
    check_noticed(file, "pure_autodeeplab/3/port", |value| {
        value["cases"][3]["port"]["viterbi_path"][11] = json!(2);
    });
    check_noticed(file, "pure_autodeeplab/5/paper", |value| {
        off(&mut value["cases"][5]["paper"]["normalised"][8][2][1]);
    });
    check_noticed(file, "pure_autodeeplab/cell3/port", |value| {
        value["cells"][3]["port"][3][1] = json!(1);
    });
}

/// Every update has a gradient of its own.
#[test]
fn a_gradient_of_another_step_fails() {
    let file = "traj_gaea_pcdarts_bilevel.safetensors";
    let folder = folder(file, |_| {});
    edit(folder.path(), file, |tensors| {
        let gradients = &tensors["arch_grad/edges_normal"];
        let last = gradients.get(gradients.dim(0).unwrap() - 1).unwrap();
        let repeated = last.broadcast_as(gradients.dims()).unwrap().contiguous().unwrap();
        tensors.insert("arch_grad/edges_normal".to_owned(), repeated);
    });
    assert!(failure(folder.path()).starts_with("arch_grad/edges_normal: off by"));
}

/// The logits of this case start where the loss hardly moves, so the usual tolerance could not
/// tell.
#[test]
fn zero_one_losses_are_those_before_the_step() {
    let narrow = |entry: &mut Value| {
        let usual = entry["tolerance"]["overrides"].take();
        entry["tolerance"]["overrides"] = json!({ "mean_zero_one": [1e-7, 0.0] });
        for (pattern, pair) in usual.as_object().unwrap() {
            entry["tolerance"]["overrides"][pattern] = pair.clone();
        }
    };
    let folder = folder("traj_ddarts_dartopti.safetensors", narrow);
    assert_eq!(outcomes(folder.path())[0].verdict, Verdict::Pass);
}

/// Checks that a change in one place of a file makes its passing cases fail, and that undoing it
/// makes them pass.
fn check_noticed(file: &str, case: &str, change: impl FnOnce(&mut Value)) {
    let folder = folder(file, |_| {});
    let path = folder.path().join(file);
    let verdict = || outcomes(folder.path()).into_iter().find(|o| o.name == case).unwrap().verdict;
    assert_eq!(verdict(), Verdict::Pass);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    change(&mut value);
    std::fs::write(&path, value.to_string()).unwrap();
    assert!(matches!(verdict(), Verdict::Fail(_)), "{case}");
}

#[test]
fn a_wrong_number_or_gene_of_any_method_fails() {
    let off = |value: &mut Value| *value = json!(value.as_f64().unwrap() + 1e-3);
    check_noticed("pure_gaea_update.json", "pure_gaea_update/3", |value| {
        off(&mut value["cases"][3]["cells"]["reduce"]["theta_after"][13][7]);
    });
    check_noticed("pure_gaea_update.json", "pure_gaea_update/0", |value| {
        off(&mut value["cases"][0]["cells"]["normal"]["edges_after"][0]);
    });
    check_noticed("pure_gaea_update.json", "pure_gaea_update/normalize/2", |value| {
        off(&mut value["normalize"][2]["egdas"][0][0]);
    });
    check_noticed("pure_zero_one_loss.json", "pure_zero_one_loss/4/l1", |value| {
        off(&mut value["cases"][4]["l1"]["grad_alpha"][5][2]);
    });
    let gene = "pure_genotype_ddarts/0/threshold_edge";
    check_noticed("pure_genotype_ddarts.json", gene, |value| {
        value["cases"][0]["genotypes"]["threshold_edge"]["genes"][2][4][2] = json!(0);
    });
    let lost = "pure_genotype_ddarts/4/threshold_sparse";
    check_noticed("pure_genotype_ddarts.json", lost, |value| {
        value["cases"][4]["genotypes"]["threshold_sparse"]["genes"][1] = json!([]);
    });
    check_noticed("pure_genotype_gaea.json", "pure_genotype_gaea/7", |value| {
        value["cases"][7]["genotype"]["reduce"][3][0] = json!("none");
    });
    check_noticed("pure_genotype_pcdarts.json", "pure_genotype_pcdarts/21", |value| {
        value["cases"][21]["genotype"]["normal"][0][1] = json!(7);
    });
    let last = "pure_genotype_fairdarts/23/threshold_edge@0.85";
    check_noticed("pure_genotype_fairdarts.json", last, |value| {
        let genes = &mut value["cases"][23]["genotypes"]["threshold_edge@0.85"]["reduce"];
        genes.as_array_mut().unwrap().pop();
    });
}

/// Hand-made architectures are found by name, so this file needs no other.
#[test]
fn a_wrong_place_of_an_encoding_fails() {
    check_noticed("pure_deserialize.json", "pure_deserialize/ResNet18", |value| {
        value["cases"][0]["nonzero"][1][2] = json!(5);
    });
}

/// The published tables of scores are compared, too: a wrong one is noticed by itself.
#[test]
fn a_wrong_distance_or_score_fails() {
    let file = "pure_architecture_distance.json";
    let off = |value: &mut Value| *value = json!(value.as_f64().unwrap() + 1e-8);
    check_noticed(file, "pure_architecture_distance/op_stats", |value| {
        off(&mut value["op_stats"]["skip_connect"]);
    });
    let resnets = "pure_architecture_distance/S_o/ResNet18 ResNet50";
    for form in ["genes_as_released", "one_gene_per_layer"] {
        check_noticed(file, resnets, |value| {
            off(&mut value["pairs_So"][13][form]["op_stats_2"]);
        });
    }
    for table in ["op_stats", "op_stats_2"] {
        check_noticed(file, resnets, |value| {
            let distances = &mut value["pairs_So"][13][format!("directed_per_layer_{table}")];
            off(&mut distances[3][1]);
        });
    }
    check_noticed(file, "pure_architecture_distance/paths/2", |value| {
        off(&mut value["graph_distance_cells"][2]["distance_use_min"]);
    });
    check_noticed(file, "pure_architecture_distance/cells/4", |value| {
        off(&mut value["random_cells_op_stats"][4]["directed_ba"]);
    });
}

#[test]
fn a_wrong_count_fails() {
    let file = "counts.json";
    let folder = folder(file, |_| {});
    let path = folder.path().join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    value["DARTS_V2"]["measured"]["cifar10_C36_L20"]["params_without_aux"] = json!(3_349_343);
    std::fs::write(&path, value.to_string()).unwrap();
    let failed: Vec<String> = outcomes(folder.path())
        .iter()
        .filter(|outcome| outcome.verdict != Verdict::Pass)
        .map(Outcome::to_string)
        .collect();
    let want = "fail counts/DARTS_V2/cifar10_C36_L20: \
                params_without_aux: expected 3349343, found 3349342";
    // Genotypes that the folder does not define fail too; this one must be among the failures.
    assert!(failed.iter().any(|line| line == want), "{failed:?}");
}

fn program(folder: &Path, words: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_golden");
    Command::new(program).args(words).env(FOLDER_VARIABLE, folder).output().unwrap()
}

#[test]
fn the_exit_code_tells() {
    let folder = folder(MASKED, |_| {});
    let good = program(folder.path(), &[]);
    assert_eq!(String::from_utf8(good.stdout).unwrap(), "pass drop_path\n");
    assert_eq!(good.status.code(), Some(0));
    edit(folder.path(), MASKED, |tensors| {
        tensors.remove("y");
    });
    assert_eq!(program(folder.path(), &[]).status.code(), Some(1));
    std::fs::write(folder.path().join("manifest.json"), "[]").unwrap();
    assert_eq!(program(folder.path(), &[]).status.code(), Some(2));
}

#[test]
fn the_program_runs_staged_and_refuses_other_words() {
    let folder = folder(MASKED, |_| {});
    let staged = program(folder.path(), &["--staged"]);
    assert_eq!(String::from_utf8(staged.stdout).unwrap(), "pass drop_path\n");
    let refused = program(folder.path(), &["--stage"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("--staged"));
}
