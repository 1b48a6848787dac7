use super::*;
use crate::{Dataset, OwnedSample};

fn targets(data: &InMemory) -> Vec<Targets> {
    (0..data.len()).map(|index| OwnedSample::read(data, index).unwrap().targets).collect()
}

#[test]
fn masks_show_nuclei_and_background_in_both_parts() {
    let Splits { train, test } = nuclei();
    assert_eq!((train.len(), test.len()), (48, 16));
    for part in [&train, &test] {
        assert_eq!(part.shape(), ImageShape::new(1, 64, 64));
        let labels = targets(part).into_iter().flat_map(|mask| match mask {
            Targets::Indices(mask) => mask,
            Targets::Numbers(_) => panic!("masks are indices"),
        });
        let labels: Vec<u32> = labels.collect();
        let nuclei = labels.iter().filter(|&&label| label == 1).count();
        assert!(labels.iter().all(|&label| label < 2));
        let share = nuclei as f64 / labels.len() as f64;
        assert!((0.05..0.5).contains(&share), "{share}");
    }
}

#[test]
fn all_counts_together_are_the_nuclei_of_the_image() {
    let Splits { train, test } = nuclei_counts();
    let all = targets(&train).into_iter().chain(targets(&test));
    let all: f32 = all
        .map(|count| match count {
            Targets::Numbers(count) => count[0],
            Targets::Indices(_) => panic!("counts are values"),
        })
        .sum();
    assert!((all - 125.0).abs() < 1e-6, "{all}");
}
