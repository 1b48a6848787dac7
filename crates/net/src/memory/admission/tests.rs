use proptest::prelude::*;

use super::*;

/// Ten bytes for each image and channel, and a hundred in any case; channels are even.
fn predict(size: Size) -> Option<u64> {
    size.channels.is_multiple_of(2).then_some((100 + 10 * size.batch * size.channels) as u64)
}

const SIZE: Size = Size { batch: 8, channels: 4 };

fn slots(slots: &[(u64, bool)]) -> Vec<Slot> {
    slots.iter().map(|&(bytes, free)| Slot { bytes, free }).collect()
}

#[test]
fn the_smallest_free_slot_that_holds_it_is_taken() {
    let all = slots(&[(1000, true), (500, true), (419, true), (450, false)]);
    assert_eq!(admit(SIZE, 2, &all, predict), Admission::Run { slot: 1 });
}

#[test]
fn what_fits_a_busy_slot_waits_for_it() {
    let all = slots(&[(1000, false), (420, false), (419, true)]);
    assert_eq!(admit(SIZE, 2, &all, predict), Admission::Wait { slot: 1 });
}

#[test]
fn what_fits_nowhere_is_rejected_with_what_would() {
    let all = slots(&[(300, true), (350, false)]);
    let expected = Admission::Reject {
        needed: 420,
        limit: 350,
        // 100 + 40 * 6 = 340; 100 + 80 * 2 = 260, and 80 * 4 is too much.
        largest_batch: Some(6),
        largest_channels: Some(2),
    };
    assert_eq!(admit(SIZE, 2, &all, predict), expected);
}

#[test]
fn without_room_for_one_image_nothing_is_offered() {
    for all in [slots(&[(110, true)]), Vec::new()] {
        let limit = all.first().map_or(0, |slot| slot.bytes);
        let largest_batch = None;
        let largest_channels = None;
        let expected = Admission::Reject { needed: 420, limit, largest_batch, largest_channels };
        assert_eq!(admit(SIZE, 2, &all, predict), expected);
    }
}

#[test]
fn a_size_that_no_network_has_is_rejected() {
    let all = slots(&[(1000, true)]);
    let found = admit(Size { batch: 1, channels: 3 }, 2, &all, predict);
    let Admission::Reject { needed: u64::MAX, largest_channels: Some(2), .. } = found else {
        panic!("{found:?}")
    };
}

proptest! {
    #[test]
    fn what_is_offered_fits_and_one_more_does_not(batch in 1_usize..200, limit in 0_u64..9000) {
        let all = slots(&[(limit, true)]);
        let size = Size { batch, ..SIZE };
        if let Admission::Reject { largest_batch, .. } = admit(size, 2, &all, predict) {
            let found = largest_batch.unwrap_or(0);
            let needed = |batch| predict(Size { batch, ..SIZE }).unwrap();
            prop_assert!(found == 0 || needed(found) <= limit);
            prop_assert!(needed(found + 1) > limit);
        }
    }
}

/// The search for the largest size must not overflow at the last number.
#[test]
fn the_largest_size_of_all_can_be_asked_for() {
    let size = Size { batch: usize::MAX, channels: usize::MAX };
    let slots = [Slot { bytes: 1000, free: true }];
    let predict = |size: Size| (size.batch as u64).checked_add(size.channels as u64);
    let least = |size: Size| Some(size.batch.min(size.channels) as u64);
    let expected = Admission::Reject {
        needed: u64::MAX,
        limit: 1000,
        largest_batch: None,
        largest_channels: None,
    };
    assert_eq!(admit(size, 1, &slots, predict), expected);
    let expected = Admission::Reject {
        needed: u64::MAX,
        limit: 1000,
        largest_batch: Some(1000),
        largest_channels: Some(1000),
    };
    assert_eq!(admit(size, 1, &slots, least), expected);
}
