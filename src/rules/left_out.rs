//! A survey that knows which attributes the exports leave out.

use super::catalogue::Reason;
use super::look_ahead::{forest, look_ahead};
use super::profile::RuleSet;
use super::{Attr, CheckOptions, Export, Survey};

impl<'a> Survey<'a> {
    /// Surveys all exports as [`Survey::run`] does, and decides which attributes they
    /// leave out: the absence of these is no finding.
    ///
    /// Where entries would be out of scope for lack of one, all are looked at once more, and
    /// so they are where the exports tell which suffixes the forest has.
    pub fn run_as_exported(
        exports: &[Export<'a>],
        options: &'a CheckOptions,
        advance: &(dyn Fn(u64) + Sync),
    ) -> Self {
        options.profile.look_ahead(|| look_ahead(exports, options));
        let survey = Self::run(exports, options, advance);
        let (in_scope, out_of_scope) = (survey.in_scope, &survey.out_of_scope);
        let leaves_out = options.profile.leave_out(survey.seen, in_scope, out_of_scope);
        let has_forest =
            [Attr::UpnSuffixes, Attr::DnsRoot].iter().all(|attr| survey.seen.contains(*attr));
        let knows_forest = match &options.profile.rules {
            RuleSet::Catalogue(catalogue) if has_forest => {
                catalogue.learn_forest(|| forest(exports, options))
            }
            _ => false,
        };
        match leaves_out || knows_forest {
            true => Self::run(exports, options, &|_| {}),
            false => survey,
        }
    }

    /// Whether no entry says what it is, so that the rules look at none.
    #[must_use]
    pub fn lacks_classes(&self) -> bool {
        self.in_scope == 0
            && !self.options.profile.is_idfix()
            && !self.seen.contains(Attr::ObjectClass)
            && self.out_of_scope.contains_key(Reason::OtherClass.name())
    }
}
