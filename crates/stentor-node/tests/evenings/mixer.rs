//! A mixer as its node sees it: orders go in, names of chunks and marks come out.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use stentor_audio::{MixerCommand, MixerConfig, Programme};
use stentor_types::{Mark, MarkBody, MediaTime, Mono, PersonName, Position, Slot, SpeakerId, Treatment};

const SLOT: Duration = Duration::from_millis(320);

/// What comes out of a mixer.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Published(Position),
    Marked(Mark),
}

pub(crate) struct Mixer {
    pub(crate) config: MixerConfig,
    /// Orders that wait for the next tick.
    inbox: VecDeque<MixerCommand>,
    sources: BTreeMap<SpeakerId, (PersonName, bool, Treatment)>,
    /// Marks in the broadcast delay, with the media time at which each leaves it.
    line: VecDeque<(MediaTime, MarkBody)>,
    dumps: u32,
    programme: Option<Programme>,
    next: Slot,
}

impl Mixer {
    pub(crate) fn new(config: MixerConfig, orders: Vec<MixerCommand>) -> Self {
        let mut mixer = Self {
            config,
            inbox: VecDeque::new(),
            sources: BTreeMap::new(),
            line: VecDeque::new(),
            dumps: 0,
            programme: None,
            next: config.first.slot,
        };
        orders.into_iter().for_each(|order| mixer.order(order));
        assert!(mixer.programme.is_some(), "a mixer is told at its start what listeners hear");
        mixer
    }

    /// Takes an order. Sources and programme are looked at as they are ordered, marks when they leave the line.
    pub(crate) fn order(&mut self, order: MixerCommand) {
        match &order {
            MixerCommand::AddSource { speaker, name, hears, treatment } => {
                let older = self.sources.insert(*speaker, (name.clone(), *hears, *treatment));
                assert_eq!(older, None, "a source is added once");
            }
            MixerCommand::RemoveSource(speaker) => {
                assert!(self.sources.remove(speaker).is_some(), "only who is mixed is removed");
            }
            MixerCommand::Programme(programme) => {
                assert_ne!(self.programme, Some(*programme), "it is told what is new");
                self.programme = Some(*programme);
            }
            MixerCommand::Treat { speaker, treatment } => {
                let source = self.sources.get_mut(speaker).expect("only who is mixed is treated");
                assert_ne!(source.2, *treatment, "it is told what is new");
                source.2 = *treatment;
            }
            MixerCommand::Dump => {
                assert!(!self.config.delay.is_zero(), "without a delay nothing is dumped");
                self.dumps += 1;
            }
            MixerCommand::Mark(body) => {
                assert!(matches!(body, MarkBody::OnAir | MarkBody::End | MarkBody::EndUndone));
            }
        }
        self.inbox.push_back(order);
    }

    pub(crate) fn programme(&self) -> Option<Programme> {
        self.programme
    }

    /// Who is mixed, and how.
    pub(crate) fn voices(&self) -> Vec<(SpeakerId, Treatment)> {
        self.sources.iter().map(|(&speaker, source)| (speaker, source.2)).collect()
    }

    /// How often it was told to dump.
    pub(crate) fn dumps(&self) -> u32 {
        self.dumps
    }

    /// Runs up to now: places marks that have passed the delay, and finishes the chunks whose time is over.
    pub(crate) fn run(&mut self, now: Mono) -> Vec<News> {
        let mut news = Vec::new();
        if now < self.config.start {
            return news;
        }
        let since_start = now.saturating_since(self.config.start);
        let at = self.config.first.slot.start().plus_samples(MediaTime::from_duration(since_start).0);
        let leaves_at = at.plus_samples(MediaTime::from_duration(self.config.delay).0);
        for order in self.inbox.drain(..) {
            if let MixerCommand::Mark(body) = order {
                self.line.push_back((leaves_at, body));
            }
        }
        while let Some((leaves_at, _)) = self.line.front()
            && *leaves_at <= at
        {
            let (at, body) = self.line.pop_front().expect("there is a front");
            news.push(News::Marked(Mark { at, body }));
        }
        let over = self.config.first.slot.plus((since_start.as_micros() / SLOT.as_micros()) as u64);
        while self.next < over {
            news.push(News::Published(Position { epoch: self.config.first.epoch, slot: self.next }));
            self.next = self.next.next();
        }
        news
    }
}
