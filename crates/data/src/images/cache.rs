//! Decoded images kept in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Raster;

/// An image with its mask, as they are served.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) image: Raster,
    /// Classes of its pixels, row by row.
    pub(super) mask: Option<Vec<u16>>,
}

impl Decoded {
    fn bytes(&self) -> usize {
        self.image.bytes() + self.mask.as_ref().map_or(0, |mask| mask.len() * size_of::<u16>())
    }
}

/// The entry of an image and the first row and column of the part of it.
pub(super) type Key = [usize; 3];

/// Images by use: those used longest ago make room for others.
#[derive(Debug)]
pub(super) struct Cache {
    limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: usize,
    clock: u64,
    by_key: BTreeMap<Key, (u64, Arc<Decoded>)>,
    by_use: BTreeMap<u64, Key>,
}

impl Cache {
    /// Room for `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, kept: Mutex::new(Kept::default()) }
    }

    pub(super) fn get(&self, key: Key) -> Option<Arc<Decoded>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let now = kept.clock;
        let (used, decoded) = kept.by_key.get_mut(&key)?;
        let before = std::mem::replace(used, now);
        let decoded = Arc::clone(decoded);
        kept.by_use.remove(&before);
        kept.by_use.insert(now, key);
        Some(decoded)
    }

    pub(super) fn put(&self, key: Key, decoded: &Arc<Decoded>) {
        let bytes = decoded.bytes();
        if bytes > self.limit {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.by_key.contains_key(&key) {
            return;
        }
        while kept.bytes + bytes > self.limit
            && let Some((_, oldest)) = kept.by_use.pop_first()
        {
            if let Some((_, dropped)) = kept.by_key.remove(&oldest) {
                kept.bytes -= dropped.bytes();
            }
        }
        kept.clock += 1;
        let now = kept.clock;
        kept.bytes += bytes;
        kept.by_key.insert(key, (now, Arc::clone(decoded)));
        kept.by_use.insert(now, key);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Values;
    use super::*;
    use crate::ImageShape;

    fn image(bytes: usize) -> Arc<Decoded> {
        let shape = ImageShape::new(1, 1, bytes);
        let image = Raster::new(shape, Values::U8(vec![0; bytes])).unwrap();
        Arc::new(Decoded { image, mask: None })
    }

    #[test]
    fn the_one_used_longest_ago_makes_room() {
        let cache = Cache::new(10);
        for key in [[0, 0, 0], [1, 0, 0]] {
            cache.put(key, &image(5));
        }
        assert!(cache.get([0, 0, 0]).is_some());
        cache.put([2, 0, 0], &image(5));
        assert!(cache.get([1, 0, 0]).is_none());
        assert!(cache.get([0, 0, 0]).is_some() && cache.get([2, 0, 0]).is_some());
        cache.put([3, 0, 0], &image(11));
        assert!(cache.get([3, 0, 0]).is_none());
        assert!(cache.get([0, 0, 0]).is_some());
    }
}
