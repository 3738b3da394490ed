//! What templates can show: the fields of the products that they are used for, of the post, the brand, the campaign and the format.

use std::collections::{BTreeMap, BTreeSet};

use super::assets::MAIN;
use super::load::Loader;
use super::photos::CheckedPhoto;
use super::{Campaign, Post};

/// What a template can show.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// Names at the top, each with the products (of those that the template is used for) that do not have it.
    pub top: BTreeMap<String, Vec<String>>,
    /// The fields below a name, such as `width` below `format`. Names that are not here can have any.
    pub below: BTreeMap<String, BTreeSet<String>>,
    /// Whose fields these are, for messages: `post.card`.
    pub owner: String,
    /// False for a post of the whole shop: then no product's fields are known.
    pub of_products: bool,
    /// Products could not be read: any name at the top may be one of their fields.
    pub unsure: bool,
}

impl Fields {
    /// Takes for known what products may have that are left out because of their own mistakes.
    pub(super) fn forgive(&mut self, loader: &Loader<'_>) {
        self.unsure = loader.unsure;
        if self.of_products {
            let fields = loader.broken.iter().filter_map(|broken| broken.strip_prefix("field."));
            for field in fields {
                self.top.entry(field.to_owned()).or_default();
            }
        }
    }
}

/// What the templates of a post can show.
pub(super) fn fields_of_post(campaign: &Campaign, post: &Post, photos: &BTreeMap<String, CheckedPhoto>) -> Fields {
    let mut fields = shared_fields();
    fields.owner = format!("`post.{}`", post.id);
    fields.of_products = post.per_product;
    if post.per_product {
        fields.top.insert("id".to_owned(), Vec::new());
        add_product_fields(&mut fields, campaign, &post.products);
    }
    let mut own: BTreeSet<String> = post.fields.keys().cloned().collect();
    own.insert("id".to_owned());
    fields.below.insert("post".to_owned(), own);
    fields.top.extend(post.photos.keys().map(|name| (name.clone(), Vec::new())));
    let main = post.photos.get(MAIN).and_then(|id| photos.get(id));
    let captures = main.into_iter().flat_map(|photo| &photo.captures);
    fields.top.extend(captures.map(|name| (name.clone(), Vec::new())));
    fields
}

/// What can be shown where models are asked for other words for a caption: whatever is the same in all posts that use it.
pub(super) fn fields_of_caption(campaign: &Campaign, id: &str, posts: &[&Post]) -> Fields {
    let mut fields = shared_fields();
    fields.top.retain(|name, _| name == "brand" || name == "campaign");
    fields.owner = format!("`caption.{id}`");
    fields.of_products = posts.iter().all(|post| post.per_product);
    if fields.of_products {
        let products: BTreeSet<&String> = posts.iter().flat_map(|post| &post.products).collect();
        fields.top.insert("id".to_owned(), Vec::new());
        add_product_fields(&mut fields, campaign, &products.into_iter().cloned().collect::<Vec<_>>());
    }
    fields
}

/// What a text can show that no post uses yet: anything that a product or a post may have.
pub(super) fn fields_of_products(campaign: &Campaign) -> Fields {
    let mut fields = shared_fields();
    fields.owner = "the campaign".to_owned();
    fields.of_products = true;
    add_product_fields(&mut fields, campaign, &[]);
    fields.top.insert(MAIN.to_owned(), Vec::new());
    fields
}

fn shared_fields() -> Fields {
    let below = [
        ("brand", vec!["name", "logo", "colors"]),
        ("campaign", vec!["name"]),
        ("format", vec!["id", "width", "height", "network"]),
    ];
    let mut fields = Fields::default();
    for (name, names) in below {
        fields.below.insert(name.to_owned(), names.into_iter().map(str::to_owned).collect());
    }
    fields.top = ["post", "brand", "campaign", "format"].map(|name| (name.to_owned(), Vec::new())).into();
    fields
}

/// Every field that a product of the campaign has, with those of `selected` that lack it.
fn add_product_fields(fields: &mut Fields, campaign: &Campaign, selected: &[String]) {
    let names: BTreeSet<&String> = campaign.products.values().flat_map(|product| product.fields.keys()).collect();
    for name in names {
        let lacks = |id: &&String| campaign.products.get(*id).is_some_and(|p| !p.fields.contains_key(name));
        let lacking: Vec<String> = selected.iter().filter(lacks).cloned().collect();
        fields.top.insert(name.clone(), lacking);
    }
}
