//! The steps of a look that models do: a picture is sent, takes come back, one goes on.

use std::sync::Arc;

use super::{Planner, data};
use crate::actions::Task;
use crate::actions::caption::Caption;
use crate::actions::develop::Develop;
use crate::actions::edit::Edit;
use crate::actions::errand::Errand;
use crate::actions::fidelity::Fidelity;
use crate::actions::pick::Pick;
use crate::actions::read::Read;
use crate::actions::send::{REACH, Send, Sheet};
use crate::actions::surround::Surround;
use crate::campaign::direction::Direction;
use crate::campaign::picks::shot_name;
use crate::campaign::reach::Reach;
use crate::campaign::{Look, Picture, Place, Step};
use crate::engine::{ActionId, Input, Node};

/// One step of one photo that models do.
struct Stage<'a> {
    picture: &'a Picture,
    /// `hero/citrus-haze`
    name: String,
    /// The step's number in its look, from 1.
    number: usize,
    direction: &'a Direction,
    is_scene: bool,
    place: Option<Place>,
    /// Answers of each model.
    takes: u32,
}

/// A picture as models see it.
struct Seen {
    developed: ActionId,
    sent: ActionId,
}

impl<'a> Planner<'a> {
    /// What a photo's look makes up to the last step that models do, and the steps that follow. `None` for a look without models.
    pub(super) fn directed(&mut self, picture: &'a Picture, look: &'a Look) -> Option<(ActionId, &'a [Step])> {
        let last = look.steps.iter().rposition(|step| step.direction().is_some())?;
        let rest = &look.steps[last + 1..];
        let (photo, path) = (&*picture.photo, picture.path.as_str());
        if let Some(id) = self.directed.get(&(photo, path)) {
            return Some((*id, rest));
        }
        let name = shot_name(photo, &picture.path);
        let mut made: Option<ActionId> = None;
        let mut from = 0;
        for (at, step) in look.steps[..=last].iter().enumerate() {
            let Some(direction) = step.direction() else { continue };
            let place = self.place_of_look(photo);
            let is_scene = matches!(step, Step::Scene(_));
            let picks = self.campaign.picks.of(&format!("photo/{name}"));
            // Further takes are of the step that is worked on.
            let takes = direction.takes() + if at == last { picks.more } else { 0 };
            let stage = Stage { picture, name: name.clone(), number: at + 1, direction, is_scene, place, takes };
            let developed = self.shown(&stage, made, &look.steps[from..at]);
            let product = self.product(&stage, &look.steps[..at], developed);
            made = Some(self.stage(&stage, developed, product));
            from = at + 1;
        }
        let made = made?;
        self.directed.insert((photo, path), made);
        Some((made, rest))
    }

    /// The picture that models are shown: the photo, or what was made of it so far, with the steps in between.
    fn shown(&mut self, stage: &Stage<'a>, made: Option<ActionId>, steps: &[Step]) -> ActionId {
        let path = &stage.picture.path;
        let mut inputs = vec![made.map_or_else(|| Input::File(path.as_str().into()), Input::Action)];
        if steps.contains(&Step::Cutout) {
            inputs.push(Input::Action(self.cutout(path)));
        }
        let action = Develop { steps: steps.to_vec(), reach: REACH, path: path.to_string() };
        self.graph.add(Node {
            name: format!("develop {} for step {}", stage.name, stage.number),
            action: Task::Develop(action),
            inputs,
            asset: None,
        })
    }

    /// The product alone as it was photographed, where it is needed: to be kept, or to be compared with.
    fn product(&mut self, stage: &Stage<'a>, before: &[Step], developed: ActionId) -> Option<ActionId> {
        if !stage.is_scene && stage.direction.fidelity.is_none() {
            return None;
        }
        let is_first = !before.iter().any(|step| step.direction().is_some());
        if is_first && before.contains(&Step::Cutout) {
            return Some(developed);
        }
        // What was done to the photo before models saw it, and no more.
        let mut steps: Vec<Step> = before.iter().take_while(|step| step.direction().is_none()).cloned().collect();
        if !steps.contains(&Step::Cutout) {
            steps.insert(0, Step::Cutout);
        }
        let path = &stage.picture.path;
        let inputs = vec![Input::File(path.as_str().into()), Input::Action(self.cutout(path))];
        Some(self.graph.add(Node {
            name: format!("develop {} for comparing, step {}", stage.name, stage.number),
            action: Task::Develop(Develop { steps, reach: REACH, path: path.to_string() }),
            inputs,
            asset: None,
        }))
    }

    /// All takes of a step, and the one of them that goes on.
    fn stage(&mut self, stage: &Stage<'a>, developed: ActionId, product: Option<ActionId>) -> ActionId {
        let words = self.words(stage);
        let mut takes = Vec::new();
        for model in &stage.direction.models {
            // The campaign leaves out looks that name a model that is not there.
            let Some(reach) = self.models().get(model).cloned() else { continue };
            let limit = reach.model.kind.picture_bytes(1 + stage.direction.references.len());
            let sent = self.sent(&stage.name, stage.number, developed, limit, stage.picture.path.as_str());
            let mut inputs = vec![Input::Action(words), Input::Action(sent)];
            let mask = self.mask(stage, &reach, &Seen { developed, sent }, limit);
            inputs.extend(mask.map(Input::Action));
            for path in &stage.direction.references {
                inputs.push(Input::Action(self.reference(path, limit)));
            }
            for take in 1..=stage.takes {
                let inputs = inputs.clone();
                takes.push(self.take(stage, model, &reach, take, mask.is_some(), inputs));
            }
        }
        let picked = self.pick(stage, &takes, product);
        match product.filter(|_| stage.is_scene) {
            Some(product) => self.graph.add(Node {
                name: format!("surround {}, step {}", stage.name, stage.number),
                action: Task::Surround(Surround { photo: stage.name.clone(), place: stage.place.clone() }),
                inputs: vec![Input::Action(product), Input::Action(picked)],
                asset: None,
            }),
            None => picked,
        }
    }

    /// What the models are told, with the product's fields.
    fn words(&mut self, stage: &Stage<'a>) -> ActionId {
        let mut fields = data::of_campaign(self.campaign);
        let shot = self.campaign.photos.get(&*stage.picture.photo);
        let shot = shot.and_then(|photo| photo.shots.iter().find(|shot| shot.path == stage.picture.path));
        if let Some(shot) = shot {
            let product = shot.product.as_ref().and_then(|id| self.campaign.products.get(id));
            fields.extend(product.into_iter().flat_map(|product| data::of_product(product)));
            fields.extend(shot.captures.iter().map(|(name, value)| (name.clone(), value.clone().into())));
        }
        let file = stage.direction.prompt_file();
        let text = if file.is_some() { None } else { Some(stage.direction.words().to_owned()) };
        let path = file.unwrap_or(crate::campaign::MANIFEST).to_owned();
        self.graph.add(Node {
            name: format!("prompt {}, step {}", stage.name, stage.number),
            action: Task::Prompt(Box::new(Caption { text, data: fields, network: None, path })),
            inputs: file.map(|path| Input::File(path.into())).into_iter().collect(),
            asset: None,
        })
    }

    /// A developed picture as it is sent, shared by all models that take as many bytes.
    fn sent(&mut self, name: &str, number: usize, developed: ActionId, limit: u64, path: &str) -> ActionId {
        if let Some(id) = self.sent.get(&(developed, limit, Sheet::Picture)) {
            return *id;
        }
        let id = self.graph.add(Node {
            name: format!("send {name}, step {number}, {} MB", limit / 1_000_000),
            action: Task::Send(Send { what: Sheet::Picture, limit, path: path.to_owned() }),
            inputs: vec![Input::Action(developed)],
            asset: None,
        });
        self.sent.insert((developed, limit, Sheet::Picture), id);
        id
    }

    /// The mask that goes with a picture: the person's own, or that of the product in a scene, for models that heed one.
    fn mask(&mut self, stage: &Stage<'a>, reach: &Reach, seen: &Seen, limit: u64) -> Option<ActionId> {
        let heeds = reach.model.can.iter().any(|can| can.name == "image.mask");
        let own = stage.direction.mask.as_ref();
        if own.is_none() && !(stage.is_scene && heeds) {
            return None;
        }
        let what = if own.is_some() { Sheet::Mask } else { Sheet::Product };
        if let Some(id) = self.sent.get(&(seen.developed, limit, what)) {
            return Some(*id);
        }
        let mut inputs = vec![Input::Action(seen.developed), Input::Action(seen.sent)];
        inputs.extend(own.map(|path| Input::File(path.as_str().into())));
        let path = own.map_or_else(|| stage.picture.path.to_string(), Clone::clone);
        let id = self.graph.add(Node {
            name: format!("send the mask of {}, step {}, {} MB", stage.name, stage.number, limit / 1_000_000),
            action: Task::Send(Send { what, limit, path }),
            inputs,
            asset: None,
        });
        self.sent.insert((seen.developed, limit, what), id);
        Some(id)
    }

    /// A further picture for the models to look at, shared by all steps that show it.
    fn reference(&mut self, path: &'a str, limit: u64) -> ActionId {
        let developed = match self.references.get(path) {
            Some(id) => *id,
            None => {
                let id = self.graph.add(Node {
                    name: format!("develop {path} as a reference"),
                    action: Task::Develop(Develop { steps: Vec::new(), reach: REACH, path: path.to_owned() }),
                    inputs: vec![Input::File(path.into())],
                    asset: None,
                });
                self.references.insert(path, id);
                id
            }
        };
        self.sent(path, 0, developed, limit, path)
    }

    /// One take of one model, with what it strayed where that is to be measured.
    fn take(
        &mut self,
        stage: &Stage<'a>,
        called: &str,
        reach: &Reach,
        take: u32,
        has_mask: bool,
        inputs: Vec<Input>,
    ) -> (ActionId, String) {
        let name = format!("{}/{}-{called}-{take}", stage.name, stage.number);
        let action = Edit {
            errand: Errand::new(reach, called, name.clone(), stage.place.clone(), self.desk.clone()),
            take,
            scene: stage.is_scene,
            has_mask,
            side: stage.direction.side(),
        };
        let id = self.graph.add(Node {
            name: format!("take {name}"),
            action: Task::Edit(Box::new(action)),
            inputs,
            asset: None,
        });
        (id, name)
    }

    /// The take that goes on.
    fn pick(&mut self, stage: &Stage<'a>, takes: &[(ActionId, String)], product: Option<ActionId>) -> ActionId {
        let mut inputs: Vec<Input> = takes.iter().map(|(id, _)| Input::Action(*id)).collect();
        let wanted = stage.direction.fidelity;
        if let (Some(product), Some(_)) = (product, wanted) {
            // In a scene the photo's own label goes on.
            let label = if stage.is_scene { None } else { self.label(stage, product) };
            for (id, name) in takes {
                let reading = self.campaign.reading.clone();
                let mut compared = vec![Input::Action(product), Input::Action(*id)];
                compared.extend(label.iter().flatten().cloned());
                let measured = self.graph.add(Node {
                    name: format!("measure {name}"),
                    action: Task::Fidelity(Box::new(Fidelity {
                        reading,
                        name: name.clone(),
                        place: stage.place.clone(),
                    })),
                    inputs: compared,
                    asset: None,
                });
                inputs.push(Input::Action(measured));
            }
        }
        let picks = self.campaign.picks.of(&format!("photo/{}", stage.name));
        let action = Pick {
            takes: takes.len(),
            picks: picks.pick.iter().filter_map(|pick| pick.take.clone()).collect(),
            required: self.campaign.picks_required,
            min: wanted.map(|wanted| wanted.min),
            names: takes.iter().map(|(_, name)| name.clone()).collect(),
            photo: stage.name.clone(),
            step: stage.number,
            place: stage.place.clone(),
        };
        self.graph.add(Node {
            name: format!("pick {}, step {}", stage.name, stage.number),
            action: Task::Pick(Box::new(action)),
            inputs,
            asset: None,
        })
    }

    /// What the product's photo says and the network that reads, where the campaign has the networks for it.
    fn label(&mut self, stage: &Stage<'a>, product: ActionId) -> Option<[Input; 2]> {
        let reading = self.campaign.reading.as_ref()?;
        let [lines, words] = [&reading.lines, &reading.words].map(|path| Input::File(path.as_str().into()));
        let read = self.graph.add(Node {
            name: format!("read {}, step {}", stage.name, stage.number),
            action: Task::Read(Read { reading: Some(reading.clone()), name: stage.name.clone() }),
            inputs: vec![Input::Action(product), lines, words.clone()],
            asset: None,
        });
        Some([Input::Action(read), words])
    }

    /// Where the steps of a photo's look were written.
    fn place_of_look(&self, photo: &str) -> Option<Place> {
        let look = self.campaign.photos.get(photo)?.look.as_ref()?;
        self.campaign.looks.get(look)?.place.clone()
    }

    pub(super) fn models(&mut self) -> Arc<std::collections::BTreeMap<String, Reach>> {
        let own = &self.campaign.models;
        let all = || Arc::new(crate::campaign::reach::all(own).unwrap_or_default());
        self.models.get_or_insert_with(all).clone()
    }
}
