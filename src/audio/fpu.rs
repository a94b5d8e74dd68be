//! One denormal mode on every thread that renders, so that live and export are the same bits.
//!
//! With flush-to-zero and denormals-are-zero set, decaying filters cost no more in silence than in music. The mode
//! changes results below 1e-307, which no ear but every checksum notices: so every rendering thread enters
//! [`FpuGuard`] first, the audio callback and the exporting worker alike.
//!
//! Setting these bits is formally outside Rust's rules (rust-lang issue 136469); it is kept in this one file.

/// Holds the floating-point mode of this thread; the former mode comes back when it is dropped.
#[derive(Debug)]
pub struct FpuGuard {
    saved: u64,
    /// The mode belongs to a thread, so the guard must not leave it.
    _not_send: std::marker::PhantomData<*const ()>,
}

impl FpuGuard {
    /// Flushes denormals to zero on this thread until dropped.
    pub fn new() -> Self {
        let saved = imp::read();
        imp::write(imp::flushing(saved));
        Self { saved, _not_send: std::marker::PhantomData }
    }
}

impl Default for FpuGuard {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for FpuGuard {
    fn drop(&mut self) {
        imp::write(self.saved);
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "the control register can only be reached by instruction")]
mod imp {
    use std::arch::asm;

    /// MXCSR bit 15 flushes results, bit 6 treats denormal inputs as zero.
    pub fn flushing(mode: u64) -> u64 {
        mode | 1 << 15 | 1 << 6
    }

    pub fn read() -> u64 {
        let mut mxcsr: u32 = 0;
        // SAFETY: stores the control register into a local of its size.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut mxcsr, options(nostack, preserves_flags)) };
        u64::from(mxcsr)
    }

    pub fn write(mode: u64) {
        let mxcsr = mode as u32;
        // SAFETY: the value was read from the register; only the two denormal bits were added.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const mxcsr, options(nostack, preserves_flags)) };
    }
}

#[cfg(target_arch = "aarch64")]
#[expect(unsafe_code, reason = "the control register can only be reached by instruction")]
mod imp {
    use std::arch::asm;

    /// FPCR bit 24 flushes denormals.
    pub fn flushing(mode: u64) -> u64 {
        mode | 1 << 24
    }

    pub fn read() -> u64 {
        let fpcr: u64;
        // SAFETY: reads a control register.
        unsafe { asm!("mrs {}, fpcr", out(reg) fpcr, options(nomem, nostack)) };
        fpcr
    }

    pub fn write(mode: u64) {
        // SAFETY: the value was read from the register; only the flush bit was added.
        unsafe { asm!("msr fpcr, {}", in(reg) mode, options(nomem, nostack)) };
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod imp {
    pub fn flushing(mode: u64) -> u64 {
        mode
    }

    pub fn read() -> u64 {
        0
    }

    pub fn write(_mode: u64) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn denormals_vanish_inside_the_guard_only() {
        let tiny = black_box(1e-308);
        {
            let _guard = FpuGuard::new();
            assert!(black_box(tiny) * black_box(0.5) == 0.0);
        }
        assert!(black_box(tiny) * black_box(0.5) > 0.0);
    }
}
