use super::*;

const MIB: u64 = 1 << 20;

fn facts(height: usize, width: usize, images: usize, memory: u64) -> DataFacts {
    DataFacts { median: Pair::new(height, width), images, channels: 3, numbers: 2, memory }
}

/// 100 bytes for every value of an image and batch.
fn bytes(graph: &Graph, batch: usize) -> Option<u64> {
    Some(graph.cost().ok()?.activations.saturating_mul(4 * batch as u64))
}

#[test]
fn all_is_taken_where_there_is_room() {
    let found = plan(&facts(100, 130, 1000, u64::MAX), bytes).unwrap();
    // 100, 50, 25, 13, 7 and 130, 65, 33, 17, 9; the last may halve alone only with 12 pixels.
    assert_eq!(found.patch, Pair::new(112, 144));
    assert_eq!(found.widths, [32, 64, 128, 256, 512]);
    // 5 % of 1000 images of 100x130, in patches of 112x144.
    assert_eq!(found.batch, 100 * 130 * 50 / (112 * 144));
    assert_eq!(found.reasons.len(), 4, "{:?}", found.reasons);
    assert!(found.reasons[3].contains("5 % of the pixels of 1000 images"), "{:?}", found.reasons);
}

#[test]
fn patches_shrink_along_the_axis_that_covers_most() {
    let all = plan(&facts(256, 512, 10_000, u64::MAX), bytes).unwrap();
    assert_eq!(all.patch, Pair::new(256, 512));
    let found = plan(&facts(256, 512, 10_000, 600 * MIB), bytes).unwrap();
    assert!(found.bytes <= 600 * MIB && found.batch >= BATCH, "{found:?}");
    let Pair { height, width } = found.patch;
    assert!(height < 256 && width < 512 && height * 2 <= width + 64, "{found:?}");
    let graph = found.network.graph(Shape::new(3, height, width), Outputs::Plane { channels: 2 });
    let graph = graph.unwrap();
    assert_eq!(bytes(&graph, found.batch), Some(found.bytes));
    assert!(bytes(&graph, found.batch + 1).unwrap() > 600 * MIB, "{found:?}");
    assert!(found.reasons[0].contains("do not fit into 600 MiB"), "{:?}", found.reasons);
    // The network halves the patch as the plan says.
    let factors = graph.nodes().iter().filter(|node| node.name().starts_with("up.")).count();
    assert_eq!(found.widths.len(), factors + 1);
}

#[test]
fn few_images_make_small_batches() {
    let found = plan(&facts(64, 64, 30, u64::MAX), bytes).unwrap();
    assert_eq!((found.patch, found.batch), (Pair::both(64), 2));
}

#[test]
fn what_no_plan_can_be_made_of_is_refused() {
    let error = plan(&facts(64, 64, 30, 1000), bytes).unwrap_err().to_string();
    assert!(error.contains("bytes for two patches of 8x8, found 1000 bytes"), "{error}");
    let error = plan(&facts(0, 64, 30, 1000), bytes).unwrap_err().to_string();
    assert_eq!(error, "median rows: expected at least 1, found 0");
    assert!(plan(&facts(64, 64, 30, u64::MAX), |_, _| None).is_err());
    // Images smaller than the smallest network keep their size.
    assert_eq!(plan(&facts(3, 5, 1, u64::MAX), bytes).unwrap().patch, Pair::new(3, 5));
}
