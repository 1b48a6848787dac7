//! Settings as text, and those that are refused.

use super::*;
use crate::Normalization;

fn refused(change: &dyn Transform, images: &PictureSpec<'_>) -> String {
    change.check(images).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn senseless_settings_are_refused_with_their_field() {
    let rule = Normalization::scaled(255.0, 3).unwrap();
    let images = PictureSpec {
        shape: ImageShape::new(3, 8, 8),
        targets: TargetSpec::Class { classes: 2 },
        normalization: Some(&rule),
    };
    let all = RotateScale::default();
    let resized = RandomResizedCrop::default();
    let rows: [(&dyn Transform, &str); 17] = [
        (
            &RotateScale { degrees: 200.0, ..all },
            "RotateScale.degrees: expected an angle, 0 to 180",
        ),
        (&RotateScale { turned: 1.5, ..all }, "RotateScale.turned: expected a probability"),
        (&RotateScale { scaled: -0.1, ..all }, "RotateScale.scaled: expected a probability"),
        (&RotateScale { scale: (1.4, 0.7), ..all }, "RotateScale.scale: expected two numbers in"),
        (&RandomResizedCrop { area: (0.0, 1.0), ..resized }, "RandomResizedCrop.area: "),
        (&RandomResizedCrop { ratio: (2.0, 1.0), ..resized }, "RandomResizedCrop.ratio: "),
        (&Gamma { range: (0.0, 1.0), ..Gamma::default() }, "Gamma.range: expected two numbers"),
        (&Gamma { probability: f64::NAN, ..Gamma::default() }, "Gamma.probability: "),
        (&Brightness { range: (-1.0, 1.0), ..Brightness::default() }, "Brightness.range: "),
        (&Contrast { range: (1.0, f64::INFINITY), ..Contrast::default() }, "Contrast.range: "),
        (&GaussianNoise { deviation: (0.2, 0.1), ..GaussianNoise::default() }, "GaussianNoise.dev"),
        (&GaussianBlur { per_channel: 2.0, ..GaussianBlur::default() }, "GaussianBlur.per_chan"),
        (&LowResolution { zoom: (0.5, 1.5), ..LowResolution::default() }, "LowResolution.zoom: "),
        (&ColorJitter { brightness: -1.0, ..ColorJitter::default() }, "ColorJitter.brightness: "),
        (&ColorJitter { hue: 0.6, ..ColorJitter::default() }, "ColorJitter.hue: expected a shift"),
        (&Crop { padding: 8 }, "crop_padding: "),
        (&Cutout { side: 8 }, "cutout: "),
    ];
    for (change, expected) in rows {
        let found = refused(change, &images);
        assert!(found.starts_with(expected), "{change:?}: {found:?}");
    }
    for change in [ConfiguredTransform::Aerial, ConfiguredTransform::NnUnet] {
        assert_eq!(refused(&change, &images), "");
    }
}

#[test]
fn images_that_do_not_suit_a_change_are_refused() {
    let rule = Normalization::scaled(255.0, 1).unwrap();
    let shape = ImageShape::new(1, 8, 6);
    let targets = TargetSpec::Mask { classes: 2, ignore: None };
    let images = PictureSpec { shape, targets, normalization: Some(&rule) };
    let found = refused(&RightAngles, &images);
    assert!(found.starts_with("RightAngles: expected square images"), "{found}");
    let found = refused(&ConfiguredTransform::NnUnet, &images);
    assert!(found.starts_with("RotateScale: expected masks with an ignored label"), "{found}");
    let jitter = ColorJitter { saturation: 0.1, ..ColorJitter::default() };
    let found = refused(&jitter, &images);
    assert!(found.starts_with("ColorJitter.saturation: expected 0 for images without"), "{found}");
    let jitter = ColorJitter { brightness: 0.1, ..ColorJitter::default() };
    assert_eq!(refused(&jitter, &images), "");
    let found = refused(&jitter, &PictureSpec { normalization: None, ..images });
    assert!(found.starts_with("ColorJitter: expected images of a data set that"), "{found}");
    let row = PictureSpec { shape: ImageShape::new(1, 1, 6), ..images };
    assert!(refused(&FlipVertical, &row).starts_with("FlipVertical: "));
}

/// What stands between flip and cutout comes after the flip and before the cutout.
#[test]
fn an_augmentation_without_more_is_the_usual_one() {
    let usual = Augment { crop_padding: 2, flip: true, cutout: 3 };
    let run = |transform: &dyn Transform, seed: u64| {
        let mut pixels = image();
        let mut picture = Picture::new(SHAPE, &mut pixels).unwrap();
        transform.apply(&mut picture, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
        pixels
    };
    let bright = Brightness { range: (3.0, 3.0), probability: 1.0 };
    let more = Augmentation { usual, transforms: vec![ConfiguredTransform::Brightness(bright)] };
    for seed in 0..40 {
        let plain = Augmentation { usual, transforms: Vec::new() };
        assert_eq!(run(&plain, seed), run(&usual, seed));
        let blanks = |pixels: Vec<f32>| pixels.iter().filter(|value| **value == 0.0).count();
        assert!(blanks(run(&more, seed)) > 0);
    }
    let spec = spec(SHAPE, CLASS);
    assert!(more.check(&spec).is_ok());
    let jitter =
        ConfiguredTransform::ColorJitter(ColorJitter { hue: 0.2, ..ColorJitter::default() });
    let transforms = vec![ConfiguredTransform::FlipVertical, jitter];
    let jitter = refused(&Augmentation { usual, transforms }, &spec);
    assert!(jitter.starts_with("transforms.1.ColorJitter.hue: expected 0 for images"), "{jitter}");
    let wrong = Augmentation { usual: Augment { cutout: 9, ..usual }, transforms: Vec::new() };
    assert!(wrong.check(&spec).is_err());
}
