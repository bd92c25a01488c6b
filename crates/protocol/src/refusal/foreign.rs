use super::*;
pub(super) const UNKNOWN: &str = "UnknownRevert";
pub(super) fn explain(_revert: &[u8]) -> Refusal {
    Refusal {
        code: UNKNOWN,
        cause: String::new(),
        fix: String::new(),
        who_can_fix: WhoCanFix::Operator,
        retry: Retry::Never,
        facts: BTreeMap::new(),
    }
}
