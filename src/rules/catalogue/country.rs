//! The countries of ISO 3166-1.

/// The codes of each country: two letters, three letters, three digits, and a space
/// between one country and the next. In the order of the letters.
///
/// Kosovo (XK) is not among them, as ISO has no code for it; the cloud takes this
/// one.
const CODES: &str = "\
    ADAND020 AEARE784 AFAFG004 AGATG028 AIAIA660 ALALB008 AMARM051 AOAGO024 AQATA010 ARARG032 \
    ASASM016 ATAUT040 AUAUS036 AWABW533 AXALA248 AZAZE031 BABIH070 BBBRB052 BDBGD050 BEBEL056 \
    BFBFA854 BGBGR100 BHBHR048 BIBDI108 BJBEN204 BLBLM652 BMBMU060 BNBRN096 BOBOL068 BQBES535 \
    BRBRA076 BSBHS044 BTBTN064 BVBVT074 BWBWA072 BYBLR112 BZBLZ084 CACAN124 CCCCK166 CDCOD180 \
    CFCAF140 CGCOG178 CHCHE756 CICIV384 CKCOK184 CLCHL152 CMCMR120 CNCHN156 COCOL170 CRCRI188 \
    CUCUB192 CVCPV132 CWCUW531 CXCXR162 CYCYP196 CZCZE203 DEDEU276 DJDJI262 DKDNK208 DMDMA212 \
    DODOM214 DZDZA012 ECECU218 EEEST233 EGEGY818 EHESH732 ERERI232 ESESP724 ETETH231 FIFIN246 \
    FJFJI242 FKFLK238 FMFSM583 FOFRO234 FRFRA250 GAGAB266 GBGBR826 GDGRD308 GEGEO268 GFGUF254 \
    GGGGY831 GHGHA288 GIGIB292 GLGRL304 GMGMB270 GNGIN324 GPGLP312 GQGNQ226 GRGRC300 GSSGS239 \
    GTGTM320 GUGUM316 GWGNB624 GYGUY328 HKHKG344 HMHMD334 HNHND340 HRHRV191 HTHTI332 HUHUN348 \
    IDIDN360 IEIRL372 ILISR376 IMIMN833 ININD356 IOIOT086 IQIRQ368 IRIRN364 ISISL352 ITITA380 \
    JEJEY832 JMJAM388 JOJOR400 JPJPN392 KEKEN404 KGKGZ417 KHKHM116 KIKIR296 KMCOM174 KNKNA659 \
    KPPRK408 KRKOR410 KWKWT414 KYCYM136 KZKAZ398 LALAO418 LBLBN422 LCLCA662 LILIE438 LKLKA144 \
    LRLBR430 LSLSO426 LTLTU440 LULUX442 LVLVA428 LYLBY434 MAMAR504 MCMCO492 MDMDA498 MEMNE499 \
    MFMAF663 MGMDG450 MHMHL584 MKMKD807 MLMLI466 MMMMR104 MNMNG496 MOMAC446 MPMNP580 MQMTQ474 \
    MRMRT478 MSMSR500 MTMLT470 MUMUS480 MVMDV462 MWMWI454 MXMEX484 MYMYS458 MZMOZ508 NANAM516 \
    NCNCL540 NENER562 NFNFK574 NGNGA566 NINIC558 NLNLD528 NONOR578 NPNPL524 NRNRU520 NUNIU570 \
    NZNZL554 OMOMN512 PAPAN591 PEPER604 PFPYF258 PGPNG598 PHPHL608 PKPAK586 PLPOL616 PMSPM666 \
    PNPCN612 PRPRI630 PSPSE275 PTPRT620 PWPLW585 PYPRY600 QAQAT634 REREU638 ROROU642 RSSRB688 \
    RURUS643 RWRWA646 SASAU682 SBSLB090 SCSYC690 SDSDN729 SESWE752 SGSGP702 SHSHN654 SISVN705 \
    SJSJM744 SKSVK703 SLSLE694 SMSMR674 SNSEN686 SOSOM706 SRSUR740 SSSSD728 STSTP678 SVSLV222 \
    SXSXM534 SYSYR760 SZSWZ748 TCTCA796 TDTCD148 TFATF260 TGTGO768 THTHA764 TJTJK762 TKTKL772 \
    TLTLS626 TMTKM795 TNTUN788 TOTON776 TRTUR792 TTTTO780 TVTUV798 TWTWN158 TZTZA834 UAUKR804 \
    UGUGA800 UMUMI581 USUSA840 UYURY858 UZUZB860 VAVAT336 VCVCT670 VEVEN862 VGVGB092 VIVIR850 \
    VNVNM704 VUVUT548 WFWLF876 WSWSM882 YEYEM887 YTMYT175 ZAZAF710 ZMZMB894 ZWZWE716";

const EACH: usize = "ADAND020 ".len();

/// A country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Country {
    /// Two capital letters.
    pub alpha2: &'static str,
    /// Three capital letters.
    alpha3: &'static str,
    /// Three digits.
    number: &'static str,
}

const KOSOVO: Country = Country { alpha2: "XK", alpha3: "XKX", number: "" };

impl Country {
    fn all() -> impl Iterator<Item = Self> {
        let countries = CODES.split(' ').filter_map(|codes| {
            Some(Self {
                alpha2: codes.get(..2)?,
                alpha3: codes.get(2..5)?,
                number: codes.get(5..)?,
            })
        });
        countries.chain([KOSOVO])
    }

    /// The country of a code of two capital letters.
    pub(super) fn by_code(code: &str) -> Option<Self> {
        Self::all().find(|country| country.alpha2 == code)
    }

    /// The country that somebody meant: by its code in small letters or with white
    /// space around it, by its code of three letters, or by `UK`.
    pub(super) fn meant_by(text: &str) -> Option<Self> {
        let code = text.trim().to_ascii_uppercase();
        match code.len() {
            2 if code == "UK" => Self::by_code("GB"),
            2 => Self::by_code(&code),
            3 => Self::all().find(|country| country.alpha3 == code),
            _ => None,
        }
    }

    /// The number; `None` where ISO has given none.
    pub(super) fn number(self) -> Option<u16> {
        self.number.parse().ok()
    }
}

/// Whether a value is a code of two capital letters that a country has.
pub(super) fn is_code(value: &[u8]) -> bool {
    let &[first @ b'A'..=b'Z', second @ b'A'..=b'Z'] = value else { return false };
    KNOWN[usize::from(first - b'A')] & 1 << (second - b'A') != 0
}

/// For each first letter the second letters, as bits.
static KNOWN: [u32; 26] = {
    let mut known = [0; 26];
    let codes = CODES.as_bytes();
    let mut at = 0;
    while at < codes.len() {
        known[(codes[at] - b'A') as usize] |= 1 << (codes[at + 1] - b'A');
        at += EACH;
    }
    known[(b'X' - b'A') as usize] |= 1 << (b'K' - b'A');
    known
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_is_found_by_each_of_its_codes() {
        assert_eq!(Country::all().count(), 250);
        for country in Country::all() {
            assert!(is_code(country.alpha2.as_bytes()), "{country:?}");
            assert_eq!(Country::by_code(country.alpha2), Some(country));
            assert_eq!(Country::meant_by(country.alpha3), Some(country));
        }
        assert_eq!(Country::by_code("DE").and_then(Country::number), Some(276));
        assert_eq!(Country::by_code("XK").and_then(Country::number), None);
    }

    #[test]
    fn what_is_no_code_is_none() {
        for value in ["", "D", "de", "UK", "ZZ", "DEU", "\u{e4}", "D ", "EU"] {
            assert!(!is_code(value.as_bytes()), "{value}");
        }
        let known = u32::try_from(Country::all().count()).unwrap();
        assert_eq!(KNOWN.iter().map(|bits| bits.count_ones()).sum::<u32>(), known);
    }

    #[test]
    fn a_country_is_known_by_what_people_write_for_it() {
        for (text, code) in [("uk", "GB"), (" de ", "DE"), ("usa", "US"), ("XKX", "XK")] {
            assert_eq!(Country::meant_by(text).map(|it| it.alpha2), Some(code), "{text}");
        }
        for text in ["", "Germany", "ZZ", "ZZZ", "\u{e4}"] {
            assert_eq!(Country::meant_by(text), None, "{text}");
        }
    }
}
