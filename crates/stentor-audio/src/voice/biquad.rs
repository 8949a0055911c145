//! Filters of the second order.

use std::f64::consts::TAU;

use stentor_types::time::SAMPLE_RATE_HZ;

/// What a filter multiplies with, normalised to `a0 = 1`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coefficients {
    pub(crate) b: [f64; 3],
    pub(crate) a: [f64; 2],
}

impl Coefficients {
    /// A Butterworth high-pass by the bilinear transform: −3 dB at `hz`, 12 dB an octave below.
    pub(crate) fn high_pass(hz: f64) -> Self {
        let w = TAU * hz / f64::from(SAMPLE_RATE_HZ);
        let (sin, cos) = w.sin_cos();
        // Butterworth's Q is 1/√2, and alpha is sin(w)/2Q.
        let alpha = sin * std::f64::consts::FRAC_1_SQRT_2;
        let a0 = 1.0 + alpha;
        let edge = (1.0 + cos) / 2.0 / a0;
        Self { b: [edge, -2.0 * edge, edge], a: [-2.0 * cos / a0, (1.0 - alpha) / a0] }
    }
}

/// One filter on one channel, in the transposed direct form II. Its memory is in double precision:
/// poles this near to 1 turn rounding of single precision into noise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Biquad {
    of: Coefficients,
    memory: [f64; 2],
}

impl Biquad {
    pub(crate) fn new(of: Coefficients) -> Self {
        Self { of, memory: [0.0; 2] }
    }

    pub(crate) fn next(&mut self, x: f64) -> f64 {
        let Coefficients { b, a } = self.of;
        let y = b[0] * x + self.memory[0];
        self.memory = [b[1] * x - a[0] * y + self.memory[1], b[2] * x - a[1] * y];
        y
    }

    /// Forgets what is too small to matter: in digital silence the memory would sink into denormal numbers,
    /// which processors handle slowly.
    pub(crate) fn settle(&mut self) {
        if self.memory.iter().all(|x| x.abs() < 1e-15) {
            self.memory = [0.0; 2];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain_db(hz: f64) -> f64 {
        let mut filter = Biquad::new(Coefficients::high_pass(80.0));
        let tone = |i: usize| (i as f64 * TAU * hz / 48_000.0).sin();
        let loudest = (0..96_000).map(|i| (i, filter.next(tone(i)))).filter(|(i, _)| *i > 48_000);
        20.0 * loudest.map(|(_, y)| y.abs()).fold(0.0, f64::max).log10()
    }

    #[test]
    fn rumble_goes_and_voice_stays() {
        assert!((gain_db(80.0) + 3.0).abs() < 0.1, "{}", gain_db(80.0));
        assert!(gain_db(20.0) < -23.0, "{}", gain_db(20.0));
        assert!(gain_db(200.0).abs() < 0.2 && gain_db(4_000.0).abs() < 0.01);
    }
}
