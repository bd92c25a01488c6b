use super::*;
/// One code of the reference.
pub struct Documented {
    /// signature
    pub signature: &'static str,
    /// example
    pub example: Refusal,
}
/// all
pub fn all_codes() -> Vec<Documented> {
    vec![]
}
