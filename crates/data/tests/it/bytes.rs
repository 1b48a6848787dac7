//! Files made up for tests.

use std::io::Write;

/// An IDX file.
pub(crate) fn idx(magic: u32, sizes: &[u32], body: &[u8]) -> Vec<u8> {
    let mut bytes = magic.to_be_bytes().to_vec();
    for size in sizes {
        bytes.extend(size.to_be_bytes());
    }
    bytes.extend_from_slice(body);
    bytes
}

/// A gzipped file.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A CIFAR-10 record whose pixels all equal `value`.
pub(crate) fn cifar10(label: u8, value: u8) -> Vec<u8> {
    let mut record = vec![label];
    record.resize(3073, value);
    record
}

/// A CIFAR-100 record whose pixels all equal `value`.
pub(crate) fn cifar100(coarse: u8, fine: u8, value: u8) -> Vec<u8> {
    let mut record = vec![coarse, fine];
    record.resize(3074, value);
    record
}
