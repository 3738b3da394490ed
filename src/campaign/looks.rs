//! Looks: their steps were checked with the manifest's shape; here they become values.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Look;
use super::files::Tables;

pub(super) fn load(manifest: &Tables) -> BTreeMap<String, Arc<Look>> {
    let look = |steps: &[super::at::At<super::Step>]| Look { steps: steps.iter().map(|s| s.value.clone()).collect() };
    manifest.looks.iter().map(|(id, entry)| (id.clone(), Arc::new(look(&entry.value.steps)))).collect()
}
