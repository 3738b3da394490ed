//! What a model costs: a table of prices as its maker publishes them, an estimate before a request, and the cost after it.

use std::collections::BTreeMap;

use super::money::micros;
use super::{Ask, Currency, Money, Request, Usage};

/// Prices of a model under these names, in one currency:
///
/// - `image`: a picture, whatever it is like; `image_1k`, `image_2k`, … (up to so many thousands of pixels squared);
///   `image_low`, `image_medium`, `image_high` (by the parameter `quality`); the dearest name that fits a request counts.
/// - `input_image`: each picture that is sent.
/// - `text_in`, `image_in`, `text_out`, `image_out`: a million tokens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prices {
    prices: BTreeMap<String, Money>,
    /// The day on which they were looked up, such as `2026-11-23`.
    pub as_of: Option<String>,
}

/// Names that a price can have.
pub const NAMES: [&str; 14] = [
    "image",
    "image_512",
    "image_1k",
    "image_2k",
    "image_3k",
    "image_4k",
    "image_low",
    "image_medium",
    "image_high",
    "input_image",
    "text_in",
    "image_in",
    "text_out",
    "image_out",
];
const TIERS: [(u64, &str); 5] =
    [(512, "image_512"), (1024, "image_1k"), (2048, "image_2k"), (3072, "image_3k"), (4096, "image_4k")];

impl Prices {
    /// Reads a table such as `{ image_2k = 0.0504, as_of = 2026-11-23, currency = "USD" }`.
    ///
    /// # Errors
    /// A name that is none, or a value that is no amount; in one line.
    pub fn read(table: &toml::Table) -> Result<Prices, String> {
        let mut prices = Prices::default();
        let currency = match table.get("currency") {
            None => Currency::USD,
            Some(name) => name.as_str().and_then(|name| name.parse().ok()).ok_or("`currency` is not like \"USD\"")?,
        };
        for (name, value) in table {
            match name.as_str() {
                "currency" => {}
                "as_of" => prices.as_of = Some(value.as_datetime().ok_or("`as_of` is not a day")?.to_string()),
                name if NAMES.contains(&name) => {
                    let text = match value {
                        toml::Value::Integer(number) => number.to_string(),
                        toml::Value::Float(number) => number.to_string(),
                        _ => return Err(format!("`{name}` is not a number")),
                    };
                    let micros = micros(&text).ok_or_else(|| format!("`{name}` is not an amount of money"))?;
                    prices.prices.insert(name.to_owned(), Money { micros, currency });
                }
                name => return Err(format!("`{name}` is not a kind of price (there are {})", NAMES.join(", "))),
            }
        }
        Ok(prices)
    }

    /// A model that runs here costs nothing.
    pub fn free() -> Prices {
        let names = ["image", "input_image", "text_in", "image_in", "text_out", "image_out"];
        Prices { prices: names.map(|name| (name.to_owned(), Money::usd(0))).into(), as_of: None }
    }

    pub fn is_known(&self) -> bool {
        !self.prices.is_empty()
    }

    /// Names and amounts, for a listing.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Money)> {
        self.prices.iter().map(|(name, price)| (name.as_str(), *price))
    }

    /// What a request costs, guessed upwards; `None` where the prices do not tell.
    pub fn estimate(&self, request: &Request) -> Option<Money> {
        match &request.ask {
            Ask::Image(ask) => {
                let count = u64::from(ask.count.max(1));
                let inputs = ask.pictures.len() as u64;
                let each = self.get("input_image").map(|price| price.times(inputs));
                // Services that bill pictures by tokens cut them into at most so many.
                let tokens = self.get("image_in").map(|price| price.for_tokens(6_000 * inputs));
                // The prompt in tokens, for those who bill it besides: small, and counted by the byte.
                let prompt = self.get("text_in").map(|price| price.for_tokens(ask.prompt.len() as u64));
                let made = self.image(request)?.times(count);
                [each, tokens, prompt].into_iter().flatten().try_fold(made, Money::plus)
            }
            Ask::Text(ask) => {
                // A token has about four bytes of English; two leave room for other languages and for JSON.
                let read = (ask.system.len() + ask.prompt.len()) as u64 / 2 + 1_600 * ask.pictures.len() as u64;
                let read = self.get("text_in")?.for_tokens(read);
                read.plus(self.get("text_out")?.for_tokens(u64::from(ask.max_tokens)))
            }
        }
    }

    /// What an answer cost: as the service says, or by its tokens, or as estimated.
    pub fn cost(&self, request: &Request, usage: &Usage) -> Option<Money> {
        let made = match request.ask {
            Ask::Image(_) => usage.output_image_tokens,
            Ask::Text(_) => usage.output_text_tokens,
        };
        let counted = self.counted(usage).filter(|_| usage.cost.is_some() || made.is_some());
        counted.or_else(|| self.estimate(request))
    }

    /// What the service counted; `None` where it did not, or where a price for what it counted is missing.
    pub fn counted(&self, usage: &Usage) -> Option<Money> {
        if usage.cost.is_some() {
            return usage.cost;
        }
        let counts = [
            (usage.input_text_tokens, "text_in"),
            (usage.input_image_tokens, "image_in"),
            (usage.output_text_tokens, "text_out"),
            (usage.output_image_tokens, "image_out"),
        ];
        let counts = counts.into_iter().filter_map(|(tokens, name)| Some((tokens.filter(|tokens| *tokens > 0)?, name)));
        let costs: Option<Vec<Money>> = counts.map(|(tokens, name)| Some(self.get(name)?.for_tokens(tokens))).collect();
        costs?
            .into_iter()
            .try_fold(None, |sum: Option<Money>, cost| sum.map_or(Some(cost), |sum| sum.plus(cost)).map(Some))?
    }

    fn get(&self, name: &str) -> Option<Money> {
        self.prices.get(name).copied()
    }

    /// One picture of a request.
    fn image(&self, request: &Request) -> Option<Money> {
        let Ask::Image(ask) = &request.ask else { return None };
        let quality = request.extra.get("quality").and_then(serde_json::Value::as_str);
        let by_quality = match quality {
            Some("low") => self.get("image_low"),
            Some("medium") => self.get("image_medium"),
            _ => self.get("image_high"),
        };
        let by_size = self.by_size(ask.size.map(super::Size::pixels), by_quality.is_some());
        [by_quality, by_size, self.get("image")].into_iter().flatten().max_by_key(|price| price.micros)
    }

    /// The step that holds so many pixels; without a size, the largest one. Where pictures are priced by quality, a step is a surcharge
    /// for those with more than half of its side.
    fn by_size(&self, pixels: Option<u64>, is_surcharge: bool) -> Option<Money> {
        let mut last = None;
        for (side, name) in TIERS {
            let Some(price) = self.get(name) else { continue };
            let is_due = !is_surcharge || pixels.is_none_or(|pixels| pixels > side * side / 4);
            last = is_due.then_some(price).or(last);
            if pixels.is_some_and(|pixels| pixels <= side * side) {
                break;
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::models::{ImageAsk, Size, TextAsk};

    fn prices(table: &str) -> Prices {
        Prices::read(&table.parse().unwrap()).unwrap()
    }

    fn image(width: u32, height: u32, quality: &str) -> Request {
        let ask = ImageAsk { size: Some(Size { width, height }), ..ImageAsk::default() };
        let mut extra = Map::new();
        extra.insert("quality".into(), quality.into());
        Request { model: "m".into(), ask: Ask::Image(ask), take: 1, extra, recipe: None }
    }

    #[test]
    fn an_estimate_takes_the_size_the_quality_and_the_pictures_that_are_sent() {
        let sizes = prices("image_1k = 0.03\nimage_2k = 0.05\nas_of = 2026-10-06");
        assert_eq!(sizes.estimate(&image(1080, 1350, "")).unwrap().to_string(), "$0.05");
        assert_eq!(sizes.estimate(&image(800, 800, "")).unwrap().to_string(), "$0.03");
        assert_eq!(sizes.estimate(&image(5000, 5000, "")).unwrap().to_string(), "$0.05");
        let qualities = prices("image_low = 0.006\nimage_high = 0.211\nimage_4k = 0.401");
        assert_eq!(qualities.estimate(&image(1024, 1024, "low")).unwrap().to_string(), "$0.006");
        assert_eq!(qualities.estimate(&image(1024, 1024, "")).unwrap().to_string(), "$0.211", "guessed upwards");
        assert_eq!(qualities.estimate(&image(3840, 2160, "high")).unwrap().to_string(), "$0.401");
    }

    #[test]
    fn an_unknown_price_is_unknown_and_never_zero() {
        assert_eq!(Prices::default().estimate(&image(1, 1, "")), None);
        let text = Request { ask: Ask::Text(TextAsk::default()), ..image(1, 1, "") };
        assert_eq!(prices("text_in = 1").estimate(&text), None);
        assert_eq!(Prices::default().cost(&text, &Usage::default()), None);
        assert_eq!(Prices::free().estimate(&text), Some(Money::usd(0)));
    }

    #[test]
    fn a_cost_goes_by_what_the_service_says_then_by_tokens_then_by_the_estimate() {
        let table = prices("text_in = 5\nimage_in = 8\nimage_out = 30\nimage_high = 0.211");
        let request = image(1024, 1024, "");
        let counted = Usage {
            input_text_tokens: Some(100),
            input_image_tokens: Some(1000),
            output_image_tokens: Some(1680),
            ..Usage::default()
        };
        assert_eq!(table.cost(&request, &counted).unwrap().to_string(), "$0.0589");
        assert_eq!(table.cost(&request, &Usage::default()).unwrap().to_string(), "$0.211");
        let said = Usage { cost: Some(Money::usd(40_000)), ..counted };
        assert_eq!(table.cost(&request, &said).unwrap().to_string(), "$0.04");
    }

    #[test]
    fn a_table_with_a_slip_is_told_which() {
        for (table, word) in
            [("imag = 1", "imag"), ("image = \"1\"", "number"), ("image = -1", "amount"), ("currency = 1", "currency")]
        {
            assert!(Prices::read(&table.parse().unwrap()).unwrap_err().contains(word), "{table}");
        }
    }
}
