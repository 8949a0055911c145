//! What all speakers of a mixer have been through together, those who left as well.

use crate::SourceStats;

impl SourceStats {
    /// Adds what another source has been through. The two delays do not add up: the longer one stays.
    pub fn add(&mut self, other: &Self) {
        let Self {
            packets,
            empty,
            garbage,
            duplicate,
            late,
            dropped,
            resyncs,
            copies,
            concealed_samples,
            missing_samples,
            shortened_samples,
            lengthened_samples,
            target_ms,
            headroom_ms,
        } = other;
        self.packets += packets;
        self.empty += empty;
        self.garbage += garbage;
        self.duplicate += duplicate;
        self.late += late;
        self.dropped += dropped;
        self.resyncs += resyncs;
        self.copies += copies;
        self.concealed_samples += concealed_samples;
        self.missing_samples += missing_samples;
        self.shortened_samples += shortened_samples;
        self.lengthened_samples += lengthened_samples;
        self.target_ms = self.target_ms.max(*target_ms);
        self.headroom_ms = self.headroom_ms.max(*headroom_ms);
    }

    /// What stays true of a source that is gone: it has no delay any more.
    #[must_use]
    pub fn past(&self) -> Self {
        Self { target_ms: 0, headroom_ms: 0, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_delays_end_with_their_source() {
        let ada =
            SourceStats { packets: 50, concealed_samples: 960, headroom_ms: 40, ..SourceStats::default() };
        let ben = SourceStats { packets: 7, late: 1, headroom_ms: 90, ..SourceStats::default() };
        let mut all = ada;
        all.add(&ben);
        let both = SourceStats { packets: 57, late: 1, concealed_samples: 960, headroom_ms: 90, ..ada };
        assert_eq!(all, both);
        let mut ben_gone = ada;
        ben_gone.add(&ben.past());
        assert_eq!(ben_gone, SourceStats { headroom_ms: 40, ..both });
    }
}
