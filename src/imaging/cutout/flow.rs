//! The cheapest border between product and background: minimum cut of a graph of neighbouring pixels.
//!
//! Source: Y. Boykov, V. Kolmogorov, "An Experimental Comparison of Min-Cut/Max-Flow Algorithms for Energy Minimization in
//! Vision" (PAMI 2004): two trees grow from both sides, and are repaired instead of built anew after each path.

use std::collections::VecDeque;

/// No neighbour in a direction.
pub const NOWHERE: u32 = u32::MAX;

/// A node's parent is the source or the sink itself.
const TERMINAL: u8 = 8;
const ORPHAN: u8 = 9;
const NONE: u8 = 10;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tree {
    Free,
    Source,
    Sink,
}

/// Nodes with up to eight neighbours; direction `d` of one is direction `7 - d` of the other.
pub struct Graph {
    next: Vec<[u32; 8]>,
    /// What can still flow to each neighbour.
    room: Vec<[i32; 8]>,
    /// What can still flow from the source (above 0) or to the sink (below 0).
    terminal: Vec<i32>,
    tree: Vec<Tree>,
    parent: Vec<u8>,
    /// When the distance was last known to be right.
    stamp: Vec<u32>,
    distance: Vec<u32>,
    active: VecDeque<u32>,
    waiting: Vec<bool>,
    orphans: VecDeque<u32>,
    time: u32,
}

impl Graph {
    /// `room` must be 0 where there is no neighbour. A positive `terminal` pulls to the product, a negative one to the
    /// background.
    pub fn new(next: Vec<[u32; 8]>, room: Vec<[i32; 8]>, terminal: Vec<i32>) -> Graph {
        let count = next.len();
        Graph {
            next,
            room,
            terminal,
            tree: vec![Tree::Free; count],
            parent: vec![NONE; count],
            stamp: vec![0; count],
            distance: vec![0; count],
            active: VecDeque::new(),
            waiting: vec![false; count],
            orphans: VecDeque::new(),
            time: 0,
        }
    }

    /// Whether each node is on the product's side of the cut.
    pub fn cut(mut self) -> Vec<bool> {
        for node in 0..self.next.len() {
            if self.terminal[node] != 0 {
                self.tree[node] = if self.terminal[node] > 0 { Tree::Source } else { Tree::Sink };
                self.parent[node] = TERMINAL;
                self.distance[node] = 1;
                self.activate(node as u32);
            }
        }
        while let Some(&node) = self.active.front() {
            match self.grow(node as usize) {
                Some((from, direction)) => {
                    self.time += 1;
                    self.augment(from, direction);
                    while let Some(orphan) = self.orphans.pop_front() {
                        self.adopt(orphan as usize);
                    }
                }
                None => {
                    self.active.pop_front();
                    self.waiting[node as usize] = false;
                }
            }
        }
        self.tree.iter().map(|tree| *tree == Tree::Source).collect()
    }

    fn activate(&mut self, node: u32) {
        if !self.waiting[node as usize] {
            self.waiting[node as usize] = true;
            self.active.push_back(node);
        }
    }

    /// The tree takes in free neighbours; where it meets the other tree, the edge from the source's side to the sink's.
    fn grow(&mut self, node: usize) -> Option<(usize, usize)> {
        let tree = self.tree[node];
        if tree == Tree::Free {
            return None;
        }
        for direction in 0..8 {
            let next = self.next[node][direction];
            if next == NOWHERE {
                continue;
            }
            let next = next as usize;
            let room = if tree == Tree::Source { self.room[node][direction] } else { self.room[next][7 - direction] };
            if room == 0 {
                continue;
            }
            if self.tree[next] == Tree::Free {
                self.tree[next] = tree;
                self.parent[next] = 7 - direction as u8;
                self.stamp[next] = self.stamp[node];
                self.distance[next] = self.distance[node] + 1;
                self.activate(next as u32);
            } else if self.tree[next] != tree {
                return Some(if tree == Tree::Source { (node, direction) } else { (next, 7 - direction) });
            } else if self.stamp[next] <= self.stamp[node] && self.distance[next] > self.distance[node] {
                // A shorter way to the root.
                self.parent[next] = 7 - direction as u8;
                self.stamp[next] = self.stamp[node];
                self.distance[next] = self.distance[node] + 1;
            }
        }
        None
    }

    fn up(&self, node: usize) -> Option<(usize, usize)> {
        let direction = usize::from(self.parent[node]);
        (direction < 8).then(|| (self.next[node][direction] as usize, direction))
    }

    /// Sends all that fits along the path through an edge between the trees.
    fn augment(&mut self, from: usize, direction: usize) {
        let to = self.next[from][direction] as usize;
        let mut flow = self.room[from][direction];
        let mut node = from;
        while let Some((parent, direction)) = self.up(node) {
            flow = flow.min(self.room[parent][7 - direction]);
            node = parent;
        }
        flow = flow.min(self.terminal[node]);
        node = to;
        while let Some((parent, direction)) = self.up(node) {
            flow = flow.min(self.room[node][direction]);
            node = parent;
        }
        flow = flow.min(-self.terminal[node]);

        self.room[from][direction] -= flow;
        self.room[to][7 - direction] += flow;
        node = from;
        while let Some((parent, direction)) = self.up(node) {
            self.room[parent][7 - direction] -= flow;
            self.room[node][direction] += flow;
            if self.room[parent][7 - direction] == 0 {
                self.orphan(node);
            }
            node = parent;
        }
        self.terminal[node] -= flow;
        if self.terminal[node] == 0 {
            self.orphan(node);
        }
        node = to;
        while let Some((parent, direction)) = self.up(node) {
            self.room[node][direction] -= flow;
            self.room[parent][7 - direction] += flow;
            if self.room[node][direction] == 0 {
                self.orphan(node);
            }
            node = parent;
        }
        self.terminal[node] += flow;
        if self.terminal[node] == 0 {
            self.orphan(node);
        }
    }

    fn orphan(&mut self, node: usize) {
        self.parent[node] = ORPHAN;
        self.orphans.push_back(node as u32);
    }

    /// A node that lost its parent finds another of its tree, or is free and makes orphans of its children.
    fn adopt(&mut self, node: usize) {
        let tree = self.tree[node];
        let mut best: Option<(u32, usize)> = None;
        for direction in 0..8 {
            let next = self.next[node][direction];
            if next == NOWHERE || self.tree[next as usize] != tree || !self.feeds(next as usize, node, direction) {
                continue;
            }
            if let Some(distance) = self.distance_to_root(next as usize)
                && best.is_none_or(|(least, _)| distance < least)
            {
                best = Some((distance, direction));
            }
        }
        if let Some((distance, direction)) = best {
            self.parent[node] = direction as u8;
            self.stamp[node] = self.time;
            self.distance[node] = distance + 1;
            return;
        }
        for direction in 0..8 {
            let next = self.next[node][direction];
            if next == NOWHERE || self.tree[next as usize] != tree {
                continue;
            }
            let next = next as usize;
            if self.feeds(next, node, direction) {
                self.activate(next as u32);
            }
            if usize::from(self.parent[next]) == 7 - direction {
                self.orphan(next);
            }
        }
        self.tree[node] = Tree::Free;
        self.parent[node] = NONE;
    }

    /// Whether flow could pass between a neighbour, nearer to the root, and the node.
    fn feeds(&self, next: usize, node: usize, direction: usize) -> bool {
        match self.tree[node] {
            Tree::Source => self.room[next][7 - direction] > 0,
            _ => self.room[node][direction] > 0,
        }
    }

    /// How far the root is, where the way leads to one; remembers what it found.
    fn distance_to_root(&mut self, start: usize) -> Option<u32> {
        let (mut node, mut steps) = (start, 0);
        let known = loop {
            if self.stamp[node] == self.time && self.parent[node] < ORPHAN {
                break self.distance[node];
            }
            if self.parent[node] == TERMINAL {
                self.stamp[node] = self.time;
                self.distance[node] = 1;
                break 1;
            }
            let (parent, _) = self.up(node)?;
            steps += 1;
            node = parent;
        };
        let total = known + steps;
        let (mut node, mut left) = (start, total);
        while self.stamp[node] != self.time {
            self.stamp[node] = self.time;
            self.distance[node] = left;
            left -= 1;
            let Some((parent, _)) = self.up(node) else { break };
            node = parent;
        }
        Some(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a cut costs, over all edges and terminals.
    fn cost(side: &[bool], next: &[[u32; 8]], room: &[[i32; 8]], terminal: &[i32]) -> i64 {
        let mut sum = 0;
        for node in 0..side.len() {
            let pulled = if side[node] { -terminal[node] } else { terminal[node] };
            sum += i64::from(pulled.max(0));
            for direction in 0..8 {
                let to = next[node][direction];
                if to != NOWHERE && side[node] && !side[to as usize] {
                    sum += i64::from(room[node][direction]);
                }
            }
        }
        sum
    }

    #[test]
    fn no_other_cut_of_a_small_graph_is_cheaper() {
        let mut random = 0x2545_f491_u32;
        let mut dice = |sides: i32| {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            (random >> 8) as i32 % sides
        };
        for _ in 0..400 {
            let (width, height) = (4i32, 3i32);
            let count = (width * height) as usize;
            let mut next = vec![[NOWHERE; 8]; count];
            let mut room = vec![[0; 8]; count];
            const STEPS: [(i32, i32); 8] = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];
            for y in 0..height {
                for x in 0..width {
                    for (direction, (dx, dy)) in STEPS.into_iter().enumerate() {
                        let (u, v) = (x + dx, y + dy);
                        if (0..width).contains(&u) && (0..height).contains(&v) {
                            next[(y * width + x) as usize][direction] = (v * width + u) as u32;
                            room[(y * width + x) as usize][direction] = dice(9);
                        }
                    }
                }
            }
            let terminal: Vec<i32> = (0..count).map(|_| dice(41) - 20).collect();
            let found = Graph::new(next.clone(), room.clone(), terminal.clone()).cut();
            let best = (0..1u32 << count)
                .map(|bits| {
                    let side: Vec<bool> = (0..count).map(|node| bits >> node & 1 == 1).collect();
                    cost(&side, &next, &room, &terminal)
                })
                .min();
            assert_eq!(Some(cost(&found, &next, &room, &terminal)), best);
        }
    }
}
