//! Whole campaigns without mistakes, and what becomes of them.

use super::folders::Memory;

fn outputs(folder: &Memory) -> Vec<String> {
    folder.good().assets.iter().map(|asset| asset.output.to_string()).collect()
}

#[test]
fn the_campaign_of_the_design_is_read() {
    let folder = Memory::campaign(
        r##"#:schema ../../schemas/campaign.schema.json
include = ["products/*.toml"]
[campaign]
name = "Spring drop"
products = "products.csv"
[brand]
name = "Corner Shop"
colors = { ink = "#1b1b1b", accent = "#f25c05" }
fonts = ["brand/Inter.ttf"]
logo = "brand/logo.svg"
[product.citrus-haze]
price = "$35"
tags = ["flower", "new"]
thc = "21%"
[look.bright]
steps = [{ crop = { ratio = "4:5", focus = [0.5, 0.4], zoom = 1 } }, { adjust = { exposure = 0.3 } }]
[photo.hero]
source = "photos/{product}-{angle}.*"
look = "bright"
alt = "{{name}} from the {{angle}}"
[photo.table]
source = "photos/table.png"
[caption.launch]
draft = "captions/launch.md"
alt = "{{name}}, {{price}}"
[post.card]
template = "templates/card.html"
products = { tags = ["new"] }
photo = { photo = "hero", table = "table" }
caption = "launch"
formats = ["instagram.portrait", "x.landscape", "my.size"]
fields = { headline = "Spring is here" }
[post.shop]
products = "none"
photo = "table"
formats = ["web.og"]
output = "{post}.{ext}"
[format."my.size"]
width = 800
height = 600
accepts = ["webp", "png"]
safe = { top = 0.1 }
"##,
    )
    .file("products.csv", "id,name,price,tags\ncitrus-haze,Citrus Haze,$30,\njam,Jam,$3,food\n")
    .file("products/tea.toml", "[product.tea]\nname = \"Tea\"\nprice = \"$5\"\ntags = [\"new\"]\nthc = \"no\"\n")
    .file(
        "templates/card.html",
        "{{> head}}<h1>{{name}}</h1>{{#if thc}}<p>{{thc}}</p>{{/if}}{{#each tags}}<i>{{this}}{{@index}} {{../price}} {{x}}</i>{{/each}}\
         <p>{{post.headline}} {{brand.name}} {{campaign.name}} {{format.width}}</p><img src=\"{{photo}}\"><img src=\"{{table}}\">{{angle}}\
         {{#with brand}}{{name}}{{/with}}{{#each tags as |tag|}}{{tag}}{{/each}}{{lookup post \"headline\"}}",
    )
    .file("templates/partials/head.html", "<title>{{name}} {{@root.price}}</title>{{#*inline \"own\"}}{{y}}{{/inline}}{{> own}}")
    .file("captions/launch.md", "{{name}} for {{price}}")
    .photos(&["brand/Inter.ttf", "brand/logo.svg", "photos/table.png"])
    .photos(&["photos/citrus-haze-front.HEIC", "photos/citrus-haze-top.jpg", "photos/tea-front.jpg", "photos/.DS_Store"]);
    let campaign = folder.good();
    assert_eq!(campaign.products["citrus-haze"].fields["price"], "$35");
    assert_eq!(campaign.posts["card"].products, ["citrus-haze", "tea"]);
    assert_eq!(campaign.formats["my.size"].safe.top, 0.1);
    assert_eq!(campaign.looks["bright"].steps.len(), 2);
    assert_eq!(
        outputs(&folder),
        [
            "card/citrus-haze-front.instagram.portrait.jpg",
            "card/citrus-haze-front.x.landscape.jpg",
            "card/citrus-haze-front.my.size.webp",
            "card/citrus-haze-top.instagram.portrait.jpg",
            "card/citrus-haze-top.x.landscape.jpg",
            "card/citrus-haze-top.my.size.webp",
            "card/tea-front.instagram.portrait.jpg",
            "card/tea-front.x.landscape.jpg",
            "card/tea-front.my.size.webp",
            "shop.jpg"
        ]
    );
    let first = &campaign.assets[0];
    assert_eq!(
        first.scene.pictures.last().map(|last| (&*last.name, last.path.as_str())),
        Some(("table", "photos/table.png"))
    );
    assert_eq!(first.scene.captures["angle"], "front");
}

#[test]
fn products_are_selected_by_id_tag_or_any_field() {
    let table = "id,tags,kind,price\na,new;red,jam,3\nb,red,jam,4\nc,new,tea,3\n";
    for (selection, want) in [
        ("\"all\"", "a b c"),
        ("\"b\"", "b"),
        ("[\"c\", \"a\"]", "a c"),
        ("{ tags = [\"new\"] }", "a c"),
        ("{ tags = \"red\", kind = \"jam\" }", "a b"),
        ("{ kind = [\"tea\", \"nothing\"] }", "c"),
        ("{ price = 3, tags = \"red\" }", "a"),
        ("{ id = [\"a\", \"b\"], price = 4 }", "b"),
    ] {
        let folder = Memory::campaign(&format!(
            "campaign.products = \"p.csv\"\n[photo.p]\nsource = \"p.jpg\"\n[post.x]\nphoto = \"p\"\nproducts = {selection}\nformats = [\"x.square\"]\n"
        ))
        .file("p.csv", table)
        .photos(&["p.jpg"]);
        assert_eq!(folder.good().posts["x"].products.join(" "), want, "{selection}");
    }
}

#[test]
fn a_picture_named_on_a_mac_is_found_for_a_name_typed_elsewhere() {
    let folder = Memory::campaign(
        "[product.jam]\n[photo.p]\nsource = \"fotos/käse/{product}.*\"\n[post.x]\nphoto = \"p\"\nformats = [\"x.square\"]\n",
    )
    .photos(&["fotos/ka\u{308}se/jam.jpg"]);
    assert_eq!(folder.good().photos["p"].shots[0].path.as_str(), "fotos/ka\u{308}se/jam.jpg");
}

#[test]
fn a_product_in_its_own_folder_is_one_product() {
    let folder = Memory::campaign(
        "[product.a]\n[product.b]\n[photo.p]\nsource = \"p/{product}/{n}.jpg\"\n[post.x]\nphoto = \"p\"\nformats = [\"x.square\"]\noutput = \"{n}/{product}.png\"\n",
    )
    .photos(&["p/a/1.jpg", "p/a/2.jpg", "p/b/1.jpg", "p/c/1.jpg"]);
    assert_eq!(outputs(&folder), ["1/a.png", "2/a.png", "1/b.png"]);
}

#[test]
fn ten_thousand_products_are_read_quickly() {
    let mut table = "id,name,price,tags\n".to_owned();
    let mut folder = Memory::campaign(
        "campaign.products = \"p.csv\"\n[photo.p]\nsource = \"p/{product}.*\"\n[post.x]\ntemplate = \"t.html\"\nphoto = \"p\"\nproducts = { tags = \"new\" }\nformats = [\"x.square\"]\n",
    )
    .file("t.html", "{{name}} {{price}}");
    for n in 0..10_000 {
        table.push_str(&format!("product-{n},\"Product, number {n}\",${n},new\n"));
        folder = folder.file(&format!("p/product-{n}.jpg"), "");
    }
    let folder = folder.file("p.csv", table);
    let start = std::time::Instant::now();
    assert_eq!(folder.good().assets.len(), 10_000);
    let took = start.elapsed();
    println!("10,000 products, pictures and assets: {took:?}");
    // Anything quadratic takes minutes; a busy machine does not.
    assert!(took.as_secs() < 10, "{took:?}");
}

#[test]
fn templates_may_ask_for_what_is_not_there() {
    let template = "{{#if badge}}{{badge}}{{/if}}{{#if (eq kind \"tea\")}}x{{/if}}{{default note \"\"}}\
         {{#if price}}{{price}}{{else if name}}{{name}}{{/if}}{{#unless price}}{{else}}{{price}}{{/unless}}\
         {{#each tags as |t n|}}{{t}}{{n}}{{@first}}{{this}}{{#with ../name}}{{x}}{{/with}}{{/each}}{{[name]}}{{this.name}}{{! {{price}} --}}\\{{no}}";
    let folder = Memory::campaign(
        "[product.a]\nname = \"A\"\ntags = []\nprice = 1\n[product.b]\nname = \"B\"\ntags = []\nbadge = \"new\"\nkind = \"x\"\nnote = \"n\"\n[post.x]\ntemplate = \"t/x.html\"\nformats = [\"x.square\"]\n",
    )
    .file("t/x.html", template);
    assert_eq!(folder.problems(), [""; 0]);
    let shown = folder
        .file("t/x.html", "{{upper badge}}\n{{> a}}")
        .file("t/partials/a.html", "{{> b}}")
        .file("t/b.html", "{{#each kind}}{{/each}}{{nme}}");
    assert_eq!(
        shown.problems(),
        [
            "t/b.html:1:9: `a` of `post.x` has no field `kind` (give it one, or write {{#if kind}}…{{/if}} around what shows it)",
            "t/b.html:1:26: no product of `post.x` has a field `nme` (did you mean `name`?)",
            "t/x.html:1:9: `a` of `post.x` has no field `badge` (give it one, or write {{#if badge}}…{{/if}} around what shows it)"
        ]
    );
}
