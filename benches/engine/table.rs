//! A campaign with a row for each product in one table: what reading and planning it costs.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use softbox::campaign::load;
use softbox::engine::Engine;
use softbox::plan::{self, Folder};

const MANIFEST: &str = r#"
[campaign]
name = "Table"
products = "products.csv"

[photo.hero]
source = "photos/{product}.jpg"

[post.card]
photo = "hero"
formats = ["instagram.portrait", "instagram.story", "instagram.square", "facebook.link", "x.landscape", "pinterest.pin"]
"#;

/// Writes the manifest, the table and empty photos.
pub fn write(folder: &Path, products: usize) -> io::Result<()> {
    fs::create_dir_all(folder.join("photos"))?;
    for product in 0..products {
        fs::write(folder.join(format!("photos/p{product:06}.jpg")), "")?;
    }
    fs::write(folder.join("campaign.toml"), MANIFEST)?;
    change(folder, products, 0)
}

/// Gives one product another price.
pub fn change(folder: &Path, products: usize, round: usize) -> io::Result<()> {
    let mut table = String::from("id,name,maker,price,was,tags\n");
    for product in 0..products {
        let price = if product == round { 1 } else { product % 90 + 10 };
        // Writing to a string cannot fail.
        let _ = writeln!(table, "p{product:06},Product {product},Tide & Pine,${price},,new;counter");
    }
    fs::write(folder.join("products.csv"), table)
}

/// Reads and plans, and ends.
pub fn plan(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::open(folder, "bench", |_| {})?;
    let loaded = load(&Folder(engine.files()));
    if let Some(problem) = loaded.problems.first() {
        return Err(problem.message.clone().into());
    }
    let graph = plan::plan(&loaded.campaign, None);
    let products = loaded.campaign.products.len();
    if graph.len() < 6 * products || products == 0 {
        return Err(format!("{} actions for {products} products", graph.len()).into());
    }
    std::mem::forget((engine, loaded, graph));
    Ok(())
}
