//! The indexes from the registries, all with M = 16 and ef_construction = 200, on vectors of unit
//! length.

use crate::floor::Reading;
use crate::original::Original;
use sensilla::bank::{BankConfig, Element, Goal, Layout, Method, Pattern, PatternBank};
use sensilla::bank::{Scratch, ScratchConfig, Search};

const M: usize = 16;
const EF_CONSTRUCTION: usize = 200;

pub trait Index {
    fn set_ef(&mut self, ef: usize);
    fn search(&mut self, query: &[f32], found: &mut [u32]);
    fn bytes(&self) -> usize;
    fn replace(&mut self, _row: usize, _vector: &[f32]) {}
}

/// Builds the contender of that name, if this build has it.
pub fn make(name: &str, rows: &[f32], dimensions: usize) -> Option<Box<dyn Index>> {
    Some(match name {
        #[cfg(hnswlib)]
        "hnswlib" => Box::new(Hnswlib::new(rows, dimensions)),
        "usearch" => Box::new(Usearch::new(rows, dimensions, usearch::ScalarKind::F32)),
        "usearch-i8" => Box::new(Usearch::new(rows, dimensions, usearch::ScalarKind::I8)),
        "hnsw_rs" => Box::new(HnswRs::new(rows, dimensions)),
        "instant-distance" => Box::new(Instant::new(rows, dimensions)),
        "rust-cv-hnsw" => Box::new(RustCv::new(rows, dimensions)),
        "exact" => Box::new(Exact::new(rows, dimensions)),
        "original" => Box::new(Original::new(rows, dimensions)),
        "reading" => Box::new(Reading::new(rows, dimensions)),
        "sensilla-native" => Box::new(Native::new(rows, dimensions)),
        _ => return None,
    })
}

#[cfg(hnswlib)]
mod ffi {
    use core::ffi::c_void;
    unsafe extern "C" {
        pub fn hnswlib_new(dimensions: usize, capacity: usize, m: usize, ef: usize) -> *mut c_void;
        pub fn hnswlib_free(index: *mut c_void);
        pub fn hnswlib_add(index: *mut c_void, vector: *const f32, label: u64, replace: i32);
        pub fn hnswlib_remove(index: *mut c_void, label: u64);
        pub fn hnswlib_ef(index: *mut c_void, ef: usize);
        pub fn hnswlib_search(
            index: *mut c_void,
            query: *const f32,
            k: usize,
            out: *mut u64,
        ) -> usize;
        pub fn hnswlib_bytes(index: *mut c_void) -> usize;
    }
}

#[cfg(hnswlib)]
struct Hnswlib {
    index: *mut core::ffi::c_void,
    labels: Vec<u64>,
    rows: Vec<u32>,
    out: Vec<u64>,
}

#[cfg(hnswlib)]
impl Hnswlib {
    fn new(rows: &[f32], dimensions: usize) -> Self {
        let n = rows.len() / dimensions;
        // SAFETY: the index is freed in `drop` alone; vectors have `dimensions` elements.
        let index = unsafe { ffi::hnswlib_new(dimensions, n + 1, M, EF_CONSTRUCTION) };
        for (label, row) in rows.chunks_exact(dimensions).enumerate() {
            // SAFETY: as above.
            unsafe { ffi::hnswlib_add(index, row.as_ptr(), label as u64, 0) };
        }
        Self {
            index,
            labels: (0..n as u64).collect(),
            rows: (0..n as u32).collect(),
            out: Vec::new(),
        }
    }
}

#[cfg(hnswlib)]
impl Drop for Hnswlib {
    fn drop(&mut self) {
        // SAFETY: made by `hnswlib_new`, freed once.
        unsafe { ffi::hnswlib_free(self.index) };
    }
}

#[cfg(hnswlib)]
impl Index for Hnswlib {
    fn set_ef(&mut self, ef: usize) {
        // SAFETY: the index lives.
        unsafe { ffi::hnswlib_ef(self.index, ef) };
    }

    fn search(&mut self, query: &[f32], found: &mut [u32]) {
        self.out.resize(found.len(), 0);
        // SAFETY: the index lives, `out` has room for `k` labels.
        let n = unsafe {
            ffi::hnswlib_search(
                self.index,
                query.as_ptr(),
                found.len(),
                self.out.as_mut_ptr(),
            )
        };
        for (found, &label) in found.iter_mut().zip(&self.out[..n]) {
            *found = self.rows[label as usize];
        }
    }

    fn bytes(&self) -> usize {
        // SAFETY: the index lives.
        unsafe { ffi::hnswlib_bytes(self.index) }
    }

    /// Marks the old one as deleted and lets a new label take its place, as its manual says.
    fn replace(&mut self, row: usize, vector: &[f32]) {
        let new = self.rows.len() as u64;
        // SAFETY: the index lives; the vector has the index's dimensions.
        unsafe {
            ffi::hnswlib_remove(self.index, self.labels[row]);
            ffi::hnswlib_add(self.index, vector.as_ptr(), new, 1);
        }
        self.labels[row] = new;
        self.rows.push(row as u32);
    }
}

struct Usearch(usearch::Index, Vec<f32>);

impl Usearch {
    fn new(rows: &[f32], dimensions: usize, quantization: usearch::ScalarKind) -> Self {
        let options = usearch::IndexOptions {
            dimensions,
            metric: usearch::MetricKind::IP,
            quantization,
            connectivity: M,
            expansion_add: EF_CONSTRUCTION,
            expansion_search: 64,
            multi: false,
            ..Default::default()
        };
        let index = usearch::new_index(&options).expect("usearch makes an index");
        let n = rows.len() / dimensions;
        index
            .reserve_capacity_and_threads(n + 1, 1)
            .expect("usearch reserves");
        for (key, row) in rows.chunks_exact(dimensions).enumerate() {
            index.add(key as u64, row).expect("usearch adds");
        }
        Self(index, Vec::new())
    }
}

impl Index for Usearch {
    fn set_ef(&mut self, ef: usize) {
        self.0.change_expansion_search(ef);
    }

    fn search(&mut self, query: &[f32], found: &mut [u32]) {
        if let Ok(matches) = self.0.search(query, found.len()) {
            for (found, key) in found.iter_mut().zip(matches.keys) {
                *found = key as u32;
            }
        }
    }

    fn bytes(&self) -> usize {
        self.0.memory_usage()
    }

    fn replace(&mut self, row: usize, vector: &[f32]) {
        self.1.clear();
        self.0.remove(row as u64).expect("usearch removes");
        self.0.add(row as u64, vector).expect("usearch adds");
    }
}

struct HnswRs(
    hnsw_rs::prelude::Hnsw<'static, f32, hnsw_rs::prelude::DistDot>,
    usize,
    usize,
);

impl HnswRs {
    fn new(rows: &[f32], dimensions: usize) -> Self {
        let n = rows.len() / dimensions;
        let index =
            hnsw_rs::prelude::Hnsw::new(M, n, 16, EF_CONSTRUCTION, hnsw_rs::prelude::DistDot {});
        for (id, row) in rows.chunks_exact(dimensions).enumerate() {
            index.insert((row, id));
        }
        Self(index, 64, 0)
    }
}

impl Index for HnswRs {
    fn set_ef(&mut self, ef: usize) {
        self.1 = ef;
    }

    fn search(&mut self, query: &[f32], found: &mut [u32]) {
        let hits = self.0.search(query, found.len(), self.1);
        for (found, hit) in found.iter_mut().zip(hits) {
            *found = hit.d_id as u32;
        }
    }

    fn bytes(&self) -> usize {
        self.2
    }
}

#[derive(Clone)]
struct Point(Vec<f32>);

impl instant_distance::Point for Point {
    fn distance(&self, other: &Self) -> f32 {
        1.0 - dot(&self.0, &other.0)
    }
}

/// Sixteen lanes, which the compiler turns into vectors of the native processor.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..16 {
            lanes[i] = a[i].mul_add(b[i], lanes[i]);
        }
    }
    lanes.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// Its `ef_search` is fixed when it is built, so it is built once for each of a few.
struct Instant {
    maps: Vec<(usize, instant_distance::HnswMap<Point, u32>)>,
    rows: Vec<f32>,
    dimensions: usize,
    search: instant_distance::Search,
    ef: usize,
}

impl Instant {
    fn new(rows: &[f32], dimensions: usize) -> Self {
        let mut instant = Self {
            maps: Vec::new(),
            rows: rows.to_vec(),
            dimensions,
            search: instant_distance::Search::default(),
            ef: 64,
        };
        instant.set_ef(64);
        instant
    }
}

impl Index for Instant {
    fn set_ef(&mut self, ef: usize) {
        self.ef = ef;
        if self.maps.iter().any(|(of, _)| *of == ef) {
            return;
        }
        let points: Vec<Point> = self
            .rows
            .chunks_exact(self.dimensions)
            .map(|row| Point(row.to_vec()))
            .collect();
        let values = (0..points.len() as u32).collect();
        let map = instant_distance::Builder::default()
            .ef_search(ef)
            .ef_construction(EF_CONSTRUCTION)
            .seed(7)
            .build(points, values);
        self.maps.push((ef, map));
    }

    fn search(&mut self, query: &[f32], found: &mut [u32]) {
        let Some((_, map)) = self.maps.iter().find(|(of, _)| *of == self.ef) else {
            return;
        };
        let query = Point(query.to_vec());
        for (found, item) in found.iter_mut().zip(map.search(&query, &mut self.search)) {
            *found = *item.value;
        }
    }

    fn bytes(&self) -> usize {
        0
    }
}

struct InnerProduct;

impl space::Metric<Vec<f32>> for InnerProduct {
    type Unit = u32;
    fn distance(&self, a: &Vec<f32>, b: &Vec<f32>) -> u32 {
        (2.0 - dot(a, b)).max(0.0).to_bits()
    }
}

type RustCvGraph = hnsw::Hnsw<InnerProduct, Vec<f32>, rand_pcg::Pcg64, M, { 2 * M }>;

struct RustCv {
    graph: RustCvGraph,
    searcher: hnsw::Searcher<u32>,
    query: Vec<f32>,
    ef: usize,
}

impl RustCv {
    fn new(rows: &[f32], dimensions: usize) -> Self {
        let params = hnsw::Params::new().ef_construction(EF_CONSTRUCTION);
        let mut graph = RustCvGraph::new_params(InnerProduct, params);
        let mut searcher = hnsw::Searcher::default();
        for row in rows.chunks_exact(dimensions) {
            graph.insert(row.to_vec(), &mut searcher);
        }
        Self {
            graph,
            searcher,
            query: Vec::new(),
            ef: 64,
        }
    }
}

impl Index for RustCv {
    fn set_ef(&mut self, ef: usize) {
        self.ef = ef;
    }

    fn search(&mut self, query: &[f32], found: &mut [u32]) {
        self.query.clear();
        self.query.extend_from_slice(query);
        let empty = space::Neighbor {
            index: usize::MAX,
            distance: u32::MAX,
        };
        let mut out = vec![empty; found.len()];
        let hits = self
            .graph
            .nearest(&self.query, self.ef, &mut self.searcher, &mut out);
        for (found, hit) in found.iter_mut().zip(hits) {
            *found = hit.index as u32;
        }
    }

    fn bytes(&self) -> usize {
        0
    }
}

/// A plain scan of floats.
struct Exact(Vec<f32>, usize);

impl Exact {
    fn new(rows: &[f32], dimensions: usize) -> Self {
        Self(rows.to_vec(), dimensions)
    }
}

impl Index for Exact {
    fn set_ef(&mut self, _: usize) {}

    fn search(&mut self, query: &[f32], found: &mut [u32]) {
        let mut best: Vec<(f32, u32)> = Vec::with_capacity(found.len() + 1);
        for (id, row) in self.0.chunks_exact(self.1).enumerate() {
            let score = dot(query, row);
            if best.len() < found.len() || score > best[best.len() - 1].0 {
                let at = best.partition_point(|(s, _)| *s >= score);
                best.insert(at, (score, id as u32));
                best.truncate(found.len());
            }
        }
        for (found, (_, id)) in found.iter_mut().zip(best) {
            *found = id;
        }
    }

    fn bytes(&self) -> usize {
        4 * self.0.len()
    }
}

/// This project's own bank, compiled for the native processor.
struct Native {
    bank: PatternBank<'static>,
    scratch: Scratch<'static>,
    method: Method,
    ef: usize,
    bytes: usize,
}

/// Aligned memory that lives as long as the process.
fn memory(bytes: usize) -> &'static mut [u8] {
    #[repr(align(64))]
    #[derive(Clone, Copy)]
    struct Line(#[expect(dead_code, reason = "its bytes are used as a slice")] [u8; 64]);
    let lines = Vec::leak(vec![Line([0; 64]); bytes.div_ceil(64)]);
    // SAFETY: the lines are bytes without padding, and nobody else has them.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), bytes) }
}

impl Native {
    fn new(rows: &[f32], dimensions: usize) -> Self {
        let n = rows.len() / dimensions;
        let scan = n <= 2_000;
        let config = BankConfig::new(dimensions as u32, n as u32)
            .element(Element::I8F32)
            .layout(if scan { Layout::Scan } else { Layout::Graph })
            .links(M as u32)
            .ef_construction(EF_CONSTRUCTION as u32);
        let scratch = ScratchConfig::new(&config, 512);
        let mut bank = PatternBank::format(memory(config.bytes()), config).expect("a good config");
        for row in rows.chunks_exact(dimensions) {
            bank.insert(row, Pattern::default()).expect("room for all");
        }
        Self {
            bank,
            scratch: Scratch::format(memory(scratch.bytes()), scratch).expect("enough memory"),
            method: if scan { Method::Scan } else { Method::Graph },
            ef: 64,
            bytes: config.bytes(),
        }
    }
}

impl Index for Native {
    fn set_ef(&mut self, ef: usize) {
        self.ef = ef;
    }

    fn search(&mut self, query: &[f32], found: &mut [u32]) {
        let search = Search {
            goal: Goal::Ef(self.ef as u32),
            method: Some(self.method),
            ..Search::new(found.len())
        };
        let hits = self
            .bank
            .search_with(query, &search, &mut self.scratch)
            .expect("a good query");
        for (found, hit) in found.iter_mut().zip(hits.iter()) {
            *found = hit.id.slot();
        }
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
