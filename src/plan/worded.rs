//! The words that go with assets: drafts with fields filled in, other words that models are asked for, and what people picked of them.

use super::{DIST, Planner, data};
use crate::actions::Task;
use crate::actions::brief::{Brief, Rules};
use crate::actions::caption::Caption as Filled;
use crate::actions::errand::Errand;
use crate::actions::publish::{Picked, Publish};
use crate::actions::suggest::{SAMPLES, Suggest};
use crate::actions::variants::Variants as Judged;
use crate::campaign::networks;
use crate::campaign::picks::wording_name;
use crate::campaign::reach::Reach;
use crate::campaign::{Asset, Caption, MANIFEST, Variants, texts};
use crate::engine::{ActionId, Input, Node};

/// A caption for one product, whose words models are asked for.
struct Wording<'a> {
    /// `launch/citrus-haze`
    name: &'a str,
    caption: &'a Caption,
    variants: &'a Variants,
}

impl Planner<'_> {
    /// The words beside an asset: `NAME.txt`, and `NAME.alt.txt` for who cannot see the picture.
    pub(super) fn caption(&mut self, asset: &Asset) {
        let (caption_path, alt_path) = texts(self.campaign, asset);
        let caption = asset.post.caption.as_ref().and_then(|id| self.campaign.captions.get(id));
        if let (Some(caption), Some(path)) = (caption, caption_path) {
            self.words_of(asset, caption, &path);
        }
        let photo = asset.scene.pictures.first().and_then(|picture| self.campaign.photos.get(&*picture.photo));
        let alt = caption.and_then(|caption| caption.alt.as_ref()).or(photo.and_then(|photo| photo.alt.as_ref()));
        if let (Some(alt), Some(path)) = (alt, alt_path) {
            let data = data::of(self.campaign, asset);
            self.graph.add(Node {
                name: format!("caption {path}"),
                action: Task::Caption(Box::new(Filled {
                    text: Some(alt.clone()),
                    data,
                    network: None,
                    path: MANIFEST.to_owned(),
                })),
                inputs: Vec::new(),
                asset: Some(format!("{DIST}/{path}")),
            });
        }
    }

    /// The draft; or, once somebody picked them, other words.
    fn words_of(&mut self, asset: &Asset, caption: &Caption, path: &str) {
        let name = wording_name(&caption.id, asset.scene.product.as_deref());
        let picks = self.campaign.picks.of(&format!("caption/{name}"));
        let picks = picks.pick.iter().rev();
        let picked =
            picks.into_iter().find_map(|pick| Some(Picked { words: pick.words.clone()?, draft: pick.draft.clone() }));
        let published = Some(format!("{DIST}/{path}"));
        let draft = match &caption.variants {
            Some(variants) => self.suggested(asset, &Wording { name: &name, caption, variants }),
            None => {
                let data = data::of(self.campaign, asset);
                // Picked words are looked at instead of the draft.
                let network = picked.is_none().then(|| asset.format.network().to_owned());
                let filled = Filled { text: None, data, network, path: caption.draft.to_string() };
                let inputs = vec![Input::File(caption.draft.as_str().into())];
                if picked.is_none() {
                    let action = Task::Caption(Box::new(filled));
                    self.graph.add(Node { name: format!("caption {path}"), action, inputs, asset: published });
                    return;
                }
                self.graph.add(Node {
                    name: format!("draft of {path}"),
                    action: Task::Prompt(Box::new(filled)),
                    inputs,
                    asset: None,
                })
            }
        };
        self.graph.add(Node {
            name: format!("publish {path}"),
            action: Task::Publish(Box::new(Publish {
                picked,
                network: asset.format.network().to_owned(),
                caption: name,
                path: caption.draft.to_string(),
            })),
            inputs: vec![Input::Action(draft)],
            asset: published,
        });
    }

    /// The draft that models are asked for other words for, and all that is asked about it: once for all posts of a product.
    fn suggested(&mut self, asset: &Asset, wording: &Wording<'_>) -> ActionId {
        if let Some(id) = self.drafts.get(wording.name) {
            return *id;
        }
        let Wording { name, caption, variants } = wording;
        let mut fields = data::of_campaign(self.campaign);
        let product = asset.scene.product.as_ref().and_then(|id| self.campaign.products.get(id));
        fields.extend(product.into_iter().flat_map(|product| data::of_product(product)));
        let draft = self.graph.add(Node {
            name: format!("draft {name}"),
            action: Task::Prompt(Box::new(Filled {
                text: None,
                data: fields.clone(),
                network: None,
                path: caption.draft.to_string(),
            })),
            inputs: vec![Input::File(caption.draft.as_str().into())],
            asset: None,
        });
        self.drafts.insert((*name).to_owned(), draft);
        let rules = Rules {
            ask: variants.ask.clone(),
            must: variants.must.clone(),
            never: variants.never.clone(),
            keep: variants.keep.clone(),
        };
        let place = Some(variants.place.clone());
        let brief = self.graph.add(Node {
            name: format!("brief {name}"),
            action: Task::Brief(Box::new(Brief {
                rules,
                data: fields,
                caption: (*name).to_owned(),
                place: place.clone(),
            })),
            inputs: vec![Input::Action(draft)],
            asset: None,
        });
        let mut inputs = vec![Input::Action(draft), Input::Action(brief)];
        let mut asked = Vec::new();
        for model in &variants.models {
            // The campaign asks nobody where a model is not there.
            let Some(reach) = self.models().get(model).cloned() else { continue };
            inputs.push(Input::Action(self.suggest(wording, model, &reach, inputs[..2].to_vec())));
            asked.push(model.clone());
        }
        self.graph.add(Node {
            name: format!("variants {name}"),
            action: Task::Variants(Judged { models: asked, caption: (*name).to_owned(), place }),
            inputs,
            asset: None,
        });
        draft
    }

    /// What one model is asked for.
    fn suggest(&mut self, wording: &Wording<'_>, called: &str, reach: &Reach, mut inputs: Vec<Input>) -> ActionId {
        let samples = self.campaign.brand.voice.iter().take(SAMPLES);
        inputs.extend(samples.map(|path| Input::File(path.as_str().into())));
        let length = |name: &String| Some(format!("{name}: at most {} characters", networks::all().get(name)?.most));
        let name = format!("captions/{}-{called}-1", wording.name);
        let action = Suggest {
            errand: Errand::new(reach, called, name.clone(), Some(wording.variants.place.clone()), self.desk.clone()),
            count: wording.variants.count,
            lengths: wording.caption.networks.iter().filter_map(length).collect(),
            has_schema: reach.model.can.iter().any(|can| can.name == "text.json_schema"),
        };
        self.graph.add(Node {
            name: format!("suggest {name}"),
            action: Task::Suggest(Box::new(action)),
            inputs,
            asset: None,
        })
    }
}
