//! What is shown of a change is what applying it does.

use proptest::collection::vec;
use proptest::prelude::*;

use super::entries;
use super::files::{change_file, export, read_into};
use super::permissive::controlled;
use crate::change::{
    Before, Image, OnRefusal, Outcome, Preview, TouchedAttribute, apply_record_to_entry,
};
use crate::directory::Entry;
use crate::ldif::{Change, Value};

/// The values of an attribute before and after, sorted; those that stay are not in it
/// where they are too many to be listed.
fn sides(touched: &TouchedAttribute) -> (Vec<&[u8]>, Vec<&[u8]>) {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    after.extend(touched.added.iter().filter_map(Value::bytes));
    for value in &touched.before {
        match value {
            Before::Kept(value) => {
                before.extend(value.bytes());
                after.extend(value.bytes());
            }
            Before::Removed(value) => before.extend(value.bytes()),
        }
    }
    before.sort_unstable();
    after.sort_unstable();
    (before, after)
}

fn values_of<'e>(entry: &'e Entry<'_>, name: &[u8]) -> Vec<&'e [u8]> {
    let held = entry.values_under_any_name(name);
    let mut values: Vec<&[u8]> = held.iter().filter_map(Value::bytes).collect();
    values.sort_unstable();
    values
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_preview_refuses_what_is_refused_for_the_same_reason(
        export in export(), change in change_file(), which in vec(any::<bool>(), 12)
    ) {
        let export = entries(&export);
        let records = controlled(&change, &which);
        let mut image = Image::new(&records, OnRefusal::GoOn).with_previews();
        let outcomes = read_into(&mut image, &export);
        let mut seen = 0;
        image.previews(|at, preview| {
            seen += 1;
            match &outcomes[at] {
                Outcome::Refused(why) => assert!(preview.refusals().any(|own| own == why)),
                _ => assert_eq!(preview.refusals().next(), None, "{at}"),
            }
        });
        prop_assert_eq!(seen, records.len());
    }

    #[test]
    fn a_preview_shows_the_values_before_and_after(
        export in export(), change in change_file(), which in vec(any::<bool>(), 12)
    ) {
        let export = entries(&export);
        for record in controlled(&change, &which) {
            let Change::Modify(_) = &record.change else { continue };
            for entry in &export {
                let preview = Preview::on(entry, &record);
                let mut after = entry.clone();
                if apply_record_to_entry(&mut after, &record).is_err() {
                    prop_assert!(preview.refusals().next().is_some());
                    continue;
                }
                prop_assert_eq!(preview.refusals().next(), None);
                for touched in preview.attributes.iter().filter(|own| own.kept <= 4) {
                    let name = &touched.name;
                    let expected = (values_of(entry, name), values_of(&after, name));
                    prop_assert_eq!(sides(touched), expected);
                }
            }
        }
    }
}
