//! The rules that are asked for: by name, by family, by the beginning of the name,
//! and by severity.

use rustc_hash::FxHashSet;

use super::registry::{did_you_mean, families, nearest};
use super::rule::{Rule, RuleName, Severity};

/// One or several rules, as `--select` and `--ignore` name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRules {
    /// The text that names them.
    pub text: String,
    rules: Vec<&'static Rule>,
}

/// No rule and no family has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no rule or family '{name}'{} `ldifix rules` lists them",
    did_you_mean(.nearest)
)]
pub struct UnknownRules {
    /// What was asked for.
    pub name: String,
    /// What comes nearest, where something is near.
    pub nearest: Option<String>,
}

/// Why rules cannot be asked for in this way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WantedError {
    /// The same rules are selected and ignored.
    #[error("--select {0} and --ignore {0} contradict each other: leave one of them out")]
    Contradiction(String),
    /// All that is selected is ignored.
    #[error("--ignore leaves nothing of what --select names: leave one of them out")]
    Nothing,
    /// Every rule is ignored.
    #[error("--ignore leaves no rule: nothing would be looked at")]
    AllIgnored,
    /// What is selected is not grave enough.
    #[error(
        "--select names no rule of severity {word} or above, and --severity {word} leaves out all \
         others: leave one of them out",
        word = .0.name()
    )]
    TooLight(Severity),
    /// The profile has none of the rules.
    #[error(
        "--select {selected}: the profile {profile} has no such rule; {} does",
        .others.join(" or ")
    )]
    NotInProfile {
        /// What was selected.
        selected: String,
        /// The profile.
        profile: &'static str,
        /// The profiles that have such a rule.
        others: Vec<&'static str>,
    },
}

impl NamedRules {
    /// The rules that a text names: a rule, a family, or, with `*` behind it, the
    /// beginning of names; without regard to ASCII case.
    ///
    /// # Errors
    /// [`UnknownRules`] where it names none.
    pub fn named(text: &str) -> Result<Self, UnknownRules> {
        let rules: Vec<&'static Rule> = match text.strip_suffix('*') {
            Some(start) => Rule::all().filter(|rule| begins(rule.name.0, start)).collect(),
            None => match families().find(|(family, _)| family.eq_ignore_ascii_case(text)) {
                Some((_, rules)) => rules.to_vec(),
                None => Rule::by_name(text).into_iter().collect(),
            },
        };
        if rules.is_empty() {
            return Err(UnknownRules { name: text.to_owned(), nearest: nearest_to(text) });
        }
        Ok(Self { text: text.to_owned(), rules })
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &[&'static Rule] {
        &self.rules
    }
}

fn begins(name: &str, start: &str) -> bool {
    name.get(..start.len()).is_some_and(|it| it.eq_ignore_ascii_case(start))
}

fn nearest_to(text: &str) -> Option<String> {
    let Some(start) = text.strip_suffix('*') else {
        let rules = Rule::all().map(|rule| rule.name.0);
        let names = rules.chain(families().map(|(family, _)| family));
        return nearest(text, names).map(str::to_owned);
    };
    let starts = Rule::all().flat_map(|rule| {
        let name = rule.name.0;
        name.match_indices('-').map(|(at, _)| &name[..=at])
    });
    nearest(start, starts).map(|start| format!("{start}*"))
}

/// The rules whose findings are shown or corrected.
#[derive(Debug, Clone)]
pub struct WantedRules {
    /// Those that are selected and not ignored; `None` for all.
    chosen: Option<FxHashSet<RuleName>>,
    /// Those that are grave enough; `None` for all.
    grave: Option<FxHashSet<RuleName>>,
    /// What was selected by name.
    selected: Vec<NamedRules>,
}

impl WantedRules {
    /// The selected rules, all where there are none, without the ignored ones, of
    /// this severity and above.
    ///
    /// # Errors
    /// Where the options contradict each other or the profile.
    pub fn new(
        selected: &[NamedRules],
        ignored: &[NamedRules],
        severity: Severity,
        profile: &'static str,
    ) -> Result<Self, WantedError> {
        for set in selected {
            if ignored.iter().any(|ignored| ignored.rules == set.rules) {
                return Err(WantedError::Contradiction(set.text.clone()));
            }
            if !set.rules.iter().any(|rule| rule.profiles.contains(&profile)) {
                let mut others: Vec<_> = set.rules.iter().flat_map(|rule| rule.profiles).collect();
                others.sort_unstable();
                others.dedup();
                return Err(WantedError::NotInProfile {
                    selected: set.text.clone(),
                    profile,
                    others: others.into_iter().copied().collect(),
                });
            }
        }
        let is_in = |sets: &[NamedRules], rule: &Rule| {
            sets.iter().flat_map(|set| &set.rules).any(|it| it.name == rule.name)
        };
        let is_chosen =
            |rule: &&Rule| (selected.is_empty() || is_in(selected, rule)) && !is_in(ignored, rule);
        let names = |is_one: &dyn Fn(&&Rule) -> bool| -> FxHashSet<RuleName> {
            Rule::all().filter(|rule| is_one(rule)).map(|rule| rule.name).collect()
        };
        let chosen =
            (!selected.is_empty() || !ignored.is_empty()).then(|| names(&|rule| is_chosen(rule)));
        if chosen.as_ref().is_some_and(FxHashSet::is_empty) {
            let is_all = selected.is_empty();
            return Err(if is_all { WantedError::AllIgnored } else { WantedError::Nothing });
        }
        let mut chosen_rules = Rule::all().filter(is_chosen);
        if !selected.is_empty() && !chosen_rules.any(|rule| rule.severity <= severity) {
            return Err(WantedError::TooLight(severity));
        }
        let grave = (severity != Severity::Info).then(|| names(&|rule| rule.severity <= severity));
        Ok(Self { chosen, grave, selected: selected.to_vec() })
    }

    /// What was selected by name, in the order in which it was.
    #[must_use]
    pub fn selections(&self) -> &[NamedRules] {
        &self.selected
    }

    fn is_chosen(&self, rule: RuleName) -> bool {
        self.chosen.as_ref().is_none_or(|chosen| chosen.contains(&rule))
    }

    fn is_grave(&self, rule: RuleName) -> bool {
        self.grave.as_ref().is_none_or(|grave| grave.contains(&rule))
    }

    /// Whether a finding of these rules is shown.
    #[must_use]
    pub fn admits_any(&self, rules: &[RuleName]) -> bool {
        rules.iter().any(|rule| self.is_chosen(*rule) && self.is_grave(*rule))
    }

    /// Whether a suggestion made for these rules is taken: one that also answers
    /// to a rule that was left out is not, unless that is one that lets the value
    /// hold.
    #[must_use]
    pub fn admits_all(&self, rules: &[RuleName]) -> bool {
        let counts = |rule: &RuleName| {
            !Rule::by_name(rule.0).is_ok_and(|rule| rule.severity == Severity::Info)
        };
        self.admits_any(rules) && rules.iter().all(|rule| self.is_chosen(*rule) || !counts(rule))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> NamedRules {
        NamedRules::named(text).unwrap()
    }

    fn names(text: &str) -> Vec<&'static str> {
        set(text).rules.iter().map(|rule| rule.name.0).collect()
    }

    #[test]
    fn a_rule_a_family_and_the_beginning_of_names_are_found() {
        assert_eq!(names("UPN-at"), ["upn-at"]);
        assert!(names("uniqueness").contains(&"predicted-alias"));
        assert!(names("idfix-*").iter().all(|name| name.starts_with("idfix-")));
        assert_eq!(names("*").len(), Rule::all().count());
    }

    #[test]
    fn no_family_has_the_name_of_a_rule_and_each_rule_has_a_family() {
        for rule in Rule::all() {
            assert!(families().all(|(family, _)| family != rule.name.0), "{}", rule.name.0);
            assert!(names(rule.family()).contains(&rule.name.0));
        }
    }

    #[test]
    fn what_names_nothing_is_answered_with_what_is_near() {
        for (text, near) in [
            ("proxi-*", Some("proxy-*")),
            ("proxy-adresses", Some("proxy-addresses")),
            ("upn-att", Some("upn-at")),
            ("zzzzzz-*", None),
            ("", None),
        ] {
            let error = NamedRules::named(text).unwrap_err();
            assert_eq!(error.nearest.as_deref(), near, "{text}");
        }
    }

    #[test]
    fn severity_hides_what_is_less_grave_but_not_what_stands_beside_it() {
        let wanted = WantedRules::new(&[], &[], Severity::Error, "entra").unwrap();
        let [grave, light] = [RuleName("upn-at"), RuleName("upn-short")];
        assert!(wanted.admits_any(&[light, grave]) && wanted.admits_all(&[light, grave]));
        assert!(!wanted.admits_any(&[light]) && !wanted.admits_all(&[light]));
    }

    #[test]
    fn a_suggestion_that_answers_to_an_ignored_rule_is_not_taken() {
        let wanted =
            WantedRules::new(&[set("upn-*")], &[set("upn-at")], Severity::Info, "entra").unwrap();
        let [ignored, chosen] = [RuleName("upn-at"), RuleName("upn-space")];
        assert!(wanted.admits_any(&[ignored, chosen]));
        assert!(!wanted.admits_all(&[ignored, chosen]));
        let harmless = RuleName("sam-apostrophe");
        assert!(wanted.admits_all(&[harmless, chosen]) && !wanted.admits_all(&[harmless]));
        assert!(!wanted.admits_any(&[RuleName("mail-blank")]));
    }

    #[test]
    fn selections_that_contradict_each_other_are_refused() {
        let new = |selected: &[&str], ignored: &[&str]| {
            let sets = |texts: &[&str]| texts.iter().map(|text| set(text)).collect::<Vec<_>>();
            WantedRules::new(&sets(selected), &sets(ignored), Severity::Info, "entra").err()
        };
        assert_eq!(
            new(&["upn-at"], &["UPN-AT"]),
            Some(WantedError::Contradiction("upn-at".into()))
        );
        assert_eq!(new(&["upn-at"], &["upn-*"]), Some(WantedError::Nothing));
        assert_eq!(new(&[], &["*"]), Some(WantedError::AllIgnored));
        assert!(matches!(
            new(&["idfix"], &[]),
            Some(WantedError::NotInProfile { profile: "entra", .. })
        ));
        assert_eq!(new(&["upn-*"], &["upn-at"]), None);
    }

    #[test]
    fn what_is_selected_and_not_grave_enough_is_refused() {
        let new = |selected: &[NamedRules], ignored: &[NamedRules], severity| {
            WantedRules::new(selected, ignored, severity, "entra").err()
        };
        let too_light = Some(WantedError::TooLight(Severity::Error));
        assert_eq!(new(&[set("upn-short")], &[], Severity::Error), too_light);
        assert_eq!(new(&[set("upn-s*")], &[set("upn-space")], Severity::Error), too_light);
        assert_eq!(new(&[set("upn-*")], &[], Severity::Error), None);
        assert_eq!(new(&[set("upn-short")], &[], Severity::Info), None);
        assert_eq!(new(&[], &[], Severity::Error), None);
    }
}
