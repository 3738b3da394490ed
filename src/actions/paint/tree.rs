//! The page as takumi lays it out: styles, boxes and text, found again by the names that [`super::page`] gave them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use takumi::from_html;
use takumi::prelude::{
    FromHtmlOptions, ImageSource, ImageSourceInput, MeasuredNode, MeasuredTextRun, Node, NodeKind, RenderOptions,
};
use takumi::prelude::{StyleSheet, Viewport};
use takumi::unstable::base::geometry::{ComputedLayout, NodeId};
use takumi::unstable::base::layout::tree::{LayoutResults, RenderNode};
use takumi::unstable::base::scene::Scene;

use super::fonts::{Book, book};
use super::page::{FIT_INNER, Page, image_name};
use super::pictures::{Picture, resolve};
use super::places::Places;
use super::{BrandFont, Supply};
use crate::actions::compose::Document;
use crate::campaign::Problem;

/// Everything that a layout of a document is made from.
pub(crate) struct Stage {
    pub page: Page,
    pub css: String,
    stylesheet: Arc<StyleSheet>,
    pub book: Arc<Book>,
    viewport: Viewport,
    /// The pictures of the page's `<img>`, by their numbers.
    pub pictures: Vec<Picture>,
    /// The pictures that the CSS shows, by the URL as written.
    pub backgrounds: BTreeMap<String, Picture>,
}

/// One box of a laid-out page.
pub(super) struct LaidBox {
    /// Child indices from the root of the render tree.
    pub path: Vec<usize>,
    pub layout: ComputedLayout,
    /// From the border box to the canvas: `[a, b, c, d, x, y]`.
    pub transform: [f32; 6],
    /// In the content box.
    pub runs: Vec<MeasuredTextRun>,
}

impl Stage {
    /// Reads a document and everything that it shows, and refuses what cannot be shown.
    pub fn set(
        doc: &Document,
        brand: &[BrandFont],
        supply: &mut dyn Supply,
        places: &mut Places<'_>,
    ) -> Result<Stage, Vec<Problem>> {
        if doc.width == 0 || doc.height == 0 || u64::from(doc.width) * u64::from(doc.height) > 64 << 20 {
            let message = format!("a canvas of {}×{} pixels cannot be painted", doc.width, doc.height);
            return Err(vec![Problem::error("bad-size", message).hint("a format has 1 to 64 million pixels")]);
        }
        let page = Page::read(places, doc.unit, supply)?;
        let mut problems = Vec::new();
        let stylesheet = match super::css::stylesheet(&doc.css, &page, places, supply) {
            Ok(sheet) => Some(sheet),
            Err(wrong) => {
                problems.extend(wrong);
                None
            }
        };
        let mut pictures = Vec::new();
        for image in &page.images {
            match resolve(&image.src, supply) {
                Ok(picture) => pictures.push(picture),
                Err(problem) => problems.push(match problem.place {
                    Some(_) => problem,
                    None => problem.at(places.tag(image.at, "src", supply)),
                }),
            }
        }
        let Some(_) = stylesheet.filter(|_| problems.is_empty()) else { return Err(problems) };
        let least: Vec<u32> = page.fits.iter().map(|fit| fit.least).collect();
        let node = parse(&page.html(&least, false))?;
        let mut characters: BTreeSet<char> = doc.css.chars().collect();
        collect_characters(&node, &mut characters);
        let book = book(brand, &characters, &[&doc.css, &doc.html])?;
        let css = format!(
            "html {{ font-family: \"{}\"; }}\n.{FIT_INNER} {{ display: block; }}\n{}",
            book.default_family().replace(['"', '\\'], ""),
            doc.css
        );
        let stylesheet = StyleSheet::parse(&css).map_err(|error| vec![Problem::error("bad-css", error.to_string())])?;
        let mut stage = Stage {
            page,
            css,
            stylesheet: Arc::new(stylesheet),
            book,
            viewport: Viewport::new((doc.width, doc.height)),
            pictures,
            backgrounds: BTreeMap::new(),
        };
        stage.find_backgrounds(&least, supply, places)?;
        Ok(stage)
    }

    /// Learns which pictures the CSS shows; those of rules that match nothing are never asked for.
    fn find_backgrounds(
        &mut self,
        sizes: &[u32],
        supply: &mut dyn Supply,
        places: &mut Places<'_>,
    ) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        for url in self.render_tree(sizes, &HashMap::new())?.needs().images {
            if url.starts_with("softbox:") {
                continue;
            }
            match resolve(&url, supply) {
                Ok(picture) => {
                    self.backgrounds.insert(url, picture);
                }
                Err(problem) => problems.push(match problem.place {
                    Some(_) => problem,
                    None => {
                        let place = places.in_css(&url, supply).unwrap_or_else(|| places.text(&url, supply));
                        problem.at(place)
                    }
                }),
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The images that layout reads sizes from; `painted` stand in for those of the CSS.
    fn images(&self, painted: &HashMap<String, ImageSource>) -> HashMap<Arc<str>, ImageSource> {
        let numbered = self
            .pictures
            .iter()
            .enumerate()
            .filter_map(|(n, picture)| Some((image_name(n).into(), picture.stand_in()?)));
        let backgrounds = self.backgrounds.iter().filter_map(|(url, picture)| {
            let image = painted.get(url).cloned().or_else(|| picture.stand_in())?;
            Some((Arc::from(url.as_str()), image))
        });
        numbered.chain(backgrounds).collect()
    }

    /// The styled tree, before layout.
    fn render_tree(&self, sizes: &[u32], painted: &HashMap<String, ImageSource>) -> Result<RenderNode, Vec<Problem>> {
        let node = parse(&self.page.html(sizes, false))?;
        let mut options = RenderOptions::builder()
            .viewport(self.viewport)
            .fonts(&self.book.fonts)
            .node(Node::container([]))
            .images(self.images(painted))
            .stylesheet(self.stylesheet.clone())
            .build();
        Ok(RenderNode::from_node(&options.take_render_context(), node))
    }

    /// The page laid out for measuring.
    pub fn measure(&self, sizes: &[u32]) -> Result<(RenderNode, Vec<LaidBox>), Vec<Problem>> {
        let mut root = self.render_tree(sizes, &HashMap::new())?;
        let results = LayoutResults::compute_document(&root, self.viewport.into());
        let boxes = boxes(&mut root, &results, self.viewport)?;
        Ok((root, boxes))
    }

    /// The page laid out for painting.
    pub fn scene(&self, sizes: &[u32]) -> Result<Scene, Vec<Problem>> {
        self.scene_with(sizes, &HashMap::new())
    }

    /// The page laid out for painting, with finished pictures in the place of those of the CSS.
    pub fn scene_with(&self, sizes: &[u32], painted: &HashMap<String, ImageSource>) -> Result<Scene, Vec<Problem>> {
        Scene::lay_out(self.render_tree(sizes, painted)?, self.viewport, true).map_err(failed)
    }

    /// The boxes of a scene.
    pub fn boxes(&self, scene: &mut Scene) -> Result<Vec<LaidBox>, Vec<Problem>> {
        boxes(&mut scene.root, &scene.results, self.viewport)
    }
}

fn failed(error: takumi::prelude::Error) -> Vec<Problem> {
    vec![Problem::error("layout", format!("the page cannot be laid out: {error}"))]
}

fn parse(html: &str) -> Result<Node, Vec<Problem>> {
    from_html(html, FromHtmlOptions::default()).map_err(|error| {
        vec![Problem::error("layout", error.to_string()).hint("close the elements that are left open")]
    })
}

fn collect_characters(node: &Node, characters: &mut BTreeSet<char>) {
    match &node.kind {
        NodeKind::Text(text) => characters.extend(text.text.chars()),
        NodeKind::Container { children } => children.iter().for_each(|child| collect_characters(child, characters)),
        _ => {}
    }
}

/// Every box of a laid-out tree, parents before children.
fn boxes(root: &mut RenderNode, results: &LayoutResults, viewport: Viewport) -> Result<Vec<LaidBox>, Vec<Problem>> {
    let measured = MeasuredNode::of(root, results, viewport.size.into()).map_err(failed)?;
    let mut boxes = Vec::new();
    let mut waiting = vec![(NodeId::ROOT, Vec::new(), measured)];
    while let Some((id, path, mut measured)) = waiting.pop() {
        let layout = results.layout(id).map_err(failed)?;
        let has_children = root.node_at_path(&path).is_some_and(|node| node.children.is_some());
        let children = if has_children { results.box_children(id).map_err(failed)? } else { &[] };
        // Inline boxes are measured ahead of the children, and have no node of their own.
        let inline = measured.children.len().saturating_sub(children.len());
        for (child, measured) in children.iter().zip(measured.children.drain(inline..)).rev().collect::<Vec<_>>() {
            let mut child_path = path.clone();
            child_path.push(child.render_index);
            child_path.extend(child.inline_path.iter().flatten());
            waiting.push((child.node_id, child_path, measured));
        }
        boxes.push(LaidBox { path, layout, transform: measured.transform, runs: measured.runs });
    }
    Ok(boxes)
}

/// The number of the `<img>` that a node is.
pub(super) fn image_number(node: &RenderNode) -> Option<usize> {
    let NodeKind::Image(image) = &node.node.as_ref()?.kind else { return None };
    let ImageSourceInput::Url(url) = &image.src else { return None };
    url.strip_prefix("softbox:")?.parse().ok()
}

/// Whether a node has a class.
pub(super) fn has_class(node: &RenderNode, class: &str) -> bool {
    node.node.as_ref().is_some_and(|node| node.classes().any(|own| own == class))
}
