//! The graph of a build: actions under dense numbers, each named, with what it depends on and the asset it makes.

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
}

impl<A> Default for Graph<A> {
    fn default() -> Self {
        Graph { nodes: Vec::new() }
    }
}

impl<A> Graph<A> {
    /// Adds an action. Its inputs must be in the graph already, which is what keeps the graph free of circles.
    pub fn add(&mut self, node: Node<A>) -> ActionId {
        let id = ActionId(self.nodes.len() as u32);
        debug_assert!(node.inputs.iter().all(|input| !matches!(input, Input::Action(other) if *other >= id)));
        self.nodes.push(node);
        id
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

    pub fn ids(&self) -> impl DoubleEndedIterator<Item = ActionId> + use<A> {
        (0..self.nodes.len() as u32).map(ActionId)
    }

    pub fn nodes(&self) -> impl Iterator<Item = (ActionId, &Node<A>)> {
        self.nodes.iter().enumerate().map(|(index, node)| (ActionId(index as u32), node))
    }

    /// For every action, those that depend on it, in ascending order.
    pub(super) fn dependents(&self) -> Vec<Vec<ActionId>> {
        let mut dependents = vec![Vec::new(); self.nodes.len()];
        for (id, node) in self.nodes() {
            for input in &node.inputs {
                if let Input::Action(on) = input
                    && dependents[on.index()].last() != Some(&id)
                {
                    dependents[on.index()].push(id);
                }
            }
        }
        dependents
    }

    /// What has to be looked at for `wanted`: those actions and all that they depend on.
    pub(super) fn needed_for(&self, wanted: &[ActionId]) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        for id in wanted {
            needed[id.index()] = true;
        }
        for id in self.ids().rev().filter(|id| needed[id.index()]).collect::<Vec<_>>() {
            self.mark(id, &mut needed);
        }
        needed
    }

    fn mark(&self, id: ActionId, needed: &mut [bool]) {
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            needed[id.index()] = true;
            for input in &self.node(id).inputs {
                if let Input::Action(on) = input
                    && !needed[on.index()]
                {
                    stack.push(*on);
                }
            }
        }
    }
}
