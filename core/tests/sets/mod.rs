//! The vectors that the bank is tested and measured on, all of unit length: the same for the tests
//! of recall and for `tests/bench`.

use std::path::Path;
use std::process::Command;

/// Rows to find and queries to find them by, end to end.
pub struct Data {
    pub dimensions: usize,
    pub rows: Vec<f32>,
    pub queries: Vec<f32>,
}

impl Data {
    pub fn len(&self) -> usize {
        self.rows.len() / self.dimensions
    }

    pub fn row(&self, at: usize) -> &[f32] {
        &self.rows[at * self.dimensions..][..self.dimensions]
    }

    pub fn query(&self, at: usize) -> &[f32] {
        &self.queries[at * self.dimensions..][..self.dimensions]
    }

    pub fn query_count(&self) -> usize {
        self.queries.len() / self.dimensions
    }

    /// The `k` nearest of `n` rows of each query; `row` says which row of the data is the i-th.
    pub fn truth(&self, k: usize, row: impl Fn(usize) -> usize, n: usize) -> Vec<Vec<u32>> {
        (0..self.query_count())
            .map(|q| {
                let query = self.query(q);
                let mut scored: Vec<(f32, u32)> = (0..n)
                    .map(|i| (sensilla::simd::dot_f32(query, self.row(row(i))), i as u32))
                    .collect();
                let k = k.min(n);
                scored.select_nth_unstable_by(k - 1, |a, b| b.0.total_cmp(&a.0));
                scored[..k].iter().map(|s| s.1).collect()
            })
            .collect()
    }
}

fn unit(vectors: &mut [f32], dimensions: usize) {
    for v in vectors.chunks_exact_mut(dimensions) {
        let norm = v
            .iter()
            .map(|x| x * x)
            .sum::<f32>()
            .sqrt()
            .max(f32::MIN_POSITIVE);
        v.iter_mut().for_each(|x| *x /= norm);
    }
}

/// SplitMix64, and normal numbers from it.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        (radius * (std::f64::consts::TAU * self.uniform()).cos()) as f32
    }
}

/// Gaussian clusters, the square root of `n` halved in number, with a spectrum that decays as the
/// square root of the component's number.
pub fn clustered(n: usize, dimensions: usize, queries: usize) -> Data {
    let mut random = Random(42);
    let spectrum: Vec<f32> = (1..=dimensions).map(|j| (j as f32).powf(-0.5)).collect();
    let clusters = ((n as f64).sqrt() / 2.0).ceil() as usize;
    let centres: Vec<f32> = (0..clusters * dimensions)
        .map(|i| random.normal() * spectrum[i % dimensions])
        .collect();
    let mut draw = |count: usize| {
        let mut vectors = Vec::with_capacity(count * dimensions);
        for _ in 0..count {
            let centre = random.next() as usize % clusters;
            for j in 0..dimensions {
                let noise = random.normal() * spectrum[j];
                vectors.push(centres[centre * dimensions + j] + noise);
            }
        }
        unit(&mut vectors, dimensions);
        vectors
    };
    Data {
        dimensions,
        rows: draw(n),
        queries: draw(queries),
    }
}

/// Sentence embeddings, `sentences384.f16` in `folder`: the first `n` rows, and the last 1,000 as
/// queries.
pub fn sentences(folder: &Path, n: usize, queries: usize) -> Option<Data> {
    let bytes = std::fs::read(folder.join("sentences384.f16")).ok()?;
    let mut floats: Vec<f32> = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|b| half(u16::from_le_bytes(*b)))
        .collect();
    unit(&mut floats, 384);
    Some(Data {
        dimensions: 384,
        rows: floats[..n * 384].to_vec(),
        queries: floats[10_000 * 384..][..queries.min(1_000) * 384].to_vec(),
    })
}

fn half(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, fraction) = (u32::from(bits >> 10 & 31), u32::from(bits & 1023));
    match exponent {
        0 => f32::from_bits(sign | (fraction as f32 * 2f32.powi(-24)).to_bits()),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

/// scikit-learn's digits, 64 pixels each: every tenth is a query. `folder` keeps them once they were
/// taken out of its wheel, which `pip` fetches.
pub fn digits(folder: &Path) -> Option<Data> {
    let csv = folder.join("digits.csv");
    if !csv.exists() {
        std::fs::create_dir_all(folder).ok()?;
        let script = "import sys, subprocess, glob, zipfile, gzip\n\
            d = sys.argv[1]\n\
            subprocess.run([sys.executable, '-m', 'pip', 'download', '-q', '--no-deps', '--only-binary', ':all:', '-d', d, 'scikit-learn'], check=True)\n\
            z = zipfile.ZipFile(glob.glob(d + '/scikit_learn*.whl')[0])\n\
            open(d + '/digits.csv', 'wb').write(gzip.decompress(z.read('sklearn/datasets/data/digits.csv.gz')))";
        let status = Command::new("python3")
            .arg("-c")
            .arg(script)
            .arg(folder)
            .status()
            .ok()?;
        if !status.success() {
            return None;
        }
    }
    let text = std::fs::read_to_string(&csv).ok()?;
    let (mut rows, mut queries) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let pixels = line
            .split(',')
            .take(64)
            .filter_map(|x| x.trim().parse::<f32>().ok());
        if number % 10 == 9 {
            queries.extend(pixels)
        } else {
            rows.extend(pixels)
        }
    }
    unit(&mut rows, 64);
    unit(&mut queries, 64);
    Some(Data {
        dimensions: 64,
        rows,
        queries,
    })
}
