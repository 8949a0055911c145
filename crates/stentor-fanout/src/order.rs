//! In which order a feed's listeners have their turns.

/// A turn that nobody has.
const VACANT: u32 = u32::MAX;

/// Whose turn is when. A listener keeps theirs, so that the time between two of their sends stays even; who comes takes
/// one that somebody left.
#[derive(Debug, Default)]
pub(crate) struct Order {
    turns: Vec<u32>,
    vacant: Vec<u32>,
}

impl Order {
    /// How many turns there are, vacant ones among them.
    pub(crate) fn turns(&self) -> u32 {
        self.turns.len() as u32
    }

    /// How many have a turn.
    pub(crate) fn listeners(&self) -> usize {
        self.turns.len() - self.vacant.len()
    }

    /// Who has this turn.
    #[inline]
    pub(crate) fn at(&self, turn: u32) -> Option<u32> {
        self.turns.get(turn as usize).copied().filter(|&index| index != VACANT)
    }

    /// Gives a listener a turn.
    pub(crate) fn insert(&mut self, index: u32) -> u32 {
        if let Some(turn) = self.vacant.pop() {
            self.turns[turn as usize] = index;
            return turn;
        }
        self.turns.push(index);
        self.turns.len() as u32 - 1
    }

    /// Takes a listener's turn away.
    pub(crate) fn remove(&mut self, turn: u32) {
        debug_assert!(self.at(turn).is_some(), "somebody has the turn");
        self.turns[turn as usize] = VACANT;
        self.vacant.push(turn);
    }

    /// Whether most turns are vacant: a flush would be spread over what is not there.
    pub(crate) fn is_sparse(&self) -> bool {
        self.vacant.len() > self.listeners()
    }

    /// Closes the ranks; `moved` learns who has which turn now. Who was after somebody still is.
    pub(crate) fn compact(&mut self, mut moved: impl FnMut(u32, u32)) {
        self.turns.retain(|&index| index != VACANT);
        self.vacant.clear();
        for (turn, &index) in self.turns.iter().enumerate() {
            moved(index, turn as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_stays_and_a_vacant_one_is_taken_first() {
        let mut order = Order::default();
        let turns: Vec<u32> = (10..15).map(|index| order.insert(index)).collect();
        assert_eq!(turns, [0, 1, 2, 3, 4]);
        order.remove(1);
        order.remove(3);
        assert_eq!((order.turns(), order.listeners(), order.at(1)), (5, 3, None));
        assert_eq!(order.insert(20), 3);
        assert_eq!([order.at(0), order.at(3), order.at(4)], [Some(10), Some(20), Some(14)]);
    }

    #[test]
    fn closing_the_ranks_keeps_who_is_after_whom() {
        let mut order = Order::default();
        (0..9).for_each(|index| assert_eq!(order.insert(index), index));
        [0, 2, 3, 5, 6].into_iter().for_each(|turn| order.remove(turn));
        assert!(order.is_sparse());
        let mut moved = Vec::new();
        order.compact(|index, turn| moved.push((index, turn)));
        assert_eq!(moved, [(1, 0), (4, 1), (7, 2), (8, 3)]);
        assert!(!order.is_sparse() && order.insert(9) == 4);
    }
}
