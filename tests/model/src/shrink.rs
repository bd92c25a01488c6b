//! Fewer steps that still lead to a divergence.

use crate::campaign::Divergence;
use crate::step::Step;

/// Leaves out runs of steps, long ones first, as long as model and contract still part.
pub(crate) fn fewest(
    mut steps: Vec<Step>,
    mut replay: impl FnMut(&[Step]) -> anyhow::Result<Option<Divergence>>,
) -> anyhow::Result<Vec<Step>> {
    let mut length = steps.len().div_ceil(2);
    while length > 0 {
        let mut removed = false;
        let mut start = 0;
        while start < steps.len() {
            let end = (start + length).min(steps.len());
            let fewer = [&steps[..start], &steps[end..]].concat();
            match replay(&fewer)? {
                Some(divergence) => {
                    // What comes after the divergence is not needed either
                    steps = fewer;
                    steps.truncate(divergence.step + 1);
                    removed = true;
                }
                None => start = end,
            }
        }
        if !(length == 1 && removed) {
            length /= 2;
        }
    }
    Ok(steps)
}
