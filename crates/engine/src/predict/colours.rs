//! Colours of classes in pictures.

/// Colours that people with any colour vision tell apart (Okabe and Ito 2008, "Color Universal
/// Design"), without black.
const COLOURS: [[u8; 3]; 7] = [
    [230, 159, 0],
    [86, 180, 233],
    [0, 158, 115],
    [240, 228, 66],
    [0, 114, 178],
    [213, 94, 0],
    [204, 121, 167],
];

/// The share of the colour in a painted pixel, in 256ths.
const SHARE: u16 = 115;

/// The colour of a class among `classes`: none for class 0 of two, the background.
pub(super) fn colour(class: usize, classes: usize) -> Option<[u8; 3]> {
    match class {
        0 if classes <= 2 => None,
        _ => Some(COLOURS[class % COLOURS.len()]),
    }
}

/// A pixel with a colour painted over it.
pub(super) fn painted(pixel: [u8; 3], colour: Option<[u8; 3]>) -> [u8; 3] {
    let Some(colour) = colour else { return pixel };
    let mixed = |band: usize| {
        let sum = u16::from(pixel[band]) * (256 - SHARE) + u16::from(colour[band]) * SHARE;
        (sum >> 8) as u8
    };
    [mixed(0), mixed(1), mixed(2)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_background_keeps_its_colours() {
        assert_eq!(painted([1, 2, 3], colour(0, 2)), [1, 2, 3]);
        assert_eq!(painted([255, 255, 255], Some([255, 255, 255])), [255, 255, 255]);
        assert_eq!(painted([0, 0, 0], colour(1, 2)), [38, 80, 104]);
        assert_ne!(colour(0, 5), None);
    }
}
