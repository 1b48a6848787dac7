use crate::{
    DataError, Dataset, ImageShape, InMemory, Normalization, Sample, Subset, TargetSpec, digits,
};

const SHAPE: ImageShape = ImageShape::new(1, 2, 2);

fn images(classes: usize, pixels: Vec<u8>, labels: Vec<u32>) -> InMemory {
    InMemory::new(SHAPE, classes, pixels, labels, Normalization::scaled(255.0, 1).unwrap()).unwrap()
}

fn three() -> InMemory {
    images(2, (0..12).collect(), vec![0, 1, 0])
}

#[test]
fn every_part_of_the_contents_counts() {
    let same = three().digest().unwrap();
    assert_eq!(same, three().digest().unwrap());
    assert_eq!(
        same, "f0c0687557672feca38b43a5a177f137186a56cec9f63fd62b33116782ddfaa1",
        "stored runs know it"
    );
    let mut pixel: Vec<u8> = (0..12).collect();
    pixel[11] += 1;
    let others = [
        ("a pixel", images(2, pixel, vec![0, 1, 0])),
        ("a label", images(2, (0..12).collect(), vec![0, 1, 1])),
        ("classes", images(3, (0..12).collect(), vec![0, 1, 0])),
        ("length", images(2, (0..8).collect(), vec![0, 1])),
        (
            "normalisation",
            three().with_normalization(Normalization::new(1.0, &[0.5], &[1.0]).unwrap()).unwrap(),
        ),
        (
            "shape",
            InMemory::new(
                ImageShape::new(1, 4, 1),
                2,
                (0..12).collect(),
                vec![0, 1, 0],
                Normalization::scaled(255.0, 1).unwrap(),
            )
            .unwrap(),
        ),
    ];
    for (what, other) in others {
        assert_ne!(same, other.digest().unwrap(), "{what}");
    }
}

/// Takes the digest of the trait.
#[derive(Debug)]
struct Plain(InMemory);

impl Dataset for Plain {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn shape(&self) -> ImageShape {
        self.0.shape()
    }

    fn targets(&self) -> TargetSpec {
        self.0.targets()
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        self.0.read(index, sample)
    }
}

#[test]
fn equal_contents_have_one_digest_whatever_holds_them() {
    let expected = three().digest().unwrap();
    assert_eq!(Plain(three()).digest().unwrap(), expected);
    assert_eq!(Subset::new(&three(), vec![0, 1, 2]).unwrap().digest().unwrap(), expected);
    assert_ne!(Subset::new(&three(), vec![1, 0, 2]).unwrap().digest().unwrap(), expected);
    let boxed: Box<dyn Dataset> = Box::new(three());
    assert_eq!(boxed.digest().unwrap(), expected);
}

/// Says a shape without pixels.
#[derive(Debug)]
struct NoPixels(ImageShape);
impl Dataset for NoPixels {
    fn len(&self) -> usize {
        1
    }

    fn shape(&self) -> ImageShape {
        self.0
    }

    fn targets(&self) -> TargetSpec {
        TargetSpec::Class { classes: 1 }
    }

    fn read(&self, _: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        sample.target.put_class(0)
    }
}

#[test]
fn what_cannot_be_read_has_none() {
    let none = Subset::new(three(), Vec::new()).unwrap();
    assert_ne!(none.digest().unwrap(), three().digest().unwrap());
    assert!(matches!(
        NoPixels(ImageShape::new(0, 1, 1)).digest(),
        Err(DataError::UnusableShape { .. })
    ));
}

#[test]
fn a_digest_once_asked_for_is_no_difference() {
    let asked = digits().test;
    let fresh = digits().test;
    asked.digest().unwrap();
    assert_eq!(asked, fresh);
}
