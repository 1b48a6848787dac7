use std::ffi::OsString;

use pulp::{Simd, WithSimd};

use super::at_every_width;
use crate::simd::InstructionSet;
use crate::simd::bundle;

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

#[test]
fn sets_have_the_lanes_they_say() {
    at_every_width(|set| {
        assert_eq!(set.dispatch(Lanes), set.lanes(), "{set}");
        assert_eq!(bundle::run(set, Lanes), set.lanes().min(bundle::MOST), "{set}");
        assert!(set.name().contains(&format!("{} lane", set.lanes())), "{set}");
    });
}

#[test]
fn a_width_is_what_the_variable_says_or_refused() {
    let all = InstructionSet::all();
    let wanted = |value: &str| InstructionSet::wanted(Some(OsString::from(value)), &all);
    for set in &all {
        assert_eq!(wanted(&set.lanes().to_string()).unwrap().lanes(), set.lanes());
    }
    for value in ["", "0", "2", "32", " 8", "08", "+4", "8 ", "avx2", "-1"] {
        assert_eq!(wanted(value).unwrap_err(), value);
    }
    let scalar = wanted("1").unwrap();
    let refused = InstructionSet::wanted(Some(OsString::from("8")), &[scalar]);
    assert_eq!(refused.unwrap_err(), "8", "a machine without that width");
}

#[test]
fn the_best_set_is_taken_and_the_machines_own_before_arrays() {
    let all = InstructionSet::all();
    let own = InstructionSet::of_machine();
    let best = InstructionSet::wanted(None, &all).unwrap();
    assert_eq!(best.name(), own[0].name());
    for set in own {
        let taken = InstructionSet::wanted(Some(set.lanes().to_string().into()), &all).unwrap();
        assert!(!taken.name().contains("array"), "{taken} in place of {set}");
    }
}
