//! Connections by number, without a search.

/// The name of one entry of a [`Table`]. When its place goes to another entry, the name means nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    pub(super) fn to_u64(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }

    pub(super) fn from_u64(key: u64) -> Self {
        // The halves are what they were made of.
        Self { index: key as u32, generation: (key >> 32) as u32 }
    }
}

/// A flat table whose places are used again.
#[derive(Debug)]
pub(super) struct Table<T> {
    entries: Vec<Entry<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Entry<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Table<T> {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// How many places there are, used or not.
    pub(super) fn places(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn insert(&mut self, value: T) -> Key {
        let index = self.free.pop().unwrap_or_else(|| {
            self.entries.push(Entry { generation: 0, value: None });
            u32::try_from(self.entries.len() - 1).expect("descriptors are fewer than 2³²")
        });
        let entry = &mut self.entries[index as usize];
        entry.value = Some(value);
        Key { index, generation: entry.generation }
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let entry = self.entries.get_mut(key.index as usize)?;
        entry.value.as_mut().filter(|_| entry.generation == key.generation)
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<T> {
        let entry = self.entries.get_mut(key.index as usize)?;
        if entry.generation != key.generation {
            return None;
        }
        let value = entry.value.take()?;
        entry.generation = entry.generation.wrapping_add(1);
        self.free.push(key.index);
        Some(value)
    }

    /// The entry at a place, if it is used.
    pub(super) fn at_mut(&mut self, place: usize) -> Option<&mut T> {
        self.entries.get_mut(place)?.value.as_mut()
    }

    /// The names of all entries.
    pub(super) fn keys(&self) -> Vec<Key> {
        let used = self.entries.iter().zip(0..).filter(|(entry, _)| entry.value.is_some());
        used.map(|(entry, index)| Key { index, generation: entry.generation }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_one_entry_only() {
        let mut table = Table::new();
        let (a, b) = (table.insert('a'), table.insert('b'));
        assert_eq!((table.remove(a), table.remove(a), table.len()), (Some('a'), None, 1));
        let c = table.insert('c');
        assert_eq!((c.index, table.places()), (a.index, 2), "its place is used again");
        assert_eq!(table.get_mut(a), None);
        assert_eq!(table.get_mut(c).copied(), Some('c'));
        assert_eq!(Key::from_u64(c.to_u64()), c);
        assert_eq!(table.keys(), [c, b]);
    }
}
