//! What people do at a gate, and what happens to them.

/// People who come evenly between two moments, in seconds of the evening.
#[derive(Clone, Copy, Debug)]
pub struct Wave {
    /// The first comes then,
    pub from_s: u64,
    /// and the last just before then.
    pub to_s: u64,
    /// How many.
    pub people: u32,
}

/// An evening.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What decides all that is left to chance.
    pub seed: u64,
    /// Seats.
    pub cap: u32,
    /// Who comes.
    pub waves: Vec<Wave>,
    /// When the doors open.
    pub doors_s: u64,
    /// When it is over.
    pub end_s: u64,
    /// Of a hundred who are called so many see it a minute late.
    pub sleepers_percent: u64,
    /// Of a hundred who are called so many do not come any more.
    pub gone_percent: u64,
    /// How long people listen on average, in seconds.
    pub listen_s: u64,
    /// So many tickets are minted from one block of addresses, as soon as the first wave begins.
    pub minted: u32,
    /// When everybody inside loses their connection at once, and comes back within 10 s.
    pub glitch_s: Option<u64>,
    /// When the server is killed, and is back at once, without what it had not written down.
    pub kills_s: Vec<u64>,
}

impl Plan {
    /// The evening that everything is measured by: so many come in five minutes, and the doors open in their middle.
    pub fn rush(people: u32, cap: u32) -> Self {
        Self {
            seed: 20_261_130,
            cap,
            waves: vec![Wave { from_s: 0, to_s: 300, people }],
            doors_s: 150,
            end_s: 3_600,
            sleepers_percent: 5,
            gone_percent: 0,
            listen_s: 1_200,
            minted: 0,
            glitch_s: None,
            kills_s: Vec::new(),
        }
    }
}
