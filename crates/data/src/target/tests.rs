use super::*;

const SHAPE: ImageShape = ImageShape::new(3, 2, 2);

#[test]
fn a_wrong_target_is_named_with_its_place() {
    let said = |spec: TargetSpec, target: Target<'_>| {
        spec.check(7, &target).err().map(|error| error.to_string())
    };
    let class = TargetSpec::Class { classes: 2 };
    assert_eq!(said(class, Target::Indices(&mut [1])), None);
    let expected = "sample 7: expected a label below 2, found 5";
    assert_eq!(said(class, Target::Indices(&mut [5])).as_deref(), Some(expected));
    let mask = TargetSpec::Mask { classes: 2, ignore: Some(255) };
    assert_eq!(said(mask, Target::Indices(&mut [0, 1, 255, 0])), None);
    let expected = "sample 7, pixel 3 of the mask: expected a label below 2, found 2";
    assert_eq!(said(mask, Target::Indices(&mut [0, 1, 255, 2])).as_deref(), Some(expected));
    let expected = "sample 7, label 1: expected 0 or 1, found 0.5";
    let found = said(TargetSpec::Labels(2), Target::Numbers(&mut [0.0, 0.5]));
    assert_eq!(found.as_deref(), Some(expected));
    let expected = "sample 7, value 0: expected a finite number, found NaN";
    let found = said(TargetSpec::Values(1), Target::Numbers(&mut [f32::NAN]));
    assert_eq!(found.as_deref(), Some(expected));
    let expected = "expected room for one of 2 classes, found room for 1 numbers";
    assert_eq!(said(class, Target::Numbers(&mut [1.0])).as_deref(), Some(expected));
}

#[test]
fn what_is_unwritten_is_no_target() {
    let specs = [
        TargetSpec::Class { classes: 2 },
        TargetSpec::Labels(2),
        TargetSpec::Values(2),
        TargetSpec::Mask { classes: 2, ignore: Some(255) },
    ];
    for spec in specs {
        let width = spec.width(SHAPE).unwrap();
        let mut rows = Targets::unwritten(spec, SHAPE, 2).unwrap();
        assert_eq!(rows.count(), 2 * width);
        assert!(spec.check(0, &rows.row(1, width)).is_err(), "{spec}");
        let tensor = rows.into_tensor(spec, SHAPE, 2).unwrap();
        assert_eq!(tensor.dim(0).unwrap(), 2);
        assert_eq!(tensor.elem_count(), 2 * width);
    }
}

#[test]
fn targets_of_nothing_are_refused() {
    let nothing = [
        TargetSpec::Class { classes: 0 },
        TargetSpec::Labels(0),
        TargetSpec::Values(0),
        TargetSpec::Mask { classes: 0, ignore: None },
    ];
    for spec in nothing {
        assert!(matches!(spec.width(SHAPE), Err(DataError::UnusableTargets { .. })), "{spec}");
    }
}

#[test]
fn room_of_another_size_or_kind_is_refused() {
    let mut one = [0_u32];
    let error = Target::Indices(&mut one).put_numbers(&[1.0]).unwrap_err().to_string();
    assert_eq!(error, "expected room for 1 numbers, found room for 1 indices");
    assert!(Target::Indices(&mut one).put_indices(&[1, 2]).is_err());
    Target::Indices(&mut one).put_class(4).unwrap();
    assert_eq!(Target::Indices(&mut one).class(), Some(4));
}
