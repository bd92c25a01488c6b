use super::payment::Told;
use super::*;
pub(super) fn explain(_e: &IVaultErrors, _c: &RefusalContext) -> Option<Told> {
    None
}
pub(super) fn explain_factory(_e: &IVaultFactoryErrors, _c: &RefusalContext) -> Told {
    Told
}
