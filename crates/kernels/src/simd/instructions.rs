//! The choice of vector instructions that the kernels compute with.

use std::ffi::OsString;
use std::fmt;
use std::sync::OnceLock;

#[cfg(target_arch = "aarch64")]
use pulp::aarch64::Neon;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V3_128b, V3_512b, V4};
use pulp::{Scalar, Simd, WithSimd};
#[cfg(not(target_arch = "x86_64"))]
use pulp::{Scalar128b, Scalar256b, Scalar512b};

use crate::error::{KernelError, Result};

/// The environment variable that forces a register width, in floats: `1`, `4`, `8` or `16`.
pub const LANES_VARIABLE: &str = "DARTLOOM_LANES";

/// The vector instructions that the kernels of this process compute with.
///
/// Without a wish it is the widest set of the machine. The environment variable [`LANES_VARIABLE`]
/// asks for one of another width; it is read once, by the first kernel. Sums are taken in the order
/// of the lanes, so that widths round differently; one set gives the same bytes on every machine
/// that has it.
///
/// A machine of the x86-64 family with AVX2 has all widths, as one half, one or two of its
/// registers, or with AVX-512. Without AVX2 it has scalars alone. On other processors plain arrays
/// stand in for the widths that the machine does not have, which is slow and computes the same.
///
/// Matrix products of the `gemm` crate choose for themselves and do not follow the variable.
#[derive(Clone, Copy, Debug)]
pub struct InstructionSet(Registers);

/// The set that is computed with.
#[derive(Clone, Copy, Debug)]
enum Registers {
    Scalar,
    /// Sixteen lanes.
    #[cfg(target_arch = "x86_64")]
    Avx512(V4),
    /// Eight lanes.
    #[cfg(target_arch = "x86_64")]
    Avx2(V3),
    /// Four lanes.
    #[cfg(target_arch = "x86_64")]
    HalfAvx2(V3_128b),
    /// Sixteen lanes.
    #[cfg(target_arch = "x86_64")]
    PairOfAvx2(V3_512b),
    /// Four lanes.
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    // Not beside AVX2, which has every width: compiling arrays takes longer than all the rest.
    #[cfg(not(target_arch = "x86_64"))]
    ArrayOf4,
    #[cfg(not(target_arch = "x86_64"))]
    ArrayOf8,
    #[cfg(not(target_arch = "x86_64"))]
    ArrayOf16,
}

#[cfg(test)]
thread_local! {
    /// The set that [`InstructionSet::forced`] puts in the place of the one in use.
    static FORCED: std::cell::Cell<Option<InstructionSet>> = const { std::cell::Cell::new(None) };
}

impl InstructionSet {
    /// The set in use: the widest of this machine, or the one that [`LANES_VARIABLE`] asks for.
    ///
    /// # Errors
    /// [`KernelError::Lanes`] when the variable holds anything else than a width of this machine.
    pub fn in_use() -> Result<Self> {
        #[cfg(test)]
        if let Some(set) = FORCED.get() {
            return Ok(set);
        }
        static CHOSEN: OnceLock<std::result::Result<InstructionSet, String>> = OnceLock::new();
        // A property of the machine like its CPU flags, hence read where these are read.
        let choose = || Self::wanted(std::env::var_os(LANES_VARIABLE), &Self::all());
        CHOSEN.get_or_init(choose).clone().map_err(|found| {
            let mut widths: Vec<usize> = Self::all().iter().map(|set| set.lanes()).collect();
            widths.sort_unstable();
            widths.dedup();
            KernelError::Lanes { variable: LANES_VARIABLE, expected: widths, found }
        })
    }

    /// The first of some sets that a value of the variable asks for, or the value as text.
    pub(super) fn wanted(
        value: Option<OsString>,
        sets: &[Self],
    ) -> std::result::Result<Self, String> {
        let found = value.map(|value| value.to_string_lossy().into_owned());
        let fits =
            |set: &&Self| found.as_ref().is_none_or(|found| *found == set.lanes().to_string());
        sets.iter().find(fits).copied().ok_or_else(|| found.unwrap_or_default())
    }

    /// The sets of this machine, the fastest first.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn of_machine() -> Vec<Self> {
        let mut sets = Vec::new();
        sets.extend(V4::try_new().map(|simd| Self(Registers::Avx512(simd))));
        if let Some(simd) = V3::try_new() {
            let widths = [
                Registers::Avx2(simd),
                Registers::HalfAvx2(V3_128b(simd)),
                Registers::PairOfAvx2(V3_512b(simd)),
            ];
            sets.extend(widths.map(Self));
        }
        sets.push(Self(Registers::Scalar));
        sets
    }

    /// The sets of this machine, the fastest first.
    #[cfg(target_arch = "aarch64")]
    pub(super) fn of_machine() -> Vec<Self> {
        let own = Neon::try_new().map(|simd| Self(Registers::Neon(simd)));
        own.into_iter().chain([Self(Registers::Scalar)]).collect()
    }

    /// The sets of this machine, the fastest first.
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    pub(super) fn of_machine() -> Vec<Self> {
        vec![Self(Registers::Scalar)]
    }

    /// Sets that every machine can compute with.
    #[cfg(not(target_arch = "x86_64"))]
    const ARRAYS: [Self; 3] =
        [Self(Registers::ArrayOf4), Self(Registers::ArrayOf8), Self(Registers::ArrayOf16)];

    /// The sets there are to choose from, the best of each width first.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn all() -> Vec<Self> {
        Self::of_machine()
    }

    /// The sets there are to choose from, the best of each width first.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn all() -> Vec<Self> {
        Self::of_machine().into_iter().chain(Self::ARRAYS).collect()
    }

    /// Runs `test` with this set in use on this thread.
    #[cfg(test)]
    pub(crate) fn forced<T>(self, test: impl FnOnce() -> T) -> T {
        let before = FORCED.replace(Some(self));
        let result = test();
        FORCED.set(before);
        result
    }

    /// Floats of a register: 1, 4, 8 or 16.
    #[must_use]
    pub fn lanes(self) -> usize {
        match self.0 {
            Registers::Scalar => 1,
            #[cfg(target_arch = "x86_64")]
            Registers::Avx512(_) | Registers::PairOfAvx2(_) => 16,
            #[cfg(target_arch = "x86_64")]
            Registers::Avx2(_) => 8,
            #[cfg(target_arch = "x86_64")]
            Registers::HalfAvx2(_) => 4,
            #[cfg(target_arch = "aarch64")]
            Registers::Neon(_) => 4,
            #[cfg(not(target_arch = "x86_64"))]
            Registers::ArrayOf4 => 4,
            #[cfg(not(target_arch = "x86_64"))]
            Registers::ArrayOf8 => 8,
            #[cfg(not(target_arch = "x86_64"))]
            Registers::ArrayOf16 => 16,
        }
    }

    /// The name for people, such as `AVX2, 8 lanes`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Registers::Scalar => "scalar, 1 lane",
            #[cfg(target_arch = "x86_64")]
            Registers::Avx512(_) => "AVX-512, 16 lanes",
            #[cfg(target_arch = "x86_64")]
            Registers::Avx2(_) => "AVX2, 8 lanes",
            #[cfg(target_arch = "x86_64")]
            Registers::HalfAvx2(_) => "AVX2, 4 lanes",
            #[cfg(target_arch = "x86_64")]
            Registers::PairOfAvx2(_) => "AVX2 in pairs, 16 lanes",
            #[cfg(target_arch = "aarch64")]
            Registers::Neon(_) => "NEON, 4 lanes",
            #[cfg(not(target_arch = "x86_64"))]
            Registers::ArrayOf4 => "arrays, 4 lanes",
            #[cfg(not(target_arch = "x86_64"))]
            Registers::ArrayOf8 => "arrays, 8 lanes",
            #[cfg(not(target_arch = "x86_64"))]
            Registers::ArrayOf16 => "arrays, 16 lanes",
        }
    }

    /// Runs a loop on these registers.
    pub(crate) fn dispatch<T: WithSimd>(self, task: T) -> T::Output {
        match self.0 {
            Registers::Scalar => Simd::vectorize(Scalar, task),
            #[cfg(target_arch = "x86_64")]
            Registers::Avx512(simd) => Simd::vectorize(simd, task),
            #[cfg(target_arch = "x86_64")]
            Registers::Avx2(simd) => Simd::vectorize(simd, task),
            #[cfg(target_arch = "x86_64")]
            Registers::HalfAvx2(simd) => simd.0.vectorize(On { simd, task }),
            #[cfg(target_arch = "x86_64")]
            Registers::PairOfAvx2(simd) => simd.0.vectorize(On { simd, task }),
            #[cfg(target_arch = "aarch64")]
            Registers::Neon(simd) => Simd::vectorize(simd, task),
            #[cfg(not(target_arch = "x86_64"))]
            Registers::ArrayOf4 => Simd::vectorize(Scalar128b, task),
            #[cfg(not(target_arch = "x86_64"))]
            Registers::ArrayOf8 => Simd::vectorize(Scalar256b, task),
            #[cfg(not(target_arch = "x86_64"))]
            Registers::ArrayOf16 => Simd::vectorize(Scalar512b, task),
        }
    }

    /// Runs a loop on registers of the same kind that have at most eight lanes.
    pub(super) fn dispatch_to_eight<T: WithSimd>(self, task: T) -> T::Output {
        match self.0 {
            Registers::Scalar => Simd::vectorize(Scalar, task),
            #[cfg(target_arch = "x86_64")]
            Registers::Avx512(simd) => Simd::vectorize(*simd, task),
            #[cfg(target_arch = "x86_64")]
            Registers::Avx2(simd) | Registers::PairOfAvx2(V3_512b(simd)) => {
                Simd::vectorize(simd, task)
            }
            #[cfg(target_arch = "x86_64")]
            Registers::HalfAvx2(simd) => simd.0.vectorize(On { simd, task }),
            #[cfg(target_arch = "aarch64")]
            Registers::Neon(simd) => Simd::vectorize(simd, task),
            #[cfg(not(target_arch = "x86_64"))]
            Registers::ArrayOf4 => Simd::vectorize(Scalar128b, task),
            #[cfg(not(target_arch = "x86_64"))]
            Registers::ArrayOf8 | Registers::ArrayOf16 => Simd::vectorize(Scalar256b, task),
        }
    }

    /// Runs a loop that the compiler vectorises, element by element: each has one value, whatever
    /// the width.
    pub(crate) fn dispatch_elements<T: WithSimd>(self, task: T) -> T::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Registers::Avx512(simd) => Simd::vectorize(simd, task),
            #[cfg(target_arch = "x86_64")]
            Registers::Avx2(simd)
            | Registers::PairOfAvx2(V3_512b(simd))
            | Registers::HalfAvx2(V3_128b(simd)) => Simd::vectorize(simd, task),
            #[cfg(target_arch = "aarch64")]
            Registers::Neon(simd) => Simd::vectorize(simd, task),
            _ => Simd::vectorize(Scalar, task),
        }
    }
}

/// A loop on registers that are not the ones its instructions are named after: by itself, pulp
/// would run it on eight lanes.
#[cfg(target_arch = "x86_64")]
struct On<S, T> {
    simd: S,
    task: T,
}

#[cfg(target_arch = "x86_64")]
impl<S: Simd, T: WithSimd> pulp::NullaryFnOnce for On<S, T> {
    type Output = T::Output;

    #[inline(always)]
    fn call(self) -> T::Output {
        self.task.with_simd(self.simd)
    }
}

impl fmt::Display for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
