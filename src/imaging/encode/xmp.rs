//! What a picture file says of itself: how it came to be, what made it, and what it shows for those who cannot see it.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// The description that a file carries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    pub source: Option<DigitalSource>,
    /// Alternative text, in words.
    pub alt: Option<String>,
    /// What became of each product's own pixels, in words.
    pub products: Vec<String>,
}

/// How a picture came to be, in the order of how far it is from a plain photograph: a picture made of several has the last of
/// theirs. Source: IPTC NewsCodes, digital source type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DigitalSource {
    /// A camera's picture.
    DigitalCapture,
    /// A phone's picture, computed from several exposures.
    ComputationalCapture,
    /// A design without any photo.
    DigitalCreation,
    /// Exposure, colour and the like changed by a person's recipe.
    HumanEdits,
    /// Improved by a program, such as cut out by a model.
    AlgorithmicallyEnhanced,
    /// Several photos in one.
    CompositeCapture,
    /// Photos and generated parts in one.
    CompositeWithTrainedAlgorithmicMedia,
    /// Generated as a whole.
    TrainedAlgorithmicMedia,
}

impl DigitalSource {
    /// The code behind `http://cv.iptc.org/newscodes/digitalsourcetype/`.
    pub fn code(self) -> &'static str {
        match self {
            DigitalSource::DigitalCapture => "digitalCapture",
            DigitalSource::ComputationalCapture => "computationalCapture",
            DigitalSource::DigitalCreation => "digitalCreation",
            DigitalSource::HumanEdits => "humanEdits",
            DigitalSource::AlgorithmicallyEnhanced => "algorithmicallyEnhanced",
            DigitalSource::CompositeCapture => "compositeCapture",
            DigitalSource::CompositeWithTrainedAlgorithmicMedia => "compositeWithTrainedAlgorithmicMedia",
            DigitalSource::TrainedAlgorithmicMedia => "trainedAlgorithmicMedia",
        }
    }
}

const BEFORE_PRODUCTS: &str = "<softbox:Products><rdf:Seq>";
const BEHIND_PRODUCTS: &str = "</rdf:Seq></softbox:Products>";

/// What a finished file says of its products' own pixels: [`Description::products`]. XMP is never compressed, so that it is found in any kind
/// of file.
pub fn products(file: &[u8]) -> Vec<String> {
    let find = |bytes: &[u8], mark: &str| memchr::memmem::find(bytes, mark.as_bytes());
    let items = find(file, BEFORE_PRODUCTS).and_then(|at| {
        let items = &file[at + BEFORE_PRODUCTS.len()..];
        std::str::from_utf8(&items[..find(items, BEHIND_PRODUCTS)?]).ok()
    });
    let items = items.unwrap_or_default().split("<rdf:li>").filter_map(|item| item.strip_suffix("</rdf:li>"));
    items.map(|item| item.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).collect()
}

/// The XMP packet of a description. The identifier in its first line is the constant that every packet has.
pub fn packet(description: &Description) -> String {
    let mut fields = String::new();
    // Writing to a string cannot fail.
    let _ = write!(fields, "<xmp:CreatorTool>softbox</xmp:CreatorTool>");
    if let Some(source) = description.source {
        let code = source.code();
        let _ = write!(
            fields,
            "<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/{code}</Iptc4xmpExt:DigitalSourceType>"
        );
    }
    if let Some(alt) = description.alt.as_deref().map(escaped).filter(|alt| !alt.is_empty()) {
        let _ = write!(
            fields,
            "<Iptc4xmpCore:AltTextAccessibility><rdf:Alt><rdf:li xml:lang=\"x-default\">{alt}</rdf:li></rdf:Alt></Iptc4xmpCore:AltTextAccessibility>"
        );
    }
    if !description.products.is_empty() {
        let items: String =
            description.products.iter().map(|item| format!("<rdf:li>{}</rdf:li>", escaped(item))).collect();
        let _ = write!(fields, "{BEFORE_PRODUCTS}{items}{BEHIND_PRODUCTS}");
    }
    // Named only where it is used: other files stay what they were.
    let own = if description.products.is_empty() { "" } else { "xmlns:softbox=\"urn:softbox:xmp:1\" " };
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" {own}\
         xmlns:Iptc4xmpCore=\"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/\" \
         xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\">{fields}</rdf:Description></rdf:RDF></x:xmpmeta>\
         <?xpacket end=\"r\"?>"
    )
}

/// Text as XML 1.0 allows it: what it forbids is left out, what it would misread is escaped.
fn escaped(text: &str) -> String {
    let allowed =
        |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let mut escaped = String::with_capacity(text.len());
    for c in text.trim().chars().filter(allowed) {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_escapes_what_people_write() {
        let alt = Some("Jar & lid <new> \u{0}“50 %” 🫙".to_owned());
        let packet = packet(&Description { source: Some(DigitalSource::HumanEdits), alt, ..Description::default() });
        assert!(packet.contains(">Jar &amp; lid &lt;new&gt; “50 %” 🫙<"));
        assert!(packet.contains("/digitalsourcetype/humanEdits<"));
    }

    #[test]
    fn what_a_packet_says_of_products_is_read_back() {
        let said = vec!["A & B <1>: 3×4 at 0,0".to_owned(), "jar &amp; lid".to_owned()];
        let written = packet(&Description { products: said.clone(), ..Description::default() });
        assert_eq!(products(written.as_bytes()), said);
        let cut = &written.as_bytes()[..written.len() / 2];
        for other in [packet(&Description::default()).as_bytes(), cut, &[0xff, 0xd8][..]] {
            assert!(products(other).is_empty());
        }
    }

    #[test]
    fn the_most_made_up_part_names_the_whole() {
        let parts = [
            DigitalSource::HumanEdits,
            DigitalSource::CompositeWithTrainedAlgorithmicMedia,
            DigitalSource::DigitalCapture,
        ];
        assert_eq!(parts.into_iter().max(), Some(DigitalSource::CompositeWithTrainedAlgorithmicMedia));
    }
}
