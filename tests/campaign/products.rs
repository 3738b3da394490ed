//! Products from tables and exports.

use super::folders::Memory;

fn with_table(name: &str, table: &str) -> Memory {
    Memory::campaign(&format!("campaign = {{ name = \"S\", products = \"{name}\" }}\n")).file(name, table)
}

fn show(folder: &Memory) -> Vec<String> {
    let products = folder.good().products;
    products.values().map(|p| serde_json::to_string(&p.fields).unwrap()).collect()
}

#[test]
fn a_table_as_a_spreadsheet_saves_it() {
    let folder = with_table(
        "p.csv",
        "\u{feff}ID;Name;Price;THC %;Tags;Notes\r\njam;\"Jam; red\";3,50 €;21;\"a, b\";\r\ntea;Tea;;;;x\r\n",
    );
    assert_eq!(
        show(&folder),
        [
            r#"{"id":"jam","name":"Jam; red","price":"3,50 €","tags":["a","b"],"thc":"21"}"#,
            r#"{"id":"tea","name":"Tea","notes":"x"}"#
        ]
    );
}

#[test]
fn a_table_in_json_as_a_list_or_by_id() {
    let list = with_table("p.json", r#"[{"name": "Red Jam", "price": 3.5, "tags": "a;b"}, {"id": "tea", "x": null}]"#);
    let by_id =
        with_table("p.json", r#"{"red-jam": {"name": "Red Jam", "price": 3.5, "tags": ["a", "b"]}, "tea": {}}"#);
    let want = [r#"{"id":"red-jam","name":"Red Jam","price":3.5,"tags":["a","b"]}"#, r#"{"id":"tea"}"#];
    assert_eq!(show(&list), want);
    assert_eq!(show(&by_id), want);
}

#[test]
fn an_export_of_shopify_is_one_product_a_handle() {
    let folder = with_table(
        "p.csv",
        "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,SEO Title\n\
         citrus-haze,Citrus Haze,\"<p>Bright &amp; <b>fresh</b></p><ul><li>3.5 g</li></ul>\",Corner,flower,\"new, sativa\",TRUE,Size,3.5 g,CH-35,35.00,40.00,0123,https://x/1.jpg,\n\
         citrus-haze,,,,,,,,7 g,CH-70,60.00,,0124,https://x/2.jpg,\n\
         jam,Jam,,Corner,,,TRUE,,,JAM,3.50,,,,\n",
    );
    assert_eq!(
        show(&folder),
        [
            r#"{"barcode":"0123","compare_at_price":"40.00","description":"Bright & fresh\n3.5 g","handle":"citrus-haze","id":"citrus-haze","image_src":"https://x/1.jpg","name":"Citrus Haze","option1_name":"Size","option1_value":"3.5 g","price":"35.00","published":"TRUE","sku":"CH-35","tags":["new","sativa"],"type":"flower","vendor":"Corner"}"#,
            r#"{"handle":"jam","id":"jam","name":"Jam","price":"3.50","published":"TRUE","sku":"JAM","vendor":"Corner"}"#
        ]
    );
}

#[test]
fn an_export_of_square_is_one_product_an_item() {
    let table = "\u{feff}Token,Item Name,Variation Name,SKU,Description,Category,GTIN,Price,Current Quantity Shop\n\
         AAA,Red Jam,Small,J1,<p>Sweet</p>,Food,0123,\"£4,250.00\",3\n\
         AAB,Red Jam,Large,J2,,Food,,£9,1\n";
    assert_eq!(
        show(&with_table("p.csv", table)),
        [
            r#"{"barcode":"0123","category":"Food","current_quantity_shop":"3","description":"Sweet","id":"red-jam","name":"Red Jam","price":"£4,250.00","sku":"J1","token":"AAA","variation_name":"Small"}"#
        ]
    );
    let by_sku = Memory::campaign("campaign.products = { file = \"p.csv\", type = \"square\", id = \"SKU\" }")
        .file("p.csv", table);
    assert_eq!(by_sku.good().products.keys().collect::<Vec<_>>(), ["j1", "j2"]);
}

#[test]
fn the_manifest_adds_to_a_row_and_replaces_its_fields() {
    let manifest = "campaign.products = [\"a.csv\", \"b.json\"]\n[product.jam]\nprice = \"$4\"\nthc = \"21%\"\nnew = true\nsince = 2026-01-02\n[product.own]\n";
    let folder =
        Memory::campaign(manifest).file("a.csv", "id,name,price\njam,Jam,$3\n").file("b.json", "[{\"sku\": \"B 1\"}]");
    assert_eq!(
        show(&folder),
        [
            r#"{"id":"b-1","sku":"B 1"}"#,
            r#"{"id":"jam","name":"Jam","new":true,"price":"$4","since":"2026-01-02","thc":"21%"}"#,
            r#"{"id":"own"}"#
        ]
    );
}

#[test]
fn mistakes_in_tables_have_the_line_and_column_of_their_cell() {
    let folder = with_table("p.csv", "id,name,format\njam,Jam,x\njam,Jam 2,y\n,No id,\nBig One,B,\na,b,c,d\n");
    assert_eq!(
        folder.problems(),
        [
            "p.csv:1:9: the column `format` is left out (in templates `format` means something else; give the column another name)",
            "p.csv:3:1: there are two products `jam` (it is also at p.csv:2:1; only that one is used)",
            "p.csv:4:1: this row has nothing in the column `id` (it tells products apart; fill it in)",
            "p.csv:5:1: `Big One` cannot be the id of a product (ids are lower-case letters, digits, `.`, `_` and `-`; write `big-one`)",
            "p.csv:6:7: this row has 4 cells, but the header has 3 (put a text with a separator in quotes: \"a, b\")"
        ]
    );
    assert_eq!(folder.load().campaign.products.len(), 1);
    assert_eq!(
        with_table("p.csv", "id,name\na,\"b\n").problems(),
        ["p.csv:2:3: this quote is never closed (close it, or write two quotes for one)"]
    );
    assert_eq!(
        with_table("p.json", "[{\"id\": \"a\"},\n {\"id\": }]").problems(),
        ["p.json:2:9: this is not JSON: expected value"]
    );
    assert_eq!(
        with_table("p.json", "[{\"id\": \"a\"},\n  5, {\"id\": \"a\"}]").problems(),
        [
            "p.json:2:3: a product must be a table of fields (write it like { \"id\": \"citrus-haze\", \"name\": \"Citrus Haze\" })",
            "p.json:2:6: there are two products `a` (it is also at p.json:1:2; only that one is used)"
        ]
    );
}
