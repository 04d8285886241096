//! Where the attributes of an entry stand, by their descriptions.

use rustc_hash::FxHashMap;

use super::attribute::canonical;

/// The places of the attributes of an entry that has too many of them to look through.
#[derive(Debug, Clone, Default)]
pub(crate) struct AttributePlaces {
    /// By their descriptions in small letters.
    spelled: FxHashMap<Vec<u8>, usize>,
    /// Those that are spelled otherwise than in their canonical form, by it.
    forms: FxHashMap<Vec<u8>, usize>,
}

impl AttributePlaces {
    /// Attributes that are looked through one by one: their lengths tell most of them
    /// apart.
    pub(crate) const SCANNED: usize = 64;

    /// The places of these, where there are too many of them to look through.
    pub(crate) fn of<'n>(names: impl ExactSizeIterator<Item = &'n [u8]>) -> Option<Box<Self>> {
        (names.len() > Self::SCANNED).then(|| {
            let mut places = Self::default();
            names.enumerate().for_each(|(place, name)| places.add(name, place));
            Box::new(places)
        })
    }

    /// Adds an attribute; of those that are the same the first one counts.
    pub(crate) fn add(&mut self, name: &[u8], place: usize) {
        let name = name.to_ascii_lowercase();
        let form = canonical(&name);
        if *form != *name {
            self.forms.entry(form.into_owned()).or_insert(place);
        }
        self.spelled.entry(name).or_insert(place);
    }

    /// The place of the attribute that is spelled so, without regard to case.
    pub(crate) fn spelled(&self, name: &[u8]) -> Option<usize> {
        self.spelled.get(&name.to_ascii_lowercase()).copied()
    }

    /// The place of the first attribute that is the same, under any of its names.
    pub(crate) fn under_any_name(&self, name: &[u8]) -> Option<usize> {
        let form = canonical(name);
        [&self.spelled, &self.forms].into_iter().filter_map(|by| by.get(&*form)).min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_those_that_are_the_same_is_found_under_any_name() {
        let mut places = AttributePlaces::default();
        for (place, name) in ["SN", "mail;x-b;lang-de", "commonName", "cn", "sn"].iter().enumerate()
        {
            places.add(name.as_bytes(), place);
        }
        let spelled = |name: &str| places.spelled(name.as_bytes());
        let any = |name: &str| places.under_any_name(name.as_bytes());
        assert_eq!([spelled("sn"), spelled("CN"), spelled("surname")], [Some(0), Some(3), None]);
        assert_eq!([any("surname"), any("cn"), any("2.5.4.3")], [Some(0), Some(2), Some(2)]);
        assert_eq!([any("mail;LANG-de;X-b"), any("mail")], [Some(1), None]);
    }

    #[test]
    fn the_places_of_few_attributes_are_not_kept() {
        let names = vec![&b"cn"[..]; AttributePlaces::SCANNED];
        assert!(AttributePlaces::of(names.iter().copied()).is_none());
        assert!(AttributePlaces::of([names.as_slice(), &[b"sn"]].concat().into_iter()).is_some());
    }
}
