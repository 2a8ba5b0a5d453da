//! Relations over a handful of transactions as rows of bits.

/// Bit `b` of row `a` says that `a` is related to `b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation(pub Vec<u16>);

impl Relation {
    pub fn empty(size: usize) -> Relation {
        Relation(vec![0; size])
    }

    pub fn add(&mut self, from: usize, to: usize) {
        self.0[from] |= 1 << to;
    }

    pub fn has(&self, from: usize, to: usize) -> bool {
        self.0[from] >> to & 1 == 1
    }

    pub fn union(&self, other: &Relation) -> Relation {
        Relation(self.0.iter().zip(&other.0).map(|(one, two)| one | two).collect())
    }

    /// First this, then the other one.
    pub fn then(&self, other: &Relation) -> Relation {
        let follow = |row: &u16| {
            (0..self.0.len())
                .filter(|middle| row >> middle & 1 == 1)
                .fold(0, |reached, middle| reached | other.0[middle])
        };
        Relation(self.0.iter().map(follow).collect())
    }

    /// One step and more.
    pub fn closure(&self) -> Relation {
        let mut closure = self.clone();
        for middle in 0..self.0.len() {
            let row = closure.0[middle];
            for from in 0..self.0.len() {
                if closure.has(from, middle) {
                    closure.0[from] |= row;
                }
            }
        }
        closure
    }

    pub fn is_irreflexive(&self) -> bool {
        (0..self.0.len()).all(|node| !self.has(node, node))
    }

    pub fn is_acyclic(&self) -> bool {
        self.closure().is_irreflexive()
    }
}

/// All orders of some things.
pub fn permutations<T: Clone>(things: &[T]) -> Vec<Vec<T>> {
    if things.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for place in 0..things.len() {
        let mut rest = things.to_vec();
        let first = rest.remove(place);
        for mut tail in permutations(&rest) {
            tail.insert(0, first.clone());
            all.push(tail);
        }
    }
    all
}
