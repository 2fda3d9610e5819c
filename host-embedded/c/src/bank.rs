//! A bank of patterns.

use crate::error::{CallError, Code, code, done};
use crate::handle::{fill, get, handle, held, put, slice, slice_mut};
use sensilla::bank::{
    BankConfig, Element, Estimate, Goal, Layout, Method, Metric, Pattern, PatternBank, PatternId,
    Reason, Scratch, ScratchConfig, Search,
};

/// Eight bits an element, with a scale a row.
pub const SENSILLA_I8: u32 = 1;
/// Four bytes an element.
pub const SENSILLA_F32: u32 = 2;
/// Both: searched by eight bits, ranked again by four bytes.
pub const SENSILLA_I8_F32: u32 = 3;
/// One bit an element.
pub const SENSILLA_BITS: u32 = 4;

/// The cosine of the angle.
pub const SENSILLA_COSINE: u32 = 1;
/// The inner product.
pub const SENSILLA_INNER_PRODUCT: u32 = 2;
/// Minus the squared Euclidean distance.
pub const SENSILLA_SQUARED_EUCLIDEAN: u32 = 3;

/// Scanned; the fastest up to a few thousand patterns.
pub const SENSILLA_SCAN: u32 = 1;
/// Searched by a graph.
pub const SENSILLA_GRAPH: u32 = 2;
/// Both.
pub const SENSILLA_BOTH: u32 = 3;

// What the library writes to a block has the same numbers.
const _: () = {
    assert!(Element::I8 as u32 == SENSILLA_I8 && Element::F32 as u32 == SENSILLA_F32);
    assert!(Element::I8F32 as u32 == SENSILLA_I8_F32 && Element::Bits as u32 == SENSILLA_BITS);
    assert!(Metric::Cosine as u32 == SENSILLA_COSINE);
    assert!(Metric::InnerProduct as u32 == SENSILLA_INNER_PRODUCT);
    assert!(Metric::SquaredEuclidean as u32 == SENSILLA_SQUARED_EUCLIDEAN);
    assert!(Layout::Scan as u32 == SENSILLA_SCAN && Layout::Graph as u32 == SENSILLA_GRAPH);
    assert!(Layout::Both as u32 == SENSILLA_BOTH);
};

/// A search that finds all of the nearest, as far as what is kept tells.
pub const SENSILLA_EXACT: u32 = 1;
/// A search that finds a share of the nearest, in the mean.
pub const SENSILLA_RECALL: u32 = 2;
/// A search that looks at so many candidates.
pub const SENSILLA_EF: u32 = 3;

/// Every row was compared.
pub const SENSILLA_BY_SCAN: u32 = 1;
/// The graph was walked.
pub const SENSILLA_BY_GRAPH: u32 = 2;

/// The bank is laid out without a graph.
pub const SENSILLA_NO_GRAPH: u32 = 1;
/// So wide a walk as the goal needs costs more than comparing every row.
pub const SENSILLA_SCAN_IS_CHEAPER: u32 = 2;
/// A walk costs less.
pub const SENSILLA_WALK_IS_CHEAPER: u32 = 3;
/// No walk finds enough of the nearest rows.
pub const SENSILLA_WALKS_MISS: u32 = 4;
/// No walk finds enough of the rows by themselves.
pub const SENSILLA_NO_GRADIENT: u32 = 5;

/// The shape of a bank. What is zero is as the library sets it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_bank_config {
    /// Components of a vector, 1 to 8,192.
    pub dimensions: u32,
    /// Most patterns.
    pub capacity: u32,
    /// `SENSILLA_I8` and its like; zero is that.
    pub element: u32,
    /// `SENSILLA_COSINE` and its like; zero is that.
    pub metric: u32,
    /// `SENSILLA_SCAN` and its like; zero is `SENSILLA_GRAPH`.
    pub layout: u32,
    /// Links of a pattern in the graph.
    pub links: u32,
    /// Candidates while the graph is built.
    pub ef_construction: u32,
    /// Thousandths of the nearest ten that eight bits may lose before more patterns are refused; zero is no
    /// limit.
    pub most_lost: u32,
}

/// What the caller says of a pattern.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_pattern {
    /// When it was learned, in milliseconds.
    pub at: u64,
    /// A class, a symbol or any other word.
    pub label: u32,
    /// Trust, as a fraction of 65,535.
    pub confidence: u16,
    /// Zero.
    pub reserved: u16,
}

/// A pattern that was found.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_hit {
    /// Its lasting name.
    pub id: u64,
    /// How similar it is; larger is more.
    pub similarity: f32,
    /// Its label.
    pub label: u32,
    /// Trust, as a fraction of 65,535.
    pub confidence: u16,
    /// Zero.
    pub reserved: [u16; 3],
}

/// What a search is to reach. Zero is the library's default, a recall of 0.99.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_goal {
    /// `SENSILLA_EXACT` and its like; zero is the library's default.
    pub kind: u32,
    /// Candidates, for `SENSILLA_EF`.
    pub ef: u32,
    /// The share of the nearest to find, 0 to 1, for `SENSILLA_RECALL`.
    pub recall: f32,
}

/// How a search ran.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_found {
    /// How many hits there are.
    pub hits: usize,
    /// `SENSILLA_BY_SCAN` or `SENSILLA_BY_GRAPH`.
    pub method: u32,
    /// How many rows the query was compared with.
    pub distances: u32,
    /// Whether fewer of the nearest are found than the goal asks for.
    pub is_below_goal: bool,
}

/// A share that was measured, and between which bounds it is with 95 % certainty.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_estimate {
    /// What was measured.
    pub mean: f32,
    /// Lower end of the interval.
    pub low: f32,
    /// Upper end of the interval.
    pub high: f32,
}

/// How well a bank is searched, as it measures on a sample of its own rows.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_health {
    /// Patterns in the bank.
    pub rows: u32,
    /// Patterns that are measured on; none without a graph.
    pub sampled: u32,
    /// Patterns that hold the same vector as another; only known with a graph.
    pub equal: u32,
    /// The way that a search of the default goal goes: `SENSILLA_BY_SCAN` or `SENSILLA_BY_GRAPH`.
    pub method: u32,
    /// Why: `SENSILLA_NO_GRAPH` and its like.
    pub reason: u32,
    /// Candidates of its walk, zero for a scan.
    pub ef: u32,
    /// The recall that it reaches.
    pub recall: sensilla_estimate,
    /// The recall that eight bits leave of an exact one, if `has_codes`.
    pub codes: sensilla_estimate,
    /// Whether `codes` was measured.
    pub has_codes: bool,
    /// Whether the recall is less than the default goal.
    pub is_below_goal: bool,
}

/// A bank that is open. Zero before it is filled in.
#[repr(C)]
#[derive(Debug)]
#[allow(non_camel_case_types)]
pub struct sensilla_bank {
    /// The library's.
    tag: u64,
    /// The library's.
    state: [usize; 64],
}

handle!(sensilla_bank: PatternBank<'static>, 0x5342_414e);

/// Working memory of searches. Zero before it is filled in.
#[repr(C)]
#[derive(Debug)]
#[allow(non_camel_case_types)]
pub struct sensilla_scratch {
    /// The library's.
    tag: u64,
    /// The library's.
    state: [usize; 24],
}

handle!(sensilla_scratch: Scratch<'static>, 0x5353_4352);

pub(crate) fn config(from: &sensilla_bank_config) -> Result<BankConfig, Code> {
    let mut config = BankConfig::new(from.dimensions, from.capacity)
        .most_lost(from.most_lost)
        .element(match from.element {
            0 | SENSILLA_I8 => Element::I8,
            SENSILLA_F32 => Element::F32,
            SENSILLA_I8_F32 => Element::I8F32,
            SENSILLA_BITS => Element::Bits,
            _ => return Err(CallError::BadValue.into()),
        })
        .metric(match from.metric {
            0 | SENSILLA_COSINE => Metric::Cosine,
            SENSILLA_INNER_PRODUCT => Metric::InnerProduct,
            SENSILLA_SQUARED_EUCLIDEAN => Metric::SquaredEuclidean,
            _ => return Err(CallError::BadValue.into()),
        })
        .layout(match from.layout {
            SENSILLA_SCAN => Layout::Scan,
            0 | SENSILLA_GRAPH => Layout::Graph,
            SENSILLA_BOTH => Layout::Both,
            _ => return Err(CallError::BadValue.into()),
        });
    if from.links != 0 {
        config = config.links(from.links);
    }
    if from.ef_construction != 0 {
        config = config.ef_construction(from.ef_construction);
    }
    Ok(config)
}

/// Bytes of memory for a bank, or zero if the configuration is none.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_bank_bytes(of: *const sensilla_bank_config) -> usize {
    // SAFETY: the caller's promise.
    let config = unsafe { get(of) }.and_then(|of| config(&of));
    config.map_or(0, |config| config.bytes())
}

/// Bytes of working memory for searches of a bank with up to `ef` candidates, or zero if the
/// configuration is none.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_scratch_bytes(of: *const sensilla_bank_config, ef: u32) -> usize {
    // SAFETY: the caller's promise.
    let config = unsafe { get(of) }.and_then(|of| config(&of));
    config.map_or(0, |config| ScratchConfig::new(&config, ef).bytes())
}

/// Makes an empty bank in `size` bytes of memory and opens it.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_bank_format(
    bank: *mut sensilla_bank,
    memory: *mut u8,
    size: usize,
    of: *const sensilla_bank_config,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let config = config(&get(of)?)?;
            fill(bank, || {
                Ok(PatternBank::format(slice_mut(memory, size)?, config)?)
            })
        }
    })
}

/// Opens a bank that lies in `size` bytes of memory, with all of it checked, and with `verified` the
/// seal too.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_bank_open(
    bank: *mut sensilla_bank,
    memory: *mut u8,
    size: usize,
    verified: bool,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            fill(bank, || {
                let memory = slice_mut(memory, size)?;
                Ok(match verified {
                    true => PatternBank::open_verified(memory)?,
                    false => PatternBank::open(memory)?,
                })
            })
        }
    })
}

/// Makes working memory for searches of a bank with up to `ef` candidates.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_scratch_format(
    scratch: *mut sensilla_scratch,
    memory: *mut u8,
    size: usize,
    of: *const sensilla_bank_config,
    ef: u32,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let config = ScratchConfig::new(&config(&get(of)?)?, ef);
            fill(scratch, || {
                Ok(Scratch::format(slice_mut(memory, size)?, config)?)
            })
        }
    })
}

/// How many patterns the bank holds; zero if the handle is not open.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_bank_len(bank: *mut sensilla_bank) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { held(bank) }.map_or(0, |bank| bank.len() as u32)
}

/// Inserts a vector of `length` components and gives its id, which may be null.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_bank_insert(
    bank: *mut sensilla_bank,
    vector: *const f32,
    length: usize,
    pattern: sensilla_pattern,
    id: *mut u64,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let inserted = held(bank)?.insert(slice(vector, length)?, of(&pattern))?;
            match id.is_null() {
                true => Ok(()),
                false => put(id, inserted.to_u64()),
            }
        }
    })
}

/// Replaces the vector of a pattern, and what is said of it.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_bank_update(
    bank: *mut sensilla_bank,
    id: u64,
    vector: *const f32,
    length: usize,
    pattern: sensilla_pattern,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let (bank, vector) = (held(bank)?, slice(vector, length)?);
            bank.update(PatternId::from_u64(id), vector, of(&pattern))?;
        }
        Ok(())
    })
}

/// Removes a pattern.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_bank_remove(bank: *mut sensilla_bank, id: u64) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe { held(bank)?.remove(PatternId::from_u64(id))? };
        Ok(())
    })
}

/// The vector of a pattern, as it is kept.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_bank_vector(
    bank: *mut sensilla_bank,
    id: u64,
    vector: *mut f32,
    length: usize,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe { held(bank)?.vector(PatternId::from_u64(id), slice_mut(vector, length)?)? };
        Ok(())
    })
}

/// The `k` patterns most similar to a vector, the most similar first: as many as `found` says.
/// `goal` says what the search is to reach; null is the library's default.
///
/// # Safety
/// See the [crate]; `hits` has room for `k`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_bank_search(
    bank: *mut sensilla_bank,
    scratch: *mut sensilla_scratch,
    vector: *const f32,
    length: usize,
    k: usize,
    goal: *const sensilla_goal,
    hits: *mut sensilla_hit,
    found: *mut sensilla_found,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let (bank, scratch) = (held(bank)?, held(scratch)?);
            let mut search = Search::new(k);
            if !goal.is_null() {
                search.goal = aim(&get(goal)?)?;
            }
            let results = bank.search_with(slice(vector, length)?, &search, scratch)?;
            let out = slice_mut(hits, results.len())?;
            for (out, hit) in out.iter_mut().zip(results.iter()) {
                *out = sensilla_hit {
                    id: hit.id.to_u64(),
                    similarity: hit.similarity,
                    label: hit.label,
                    confidence: hit.confidence,
                    reserved: [0; 3],
                };
            }
            let how = sensilla_found {
                hits: results.len(),
                method: way(results.method()),
                distances: results.distances(),
                is_below_goal: results.is_below_goal(),
            };
            put(found, how)
        }
    })
}

/// How well the bank is searched, by what it has measured on its own rows.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_bank_health(
    bank: *mut sensilla_bank,
    health: *mut sensilla_health,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let found = held(bank)?.health();
            let told = sensilla_health {
                rows: found.rows,
                sampled: found.sampled,
                equal: found.equal,
                method: way(found.method),
                reason: match found.reason {
                    Reason::NoGraph => SENSILLA_NO_GRAPH,
                    Reason::ScanIsCheaper => SENSILLA_SCAN_IS_CHEAPER,
                    Reason::WalkIsCheaper => SENSILLA_WALK_IS_CHEAPER,
                    Reason::WalksMiss => SENSILLA_WALKS_MISS,
                    Reason::NoGradient => SENSILLA_NO_GRADIENT,
                    _ => 0,
                },
                ef: found.ef,
                recall: found.recall.into(),
                codes: found.codes.unwrap_or_default().into(),
                has_codes: found.codes.is_some(),
                is_below_goal: found.is_below_goal,
            };
            put(health, told)
        }
    })
}

/// Seals the bank, so that it can be opened verified, and gives the digest of its bytes, which may be
/// null.
///
/// # Safety
/// See the [crate]; `digest` has room for 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_bank_seal(bank: *mut sensilla_bank, digest: *mut u8) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let sealed = held(bank)?.seal();
            match digest.is_null() {
                true => Ok(()),
                false => put(digest.cast(), sealed),
            }
        }
    })
}

/// The digest of what the bank holds, the same on every machine.
///
/// # Safety
/// See the [crate]; `digest` has room for 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_bank_digest(bank: *mut sensilla_bank, digest: *mut u8) -> i32 {
    // SAFETY: the caller's promise.
    done(|| unsafe { put(digest.cast(), held(bank)?.digest()) })
}

/// Checks the kernels of this machine against the reference, on inputs drawn from `seed`.
#[unsafe(no_mangle)]
pub extern "C" fn sensilla_check_kernels(seed: u64) -> i32 {
    code(sensilla::simd::check(seed))
}

impl From<Estimate> for sensilla_estimate {
    fn from(estimate: Estimate) -> Self {
        Self {
            mean: estimate.mean,
            low: estimate.low,
            high: estimate.high,
        }
    }
}

fn aim(goal: &sensilla_goal) -> Result<Goal, Code> {
    Ok(match goal.kind {
        0 => Goal::default(),
        SENSILLA_EXACT => Goal::Exact,
        SENSILLA_RECALL => Goal::Recall(goal.recall),
        SENSILLA_EF => Goal::Ef(goal.ef),
        _ => return Err(CallError::BadValue.into()),
    })
}

fn way(method: Method) -> u32 {
    match method {
        Method::Scan => SENSILLA_BY_SCAN,
        Method::Graph => SENSILLA_BY_GRAPH,
        _ => 0,
    }
}

pub(crate) fn of(pattern: &sensilla_pattern) -> Pattern {
    Pattern {
        label: pattern.label,
        confidence: pattern.confidence,
        at: pattern.at,
    }
}
