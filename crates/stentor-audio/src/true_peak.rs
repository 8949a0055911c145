//! The peak of a wave between its samples, by oversampling four times (ITU-R BS.1770-4 annex 2).

/// Points per sample.
const PHASES: usize = 4;
/// Samples of which each point is made.
const TAPS: usize = 12;

/// By how many samples a peak is known late: half of the filter.
pub(crate) const DELAY: usize = TAPS / 2;

/// Finds peaks that exceed a threshold; what is below it for certain costs a comparison.
#[derive(Debug)]
pub(crate) struct TruePeak {
    filter: [[f32; TAPS]; PHASES],
    /// The newest samples of each channel, oldest first.
    recent: Vec<[f32; TAPS]>,
    /// A sample at most this large cannot be part of a peak above the threshold.
    harmless: f32,
    /// Samples until the last one that was not harmless has left the filter.
    loud: usize,
}

impl TruePeak {
    /// Peaks up to `threshold` are of no interest.
    pub(crate) fn new(channels: usize, threshold: f32) -> Self {
        let filter = filter();
        // A point is at most the largest sample times the sum of the filter's magnitudes.
        let growth = |taps: &[f32; TAPS]| taps.iter().map(|h| h.abs()).sum::<f32>();
        let growth_max = filter.iter().map(growth).fold(1.0, f32::max);
        Self { filter, recent: vec![[0.0; TAPS]; channels], harmless: threshold / growth_max, loud: 0 }
    }

    /// Takes a sample of every channel in. Returns the greatest magnitude at the point of the sample [`DELAY`] ago and
    /// up to the next one, or 0 if it is certainly not above the threshold.
    pub(crate) fn next(&mut self, sample: &[f32]) -> f32 {
        for (recent, x) in self.recent.iter_mut().zip(sample) {
            recent.copy_within(1.., 0);
            recent[TAPS - 1] = *x;
        }
        let harmless = sample.iter().all(|x| x.abs() <= self.harmless);
        self.loud = if harmless { self.loud.saturating_sub(1) } else { TAPS };
        if self.loud == 0 {
            return 0.0;
        }
        let point = |recent: &[f32; TAPS], taps: &[f32; TAPS]| {
            recent.iter().zip(taps).map(|(x, h)| x * h).sum::<f32>().abs()
        };
        let points =
            self.recent.iter().flat_map(|recent| self.filter.iter().map(move |taps| point(recent, taps)));
        points.fold(0.0, f32::max)
    }

    /// Forgets all sound.
    pub(crate) fn reset(&mut self) {
        self.recent.fill([0.0; TAPS]);
        self.loud = 0;
    }
}

/// A sinc under a Hann window, cut into phases: phase 0 is the sample itself.
fn filter() -> [[f32; TAPS]; PHASES] {
    let mut filter = [[0.0; TAPS]; PHASES];
    for (phase, taps) in filter.iter_mut().enumerate() {
        for (i, tap) in taps.iter_mut().enumerate() {
            // From this sample to the point, in samples; `recent[TAPS - 1 - DELAY]` is the last one before it.
            let distance = phase as f64 / PHASES as f64 + (TAPS - 1 - DELAY) as f64 - i as f64;
            let window = 0.5 + 0.5 * (std::f64::consts::PI * distance / DELAY as f64).cos();
            let angle = std::f64::consts::PI * distance;
            *tap = (window * if distance == 0.0 { 1.0 } else { angle.sin() / angle }) as f32;
        }
    }
    filter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_harmless_is() {
        let mut meter = TruePeak::new(1, 1.0);
        let worst = meter.filter.map(|taps| taps.map(|h| meter.harmless * h.signum()));
        for samples in worst {
            let peaks: Vec<_> = samples.iter().rev().map(|x| (x, meter.next(&[*x]))).collect();
            assert!(peaks.iter().all(|(_, peak)| *peak == 0.0), "not worth a look");
            for taps in &meter.filter {
                let point: f32 = samples.iter().zip(taps).map(|(x, h)| x * h).sum();
                assert!(point.abs() <= 1.0 + 1e-6, "{point}");
            }
        }
        assert!((0.45..0.6).contains(&meter.harmless), "about −6 dB: {}", meter.harmless);
    }
}
