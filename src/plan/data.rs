//! What a template sees: the product's fields at the top, everything else under a name of its own.

use serde_json::{Map, Value, json};

use crate::campaign::{Asset, Campaign, Product};

/// The data of one asset.
pub fn of(campaign: &Campaign, asset: &Asset) -> Map<String, Value> {
    let Asset { post, format, .. } = asset;
    let mut data = Map::new();
    if let Some(product) = asset.scene.product.as_ref().and_then(|id| campaign.products.get(id)) {
        data = of_product(product);
    }
    data.extend(asset.scene.captures.iter().map(|(name, value)| (name.clone(), value.clone().into())));
    let names = asset.scene.pictures.iter().map(|picture| &picture.name);
    data.extend(names.map(|name| (name.to_string(), format!("photo:{name}").into())));
    let mut fields = post.fields.clone();
    fields.insert("id".into(), post.id.clone().into());
    data.insert("post".into(), fields.into());
    data.extend(of_campaign(campaign));
    let network = format.network();
    data.insert(
        "format".into(),
        json!({ "id": format.id, "width": format.width, "height": format.height, "network": network }),
    );
    data
}

/// The fields of a product, its id among them.
pub fn of_product(product: &Product) -> Map<String, Value> {
    let mut data = product.fields.clone();
    data.insert("id".into(), product.id.clone().into());
    data
}

/// What is the same everywhere in a campaign.
pub fn of_campaign(campaign: &Campaign) -> Map<String, Value> {
    let brand = &campaign.brand;
    let mut seen = Map::new();
    seen.insert("name".into(), brand.name.as_ref().unwrap_or(&campaign.name).clone().into());
    seen.extend(brand.logo.as_ref().map(|logo| ("logo".to_owned(), logo.to_string().into())));
    Map::from_iter([("brand".to_owned(), seen.into()), ("campaign".to_owned(), json!({ "name": campaign.name }))])
}
