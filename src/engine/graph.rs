//! The graph of a build: actions under dense numbers, each named, with what it depends on and the asset it makes.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::fold::fold;
use super::records::tops;

/// Dense number of an action in a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionId(pub u32);

impl ActionId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Something that an action depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file of the campaign, by its relative path.
    File(std::sync::Arc<str>),
    /// What another action makes.
    Action(ActionId),
}

/// An action in its place.
#[derive(Debug, Clone)]
pub struct Node<A> {
    /// Unique in its graph and the same from build to build, such as `develop hero/citrus-haze`.
    pub name: String,
    pub action: A,
    pub inputs: Vec<Input>,
    /// Where its output is published, relative to the campaign, such as `dist/card/citrus-haze.jpg`.
    pub asset: Option<String>,
}

/// Actions in an order in which every one comes after what it depends on.
#[derive(Debug, Clone)]
pub struct Graph<A> {
    nodes: Vec<Node<A>>,
    /// What follows from the nodes, found once: a watch builds the same graph again and again.
    known: OnceLock<Known>,
}

/// What follows from the nodes of a graph.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// [`fold`] of each name.
    pub names: Vec<u64>,
    pub dependents: Dependents,
    /// Those that make an asset, in the order of the assets' paths.
    pub makers: Vec<ActionId>,
    pub crossed: BTreeMap<ActionId, ActionId>,
}

impl<A> Default for Graph<A> {
    fn default() -> Self {
        Graph { nodes: Vec::new(), known: OnceLock::new() }
    }
}

impl<A> Graph<A> {
    /// Adds an action. Its inputs must be in the graph already, which is what keeps the graph free of circles.
    pub fn add(&mut self, node: Node<A>) -> ActionId {
        let id = ActionId(self.nodes.len() as u32);
        debug_assert!(node.inputs.iter().all(|input| !matches!(input, Input::Action(other) if *other >= id)));
        self.nodes.push(node);
        self.known.take();
        id
    }

    pub(super) fn known(&self) -> &Known {
        self.known.get_or_init(|| {
            let assets = self.assets();
            Known {
                names: self.nodes.iter().map(|node| fold(node.name.as_bytes())).collect(),
                dependents: self.dependents(),
                makers: assets.iter().map(|(_, id)| *id).collect(),
                crossed: crossed(&assets),
            }
        })
    }

    /// Makes room for so many more actions.
    pub fn reserve(&mut self, actions: usize) {
        self.nodes.reserve(actions);
    }

    /// The paths of all assets, sorted.
    pub(super) fn asset_paths(&self) -> impl ExactSizeIterator<Item = &str> {
        self.known().makers.iter().map(|id| self.asset_of(*id))
    }

    /// The folders at the top in which assets lie, each with a `/` behind.
    pub(super) fn tops(&self) -> impl Iterator<Item = &str> {
        let makers = &self.known().makers;
        tops(makers.len(), |index| self.asset_of(makers[index]))
    }

    fn asset_of(&self, id: ActionId) -> &str {
        self.node(id).asset.as_deref().unwrap_or_default()
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub fn node(&self, id: ActionId) -> &Node<A> {
        &self.nodes[id.index()]
    }

    pub fn ids(&self) -> impl DoubleEndedIterator<Item = ActionId> + ExactSizeIterator + Clone + use<A> {
        (0..self.nodes.len() as u32).map(ActionId)
    }

    pub fn nodes(&self) -> impl Iterator<Item = (ActionId, &Node<A>)> {
        self.nodes.iter().enumerate().map(|(index, node)| (ActionId(index as u32), node))
    }

    /// For every action, those that depend on it.
    fn dependents(&self) -> Dependents {
        let mut starts = vec![0; self.nodes.len() + 1];
        for node in &self.nodes {
            for on in node.depends_on() {
                starts[on.index() + 1] += 1;
            }
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next: Vec<u32> = starts.clone();
        let mut all = vec![ActionId(0); next.last().map_or(0, |last| *last as usize)];
        for (id, node) in self.nodes() {
            for on in node.depends_on() {
                all[next[on.index()] as usize] = id;
                next[on.index()] += 1;
            }
        }
        Dependents { starts, all }
    }

    /// The paths of all assets with who makes them, sorted.
    fn assets(&self) -> Vec<(&str, ActionId)> {
        let assets = self.nodes().filter_map(|(id, node)| Some((node.asset.as_deref()?, id)));
        let mut assets: Vec<_> = assets.collect();
        assets.sort_unstable();
        assets
    }

    /// What has to be looked at for `wanted`: those actions and all that they depend on.
    pub(super) fn needed_for(&self, wanted: &[ActionId]) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        for id in wanted {
            needed[id.index()] = true;
        }
        // What an action depends on comes before it, so one pass from the end meets everything.
        for id in self.ids().rev() {
            if needed[id.index()] {
                for on in self.node(id).depends_on() {
                    needed[on.index()] = true;
                }
            }
        }
        needed
    }
}

impl<A> Node<A> {
    /// The actions that it depends on, each once.
    pub fn depends_on(&self) -> impl Iterator<Item = ActionId> + use<'_, A> {
        let action = |input: &Input| if let Input::Action(on) = input { Some(*on) } else { None };
        self.inputs.iter().enumerate().filter_map(move |(at, input)| {
            let on = action(input)?;
            (!self.inputs[..at].iter().any(|before| action(before) == Some(on))).then_some(on)
        })
    }
}

/// Who depends on whom, in two flat lists: 70,000 actions need no 70,000 small ones.
#[derive(Debug, Clone)]
pub(super) struct Dependents {
    starts: Vec<u32>,
    all: Vec<ActionId>,
}

impl Dependents {
    /// Those that depend on an action, in ascending order.
    pub(super) fn of(&self, id: ActionId) -> &[ActionId] {
        &self.all[self.starts[id.index()] as usize..self.starts[id.index() + 1] as usize]
    }
}

/// Actions that cannot have their asset, because another one makes it already or makes a file where it needs a folder. Of two the
/// later in the graph gives way, so that it is the same one every time. `assets` must be sorted.
fn crossed(assets: &[(&str, ActionId)]) -> BTreeMap<ActionId, ActionId> {
    let mut crossed = BTreeMap::new();
    let mut cross = |one: ActionId, other: ActionId| {
        crossed.entry(one.max(other)).or_insert(one.min(other));
    };
    let maker = |path: &str| {
        let first = assets.partition_point(|(other, _)| *other < path);
        assets.get(first).filter(|(other, _)| *other == path).map(|(_, id)| *id)
    };
    let (mut folder, mut makers_above) = ("", Vec::new());
    let mut first = assets.first();
    for asset @ (path, id) in assets {
        match first.filter(|(other, _)| other == path) {
            Some((_, first)) if first != id => cross(*first, *id),
            _ => first = Some(asset),
        }
        let parent = parent_of(path);
        if parent != folder {
            folder = parent;
            let above = std::iter::successors(Some(parent), |path| Some(parent_of(path)));
            makers_above = above.take_while(|path| !path.is_empty()).filter_map(maker).collect();
        }
        for maker in &makers_above {
            cross(*maker, *id);
        }
    }
    crossed
}

fn parent_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(nodes: &[(&[u32], &str)]) -> Graph<()> {
        let mut graph = Graph::default();
        for (on, asset) in nodes {
            let inputs = on.iter().map(|on| Input::Action(ActionId(*on))).collect();
            let asset = (!asset.is_empty()).then(|| (*asset).to_owned());
            graph.add(Node { name: String::new(), action: (), inputs, asset });
        }
        graph
    }

    #[test]
    fn dependents_are_told_once_each_and_in_order() {
        let graph = graph(&[(&[], ""), (&[0, 0], ""), (&[1], ""), (&[0, 2], "")]);
        let dependents = graph.dependents();
        let of = |id| dependents.of(ActionId(id)).iter().map(|id| id.0).collect::<Vec<_>>();
        assert_eq!([of(0), of(1), of(2), of(3)], [vec![1, 3], vec![2], vec![3], vec![]]);
    }

    #[test]
    fn what_is_wanted_needs_all_below_it_and_nothing_else() {
        let graph = graph(&[(&[], ""), (&[0], ""), (&[], ""), (&[1], ""), (&[3], "")]);
        assert_eq!(graph.needed_for(&[ActionId(3)]), [true, true, false, true, false]);
    }

    #[test]
    fn the_later_of_two_actions_gives_way_to_the_earlier() {
        let assets = ["d/b", "d/a", "d/b", "d/a/x", "d/a-b", "e/f/g/h", "e/f", "e/f/g/i"];
        let graph = graph(&assets.map(|asset| (&[][..], asset)));
        let crossed: Vec<_> = crossed(&graph.assets()).into_iter().map(|(id, by)| (id.0, by.0)).collect();
        assert_eq!(crossed, [(2, 0), (3, 1), (6, 5), (7, 6)]);
    }
}
