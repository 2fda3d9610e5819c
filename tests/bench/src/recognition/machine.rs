//! Stream, recogniser and bank in one.

use super::order;
use super::sets::{Recording, Set};
use sensilla::bank::{Pattern, PatternBank, Scratch, ScratchConfig};
use sensilla::block::Memory;
use sensilla::learn::{Recognised, Recogniser, RecogniserConfig, Stream, StreamConfig};

/// How much memory there is.
#[derive(Clone, Copy, PartialEq)]
pub enum Size {
    /// 24 KB for everything.
    Small,
    /// What a host takes by default.
    Large,
}

impl Size {
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "sensilla-small",
            Self::Large => "sensilla",
        }
    }

    fn configs(self, channels: usize) -> (StreamConfig, RecogniserConfig) {
        match self {
            Self::Small => {
                let stream = StreamConfig::small(channels as u32);
                (stream, RecogniserConfig::within(&stream, 24 * 1024))
            }
            Self::Large => {
                let stream = StreamConfig::large(channels as u32);
                (stream, RecogniserConfig::new(&stream, 512))
            }
        }
    }

    pub fn bytes(self, channels: usize) -> usize {
        let (stream, recogniser) = self.configs(channels);
        stream.bytes() + recogniser.bytes() + recogniser.bank().bytes()
    }
}

/// The memory of a machine.
pub struct Room {
    stream: StreamConfig,
    recogniser: RecogniserConfig,
    scratch: ScratchConfig,
    memories: [Memory; 4],
}

impl Room {
    pub fn new(channels: usize, size: Size, seed: u32) -> Self {
        let (stream, recogniser) = size.configs(channels);
        Self::with(stream.seed(seed), recogniser)
    }

    pub fn with(stream: StreamConfig, recogniser: RecogniserConfig) -> Self {
        let scratch = ScratchConfig::new(&recogniser.bank(), 16);
        let lengths = [
            stream.bytes(),
            recogniser.bytes(),
            recogniser.bank().bytes(),
            scratch.bytes(),
        ];
        Self {
            stream,
            recogniser,
            scratch,
            memories: lengths.map(Memory::zeroed),
        }
    }
}

pub struct Machine<'m> {
    stream: Stream<'m>,
    recogniser: Recogniser<'m>,
    bank: PatternBank<'m>,
    scratch: Scratch<'m>,
    work: Vec<f32>,
}

impl<'m> Machine<'m> {
    /// A machine whose stream is calibrated by what there is to learn.
    pub fn calibrated(room: &'m mut Room, set: &Set) -> Self {
        let [stream, recogniser, bank, scratch] = &mut room.memories;
        let mut stream = Stream::format(stream, room.stream).unwrap();
        for recording in &set.train {
            stream.calibrate(&recording.samples).unwrap();
            stream.end_recording();
        }
        stream.freeze().unwrap();
        Self {
            stream,
            recogniser: Recogniser::format(recogniser, room.recogniser).unwrap(),
            bank: PatternBank::format(bank, room.recogniser.bank()).unwrap(),
            scratch: Scratch::format(scratch, room.scratch).unwrap(),
            work: vec![0.0; room.stream.dimensions() as usize],
        }
    }

    /// A machine that learned a set in hashed order, and the share it recalled before it learned
    /// them: an eighth more at a time, so that rows are not whitened anew for each.
    pub fn learned(room: &'m mut Room, set: &Set) -> (Self, f64) {
        let mut machine = Self::calibrated(room, set);
        let order = order(set.train.len());
        let (mut right, mut done) = (0, 0);
        while done < order.len() {
            let end = (done + (done / 8).max(1)).min(order.len());
            machine.refresh();
            let next: Vec<_> = order[done..end].iter().map(|&at| &set.train[at]).collect();
            let vectors: Vec<_> = next
                .iter()
                .map(|recording| machine.vector(recording))
                .collect();
            for (vector, recording) in vectors.iter().zip(&next).filter(|_| done > 0) {
                let found = machine.recall_vector(vector);
                machine.recogniser.record(&found, recording.label);
                right += usize::from(found.label == recording.label);
            }
            for (vector, recording) in vectors.iter().zip(&next) {
                machine.learn(vector, recording.label);
            }
            done = end;
        }
        machine.refresh();
        (machine, right as f64 / (order.len() - 1).max(1) as f64)
    }

    pub fn vector(&mut self, recording: &Recording) -> Vec<f32> {
        let mut vector = vec![0.0; self.work.len()];
        self.stream.push_all(&recording.samples).unwrap();
        self.stream.finish(&mut vector).unwrap();
        vector
    }

    pub fn learn(&mut self, vector: &[f32], label: u32) {
        let pattern = Pattern {
            label,
            ..Pattern::default()
        };
        self.recogniser
            .learn(&mut self.bank, vector, pattern, &mut self.work)
            .unwrap();
    }

    pub fn refresh(&mut self) {
        self.recogniser
            .refresh(&mut self.bank, &mut self.work)
            .unwrap();
    }

    pub fn recall(&mut self, recording: &Recording) -> Recognised {
        let vector = self.vector(recording);
        self.recall_vector(&vector)
    }

    pub fn recall_vector(&mut self, vector: &[f32]) -> Recognised {
        self.recogniser
            .recall(
                self.bank.as_ref(),
                vector,
                &mut self.work,
                &mut self.scratch,
            )
            .unwrap()
            .unwrap()
    }

    pub fn patterns(&self) -> usize {
        self.bank.len()
    }
}
