//! Data that are checked before anything is trained on them.

use std::fs;

use crate::program::Program;

/// A grey TIFF of 8 bits in one strip.
fn grey(width: u32, height: u32, values: &[u8]) -> Vec<u8> {
    let short = 3_u16;
    let long = 4_u16;
    let entries: [(u16, u16, u32); 8] = [
        (256, long, width),
        (257, long, height),
        (258, short, 8),
        (259, short, 1),
        (262, short, 1),
        (273, long, 8),
        (278, long, height),
        (279, long, values.len() as u32),
    ];
    let directory = 8 + values.len() as u32;
    let mut bytes = [b"II*\0".as_slice(), &directory.to_le_bytes(), values].concat();
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes
}

/// A folder `cells` of eight images and masks of 0 and `label`, without folders of parts.
fn cells(label: u8) -> Program {
    let program = Program::new();
    for folder in ["cells/images", "cells/masks"] {
        fs::create_dir_all(program.path(folder)).unwrap();
    }
    for index in 0..8_u8 {
        let image: Vec<u8> =
            (0..256_u32).map(|at| (at as u8).wrapping_mul(7 + index).wrapping_add(index)).collect();
        let mask: Vec<u8> = (0..256_u32).map(|at| label * u8::from(at % 5 == 0)).collect();
        fs::write(program.path(&format!("cells/images/{index}.tif")), grey(16, 16, &image))
            .unwrap();
        fs::write(program.path(&format!("cells/masks/{index}.tif")), grey(16, 16, &mask)).unwrap();
    }
    program
}

const REMEDY: &str = "`targets: Masks(labels: {255: 1})`";

#[test]
fn masks_of_0_and_255_are_refused_with_the_field_that_mends_them() {
    let program = cells(255);
    let said = program.run(&["check", "cells"]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(said.stdout.contains("error    mask values  masks/0.tif"), "{}", said.stdout);
    assert!(said.stdout.contains(REMEDY), "{}", said.stdout);

    // Nothing is written before that, either.
    program.write("plain.ron", "(data: Images(\"cells\"), scale: Small)");
    let said = program.run(&["run", "plain.ron", "--out", "out"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{}", said.stderr);
    assert!(said.stderr.contains("plain.ron: ") && said.stderr.contains(REMEDY), "{}", said.stderr);
    assert!(!program.path("out").exists());

    let mended =
        "(data: Images(directory: \"cells\", targets: Masks(labels: {255: 1})), scale: Small)";
    program.write("mended.ron", mended);
    let said = program.run(&["check", "mended.ron", "--json"]);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    let lines = said.stdout.lines().map(serde_json::from_str::<serde_json::Value>);
    assert!(lines.into_iter().all(|line| line.unwrap()["severity"] != "error"));
}

#[test]
fn a_stored_division_is_used_and_notices_a_changed_file() {
    let program = cells(1);
    let said = program.run(&["check", "cells", "--list", "list.csv"]);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    let list = fs::read_to_string(program.path("list.csv")).unwrap();
    assert_eq!(list.lines().count(), 9);
    let text = "(data: Images(directory: \"cells\", split: Stored(\"list.csv\")), scale: Small)";
    program.write("stored.ron", text);
    assert_eq!(program.run(&["check", "stored.ron"]).code, Some(0));
    let changed: Vec<u8> = (0..=255).collect();
    fs::write(program.path("cells/images/3.tif"), grey(16, 16, &changed)).unwrap();
    let said = program.run(&["check", "stored.ron"]);
    assert_eq!(said.code, Some(1));
    assert!(said.stdout.contains("error    changed"), "{}", said.stdout);
    assert!(said.stdout.contains("3.tif"), "{}", said.stdout);
}

#[test]
fn other_data_are_checked_too_and_other_folders_refused() {
    let program = Program::new();
    program.write("nuclei.ron", "(data: Nuclei, scale: Small)");
    let said = program.run(&["check", "nuclei.ron"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stdout.contains("train, 48 images: background"), "{}", said.stdout);
    fs::create_dir(program.path("empty")).unwrap();
    let said = program.run(&["check", "empty"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    assert!(said.stderr.contains("no images in empty; expected"), "{}", said.stderr);
    let said = program.run(&["check", "nowhere"]);
    assert_eq!(said.code, Some(2));
}
