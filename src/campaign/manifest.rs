//! What a person writes in `campaign.toml` and the files that it includes. The editors' schemas and our own checks both come from these types.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::Step;
use super::at::{At, ById, Id, OneOrMany, TextOr};
use super::formats::{FileType, SafeZone};
use super::ideas::IdeaTable;
use super::models::{amount, days, price, providers};
use super::networks::names as networks;

/// A softbox campaign: products, photos, looks, captions and posts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Manifest {
    /// Further files that belong to the campaign, by path or pattern.
    #[schemars(example = ["products/*.toml"])]
    pub include: Vec<At<String>>,
    /// The campaign's name and the tables of its products.
    pub campaign: CampaignTable,
    /// What all posts share: name, colours, fonts, logo.
    pub brand: BrandTable,
    /// Products by id. Fields of a product that a table has too are replaced.
    #[schemars(with = "BTreeMap<Id, ProductTable>")]
    pub product: ById<BTreeMap<At<String>, At<toml::Value>>>,
    /// Looks by id: what is done to a picture, step by step.
    pub look: ById<LookTable>,
    /// Photos by id: source pictures and the look they get.
    pub photo: ById<PhotoTable>,
    /// What to know of single photos when their product is isolated, by an id of your own.
    pub cutout: ById<CutoutTable>,
    /// The networks that read what is printed on products.
    pub reading: ReadingTable,
    /// Captions by id: the words that go with an asset.
    pub caption: ById<CaptionTable>,
    /// Posts by id: a template made for products in formats.
    pub post: ById<PostTable>,
    /// The campaign's own formats by id. Those of the networks are built in.
    pub format: ById<FormatTable>,
    /// Models by id: further ones, or other words for those that are built in (`softbox models`).
    pub model: ById<ModelTable>,
    /// What models may cost.
    pub budget: BudgetTable,
    /// Ideas by id: shelved until a model can do them (`softbox ideas`).
    pub idea: ById<IdeaTable>,
}

/// The campaign's name and the tables of its products.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CampaignTable {
    /// The campaign's name; templates show it as `{{campaign.name}}`.
    #[schemars(example = &"Spring drop")]
    pub name: Option<At<String>>,
    /// Tables of products: a CSV or JSON file, or several.
    #[schemars(example = &"products.csv")]
    pub products: Option<At<OneOrMany<TextOr<TableSource>>>>,
    /// What becomes of a picture that models made several takes of, until somebody picks one. Left out: `"provisional"`.
    pub picks: Option<PicksWanted>,
}

/// What becomes of a picture that nobody picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PicksWanted {
    /// The first take is used, and that is told.
    Provisional,
    /// Its assets wait.
    Required,
}

/// A table of products that needs more than its file's name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableSource {
    /// The CSV or JSON file.
    #[schemars(example = &"products.csv")]
    pub file: At<String>,
    /// Where the table came from. Left out: seen from its columns.
    #[serde(default, rename = "type")]
    pub kind: Option<TableKind>,
    /// The column that tells products apart. Left out: `id`, else `handle`, `sku`, or the name.
    #[serde(default)]
    #[schemars(example = &"sku")]
    pub id: Option<At<String>>,
}

/// Where a table of products came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TableKind {
    /// One row a product, columns as they are named.
    Table,
    /// The products export of Shopify.
    Shopify,
    /// The item library export of Square.
    Square,
}

/// What all posts share.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BrandTable {
    /// The shop's name; templates show it as `{{brand.name}}`.
    #[schemars(example = &"Corner Shop")]
    pub name: Option<At<String>>,
    /// CSS colours by name; a template uses them as `var(--NAME)`.
    #[schemars(extend("examples" = [{ "ink": "#1b1b1b" }]))]
    pub colors: BTreeMap<At<String>, At<String>>,
    /// Font files (TTF, OTF, WOFF2) for the templates.
    #[schemars(example = ["brand/Inter.ttf"])]
    pub fonts: Vec<At<String>>,
    /// The logo's picture file; templates show it as `{{brand.logo}}`.
    #[schemars(example = &"brand/logo.svg")]
    pub logo: Option<At<String>>,
    /// Posts that you wrote before, by path or pattern: models that are asked for other words write like these.
    #[schemars(example = ["brand/voice/*.md"])]
    pub voice: Vec<At<String>>,
    /// Words that no caption by a model may have.
    #[schemars(example = ["elevate", "game-changer"])]
    pub never: Vec<At<String>>,
}

/// A thing for sale. Templates can show every field, these and your own.
pub struct ProductTable;

impl JsonSchema for ProductTable {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ProductTable".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A thing for sale. Templates can show every field, these and your own.",
            "type": "object",
            "properties": {
                "name": { "type": "string", "description": "The name that customers see.", "examples": ["Citrus Haze"] },
                "price": { "type": ["string", "number"], "description": "The price as templates show it.", "examples": ["$35"] },
                "tags": {
                    "type": "array",
                    "items": { "type": "string" },
                    "description": "Words to select products by.",
                    "examples": [["flower", "new"]]
                },
                "height_mm": {
                    "type": ["string", "number"],
                    "description": "How tall it is, in millimetres: sizes the products of a group to each other.",
                    "examples": [95]
                }
            },
            "additionalProperties": true
        })
    }
}

/// What is done to a picture, step by step.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookTable {
    /// The steps, in order.
    #[schemars(extend("examples" = [[{ "crop": { "ratio": "4:5" } }]]))]
    pub steps: Vec<At<Step>>,
}

/// A source picture and the look it gets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhotoTable {
    /// The picture's path, with `{product}` for a product's id, further `{captures}` of your own and `*` for anything.
    #[schemars(example = &"photos/{product}.*")]
    pub source: At<String>,
    /// The id of the look.
    #[serde(default)]
    #[schemars(example = &"bright")]
    pub look: Option<At<String>>,
    /// Words for those who cannot see the picture; may show the product's fields.
    #[serde(default)]
    #[schemars(example = &"{{name}} on a table")]
    pub alt: Option<At<String>>,
    /// Which products it is of. Left out: all.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "tags": ["new"] }]))]
    pub products: Option<At<Selection>>,
    /// Products that stand together in one picture, from left to right: ids, or fields and the values that they may have. With another
    /// name in `source`, such as `{ part = ["jar", "carton"] }`, one picture for each product.
    #[serde(default)]
    #[schemars(extend("examples" = [["jar", "soap"], { "part": ["jar", "carton"] }]))]
    pub group: Option<At<Selection>>,
    /// How tall those in `group` are, in millimetres, by their names. Left out: the products' own field `height_mm`; where that is not known
    /// of all, they are shown equally large.
    #[serde(default)]
    #[schemars(schema_with = "heights")]
    pub heights: Option<BTreeMap<At<String>, f32>>,
}

fn heights(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": { "type": "number", "minimum": 1, "maximum": 10_000 },
        "examples": [{ "jar": 80, "carton": 120 }]
    })
}

/// Where the product is in a photo, for the step `"cutout"`. Places are fractions of the upright photo from its top left corner.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CutoutTable {
    /// The photo that this is about. Left out: all that no other table names.
    #[serde(default)]
    #[schemars(example = &"photos/soap.jpg")]
    pub photo: Option<At<String>>,
    /// A box around the whole product: left, top, width and height.
    #[serde(default, rename = "box")]
    #[schemars(inner(range(min = 0, max = 1)), example = [0.2, 0.1, 0.6, 0.8])]
    pub area: Option<[f32; 4]>,
    /// Points on the product.
    #[serde(default)]
    #[schemars(example = [[0.5, 0.5]])]
    pub keep: Vec<[f32; 2]>,
    /// Points on what is not the product.
    #[serde(default)]
    #[schemars(example = [[0.9, 0.2]])]
    pub drop: Vec<[f32; 2]>,
    /// Lines along the product, each by its corners.
    #[serde(default)]
    #[schemars(example = [[[0.4, 0.3], [0.4, 0.7]]])]
    pub keep_lines: Vec<Vec<[f32; 2]>>,
    /// Lines along what is not the product.
    #[serde(default)]
    #[schemars(example = [[[0.1, 0.9], [0.9, 0.9]]])]
    pub drop_lines: Vec<Vec<[f32; 2]>>,
    /// A mask made by hand, which decides alone: white or opaque where the product is.
    #[serde(default)]
    #[schemars(example = &"photos/soap.mask.png")]
    pub mask: Option<At<String>>,
    /// Another network than the built-in one: `isnet` means `models/isnet.onnx`, described by `models/isnet.toml`.
    #[serde(default)]
    #[schemars(example = &"isnet")]
    pub model: Option<At<String>>,
}

/// The networks that read what is printed on products, so that takes of models are held against it. Has both or none.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadingTable {
    /// Finds lines of text: `text-lines` means `models/text-lines.onnx`.
    #[schemars(example = &"PP-OCRv6_det_small")]
    pub lines: Option<At<String>>,
    /// Reads a line: `text-words` means `models/text-words.onnx`.
    #[schemars(example = &"PP-OCRv6_rec_small")]
    pub words: Option<At<String>>,
}

/// A choice of products: an id, `"all"`, `"none"`, a list of ids, or fields and the values that they may have.
pub type Selection = TextListOr<BTreeMap<At<String>, At<toml::Value>>>;

/// A text, a list of texts, or a table.
#[derive(Debug, Clone)]
pub enum TextListOr<T> {
    Texts(OneOrMany<String>),
    Table(T),
}

impl<'de> Deserialize<'de> for Selection {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A text or a list is ids; only a table is more.
        match OneOrMany::<TextOr<BTreeMap<At<String>, At<toml::Value>>>>::deserialize(deserializer)? {
            OneOrMany::One(TextOr::Text(text)) => Ok(TextListOr::Texts(OneOrMany::One(text))),
            OneOrMany::One(TextOr::Table(table)) => Ok(TextListOr::Table(table)),
            OneOrMany::Many(items) => {
                let texts = items.into_iter().map(|item| match item.value {
                    TextOr::Text(value) => Ok(At { value, span: item.span }),
                    TextOr::Table(_) => Err(serde::de::Error::custom("a list of products holds ids")),
                });
                Ok(TextListOr::Texts(OneOrMany::Many(texts.collect::<Result<_, _>>()?)))
            }
        }
    }
}

impl JsonSchema for Selection {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Selection".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let scalar = serde_json::json!({ "type": ["string", "number", "boolean"] });
        json_schema!({
            "description": "A choice of products: an id, \"all\", \"none\", a list of ids, or fields and the values that they may have.",
            "anyOf": [
                { "type": "string", "examples": ["all"] },
                { "type": "array", "items": { "type": "string" }, "examples": [["citrus-haze"]] },
                {
                    "type": "object",
                    "additionalProperties": { "anyOf": [scalar, { "type": "array", "items": scalar }] },
                    "examples": [{ "tags": ["new"] }]
                }
            ],
            "examples": [{ "tags": ["new"] }]
        })
    }
}

/// The words that go with an asset.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptionTable {
    /// The file with your words; may show the product's fields.
    #[schemars(example = &"captions/launch.md")]
    pub draft: At<String>,
    /// Words for those who cannot see the picture; may show the product's fields.
    #[serde(default)]
    #[schemars(example = &"{{name}}, {{price}}")]
    pub alt: Option<At<String>>,
    /// Who is asked for other words. Your draft goes out until you pick some of them.
    #[serde(default)]
    #[schemars(example = ["claude-sonnet"])]
    pub models: Vec<At<String>>,
    /// What you wish for, in order. May show the product's fields.
    #[serde(default)]
    #[schemars(example = ["a shorter hook", "start with the smell"])]
    pub ask: Vec<At<String>>,
    /// Other words of each model to choose from. Left out: 4.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10), example = 4)]
    pub variants: Option<u32>,
    /// What every variant has to say, to the letter. May show the product's fields.
    #[serde(default)]
    #[schemars(example = ["{{name}}", "{{price}}"])]
    pub must: Vec<At<String>>,
    /// Words that no variant may have, besides those of the brand.
    #[serde(default)]
    #[schemars(example = ["elevate"])]
    pub never: Vec<At<String>>,
    /// Parts of the draft that every variant has to keep as they are. May show the product's fields.
    #[serde(default)]
    #[schemars(example = ["See you at the counter."])]
    pub keep: Vec<At<String>>,
    /// Where it is posted: lengths are told as these count.
    #[serde(default)]
    #[schemars(schema_with = "networks")]
    pub networks: Vec<At<String>>,
}

/// A template made for products in formats.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostTable {
    /// The HTML template. Left out: the photo alone, cut to each format.
    #[serde(default)]
    #[schemars(example = &"templates/card.html")]
    pub template: Option<At<String>>,
    /// Which products it is made for. Left out: all. `"none"`: one for the whole shop.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "tags": ["new"] }]))]
    pub products: Option<At<Selection>>,
    /// The id of its photo, or photos by the names that the template knows them by.
    #[serde(default)]
    #[schemars(example = &"hero")]
    pub photo: Option<At<PhotoNames>>,
    /// The id of its caption.
    #[serde(default)]
    #[schemars(example = &"launch")]
    pub caption: Option<At<String>>,
    /// The formats that it is made in.
    #[schemars(schema_with = "format_names")]
    pub formats: Vec<At<String>>,
    /// Where its assets go under dist/, with `{post}`, `{product}`, `{format}`, `{ext}` and the photo's captures.
    #[serde(default)]
    #[schemars(example = &"{post}/{product}.{format}.jpg")]
    pub output: Option<At<String>>,
    /// Values for its template, shown as `{{post.NAME}}`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    #[schemars(extend("examples" = [{ "headline": "Spring is here" }]))]
    pub fields: BTreeMap<At<String>, At<toml::Value>>,
}

/// A photo's id, or ids by the names that a template knows the photos by.
pub type PhotoNames = TextOr<BTreeMap<At<String>, At<String>>>;

/// A list of formats; editors offer the built-in ones, and a campaign's own are as good.
fn format_names(_: &mut SchemaGenerator) -> Schema {
    let built_in: Vec<&str> = super::formats::built_in().keys().map(String::as_str).collect();
    json_schema!({
        "description": "The formats that it is made in.",
        "type": "array",
        "items": { "anyOf": [{ "type": "string", "enum": built_in }, { "type": "string" }] },
        "minItems": 1,
        "examples": [["instagram.portrait"]]
    })
}

/// A size with rules.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormatTable {
    /// Pixels, bleed included.
    #[schemars(range(min = 16, max = 16384), example = 1080)]
    pub width: u32,
    /// Pixels, bleed included.
    #[schemars(range(min = 16, max = 16384), example = 1350)]
    pub height: u32,
    /// The types of file that the network takes; the first is used unless a post's `output` says otherwise. Left out: all.
    #[serde(default)]
    #[schemars(extend("minItems" = 1, "examples" = [["jpeg", "png"]]))]
    pub accepts: Option<Vec<FileType>>,
    /// The largest file that the network takes, in bytes.
    #[serde(default)]
    #[schemars(range(min = 1000), example = 2_000_000)]
    pub max_bytes: Option<u64>,
    /// Fractions of each edge that the network covers with its own buttons and words.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "top": 0.14, "bottom": 0.2 }]))]
    pub safe: SafeZone,
    /// Print only: pixels cut off at each edge.
    #[serde(default)]
    #[schemars(range(max = 1000), example = 36)]
    pub bleed: u32,
    /// Print only: dots per inch.
    #[serde(default)]
    #[schemars(range(min = 36, max = 2400), example = 300)]
    pub dpi: Option<u32>,
    /// From 1 to 100. Left out: 88.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100), example = 88)]
    pub quality: Option<u8>,
    /// What the numbers rest on, for whoever checks them next.
    #[serde(default)]
    #[schemars(example = &"the network's help page")]
    pub source: Option<String>,
    /// When that was last checked.
    #[serde(default)]
    #[schemars(example = &"2026-11")]
    pub checked: Option<String>,
    /// How sure the numbers are.
    #[serde(default)]
    pub confidence: Option<Confidence>,
}

/// How sure a format's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The network's own document or code was seen.
    Official,
    /// Several independent sources agree.
    Agreed,
    /// It follows from paper sizes by arithmetic.
    Computed,
    /// Common knowledge, not verified.
    Unverified,
}

/// A model and how to reach it. What is left out stays as it is built in.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelTable {
    /// The service that it is asked at. Can be left out for a built-in model.
    #[schemars(schema_with = "providers")]
    pub provider: Option<At<String>>,
    /// What the service calls it. Left out: the id of this table.
    #[schemars(example = &"gemini-nano-banana-2.1")]
    pub model: Option<At<String>>,
    /// The address of the service. Left out: its own, or the one in a variable such as SOFTBOX_GEMINI_URL.
    #[schemars(example = &"http://localhost:11434/v1")]
    pub url: Option<At<String>>,
    /// The name of the variable that holds the key, never the key itself. Left out: the one that the service's own programs read.
    #[schemars(example = &"SHOP_GEMINI_KEY")]
    pub key: Option<At<String>>,
    /// What it can do.
    #[schemars(example = ["image.edit", "image.multi_reference(4)"])]
    pub can: Option<Vec<At<String>>>,
    /// What it costs, so that you know before it is asked.
    #[schemars(schema_with = "price")]
    pub price: Option<At<BTreeMap<At<String>, At<toml::Value>>>>,
    /// The day on which its service ends it.
    #[schemars(schema_with = "days")]
    pub ends: Option<At<toml::value::Datetime>>,
    /// The model that takes its place then.
    #[schemars(example = &"nano-banana")]
    pub successor: Option<At<String>>,
    /// Further parameters in the service's own words, sent as they are.
    #[schemars(with = "BTreeMap<String, serde_json::Value>", extend("examples" = [{ "quality": "high" }]))]
    pub parameters: BTreeMap<At<String>, At<toml::Value>>,
}

/// What models may cost. What would go beyond is not asked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetTable {
    /// The most that one command may spend.
    #[schemars(schema_with = "amount")]
    pub per_build: Option<At<toml::Value>>,
    /// The most that may be spent in a calendar month.
    #[schemars(schema_with = "amount")]
    pub per_month: Option<At<toml::Value>>,
    /// What costs more than this is asked about first. Left out: $0.50.
    #[schemars(schema_with = "amount")]
    pub confirm_over: Option<At<toml::Value>>,
}
