//! Walks over rows and columns in tiles of neighbouring columns.

/// From where to where a loop over rows and columns goes, in positions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Between neighbouring rows and columns of the source.
    pub(crate) source: (usize, usize),
    /// The first place of the target.
    pub(crate) first: usize,
    /// Between neighbouring rows and columns of the target.
    pub(crate) target: (usize, usize),
}

impl Walk {
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0 || self.columns == 0
    }

    /// `true` if `offset` can be read at every position of a source of `len` places.
    pub(super) fn reads(&self, offset: usize, len: usize) -> bool {
        let last = (self.rows - 1) * self.source.0 + (self.columns - 1) * self.source.1;
        offset + last < len
    }

    /// `true` if every position can be written to in a target of `len` places.
    pub(super) fn writes(&self, len: usize) -> bool {
        let last = (self.rows - 1) * self.target.0 + (self.columns - 1) * self.target.1;
        self.first + last < len
    }

    /// Runs `tile` over all positions, one after another.
    ///
    /// # Safety
    /// `tile` must be safe to visit at every position of this walk.
    #[inline(always)]
    pub(super) unsafe fn sweep(&self, tile: &mut impl Tile) {
        // SAFETY: the caller's. Steps that are known leave no multiplication to the loops.
        unsafe {
            match self.source.1 {
                1 => self.tiles::<1>(tile),
                2 => self.tiles::<2>(tile),
                _ => self.tiles::<0>(tile),
            }
        }
    }

    /// # Safety
    /// As for [`sweep`](Self::sweep); `STEP` is the step between columns of the source, or 0.
    #[inline(always)]
    unsafe fn tiles<const STEP: usize>(&self, tile: &mut impl Tile) {
        for row in 0..self.rows {
            let mut column = 0;
            while column < self.columns {
                let place = Place {
                    row,
                    column,
                    from: row * self.source.0 + column * self.source.1,
                    to: self.first + row * self.target.0 + column * self.target.1,
                };
                // SAFETY: so many columns are left.
                unsafe {
                    column += match self.columns - column {
                        8.. => visit::<8, STEP>(tile, place),
                        4..8 => visit::<4, STEP>(tile, place),
                        _ => visit::<1, STEP>(tile, place),
                    };
                }
            }
        }
    }
}

/// # Safety
/// As for [`Tile::visit`].
#[inline(always)]
unsafe fn visit<const N: usize, const STEP: usize>(tile: &mut impl Tile, place: Place) -> usize {
    // SAFETY: the caller's.
    unsafe { tile.visit::<N, STEP>(place) };
    N
}

/// The first position of a tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) row: usize,
    pub(super) column: usize,
    /// In the source and in the target.
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The work at `N` neighbouring columns.
pub(super) trait Tile {
    /// `STEP` is the step between columns of the source, or 0 when only the walk knows it.
    ///
    /// # Safety
    /// `N` positions from `place` on must be positions of a walk that the tile was checked for.
    unsafe fn visit<const N: usize, const STEP: usize>(&mut self, place: Place);
}

/// The step between columns, known beforehand or not.
#[inline(always)]
pub(super) fn step<const STEP: usize>(walk: &Walk) -> usize {
    if STEP == 0 { walk.source.1 } else { STEP }
}
