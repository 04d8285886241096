//! The classes of characters that attributes must not hold.

/// A class of forbidden characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// White space.
    WhiteSpace,
    /// For sAMAccountName.
    AccountName,
    /// For mailNickname (Dedicated).
    Nickname,
    /// For userPrincipalName.
    PrincipalName,
    /// For proxyAddresses of type SMTP.
    SmtpProxy,
    /// For proxyAddresses of types other than SMTP, X400 and X500.
    OtherProxy,
    /// For proxyAddresses of types X400 and X500.
    OrName,
    /// For targetAddress of type SMTP.
    SmtpTarget,
    /// For targetAddress of other types.
    OtherTarget,
}

const CLASSES: [Class; 9] = [
    Class::WhiteSpace,
    Class::AccountName,
    Class::Nickname,
    Class::PrincipalName,
    Class::SmtpProxy,
    Class::OtherProxy,
    Class::OrName,
    Class::SmtpTarget,
    Class::OtherTarget,
];

impl Class {
    /// The ASCII characters of the class, white space aside.
    const fn ascii(self) -> &'static [u8] {
        match self {
            Self::WhiteSpace => b"",
            Self::AccountName => b"\\\"|,/[]:<>+=;?*",
            Self::Nickname => b"\\!#$%&*+/=?^`{}|~<>()';:,[]\"@",
            Self::PrincipalName => b"\\%&*+/=?'{}|<>();:,[]\"",
            Self::SmtpProxy => b"<>();,[]\"",
            Self::OtherProxy => b"<>(),[]\"",
            Self::OrName => b"\x0c\n\r\t\x0b[]\"'",
            Self::SmtpTarget => b"\\<>();,[]\"",
            Self::OtherTarget => b"\\<>(),[]\"",
        }
    }

    /// Whether all white space belongs to the class.
    const fn has_white_space(self) -> bool {
        !matches!(self, Self::AccountName | Self::OrName)
    }

    const fn bit(self) -> u16 {
        1 << (self as u16)
    }

    /// Whether a character belongs to the class.
    #[must_use]
    pub fn has(self, c: char) -> bool {
        if let Ok(byte) = u8::try_from(c)
            && byte.is_ascii()
        {
            return Bytes(TABLE[usize::from(byte)]).have(self);
        }
        // Unicode's White_Space property is what .NET's `\s` matches.
        (self.has_white_space() && c.is_whitespace())
            || (self == Self::PrincipalName && "äëïöüÿÄËÏÖÜŸ".contains(c))
    }
}

/// Which classes the bytes of a value belong to, gathered in one pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bytes(u16);

const NOT_PLAIN: u16 = 1 << 15;

/// The classes of each byte, one bit per class.
static TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < CLASSES.len() {
        let class = CLASSES[at];
        let listed = class.ascii();
        let mut i = 0;
        while i < listed.len() {
            table[listed[i] as usize] |= class.bit();
            i += 1;
        }
        let white = b" \t\n\x0b\x0c\r";
        let mut i = 0;
        while class.has_white_space() && i < white.len() {
            table[white[i] as usize] |= class.bit();
            i += 1;
        }
        at += 1;
    }
    // A NUL has no weight in a comparison, and what is not ASCII wants decoding.
    table[0] |= NOT_PLAIN;
    let mut byte = 128;
    while byte < 256 {
        table[byte] |= NOT_PLAIN;
        byte += 1;
    }
    table
}

impl Bytes {
    /// Looks at every byte of a value.
    pub(super) fn of(value: &[u8]) -> Self {
        let (eights, rest) = value.as_chunks::<8>();
        let class = |bits: u16, byte: &u8| bits | TABLE[usize::from(*byte)];
        let bits = eights.iter().fold(0, |bits, eight| eight.iter().fold(bits, class));
        Self(rest.iter().fold(bits, class))
    }

    /// The same with one byte more.
    #[inline]
    pub(super) fn and(self, byte: u8) -> Self {
        Self(self.0 | TABLE[usize::from(byte)])
    }

    /// Whether all bytes are ASCII other than NUL, so that tables of bytes decide.
    pub(super) fn are_plain(self) -> bool {
        self.0 & NOT_PLAIN == 0
    }

    /// Whether one of the bytes belongs to the class.
    pub(super) fn have(self, class: Class) -> bool {
        self.0 & class.bit() != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_what_dotnet_calls_white_space() {
        let white: Vec<u32> = (0..=0xFFFF)
            .filter(|&code| char::from_u32(code).is_some_and(|c| Class::WhiteSpace.has(c)))
            .collect();
        let expected: Vec<u32> = [0x9..=0xD, 0x20..=0x20, 0x85..=0x85, 0xA0..=0xA0]
            .into_iter()
            .chain([0x1680..=0x1680, 0x2000..=0x200A, 0x2028..=0x2029])
            .chain([0x202F..=0x202F, 0x205F..=0x205F, 0x3000..=0x3000])
            .flatten()
            .collect();
        assert_eq!(white, expected);
    }

    #[test]
    fn the_mongolian_vowel_separator_and_zero_width_space_are_no_white_space() {
        assert!(!Class::WhiteSpace.has('\u{180E}'));
        assert!(!Class::WhiteSpace.has('\u{200B}'));
    }

    #[test]
    fn an_apostrophe_is_allowed_in_addresses_but_not_in_x400_and_principal_names() {
        for class in [Class::SmtpProxy, Class::OtherProxy, Class::SmtpTarget, Class::OtherTarget] {
            assert!(!class.has('\''), "{class:?}");
        }
        for class in [Class::OrName, Class::PrincipalName, Class::Nickname] {
            assert!(class.has('\''), "{class:?}");
        }
    }

    #[test]
    fn an_x400_address_may_hold_a_blank_but_no_tab() {
        assert!(!Class::OrName.has(' '));
        assert!(Class::OrName.has('\t'));
        assert!(!Class::OrName.has('\u{A0}'));
    }

    #[test]
    fn a_principal_name_holds_no_umlaut_of_either_case_but_may_hold_other_letters() {
        for c in "äëïöüÿÄËÏÖÜŸ".chars() {
            assert!(Class::PrincipalName.has(c));
            assert!(!Class::SmtpProxy.has(c));
        }
        assert!(!"éßñáç中".chars().any(|c| Class::PrincipalName.has(c)));
    }

    #[test]
    fn one_pass_over_the_bytes_says_what_the_characters_say() {
        for class in CLASSES {
            for byte in 1..=127u8 {
                assert_eq!(Bytes::of(&[b'a', byte]).have(class), class.has(char::from(byte)));
            }
        }
    }
}
