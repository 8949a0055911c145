//! Wall time as playlists write it.

use stentor_types::Wall;

const DAY_MS: i64 = 86_400_000;

/// `2026-11-22T20:15:00.320Z` (ISO 8601, as `EXT-X-PROGRAM-DATE-TIME` has it). Years after 9999 are
/// written as they are; there is no such show.
pub(super) fn iso_8601(wall: Wall) -> String {
    let (day, ms) = (wall.0.div_euclid(DAY_MS), wall.0.rem_euclid(DAY_MS));
    let (year, month, day) = civil(day);
    let (hour, minute, second, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// The date of a day counted from 1970-01-01, in the Gregorian calendar. Years are counted from March, so
/// that a leap day is the last of its year and month lengths repeat every five months (153 days).
fn civil(days_since_1970: i64) -> (i64, i64, i64) {
    const ERA_DAYS: i64 = 146_097; // 400 years
    let days = days_since_1970 + 719_468; // since 0000-03-01
    let (era, day_of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let leaps = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leaps) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
            (1_790_000_000_320, "2026-09-21T14:13:20.320Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (4_107_456_000_000, "2100-02-28T00:00:00.000Z"),
        ];
        for (ms, text) in cases {
            assert_eq!(iso_8601(Wall(ms)), text);
        }
    }

    #[test]
    fn days_follow_each_other() {
        let mut before = civil(-800_000);
        for day in -799_999..800_000 {
            let date = civil(day);
            let next_day = date.0 == before.0 && date.1 == before.1 && date.2 == before.2 + 1;
            let next_month = date.0 == before.0 && date.1 == before.1 + 1 && date.2 == 1 && before.2 >= 28;
            let next_year = date == (before.0 + 1, 1, 1) && (before.1, before.2) == (12, 31);
            assert!(next_day || next_month || next_year, "{before:?} {date:?}");
            before = date;
        }
    }
}
