//! Loudness of a frame, in decibels below full scale.

/// The least level reported, instead of minus infinity.
pub(crate) const LEVEL_MIN_DBFS: f32 = -90.0;

/// Mean power of a frame, full scale being 1.
pub(crate) fn power(frame: &[f32]) -> f32 {
    frame.iter().map(|x| x * x).sum::<f32>() / frame.len().max(1) as f32
}

/// Level of a mean power (RMS) in dBFS.
pub(crate) fn dbfs(power: f32) -> f32 {
    (10.0 * power.max(1e-12).log10()).max(LEVEL_MIN_DBFS)
}

/// The mean power of a level in dBFS.
pub(crate) fn power_of_dbfs(dbfs: f32) -> f32 {
    10f32.powf(dbfs / 10.0)
}
