//! What came of an evening.

use std::fmt;

use serde::Serialize;

/// What came of it. Shares are of 1.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Who was inside at once, at most.
    pub inside_max: u32,
    /// Who was called.
    pub called: u32,
    /// Who was called, came within the time for which a seat is kept, and met a full house.
    pub refused_wrongly: u32,
    /// Who was told a place in line, and later one behind it; or was inside, and had to wait again.
    pub set_back: u32,
    /// Seats that somebody had or were kept for somebody who had just left, five minutes after the doors.
    pub filled_after_5_min: f64,
    /// The same, on average over the time from then on in which somebody waited.
    pub filled: f64,
    /// Of those in the draw, by the tenth in which they came: the furthest that the share of those called at once is from
    /// that of all.
    pub decile_off_max: f64,
    /// First questions of people who have to wait and of whom it is known how long,
    pub asked: u32,
    /// how many of those got a range,
    pub ranges: u32,
    /// and for how many it was true.
    pub ranges_true: u32,
    /// The upper over the lower end of a range, in the middle of all.
    pub range_width: f64,
    /// Of the tickets that were minted, those called within a minute of the doors.
    pub minted_called: u32,
}

impl Report {
    /// Of those who asked how long, how many heard the truth: who heard nothing did not.
    pub fn truth(&self) -> f64 {
        share(self.ranges_true, self.asked)
    }

    /// Of those who asked how long, how many were told that it is not known.
    pub fn unknown(&self) -> f64 {
        share(self.asked - self.ranges, self.asked)
    }
}

fn share(of: u32, all: u32) -> f64 {
    if all == 0 { 0.0 } else { f64::from(of) / f64::from(all) }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        writeln!(f, "inside at most          {}", self.inside_max)?;
        writeln!(f, "called                  {}", self.called)?;
        writeln!(f, "refused wrongly         {}", self.refused_wrongly)?;
        writeln!(f, "set back                {}", self.set_back)?;
        writeln!(f, "seats filled in 5 min   {}", percent(self.filled_after_5_min))?;
        writeln!(f, "seats filled since      {}", percent(self.filled))?;
        writeln!(f, "tenths in the draw off  {:.2} points", self.decile_off_max * 100.0)?;
        writeln!(f, "first questions         {}", self.asked)?;
        writeln!(f, "told the truth          {}", percent(self.truth()))?;
        writeln!(f, "told: not known         {}", percent(self.unknown()))?;
        writeln!(f, "upper over lower end    {:.2}", self.range_width)?;
        write!(f, "minted, called at once  {}", self.minted_called)
    }
}
