//! Generalized time (RFC 4517 section 3.3.13) in one canonical form.

/// A day has this many seconds; leap seconds are counted as the next second.
const DAY: i64 = 86_400;

/// The canonical form `YYYYMMDDhhmmss[.fraction]` in UTC, without the `Z`: so
/// the order of the bytes is the order of time. `None` where the value is no
/// generalized time. A missing zone is read as UTC.
pub(crate) fn canonical(value: &[u8]) -> Option<Vec<u8>> {
    let (stamp, offset) = split_zone(value.trim_ascii())?;
    let (digits, fraction) = match stamp.iter().position(|byte| matches!(byte, b'.' | b',')) {
        Some(at) => (stamp.get(..at)?, Some(stamp.get(at + 1..)?)),
        None => (stamp, None),
    };
    if !matches!(digits.len(), 10 | 12 | 14) {
        return None;
    }
    let field = |from: usize, to: usize| digits.get(from..to).map_or(Some(0), number);
    let (year, month, day) = (field(0, 4)?, field(4, 6)?, field(6, 8)?);
    let (hour, minute, second) = (field(8, 10)?, field(10, 12)?, field(12, 14)?);
    if !(1..=12).contains(&month)
        || !(1..=days_in_month(year, month)).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    let unit = match digits.len() {
        10 => 3600,
        12 => 60,
        _ => 1,
    };
    let (extra, fraction) = split_fraction(fraction, unit)?;
    let seconds =
        days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second + extra
            - offset;
    write(seconds, &fraction)
}

/// Separates the zone; the offset is in seconds east of Greenwich.
fn split_zone(value: &[u8]) -> Option<(&[u8], i64)> {
    if let [stamp @ .., b'Z' | b'z'] = value {
        return Some((stamp, 0));
    }
    let Some(at) = value.iter().position(|byte| matches!(byte, b'+' | b'-')) else {
        return Some((value, 0));
    };
    let (stamp, zone) = value.split_at(at);
    let (sign, digits) = zone.split_first()?;
    if !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let hours = number(digits.get(..2)?)?;
    let minutes = digits.get(2..4).map_or(Some(0), number)?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = hours * 3600 + minutes * 60;
    Some((stamp, if *sign == b'-' { -offset } else { offset }))
}

/// Splits a fraction of `unit` seconds into whole seconds and the digits of the
/// fraction of a second, without trailing zeros.
fn split_fraction(fraction: Option<&[u8]>, unit: i64) -> Option<(i64, Vec<u8>)> {
    let Some(digits) = fraction else { return Some((0, Vec::new())) };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (seconds, mut rest) = if unit == 1 {
        (0, digits.to_vec())
    } else {
        // 15 digits times 3600 stay within 64 bits, and no clock has more.
        let scale = 10_i64.checked_pow(u32::try_from(digits.len()).ok()?)?;
        let scaled = number(digits)?.checked_mul(unit)?;
        let width = digits.len();
        (scaled / scale, format!("{:0width$}", scaled % scale).into_bytes())
    };
    while rest.last() == Some(&b'0') {
        rest.pop();
    }
    Some((seconds, rest))
}

fn write(seconds: i64, fraction: &[u8]) -> Option<Vec<u8>> {
    let (year, month, day) = civil_from_days(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    // A zone may carry the first hours of year 0 or the last of 9999 out.
    if !(0..=9999).contains(&year) {
        return None;
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let mut out =
        format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}").into_bytes();
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction);
    }
    Some(out)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |sum, &digit| {
        let digit = digit.is_ascii_digit().then(|| i64::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar. Years
/// begin in March here, so that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: &str) -> Option<String> {
        canonical(value.as_bytes()).map(|out| String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn spellings_of_one_moment_agree() {
        for same in [
            "20240229120000Z",
            "20240229120000.0Z",
            "20240229120000.000000z",
            "202402291200Z",
            "2024022912Z",
            "20240229130000+0100",
            "20240229063000,0-0530",
            "20240229120000",
        ] {
            assert_eq!(text(same).as_deref(), Some("20240229120000"), "{same}");
        }
        assert_eq!(text("2024022912.5Z").as_deref(), Some("20240229123000"));
        assert_eq!(text("202402291200.25Z").as_deref(), Some("20240229120015"));
        assert_eq!(text("20240229120000.250Z").as_deref(), Some("20240229120000.25"));
        assert_eq!(text("20231231233000-0100").as_deref(), Some("20240101003000"));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in [
            "",
            "Z",
            "20240230000000Z",
            "20241301000000Z",
            "2024010124Z",
            "20240101000000.Z",
            "240101000000",
            "20240101000000+1",
            "20240101000000+2500",
            "2024x101000000Z",
            "00000101000000+0100",
            "2024022912.9999999999999999999Z",
        ] {
            assert_eq!(text(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn days_survive_the_way_through_the_calendar(days in -719_468_i64..2_932_896) {
            let (year, month, day) = civil_from_days(days);
            prop_assert_eq!(days_from_civil(year, month, day), days);
            prop_assert!(day >= 1 && day <= days_in_month(year, month));
        }

        #[test]
        fn the_canonical_form_is_its_own(value in "[0-9]{10,14}([.,][0-9]{1,20})?(Z|[+-][0-9]{4})?") {
            if let Some(once) = canonical(value.as_bytes()) {
                prop_assert_eq!(canonical(&once), Some(once));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(value in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = canonical(&value);
        }
    }
}
