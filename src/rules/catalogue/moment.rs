//! Points in time as Active Directory writes them.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Days from 1 March of the year 0 to 1 January 1601, where FILETIME begins.
const TO_1601: i64 = 584_694;

/// A point in time: seconds since the beginning of 1601, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

/// A text is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no date; write it as in 2026-03-14")]
pub struct NoDate;

impl Moment {
    /// The moment of a FILETIME, in units of 100 ns; `None` for `never`, which is 0 or the
    /// largest number ([MS-ADTS] 3.1.1.4.5, accountExpires).
    #[must_use]
    pub fn of_file_time(value: &str) -> Option<Self> {
        let units = value.trim().parse::<i64>().ok()?;
        (units > 0 && units != i64::MAX).then_some(Self(units / 10_000_000))
    }

    /// The moment of a generalized time in UTC, as Active Directory writes it:
    /// `20260314092600.0Z`.
    #[must_use]
    pub fn of_generalized(value: &[u8]) -> Option<Self> {
        let digits = value.get(..14)?;
        let number = |from: usize, to: usize| {
            std::str::from_utf8(digits.get(from..to)?).ok()?.parse::<u32>().ok().map(i64::from)
        };
        let days = days(number(0, 4)?, number(4, 6)?, number(6, 8)?)?;
        let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
        let is_time = hour < 24 && minute < 60 && second <= 60;
        is_time.then_some(Self(days * DAY + hour * 3600 + minute * 60 + second))
    }

    /// The moment of a clock.
    #[must_use]
    pub fn of(time: SystemTime) -> Self {
        /// Seconds from 1601 to 1970.
        const TO_1970: i64 = 11_644_473_600;
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Self(i64::try_from(since).unwrap_or(i64::MAX).saturating_add(TO_1970))
    }

    /// Whole days from an earlier moment to this one.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / DAY
    }

    /// The newest time at which an entry of an export was changed: whenChanged as it
    /// stands there. The servers write it by themselves, so none is ahead of its time.
    #[must_use]
    pub fn newest_change(export: &[u8]) -> Option<Self> {
        const NAME: &[u8] = b"\nwhenChanged: ";
        memchr::memmem::find_iter(export, NAME)
            .filter_map(|at| Self::of_generalized(export.get(at + NAME.len()..)?))
            .max()
    }
}

impl FromStr for Moment {
    type Err = NoDate;

    /// Reads `2026-03-14`: the end of that day.
    fn from_str(text: &str) -> Result<Self, NoDate> {
        let mut parts = text.split('-');
        let mut part = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i64>().ok())?
        };
        let (year, month, day) = (part(4), part(2), part(2));
        let days = year.zip(month).zip(day).and_then(|((year, month), day)| days(year, month, day));
        match (days, parts.next()) {
            (Some(days), None) => Ok(Self((days + 1) * DAY - 1)),
            _ => Err(NoDate),
        }
    }
}

/// Days from the beginning of 1601 to a date of the Gregorian calendar, with years that
/// begin in March, so that the leap day is the last one.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if year < 1601 || !(1..=12).contains(&month) || !(1..=length).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    Some(days - TO_1601)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The reverse of `days`, by eras of 400 years.
        let days = self.0.div_euclid(DAY) + TO_1601;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (carry, month) = if month < 10 { (0, month + 3) } else { (1, month - 9) };
        write!(f, "{:04}-{month:02}-{day:02}", era * 400 + year + carry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_the_directory_and_people_write_them() {
        let file_time = Moment::of_file_time("133801632000000000").unwrap();
        assert_eq!(file_time.to_string(), "2025-01-01");
        assert_eq!(Moment::of_generalized(b"20250101000000.0Z"), Some(file_time));
        let day: Moment = "2025-01-01".parse().unwrap();
        assert!(day > file_time && day.days_since(file_time) == 0);
        assert_eq!(Moment::of_file_time("10000000").unwrap().to_string(), "1601-01-01");
        assert_eq!("2024-02-29".parse::<Moment>().unwrap().to_string(), "2024-02-29");
        assert_eq!("2024-03-01".parse::<Moment>().unwrap().to_string(), "2024-03-01");
    }

    #[test]
    fn what_is_never_or_no_date_is_none() {
        for never in ["0", "9223372036854775807", "-1", "", "x"] {
            assert_eq!(Moment::of_file_time(never), None, "{never}");
        }
        for wrong in
            ["2025-02-29", "2025-13-01", "2025-1-1", "20250101", "2025-01-01-", "", "+025-01-01"]
        {
            assert_eq!(wrong.parse::<Moment>(), Err(NoDate), "{wrong}");
        }
        assert_eq!(Moment::of_generalized(b"20250101"), None);
        assert_eq!(Moment::of_generalized(b"2025010124000"), None);
        assert_eq!(Moment::of_generalized("2025010１000000".as_bytes()), None);
    }

    #[test]
    fn the_newest_change_is_that_of_the_export() {
        let export = b"dn: CN=A\nwhenChanged: 20250101000000.0Z\n\n\
                       dn: CN=B\nwhenChanged: 20260314092600.0Z\ndescription: whenChanged: 2027\n";
        let newest = Moment::newest_change(export).unwrap();
        assert_eq!(newest.to_string(), "2026-03-14");
        assert_eq!(Moment::newest_change(b"dn: CN=A\n"), None);
    }

    proptest::proptest! {
        #[test]
        fn a_date_is_shown_as_it_was_written(days in 0_i64..3_000_000) {
            let moment = Moment(days * DAY);
            let text = moment.to_string();
            if text.len() == 10 {
                proptest::prop_assert_eq!(text.parse::<Moment>().unwrap().0 / DAY, days);
            }
        }
    }
}
