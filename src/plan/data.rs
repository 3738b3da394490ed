//! What a template sees: the product's fields at the top, everything else under a name of its own.

use serde_json::{Map, Value, json};

use crate::campaign::{Asset, Campaign, Format, Post};

/// The data of one asset.
pub fn of(campaign: &Campaign, asset: &Asset, post: &Post, format: &Format) -> Map<String, Value> {
    let mut data = Map::new();
    if let Some(product) = asset.product.as_ref().and_then(|id| campaign.products.get(id)) {
        data.extend(product.fields.iter().map(|(name, value)| (name.clone(), value.clone())));
        data.insert("id".into(), product.id.clone().into());
    }
    data.extend(asset.captures.iter().map(|(name, value)| (name.clone(), value.clone().into())));
    data.extend(asset.pictures.keys().map(|name| (name.clone(), format!("photo:{name}").into())));
    let mut fields = post.fields.clone();
    fields.insert("id".into(), post.id.clone().into());
    data.insert("post".into(), fields.into());
    let brand = &campaign.brand;
    let mut seen = Map::new();
    seen.insert("name".into(), brand.name.as_ref().unwrap_or(&campaign.name).clone().into());
    seen.extend(brand.logo.as_ref().map(|logo| ("logo".to_owned(), logo.to_string().into())));
    data.insert("brand".into(), seen.into());
    data.insert("campaign".into(), json!({ "name": campaign.name }));
    let network = format.network();
    data.insert(
        "format".into(),
        json!({ "id": format.id, "width": format.width, "height": format.height, "network": network }),
    );
    data
}
