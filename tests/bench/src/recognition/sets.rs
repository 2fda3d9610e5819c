//! Sets of labelled recordings, read from `.ts` files.

use anyhow::{Context, Result, bail};
use sensilla::learn::vector::mix;
use std::fs;
use std::path::{Path, PathBuf};

/// One recording.
#[derive(Clone)]
pub struct Recording {
    pub channels: usize,
    /// Samples, value by value of each.
    pub samples: Vec<f32>,
    pub label: u32,
}

impl Recording {
    pub fn len(&self) -> usize {
        self.samples.len() / self.channels
    }
}

/// Recordings to learn and to recall.
pub struct Set {
    pub name: String,
    pub train: Vec<Recording>,
    pub test: Vec<Recording>,
}

/// The folder of the sets: the one asked for, or the one beside the project.
pub fn folder(asked: Option<PathBuf>) -> Result<PathBuf> {
    const BESIDE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/recognition/sets"
    );
    let folder = asked.unwrap_or_else(|| BESIDE.into());
    if !folder.is_dir() {
        bail!(
            "there are no sets in {}: name their folder with --data",
            folder.display()
        );
    }
    Ok(folder)
}

fn text(folder: &Path, name: &str) -> Result<Option<String>> {
    let plain = folder.join(format!("{name}.ts"));
    let packed = folder.join(format!("{name}.ts.xz"));
    if plain.exists() {
        return Ok(Some(fs::read_to_string(plain)?));
    }
    if !packed.exists() {
        return Ok(None);
    }
    let bytes = fs::read(&packed)?;
    let mut out = Vec::new();
    lzma_rs::xz_decompress(&mut &bytes[..], &mut out)
        .map_err(|error| anyhow::anyhow!("{error:?}"))
        .with_context(|| format!("cannot unpack {}", packed.display()))?;
    Ok(Some(String::from_utf8(out)?))
}

/// The recordings of a file with the names of their labels.
fn parse(text: &str) -> Result<Vec<(Recording, String)>> {
    let mut recordings = Vec::new();
    for line in text
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('@'))
    {
        let (channels, label) = line.rsplit_once(':').context("a line without a label")?;
        let mut values: Vec<Vec<f32>> = Vec::new();
        for channel in channels.split(':') {
            values.push(
                channel
                    .split(',')
                    .map(str::parse)
                    .collect::<Result<_, _>>()?,
            );
        }
        let length = values.iter().map(Vec::len).min().unwrap_or(0);
        let samples = (0..length)
            .flat_map(|t| values.iter().map(move |channel| channel[t]))
            .collect();
        let recording = Recording {
            channels: values.len(),
            samples,
            label: 0,
        };
        recordings.push((recording, label.to_owned()));
    }
    Ok(recordings)
}

impl Set {
    /// The set of that name, if the folder has it.
    pub fn read(folder: &Path, name: &str) -> Result<Option<Self>> {
        let files = ["TRAIN", "TEST"].map(|part| text(folder, &format!("{name}_{part}")));
        let [Some(train), Some(test)] = files.map(|file| file.transpose()) else {
            return Ok(None);
        };
        let (train, test) = (parse(&train?)?, parse(&test?)?);
        let mut labels: Vec<&String> = train.iter().map(|(_, label)| label).collect();
        labels.sort();
        labels.dedup();
        let number = |label: &String| {
            let at = labels.iter().position(|known| *known == label);
            at.map_or(u32::MAX, |at| at as u32)
        };
        let numbered = |all: &[(Recording, String)]| {
            let with_label = |(recording, label): &(Recording, String)| Recording {
                label: number(label),
                ..recording.clone()
            };
            all.iter().map(with_label).collect()
        };
        Ok(Some(Self {
            name: name.to_owned(),
            train: numbered(&train),
            test: numbered(&test),
        }))
    }

    /// Waves of several kinds with noise, all for learning.
    pub fn drawn_waves(channels: usize, length: usize, kinds: u32, count: u32) -> Self {
        let recording = |number: u32| {
            let label = number % kinds;
            let value = |i: usize| {
                let (t, channel) = ((i / channels) as f32, (i % channels) as f32);
                let noise = mix(number * 100_003 + i as u32) as f32 / u32::MAX as f32;
                (t * (0.05 + 0.04 * label as f32) * (1.0 + 0.1 * channel)).sin() + noise
            };
            Recording {
                channels,
                samples: (0..length * channels).map(value).collect(),
                label,
            }
        };
        Self {
            name: "waves".into(),
            train: (0..count).map(recording).collect(),
            test: Vec::new(),
        }
    }

    pub fn classes(&self) -> u32 {
        self.train.iter().map(|r| r.label + 1).max().unwrap_or(0)
    }

    fn count(&self, class: u32) -> usize {
        self.train.iter().filter(|r| r.label == class).count()
    }

    /// Examples of the class that has fewest.
    pub fn fewest(&self) -> usize {
        (0..self.classes())
            .map(|class| self.count(class))
            .min()
            .unwrap_or(0)
    }

    /// `count` examples of each class, drawn.
    pub fn drawn(&self, count: usize, draw: u32) -> Self {
        let mut order: Vec<usize> = (0..self.train.len()).collect();
        order.sort_by_key(|&at| mix(mix(draw + 1).wrapping_add(at as u32)));
        let mut taken = vec![0; self.classes() as usize];
        let mut train = Vec::new();
        for at in order {
            let recording = &self.train[at];
            let taken = &mut taken[recording.label as usize];
            if *taken < count {
                *taken += 1;
                train.push(recording.clone());
            }
        }
        Self {
            name: self.name.clone(),
            train,
            test: Vec::new(),
        }
    }

    /// What there is to learn without a class.
    pub fn without(&self, class: u32) -> Self {
        let others = self.train.iter().filter(|r| r.label != class);
        Self {
            name: self.name.clone(),
            train: others.cloned().collect(),
            test: Vec::new(),
        }
    }
}

/// The order in which a file is learned: files are often sorted by class.
pub fn order(count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&at| mix(at as u32 + 1));
    order
}
