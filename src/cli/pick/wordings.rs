//! Captions that models were asked for other words for: the draft, its variants, and what goes out.

use super::shelf::Looked;
use crate::actions::Task;
use crate::actions::variants::{Suggested, Variant};
use crate::campaign::Campaign;
use crate::engine::ActionId;

/// A caption for one product.
#[derive(Debug, Clone)]
pub struct Wording {
    /// `launch/citrus-haze`
    pub name: String,
    /// Filled in; `None` where that failed, which was told.
    pub draft: Option<String>,
    pub variants: Vec<Variant>,
    /// What was left out, and why.
    pub left_out: Vec<String>,
    /// Why models have no answer.
    pub missing: Vec<String>,
    /// Names of networks, for lengths.
    pub networks: Vec<String>,
    /// What somebody picked.
    pub picked: Option<String>,
}

impl Wording {
    /// The words that go out.
    pub fn published(&self) -> Option<&str> {
        self.picked.as_deref().or(self.draft.as_deref())
    }
}

/// All captions of a campaign that models were asked for other words for.
pub fn wordings(looked: &Looked<'_>, campaign: &Campaign) -> Vec<Wording> {
    let wording = |(id, task): (ActionId, &Task)| {
        let Task::Variants(variants) = task else { return None };
        let inputs: Vec<ActionId> = looked.graph.node(id).depends_on().collect();
        let (draft, asked) = (inputs.first()?, inputs.get(2..)?);
        let draft = looked.bytes(*draft).map(|draft| String::from_utf8_lossy(&draft).trim_end().to_owned());
        let suggested = looked.bytes(id).and_then(|bytes| Suggested::from_bytes(&bytes)).unwrap_or_default();
        let why = |id: &ActionId| looked.why(*id).map(str::to_owned);
        let caption = variants.caption.split('/').next().and_then(|id| campaign.captions.get(id));
        let picks = campaign.picks.of(&format!("caption/{}", variants.caption));
        Some(Wording {
            name: variants.caption.clone(),
            draft,
            variants: suggested.variants,
            left_out: suggested.left_out,
            missing: asked.iter().filter_map(why).collect(),
            networks: caption.map(|caption| caption.networks.clone()).unwrap_or_default(),
            picked: picks.pick.iter().rev().find_map(|pick| pick.words.clone()),
        })
    };
    looked.graph.nodes().filter_map(|(id, node)| wording((id, &node.action))).collect()
}
