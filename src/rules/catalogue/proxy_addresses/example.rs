//! Examples that nobody would write by hand.

/// An example with so many values, which nobody would write by hand.
macro_rules! addresses {
    (300) => { concat!("displayName: Ann", addresses!("1"), addresses!("2"), addresses!("3")) };
    (301) => { concat!(addresses!(300), "\nproxyAddresses: x500:/o=Contoso/cn=p400") };
    (320) => { concat!(addresses!(300), addresses!("4" "0"), addresses!("4" "1")) };
    (330) => { concat!(addresses!(320), addresses!("4" "2")) };
    ($hundred:literal) => {
        concat!(
            addresses!($hundred "0"), addresses!($hundred "1"), addresses!($hundred "2"),
            addresses!($hundred "3"), addresses!($hundred "4"), addresses!($hundred "5"),
            addresses!($hundred "6"), addresses!($hundred "7"), addresses!($hundred "8"),
            addresses!($hundred "9")
        )
    };
    ($hundred:literal $ten:literal) => {
        concat!(
            addresses!($hundred $ten "0"), addresses!($hundred $ten "1"),
            addresses!($hundred $ten "2"), addresses!($hundred $ten "3"),
            addresses!($hundred $ten "4"), addresses!($hundred $ten "5"),
            addresses!($hundred $ten "6"), addresses!($hundred $ten "7"),
            addresses!($hundred $ten "8"), addresses!($hundred $ten "9")
        )
    };
    ($hundred:literal $ten:literal $one:literal) => {
        concat!("\nproxyAddresses: x500:/o=Contoso/cn=p", $hundred, $ten, $one)
    };
}
