//! The values of one attribute.

use std::ops::{Deref, DerefMut};
use std::{iter, option, slice, vec};

use crate::ldif::Value;

/// The values of an attribute, in order. Most attributes have one, which then takes no
/// memory of its own.
#[derive(Debug, Clone)]
pub struct Values<'a>(Held<'a>);

#[derive(Debug, Clone)]
enum Held<'a> {
    One(Value<'a>),
    /// None or several.
    List(Vec<Value<'a>>),
}

impl<'a> Values<'a> {
    /// Adds a value behind the others.
    pub fn push(&mut self, value: Value<'a>) {
        match &mut self.0 {
            Held::List(values) if values.is_empty() => self.0 = Held::One(value),
            Held::List(values) => values.push(value),
            Held::One(_) => {
                let first = std::mem::replace(&mut self.0, Held::List(Vec::new()));
                if let Held::One(first) = first {
                    self.0 = Held::List(vec![first, value]);
                }
            }
        }
    }
}

impl Default for Values<'_> {
    fn default() -> Self {
        Self(Held::List(Vec::new()))
    }
}

impl<'a> Deref for Values<'a> {
    type Target = [Value<'a>];

    fn deref(&self) -> &[Value<'a>] {
        match &self.0 {
            Held::One(value) => slice::from_ref(value),
            Held::List(values) => values,
        }
    }
}

impl<'a> DerefMut for Values<'a> {
    fn deref_mut(&mut self) -> &mut [Value<'a>] {
        match &mut self.0 {
            Held::One(value) => slice::from_mut(value),
            Held::List(values) => values,
        }
    }
}

impl PartialEq for Values<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Values<'_> {}

impl<'a> From<Value<'a>> for Values<'a> {
    fn from(value: Value<'a>) -> Self {
        Self(Held::One(value))
    }
}

impl<'a> From<Vec<Value<'a>>> for Values<'a> {
    fn from(mut values: Vec<Value<'a>>) -> Self {
        match values.len() {
            1 => values.pop().map_or_else(Self::default, Self::from),
            _ => Self(Held::List(values)),
        }
    }
}

impl<'a> FromIterator<Value<'a>> for Values<'a> {
    fn from_iter<I: IntoIterator<Item = Value<'a>>>(values: I) -> Self {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (Some(first), Some(second)) => {
                let mut list = Vec::with_capacity(values.size_hint().0.saturating_add(2));
                list.extend([first, second]);
                list.extend(values);
                Self(Held::List(list))
            }
            (first, _) => first.map_or_else(Self::default, Self::from),
        }
    }
}

impl<'a> IntoIterator for Values<'a> {
    type Item = Value<'a>;
    type IntoIter = iter::Chain<option::IntoIter<Value<'a>>, vec::IntoIter<Value<'a>>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, several) = match self.0 {
            Held::One(value) => (Some(value), Vec::new()),
            Held::List(values) => (None, values),
        };
        one.into_iter().chain(several)
    }
}

impl<'v, 'a> IntoIterator for &'v Values<'a> {
    type Item = &'v Value<'a>;
    type IntoIter = slice::Iter<'v, Value<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_are_those_of_a_list_however_they_came(list in prop::collection::vec(0_u8..3, 0..5)) {
            let list: Vec<Value<'_>> =
                list.into_iter().map(|byte| Value::Bytes(Cow::Owned(vec![byte]))).collect();
            let collected: Values<'_> = list.iter().cloned().collect();
            let mut pushed = Values::default();
            list.iter().for_each(|value| pushed.push(value.clone()));
            for values in [&collected, &pushed, &Values::from(list.clone())] {
                prop_assert_eq!(&**values, &*list);
                prop_assert_eq!(values, &collected);
                prop_assert_eq!(values.clone().into_iter().collect::<Vec<_>>(), list.clone());
                prop_assert!(values.into_iter().eq(&list));
            }
        }
    }
}
