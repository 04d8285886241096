//! A survey that knows which attributes the exports leave out.

use super::{CheckOptions, Export, Survey};

impl<'a> Survey<'a> {
    /// Surveys all exports as [`Survey::run`] does, and decides which attributes they
    /// leave out: the absence of these is no finding.
    ///
    /// Where entries would be out of scope for lack of one, all are looked at once more.
    pub fn run_as_exported(
        exports: &[Export<'a>],
        options: &'a CheckOptions,
        advance: &(dyn Fn(u64) + Sync),
    ) -> Self {
        let survey = Self::run(exports, options, advance);
        let (in_scope, out_of_scope) = (survey.in_scope, &survey.out_of_scope);
        match options.profile.leave_out(survey.seen, in_scope, out_of_scope) {
            true => Self::run(exports, options, &|_| {}),
            false => survey,
        }
    }
}
