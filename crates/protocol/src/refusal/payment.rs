use super::*;
pub(super) struct Told;
impl Told {
    pub(super) fn refusal(self, code: &'static str) -> Refusal {
        Refusal { code, ..foreign::explain(&[]) }
    }
}
pub(super) fn explain(_e: &IVaultErrors, _c: &RefusalContext) -> Option<Told> {
    Some(Told)
}
