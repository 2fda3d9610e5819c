// Sensilla for C. Written by `cargo xtask package c` from host-embedded/c; change it there.
//
// Every function returns zero or a code, of which `sensilla_strerror` says the meaning, if it does
// not say otherwise. A pointer is null, which is an error, or valid for what is said of it, and
// aligned as its type wants; memory for structures is aligned to 64 bytes. A handle is zero, or was
// filled in by the library and not written to since; one thread at a time uses it.

#ifndef SENSILLA_H
#define SENSILLA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The version of this header; `sensilla_version` is that of the library.
#define SENSILLA_VERSION_MAJOR 0
#define SENSILLA_VERSION_MINOR 1
#define SENSILLA_VERSION_PATCH 0
#define SENSILLA_VERSION                                                       \
    ((uint32_t)SENSILLA_VERSION_MAJOR << 16 | (uint32_t)SENSILLA_VERSION_MINOR << 8 | \
     (uint32_t)SENSILLA_VERSION_PATCH)

// Bytes of structures as constants, for memory that is declared. `dimensions`, `capacity` and the
// others are as in the configuration; `element` and `metric` are `SENSILLA_I8` and its like, not
// zero. Of what has a graph, a function says the bytes: `sensilla_bank_bytes`.
#define SENSILLA_ROUND(bytes, to) (((size_t)(bytes) + (to) - 1) / (to) * (to))
#define SENSILLA_LINES(bytes) SENSILLA_ROUND(bytes, 64)
#define SENSILLA_MOST(a, b) ((size_t)(a) > (size_t)(b) ? (size_t)(a) : (size_t)(b))
#define SENSILLA_LEAST(a, b) ((size_t)(a) < (size_t)(b) ? (size_t)(a) : (size_t)(b))
#define SENSILLA_HAS_CODES(element) ((element) == SENSILLA_I8 || (element) == SENSILLA_I8_F32)
#define SENSILLA_HAS_FLOATS(element) ((element) == SENSILLA_F32 || (element) == SENSILLA_I8_F32)
#define SENSILLA_PADDED(dimensions, element) \
    SENSILLA_ROUND(dimensions, (element) == SENSILLA_BITS ? 128 : 16)

// A bank that is scanned.
#define SENSILLA_SCAN_BANK_BYTES(dimensions, capacity, element, metric) \
    (192 + SENSILLA_LINES(16 * (size_t)(capacity)) + SENSILLA_LINES(2 * (size_t)(capacity)) + \
     (SENSILLA_HAS_CODES(element) \
          ? SENSILLA_LINES(4 * (size_t)(capacity)) + SENSILLA_LINES(capacity) + \
                SENSILLA_LINES(SENSILLA_ROUND(capacity, 16) * SENSILLA_PADDED(dimensions, element)) \
          : 0) + \
     (SENSILLA_HAS_CODES(element) && (metric) == SENSILLA_SQUARED_EUCLIDEAN \
          ? SENSILLA_LINES(4 * (size_t)(capacity)) \
          : 0) + \
     ((element) == SENSILLA_BITS \
          ? SENSILLA_LINES((size_t)(capacity) * SENSILLA_PADDED(dimensions, element) / 8) \
          : 0) + \
     (SENSILLA_HAS_FLOATS(element) \
          ? SENSILLA_LINES(4 * (size_t)(capacity) * SENSILLA_PADDED(dimensions, element)) \
          : 0))

// Working memory for searches of a bank that is scanned, with up to `ef` neighbours.
#define SENSILLA_SCAN_SCRATCH_BYTES(dimensions, capacity, element, ef) \
    (128 + SENSILLA_LINES(4 * SENSILLA_PADDED(dimensions, element)) + \
     SENSILLA_LINES(4 * SENSILLA_ROUND(SENSILLA_PADDED(dimensions, element) / 2, 32)) + \
     SENSILLA_LINES(2 * SENSILLA_PADDED(dimensions, element)) + \
     SENSILLA_LINES(8 * SENSILLA_ROUND(SENSILLA_MOST(ef, 16), 8)) + \
     SENSILLA_LINES(32 * (size_t)(ef)) + \
     64 * SENSILLA_LEAST(SENSILLA_ROUND(SENSILLA_ROUND(capacity, 16) / 16, 4), 64) + \
     SENSILLA_LINES(8 * SENSILLA_LEAST(capacity, 256)))

// A stream with the library's seed.
#define SENSILLA_STREAM_BYTES(channels, dimensions) \
    (192 + SENSILLA_LINES(16 * (size_t)(channels)) + SENSILLA_LINES(8 * (size_t)(channels)) + \
     SENSILLA_LINES(32 * (size_t)(channels)) + 512 * (size_t)(channels) + \
     SENSILLA_LINES(4 * (size_t)(dimensions)))

// A recogniser whose bank is scanned, beside its stream and its bank; that one is
// `SENSILLA_SCAN_BANK_BYTES(dimensions, patterns, SENSILLA_I8, SENSILLA_SQUARED_EUCLIDEAN)`.
#define SENSILLA_RECOGNISER_BYTES(dimensions, sketches, patterns, scores) \
    (256 + \
     SENSILLA_LINES(2 * (size_t)(sketches) * ((dimensions) / (sketches)) * \
                    ((dimensions) / (sketches) + 1)) + \
     SENSILLA_LINES(4 * (size_t)(dimensions)) + SENSILLA_LINES(4 * (size_t)(patterns)) + \
     SENSILLA_LINES(2 * (size_t)(patterns) * (dimensions)) + SENSILLA_LINES(4 * (size_t)(scores)))


// Eight bits an element, with a scale a row.
#define SENSILLA_I8 1

// Four bytes an element.
#define SENSILLA_F32 2

// Both: searched by eight bits, ranked again by four bytes.
#define SENSILLA_I8_F32 3

// One bit an element.
#define SENSILLA_BITS 4

// The cosine of the angle.
#define SENSILLA_COSINE 1

// The inner product.
#define SENSILLA_INNER_PRODUCT 2

// Minus the squared Euclidean distance.
#define SENSILLA_SQUARED_EUCLIDEAN 3

// Scanned; the fastest up to a few thousand patterns.
#define SENSILLA_SCAN 1

// Searched by a graph.
#define SENSILLA_GRAPH 2

// Both.
#define SENSILLA_BOTH 3

// A search that finds all of the nearest, as far as what is kept tells.
#define SENSILLA_EXACT 1

// A search that finds a share of the nearest, in the mean.
#define SENSILLA_RECALL 2

// A search that looks at so many candidates.
#define SENSILLA_EF 3

// Every row was compared.
#define SENSILLA_BY_SCAN 1

// The graph was walked.
#define SENSILLA_BY_GRAPH 2

// The bank is laid out without a graph.
#define SENSILLA_NO_GRAPH 1

// So wide a walk as the goal needs costs more than comparing every row.
#define SENSILLA_SCAN_IS_CHEAPER 2

// A walk costs less.
#define SENSILLA_WALK_IS_CHEAPER 3

// No walk finds enough of the nearest rows.
#define SENSILLA_WALKS_MISS 4

// No walk finds enough of the rows by themselves.
#define SENSILLA_NO_GRADIENT 5

// An event is refused when the log is full; pruning makes room.
#define SENSILLA_REFUSE 0

// The oldest events go when the log is full.
#define SENSILLA_EVICT_OLDEST 1

// The oldest events go when the log is full, if they were exported.
#define SENSILLA_EVICT_EXPORTED 2

// An event is refused when the log is full, and so is pruning what was not exported.
#define SENSILLA_KEEP_UNTIL_EXPORTED 3

// Most hashes of a proof.
#define SENSILLA_MAX_PROOF 33

// The shape of a bank. What is zero is as the library sets it.
typedef struct sensilla_bank_config {
  // Components of a vector, 1 to 8,192.
  uint32_t dimensions;
  // Most patterns.
  uint32_t capacity;
  // `SENSILLA_I8` and its like; zero is that.
  uint32_t element;
  // `SENSILLA_COSINE` and its like; zero is that.
  uint32_t metric;
  // `SENSILLA_SCAN` and its like; zero is `SENSILLA_GRAPH`.
  uint32_t layout;
  // Links of a pattern in the graph.
  uint32_t links;
  // Candidates while the graph is built.
  uint32_t ef_construction;
  // Thousandths of the nearest ten that eight bits may lose before more patterns are refused; zero is no
  // limit.
  uint32_t most_lost;
} sensilla_bank_config;

// A bank that is open. Zero before it is filled in.
typedef struct sensilla_bank {
  // The library's.
  uint64_t tag;
  // The library's.
  size_t state[64];
} sensilla_bank;

// Working memory of searches. Zero before it is filled in.
typedef struct sensilla_scratch {
  // The library's.
  uint64_t tag;
  // The library's.
  size_t state[24];
} sensilla_scratch;

// What the caller says of a pattern.
typedef struct sensilla_pattern {
  // When it was learned, in milliseconds.
  uint64_t at;
  // A class, a symbol or any other word.
  uint32_t label;
  // Trust, as a fraction of 65,535.
  uint16_t confidence;
  // Zero.
  uint16_t reserved;
} sensilla_pattern;

// What a search is to reach. Zero is the library's default, a recall of 0.99.
typedef struct sensilla_goal {
  // `SENSILLA_EXACT` and its like; zero is the library's default.
  uint32_t kind;
  // Candidates, for `SENSILLA_EF`.
  uint32_t ef;
  // The share of the nearest to find, 0 to 1, for `SENSILLA_RECALL`.
  float recall;
} sensilla_goal;

// A pattern that was found.
typedef struct sensilla_hit {
  // Its lasting name.
  uint64_t id;
  // How similar it is; larger is more.
  float similarity;
  // Its label.
  uint32_t label;
  // Trust, as a fraction of 65,535.
  uint16_t confidence;
  // Zero.
  uint16_t reserved[3];
} sensilla_hit;

// How a search ran.
typedef struct sensilla_found {
  // How many hits there are.
  size_t hits;
  // `SENSILLA_BY_SCAN` or `SENSILLA_BY_GRAPH`.
  uint32_t method;
  // How many rows the query was compared with.
  uint32_t distances;
  // Whether fewer of the nearest are found than the goal asks for.
  bool is_below_goal;
} sensilla_found;

// A share that was measured, and between which bounds it is with 95 % certainty.
typedef struct sensilla_estimate {
  // What was measured.
  float mean;
  // Lower end of the interval.
  float low;
  // Upper end of the interval.
  float high;
} sensilla_estimate;

// How well a bank is searched, as it measures on a sample of its own rows.
typedef struct sensilla_health {
  // Patterns in the bank.
  uint32_t rows;
  // Patterns that are measured on; none without a graph.
  uint32_t sampled;
  // Patterns that hold the same vector as another; only known with a graph.
  uint32_t equal;
  // The way that a search of the default goal goes: `SENSILLA_BY_SCAN` or `SENSILLA_BY_GRAPH`.
  uint32_t method;
  // Why: `SENSILLA_NO_GRAPH` and its like.
  uint32_t reason;
  // Candidates of its walk, zero for a scan.
  uint32_t ef;
  // The recall that it reaches.
  struct sensilla_estimate recall;
  // The recall that eight bits leave of an exact one, if `has_codes`.
  struct sensilla_estimate codes;
  // Whether `codes` was measured.
  bool has_codes;
  // Whether the recall is less than the default goal.
  bool is_below_goal;
} sensilla_health;

// Whether `signature`, of 64 bytes, is the Ed25519 signature of `length` bytes from `message` under
// `key`, of 32 bytes.
typedef bool (*sensilla_verify)(void *context,
                                const uint8_t *key,
                                const uint8_t *message,
                                size_t length,
                                const uint8_t *signature);

// What a checkpoint says.
typedef struct sensilla_checkpoint {
  // Entries of the log.
  uint64_t size;
  // Root of its Merkle tree.
  uint8_t root[32];
} sensilla_checkpoint;

// How much a log holds. What is zero is as the library sets it.
typedef struct sensilla_log_config {
  // Events that are kept.
  uint32_t entries;
  // Bytes for their bodies.
  uint32_t bytes;
  // At most two to the power of this many events ever, 1 to 32; zero is 32.
  uint32_t height;
  // What an append to a full log does: `SENSILLA_REFUSE` and its like.
  uint32_t overflow;
  // Different authors of the kept events; zero is 64.
  uint16_t authors;
  // Different contexts of the kept events; zero is 16.
  uint16_t contexts;
  // Events whose proofs are kept after they were pruned.
  uint16_t watches;
  // Zero.
  uint16_t reserved;
  // What look-up tables are mixed with: best drawn at random for each device.
  uint64_t seed;
  // The realm that its events are of.
  uint8_t realm[32];
  // Most bytes of the events of one author; zero is no limit.
  uint32_t bytes_each;
} sensilla_log_config;

// A log that is open. Zero before it is filled in.
typedef struct sensilla_log {
  // The library's.
  uint64_t tag;
  // The library's.
  size_t state[144];
} sensilla_log;

// A claim: about `subject`, `predicate` is `value`. Texts end with a zero byte.
typedef struct sensilla_claim {
  // Where it is said.
  const char *context;
  // What the claim is about.
  const char *subject;
  // Which of its properties.
  const char *predicate;
  // What the property is said to be.
  const char *value;
  // SHA-256 of what backs the claim, `evidence_count` times 32 bytes; null if there is none.
  const uint8_t *evidence;
  // How many.
  size_t evidence_count;
  // The id, of 32 bytes, of an earlier claim that this one replaces; null if there is none.
  const uint8_t *supersedes;
  // When the claim stops to hold, in milliseconds; zero is never.
  uint64_t expires;
  // The number of the event among its author's, from 1. Zero goes on where the log has the
  // author's last one, which must then be kept: a number that was used is never used again.
  uint32_t sequence;
  // How sure the author is, as a fraction of 65,535.
  uint16_t confidence;
} sensilla_claim;

// Signs `length` bytes from `message` with the author's key and writes 64 bytes of Ed25519
// signature; whether it could.
typedef bool (*sensilla_sign)(void *context,
                              const uint8_t *message,
                              size_t length,
                              uint8_t *signature);

// An event where it lies in a log.
typedef struct sensilla_entry {
  // Its bytes, until the log changes.
  const uint8_t *bytes;
  // How many.
  size_t length;
  // When the log took it, in milliseconds.
  uint64_t accepted;
} sensilla_entry;

// Channels of a stream and the vectors that come out of it. What is zero is as the library sets it.
typedef struct sensilla_stream_config {
  // Values a sample, 1 to 256.
  uint32_t channels;
  // Components of a vector, a multiple of 16 for each sketch; zero is 64.
  uint32_t dimensions;
  // Sketches that share the components; zero is one.
  uint32_t sketches;
  // Groups of kernels, 1 to 12: the cost of a sample is proportional to it. Zero is a half of them,
  // with more than three channels a third.
  uint32_t groups;
  // How often samples follow each other, in millihertz; zero if it is not known.
  uint32_t rate;
  // What kernels are drawn from; zero is the library's.
  uint32_t seed;
} sensilla_stream_config;

// A stream that is open. Zero before it is filled in.
typedef struct sensilla_stream {
  // The library's.
  uint64_t tag;
  // The library's.
  size_t state[112];
} sensilla_stream;

// The shape of a recogniser, beside that of its stream. What is zero is as the library sets it.
typedef struct sensilla_recogniser_config {
  // The stream whose vectors it learns.
  struct sensilla_stream_config stream;
  // Most patterns.
  uint32_t patterns;
  // How many of the last scores novelty is compared with, 8 to 4,096; zero is 32.
  uint32_t scores;
  // `SENSILLA_SCAN` and its like; zero is that.
  uint32_t layout;
  // `SENSILLA_I8`, `SENSILLA_F32` or `SENSILLA_I8_F32`; zero is the first.
  uint32_t element;
  // What a direction varies by before anything is known of it; zero is the library's.
  float ridge;
  // Vectors within this share of the usual squared distance are merged; zero is the library's.
  float merge;
} sensilla_recogniser_config;

// A recogniser that is open. Zero before it is filled in.
typedef struct sensilla_recogniser {
  // The library's.
  uint64_t tag;
  // The library's.
  size_t state[40];
} sensilla_recogniser;

// What learning a vector did.
typedef struct sensilla_learned {
  // The pattern that holds it.
  uint64_t id;
  // The pattern that was given up for it, if `has_evicted`.
  uint64_t evicted;
  // Whether it went into a pattern that was there.
  bool is_merged;
  // Whether a pattern was given up.
  bool has_evicted;
} sensilla_learned;

// What a window was recognised as.
typedef struct sensilla_recognised {
  // The nearest pattern.
  uint64_t id;
  // Its label.
  uint32_t label;
  // Its squared distance in the metric.
  float distance;
  // The squared distance of the nearest pattern of another label; infinite without one.
  float other;
  // How much nearer the nearest pattern is than that of another label, 0 to 1.
  float margin;
  // How unlike everything learned the window is.
  float novelty;
  // The share of the last scores that are at least this novel.
  float rarity;
  // The share of recalls as clear as this one that are right, as recalls so far went.
  float confidence;
  // Whether there was anything to recall; all else is zero if not.
  bool is_known;
} sensilla_recognised;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the library: major, minor and patch, each in a byte of its own, as
// `SENSILLA_VERSION` has it for the header.
uint32_t sensilla_version(void);

// Bytes of memory for a bank, or zero if the configuration is none.
size_t sensilla_bank_bytes(const struct sensilla_bank_config *of);

// Bytes of working memory for searches of a bank with up to `ef` candidates, or zero if the
// configuration is none.
size_t sensilla_scratch_bytes(const struct sensilla_bank_config *of, uint32_t ef);

// Makes an empty bank in `size` bytes of memory and opens it.
int32_t sensilla_bank_format(struct sensilla_bank *bank,
                             uint8_t *memory,
                             size_t size,
                             const struct sensilla_bank_config *of);

// Opens a bank that lies in `size` bytes of memory, with all of it checked, and with `verified` the
// seal too.
int32_t sensilla_bank_open(struct sensilla_bank *bank, uint8_t *memory, size_t size, bool verified);

// Makes working memory for searches of a bank with up to `ef` candidates.
int32_t sensilla_scratch_format(struct sensilla_scratch *scratch,
                                uint8_t *memory,
                                size_t size,
                                const struct sensilla_bank_config *of,
                                uint32_t ef);

// How many patterns the bank holds; zero if the handle is not open.
uint32_t sensilla_bank_len(struct sensilla_bank *bank);

// Inserts a vector of `length` components and gives its id, which may be null.
int32_t sensilla_bank_insert(struct sensilla_bank *bank,
                             const float *vector,
                             size_t length,
                             struct sensilla_pattern pattern,
                             uint64_t *id);

// Replaces the vector of a pattern, and what is said of it.
int32_t sensilla_bank_update(struct sensilla_bank *bank,
                             uint64_t id,
                             const float *vector,
                             size_t length,
                             struct sensilla_pattern pattern);

// Removes a pattern.
int32_t sensilla_bank_remove(struct sensilla_bank *bank, uint64_t id);

// The vector of a pattern, as it is kept.
int32_t sensilla_bank_vector(struct sensilla_bank *bank, uint64_t id, float *vector, size_t length);

// The `k` patterns most similar to a vector, the most similar first: as many as `found` says.
// `goal` says what the search is to reach; null is the library's default.
//
// `hits` has room for `k`.
int32_t sensilla_bank_search(struct sensilla_bank *bank,
                             struct sensilla_scratch *scratch,
                             const float *vector,
                             size_t length,
                             size_t k,
                             const struct sensilla_goal *goal,
                             struct sensilla_hit *hits,
                             struct sensilla_found *found);

// How well the bank is searched, by what it has measured on its own rows.
int32_t sensilla_bank_health(struct sensilla_bank *bank, struct sensilla_health *health);

// Seals the bank, so that it can be opened verified, and gives the digest of its bytes, which may be
// null.
//
// `digest` has room for 32 bytes.
int32_t sensilla_bank_seal(struct sensilla_bank *bank,
                           uint8_t *digest);

// The digest of what the bank holds, the same on every machine.
//
// `digest` has room for 32 bytes.
int32_t sensilla_bank_digest(struct sensilla_bank *bank, uint8_t *digest);

// Checks the kernels of this machine against the reference, on inputs drawn from `seed`.
int32_t sensilla_check_kernels(uint64_t seed);

// The hash of the leaf that an event of `length` bytes is in the tree of a log (RFC 6962, section
// 2.1).
//
// `leaf` has room for 32 bytes.
int32_t sensilla_leaf_hash(const uint8_t *event, size_t length, uint8_t *leaf);

// Whether the entry whose leaf has the hash `leaf` is the one at `index` of a log of `size` entries
// and root `root`, each hash of 32 bytes: zero, if `proof`, of `hashes` times 32 bytes, shows it (RFC 6962, section 2.1.1).
int32_t sensilla_verify_inclusion(const uint8_t *leaf,
                                  uint64_t index,
                                  uint64_t size,
                                  const uint8_t *proof,
                                  size_t hashes,
                                  const uint8_t *root);

// Whether a log of `old_size` entries and root `old_root` became one of `new_size` and `new_root` by
// appending alone: zero, if `proof` shows it (RFC 6962, section 2.1.2).
int32_t sensilla_verify_consistency(uint64_t old_size,
                                    uint64_t new_size,
                                    const uint8_t *proof,
                                    size_t hashes,
                                    const uint8_t *old_root,
                                    const uint8_t *new_root);

// Reads a signed checkpoint and checks its signature by the key that goes by `name`.
//
// `verify` may be called with `context` while this runs.
int32_t sensilla_verify_checkpoint(const uint8_t *note,
                                   size_t length,
                                   const uint8_t *name,
                                   size_t name_length,
                                   const uint8_t *key,
                                   sensilla_verify verify,
                                   void *context,
                                   struct sensilla_checkpoint *checkpoint);

// The public key, of 32 bytes, that belongs to the secret `seed`, of 32 bytes.
//
// `key` has room for 32 bytes.
int32_t sensilla_ed25519_public_key(const uint8_t *seed, uint8_t *key);

// A `sensilla_sign` whose `context` is the secret seed, of 32 bytes.
bool sensilla_ed25519_sign(void *context,
                           const uint8_t *message,
                           size_t length,
                           uint8_t *signature);

// A `sensilla_verify` that needs no `context`. Strict: no weak keys, no second encoding of a signature.
bool sensilla_ed25519_verify(void *context,
                             const uint8_t *key,
                             const uint8_t *message,
                             size_t length,
                             const uint8_t *signature);

// What a code means, as a sentence that ends with a zero byte; `{names}` stand for numbers that
// only Rust is told. Zero is "success"; a code that is not of this library, "unknown error".
const char *sensilla_strerror(int32_t code);

// Bytes of memory for a log, or zero if the configuration is none.
size_t sensilla_log_bytes(const struct sensilla_log_config *of);

// Makes an empty log in `size` bytes of memory and opens it.
int32_t sensilla_log_format(struct sensilla_log *log,
                            uint8_t *memory,
                            size_t size,
                            const struct sensilla_log_config *of);

// Opens a log that lies in `size` bytes of memory, with all of it checked, and with `verified` the
// seal too.
int32_t sensilla_log_open(struct sensilla_log *log, uint8_t *memory, size_t size, bool verified);

// Number of events ever appended; zero if the handle is not open.
uint64_t sensilla_log_size(struct sensilla_log *log);

// Number of the first event that is kept; zero if the handle is not open.
uint64_t sensilla_log_first(struct sensilla_log *log);

// Says a claim at `now`, in milliseconds: signs it as an event of the author whose key is
// `key`, of 32 bytes, writes its bytes to `event`, of up to `size`, and appends it to the log. The
// length of the event is written to `length`, its number to `index`; both may be null.
//
// `sign` may be called with `context` while this runs.
int32_t sensilla_log_append(struct sensilla_log *log,
                            const struct sensilla_claim *claim,
                            uint64_t now,
                            const uint8_t *key,
                            sensilla_sign sign,
                            void *context,
                            uint8_t *event,
                            size_t size,
                            size_t *length,
                            uint64_t *index);

// Appends another's event of `length` bytes at `now`, in milliseconds, once `verify` found its
// signature good; its number is written to `index`, which may be null.
//
// `verify` may be called with `context` while this runs.
int32_t sensilla_log_ingest(struct sensilla_log *log,
                            const uint8_t *event,
                            size_t length,
                            uint64_t now,
                            sensilla_verify verify,
                            void *context,
                            uint64_t *index);

// The event of a number.
int32_t sensilla_log_get(struct sensilla_log *log, uint64_t index, struct sensilla_entry *entry);

// The root over all events.
//
// `root` has room for 32 bytes.
int32_t sensilla_log_root(struct sensilla_log *log, uint8_t *root);

// Proves that event `index` is among the first `size`: as many hashes of 32 bytes as `hashes` says,
// at most `SENSILLA_MAX_PROOF`.
//
// `proof` has room for `room` hashes.
int32_t sensilla_log_prove_inclusion(struct sensilla_log *log,
                                     uint64_t index,
                                     uint64_t size,
                                     uint8_t *proof,
                                     size_t room,
                                     size_t *hashes);

// Proves that the log of the first `old_size` events is the beginning of that of `new_size`: as many
// hashes of 32 bytes as `hashes` says, at most `SENSILLA_MAX_PROOF`.
//
// `proof` has room for `room` hashes.
int32_t sensilla_log_prove_consistency(struct sensilla_log *log,
                                       uint64_t old_size,
                                       uint64_t new_size,
                                       uint8_t *proof,
                                       size_t room,
                                       size_t *hashes);

// Writes a checkpoint, the size and root of the log, signed under `origin` with the key `key`, of 32
// bytes: text of as many bytes as `length` says.
//
// `note` has room for `size` bytes, and `sign` may be called with `context`
// while this runs.
int32_t sensilla_log_checkpoint(struct sensilla_log *log,
                                const uint8_t *origin,
                                size_t origin_length,
                                const uint8_t *key,
                                sensilla_sign sign,
                                void *context,
                                uint8_t *note,
                                size_t size,
                                size_t *length);

// Notes that the first `size` events are stored elsewhere.
int32_t sensilla_log_mark_exported(struct sensilla_log *log, uint64_t size);

// Forgets the events before `first`; root and proofs of those that are kept stay.
int32_t sensilla_log_prune(struct sensilla_log *log, uint64_t first);

// Seals the log, so that it can be opened verified, and gives the digest of its bytes, which may be
// null.
//
// `digest` has room for 32 bytes.
int32_t sensilla_log_seal(struct sensilla_log *log, uint8_t *digest);

// Bytes of memory for a stream, or zero if the configuration is none.
size_t sensilla_stream_bytes(const struct sensilla_stream_config *of);

// Makes an empty stream in `size` bytes of memory and opens it.
int32_t sensilla_stream_format(struct sensilla_stream *stream,
                               uint8_t *memory,
                               size_t size,
                               const struct sensilla_stream_config *of);

// Opens a stream that lies in `size` bytes of memory, with all of it checked, and with `verified`
// the seal too.
int32_t sensilla_stream_open(struct sensilla_stream *stream,
                             uint8_t *memory,
                             size_t size,
                             bool verified);

// Takes samples of a recording that shows what is usual: `length` values, value by value of each
// sample. Three recordings are enough.
int32_t sensilla_stream_calibrate(struct sensilla_stream *stream,
                                  const float *samples,
                                  size_t length);

// Ends a recording that calibrates: what comes next does not follow it.
int32_t sensilla_stream_end_recording(struct sensilla_stream *stream);

// Keeps the scales that the samples so far come to; they never change again.
int32_t sensilla_stream_freeze(struct sensilla_stream *stream);

// Takes samples into the window: `length` values, value by value of each sample.
int32_t sensilla_stream_push(struct sensilla_stream *stream, const float *samples, size_t length);

// Samples in the window so far; zero if the handle is not open.
uint32_t sensilla_stream_samples(struct sensilla_stream *stream);

// Writes the vector of the window, of `length` components, and starts the next window.
int32_t sensilla_stream_finish(struct sensilla_stream *stream, float *vector, size_t length);

// Forgets the samples of the window.
int32_t sensilla_stream_reset(struct sensilla_stream *stream);

// Seals the stream, so that it can be opened verified, and gives the digest of its bytes, which may
// be null.
//
// `digest` has room for 32 bytes.
int32_t sensilla_stream_seal(struct sensilla_stream *stream, uint8_t *digest);

// Bytes of memory for a recogniser, beside its stream and its bank, or zero if the configuration is
// none.
size_t sensilla_recogniser_bytes(const struct sensilla_recogniser_config *of);

// The shape of the bank that a recogniser's patterns lie in.
int32_t sensilla_recogniser_bank(const struct sensilla_recogniser_config *of,
                                 struct sensilla_bank_config *bank);

// Makes an empty recogniser in `size` bytes of memory and opens it.
int32_t sensilla_recogniser_format(struct sensilla_recogniser *recogniser,
                                   uint8_t *memory,
                                   size_t size,
                                   const struct sensilla_recogniser_config *of);

// Opens a recogniser that lies in `size` bytes of memory, with all of it checked, and with
// `verified` the seal too.
int32_t sensilla_recogniser_open(struct sensilla_recogniser *recogniser,
                                 uint8_t *memory,
                                 size_t size,
                                 bool verified);

// Learns that a vector of `length` components is of the label of `pattern`; what that did is
// written to `learned`, which may be null. `work` has room for a vector. Before the next recall the
// bank has to be refreshed.
//
// `work` has room for `length`.
int32_t sensilla_recogniser_learn(struct sensilla_recogniser *recogniser,
                                  struct sensilla_bank *bank,
                                  const float *vector,
                                  size_t length,
                                  struct sensilla_pattern pattern,
                                  float *work,
                                  struct sensilla_learned *learned);

// Brings the rows of the bank up to what was learned since the last call. `work` has room for a
// vector of `length` components.
int32_t sensilla_recogniser_refresh(struct sensilla_recogniser *recogniser,
                                    struct sensilla_bank *bank,
                                    float *work,
                                    size_t length);

// Says what a vector of `length` components is. `work` has room for a vector; `scratch` was made for
// the recogniser's bank.
//
// `work` has room for `length`.
int32_t sensilla_recogniser_recall(struct sensilla_recogniser *recogniser,
                                   struct sensilla_bank *bank,
                                   const float *vector,
                                   size_t length,
                                   float *work,
                                   struct sensilla_scratch *scratch,
                                   struct sensilla_recognised *recognised);

// Records what a window was after it had been recognised and before it is learned: confidence and
// rarity follow from it.
int32_t sensilla_recogniser_record(struct sensilla_recogniser *recogniser,
                                   const struct sensilla_recognised *recognised,
                                   uint32_t label);

// Sets `alarm` to whether the novelty of a window stands out among the last ones, which it then
// becomes one of.
int32_t sensilla_recogniser_watch(struct sensilla_recogniser *recogniser,
                                  float novelty,
                                  bool *alarm);

// Seals the recogniser, so that it can be opened verified, and gives the digest of its bytes, which
// may be null.
//
// `digest` has room for 32 bytes.
int32_t sensilla_recogniser_seal(struct sensilla_recogniser *recogniser, uint8_t *digest);

// Encodes a signal of `length` samples by the code called `code` (`delta`, `step-forward`,
// `moving-window`, …) with parameters as in `threshold=0.5,off_spike=true`, both ended by a zero
// byte: each of `spikes` becomes 1, -1 or 0. `scratch` has room for twice the window of the code
// `bsa`; for other codes it may be null.
//
// `spikes` has room for `length`.
int32_t sensilla_encode_signal(const char *code,
                               const char *parameters,
                               const double *signal,
                               size_t length,
                               double *scratch,
                               size_t scratch_length,
                               int8_t *spikes);

// Gives a signal back from its spikes; see `sensilla_encode_signal`.
//
// `signal` has room for `length`.
int32_t sensilla_decode_signal(const char *code,
                               const char *parameters,
                               const int8_t *spikes,
                               size_t length,
                               double *scratch,
                               size_t scratch_length,
                               double *signal);

// What a code means, as a sentence that ends with a zero byte; `{names}` stand for numbers that
// only Rust is told. Zero is "success"; a code that is not of this library, "unknown error".
const char *sensilla_strerror(int32_t code);

// Bytes of memory for a bank, or zero if the configuration is none.
size_t sensilla_bank_bytes(const struct sensilla_bank_config *of);

// Bytes of working memory for searches of a bank with up to `ef` candidates, or zero if the
// configuration is none.
size_t sensilla_scratch_bytes(const struct sensilla_bank_config *of, uint32_t ef);

// Makes an empty bank in `size` bytes of memory and opens it.
int32_t sensilla_bank_format(struct sensilla_bank *bank,
                             uint8_t *memory,
                             size_t size,
                             const struct sensilla_bank_config *of);

// Opens a bank that lies in `size` bytes of memory, with all of it checked, and with `verified` the
// seal too.
int32_t sensilla_bank_open(struct sensilla_bank *bank, uint8_t *memory, size_t size, bool verified);

// Makes working memory for searches of a bank with up to `ef` candidates.
int32_t sensilla_scratch_format(struct sensilla_scratch *scratch,
                                uint8_t *memory,
                                size_t size,
                                const struct sensilla_bank_config *of,
                                uint32_t ef);

// How many patterns the bank holds; zero if the handle is not open.
uint32_t sensilla_bank_len(struct sensilla_bank *bank);

// Inserts a vector of `length` components and gives its id, which may be null.
int32_t sensilla_bank_insert(struct sensilla_bank *bank,
                             const float *vector,
                             size_t length,
                             struct sensilla_pattern pattern,
                             uint64_t *id);

// Replaces the vector of a pattern, and what is said of it.
int32_t sensilla_bank_update(struct sensilla_bank *bank,
                             uint64_t id,
                             const float *vector,
                             size_t length,
                             struct sensilla_pattern pattern);

// Removes a pattern.
int32_t sensilla_bank_remove(struct sensilla_bank *bank, uint64_t id);

// The vector of a pattern, as it is kept.
int32_t sensilla_bank_vector(struct sensilla_bank *bank, uint64_t id, float *vector, size_t length);

// The `k` patterns most similar to a vector, the most similar first: as many as `found` says.
// `goal` says what the search is to reach; null is the library's default.
//
// `hits` has room for `k`.
int32_t sensilla_bank_search(struct sensilla_bank *bank,
                             struct sensilla_scratch *scratch,
                             const float *vector,
                             size_t length,
                             size_t k,
                             const struct sensilla_goal *goal,
                             struct sensilla_hit *hits,
                             struct sensilla_found *found);

// How well the bank is searched, by what it has measured on its own rows.
int32_t sensilla_bank_health(struct sensilla_bank *bank, struct sensilla_health *health);

// Seals the bank, so that it can be opened verified, and gives the digest of its bytes, which may be
// null.
//
// `digest` has room for 32 bytes.
int32_t sensilla_bank_seal(struct sensilla_bank *bank,
                           uint8_t *digest);

// The digest of what the bank holds, the same on every machine.
//
// `digest` has room for 32 bytes.
int32_t sensilla_bank_digest(struct sensilla_bank *bank, uint8_t *digest);

// Checks the kernels of this machine against the reference, on inputs drawn from `seed`.
int32_t sensilla_check_kernels(uint64_t seed);

// Bytes of memory for a stream, or zero if the configuration is none.
size_t sensilla_stream_bytes(const struct sensilla_stream_config *of);

// Makes an empty stream in `size` bytes of memory and opens it.
int32_t sensilla_stream_format(struct sensilla_stream *stream,
                               uint8_t *memory,
                               size_t size,
                               const struct sensilla_stream_config *of);

// Opens a stream that lies in `size` bytes of memory, with all of it checked, and with `verified`
// the seal too.
int32_t sensilla_stream_open(struct sensilla_stream *stream,
                             uint8_t *memory,
                             size_t size,
                             bool verified);

// Takes samples of a recording that shows what is usual: `length` values, value by value of each
// sample. Three recordings are enough.
int32_t sensilla_stream_calibrate(struct sensilla_stream *stream,
                                  const float *samples,
                                  size_t length);

// Ends a recording that calibrates: what comes next does not follow it.
int32_t sensilla_stream_end_recording(struct sensilla_stream *stream);

// Keeps the scales that the samples so far come to; they never change again.
int32_t sensilla_stream_freeze(struct sensilla_stream *stream);

// Takes samples into the window: `length` values, value by value of each sample.
int32_t sensilla_stream_push(struct sensilla_stream *stream, const float *samples, size_t length);

// Samples in the window so far; zero if the handle is not open.
uint32_t sensilla_stream_samples(struct sensilla_stream *stream);

// Writes the vector of the window, of `length` components, and starts the next window.
int32_t sensilla_stream_finish(struct sensilla_stream *stream, float *vector, size_t length);

// Forgets the samples of the window.
int32_t sensilla_stream_reset(struct sensilla_stream *stream);

// Seals the stream, so that it can be opened verified, and gives the digest of its bytes, which may
// be null.
//
// `digest` has room for 32 bytes.
int32_t sensilla_stream_seal(struct sensilla_stream *stream, uint8_t *digest);

// Bytes of memory for a recogniser, beside its stream and its bank, or zero if the configuration is
// none.
size_t sensilla_recogniser_bytes(const struct sensilla_recogniser_config *of);

// The shape of the bank that a recogniser's patterns lie in.
int32_t sensilla_recogniser_bank(const struct sensilla_recogniser_config *of,
                                 struct sensilla_bank_config *bank);

// Makes an empty recogniser in `size` bytes of memory and opens it.
int32_t sensilla_recogniser_format(struct sensilla_recogniser *recogniser,
                                   uint8_t *memory,
                                   size_t size,
                                   const struct sensilla_recogniser_config *of);

// Opens a recogniser that lies in `size` bytes of memory, with all of it checked, and with
// `verified` the seal too.
int32_t sensilla_recogniser_open(struct sensilla_recogniser *recogniser,
                                 uint8_t *memory,
                                 size_t size,
                                 bool verified);

// Learns that a vector of `length` components is of the label of `pattern`; what that did is
// written to `learned`, which may be null. `work` has room for a vector. Before the next recall the
// bank has to be refreshed.
//
// `work` has room for `length`.
int32_t sensilla_recogniser_learn(struct sensilla_recogniser *recogniser,
                                  struct sensilla_bank *bank,
                                  const float *vector,
                                  size_t length,
                                  struct sensilla_pattern pattern,
                                  float *work,
                                  struct sensilla_learned *learned);

// Brings the rows of the bank up to what was learned since the last call. `work` has room for a
// vector of `length` components.
int32_t sensilla_recogniser_refresh(struct sensilla_recogniser *recogniser,
                                    struct sensilla_bank *bank,
                                    float *work,
                                    size_t length);

// Says what a vector of `length` components is. `work` has room for a vector; `scratch` was made for
// the recogniser's bank.
//
// `work` has room for `length`.
int32_t sensilla_recogniser_recall(struct sensilla_recogniser *recogniser,
                                   struct sensilla_bank *bank,
                                   const float *vector,
                                   size_t length,
                                   float *work,
                                   struct sensilla_scratch *scratch,
                                   struct sensilla_recognised *recognised);

// Records what a window was after it had been recognised and before it is learned: confidence and
// rarity follow from it.
int32_t sensilla_recogniser_record(struct sensilla_recogniser *recogniser,
                                   const struct sensilla_recognised *recognised,
                                   uint32_t label);

// Sets `alarm` to whether the novelty of a window stands out among the last ones, which it then
// becomes one of.
int32_t sensilla_recogniser_watch(struct sensilla_recogniser *recogniser,
                                  float novelty,
                                  bool *alarm);

// Seals the recogniser, so that it can be opened verified, and gives the digest of its bytes, which
// may be null.
//
// `digest` has room for 32 bytes.
int32_t sensilla_recogniser_seal(struct sensilla_recogniser *recogniser, uint8_t *digest);

// Bytes of memory for a log, or zero if the configuration is none.
size_t sensilla_log_bytes(const struct sensilla_log_config *of);

// Makes an empty log in `size` bytes of memory and opens it.
int32_t sensilla_log_format(struct sensilla_log *log,
                            uint8_t *memory,
                            size_t size,
                            const struct sensilla_log_config *of);

// Opens a log that lies in `size` bytes of memory, with all of it checked, and with `verified` the
// seal too.
int32_t sensilla_log_open(struct sensilla_log *log, uint8_t *memory, size_t size, bool verified);

// Number of events ever appended; zero if the handle is not open.
uint64_t sensilla_log_size(struct sensilla_log *log);

// Number of the first event that is kept; zero if the handle is not open.
uint64_t sensilla_log_first(struct sensilla_log *log);

// Says a claim at `now`, in milliseconds: signs it as an event of the author whose key is
// `key`, of 32 bytes, writes its bytes to `event`, of up to `size`, and appends it to the log. The
// length of the event is written to `length`, its number to `index`; both may be null.
//
// `sign` may be called with `context` while this runs.
int32_t sensilla_log_append(struct sensilla_log *log,
                            const struct sensilla_claim *claim,
                            uint64_t now,
                            const uint8_t *key,
                            sensilla_sign sign,
                            void *context,
                            uint8_t *event,
                            size_t size,
                            size_t *length,
                            uint64_t *index);

// Appends another's event of `length` bytes at `now`, in milliseconds, once `verify` found its
// signature good; its number is written to `index`, which may be null.
//
// `verify` may be called with `context` while this runs.
int32_t sensilla_log_ingest(struct sensilla_log *log,
                            const uint8_t *event,
                            size_t length,
                            uint64_t now,
                            sensilla_verify verify,
                            void *context,
                            uint64_t *index);

// The event of a number.
int32_t sensilla_log_get(struct sensilla_log *log, uint64_t index, struct sensilla_entry *entry);

// The root over all events.
//
// `root` has room for 32 bytes.
int32_t sensilla_log_root(struct sensilla_log *log, uint8_t *root);

// Proves that event `index` is among the first `size`: as many hashes of 32 bytes as `hashes` says,
// at most `SENSILLA_MAX_PROOF`.
//
// `proof` has room for `room` hashes.
int32_t sensilla_log_prove_inclusion(struct sensilla_log *log,
                                     uint64_t index,
                                     uint64_t size,
                                     uint8_t *proof,
                                     size_t room,
                                     size_t *hashes);

// Proves that the log of the first `old_size` events is the beginning of that of `new_size`: as many
// hashes of 32 bytes as `hashes` says, at most `SENSILLA_MAX_PROOF`.
//
// `proof` has room for `room` hashes.
int32_t sensilla_log_prove_consistency(struct sensilla_log *log,
                                       uint64_t old_size,
                                       uint64_t new_size,
                                       uint8_t *proof,
                                       size_t room,
                                       size_t *hashes);

// Writes a checkpoint, the size and root of the log, signed under `origin` with the key `key`, of 32
// bytes: text of as many bytes as `length` says.
//
// `note` has room for `size` bytes, and `sign` may be called with `context`
// while this runs.
int32_t sensilla_log_checkpoint(struct sensilla_log *log,
                                const uint8_t *origin,
                                size_t origin_length,
                                const uint8_t *key,
                                sensilla_sign sign,
                                void *context,
                                uint8_t *note,
                                size_t size,
                                size_t *length);

// Notes that the first `size` events are stored elsewhere.
int32_t sensilla_log_mark_exported(struct sensilla_log *log, uint64_t size);

// Forgets the events before `first`; root and proofs of those that are kept stay.
int32_t sensilla_log_prune(struct sensilla_log *log, uint64_t first);

// Seals the log, so that it can be opened verified, and gives the digest of its bytes, which may be
// null.
//
// `digest` has room for 32 bytes.
int32_t sensilla_log_seal(struct sensilla_log *log, uint8_t *digest);

// The hash of the leaf that an event of `length` bytes is in the tree of a log (RFC 6962, section
// 2.1).
//
// `leaf` has room for 32 bytes.
int32_t sensilla_leaf_hash(const uint8_t *event, size_t length, uint8_t *leaf);

// Whether the entry whose leaf has the hash `leaf` is the one at `index` of a log of `size` entries
// and root `root`, each hash of 32 bytes: zero, if `proof`, of `hashes` times 32 bytes, shows it (RFC 6962, section 2.1.1).
int32_t sensilla_verify_inclusion(const uint8_t *leaf,
                                  uint64_t index,
                                  uint64_t size,
                                  const uint8_t *proof,
                                  size_t hashes,
                                  const uint8_t *root);

// Whether a log of `old_size` entries and root `old_root` became one of `new_size` and `new_root` by
// appending alone: zero, if `proof` shows it (RFC 6962, section 2.1.2).
int32_t sensilla_verify_consistency(uint64_t old_size,
                                    uint64_t new_size,
                                    const uint8_t *proof,
                                    size_t hashes,
                                    const uint8_t *old_root,
                                    const uint8_t *new_root);

// Reads a signed checkpoint and checks its signature by the key that goes by `name`.
//
// `verify` may be called with `context` while this runs.
int32_t sensilla_verify_checkpoint(const uint8_t *note,
                                   size_t length,
                                   const uint8_t *name,
                                   size_t name_length,
                                   const uint8_t *key,
                                   sensilla_verify verify,
                                   void *context,
                                   struct sensilla_checkpoint *checkpoint);

// The public key, of 32 bytes, that belongs to the secret `seed`, of 32 bytes.
//
// `key` has room for 32 bytes.
int32_t sensilla_ed25519_public_key(const uint8_t *seed, uint8_t *key);

// A `sensilla_sign` whose `context` is the secret seed, of 32 bytes.
bool sensilla_ed25519_sign(void *context,
                           const uint8_t *message,
                           size_t length,
                           uint8_t *signature);

// A `sensilla_verify` that needs no `context`. Strict: no weak keys, no second encoding of a signature.
bool sensilla_ed25519_verify(void *context,
                             const uint8_t *key,
                             const uint8_t *message,
                             size_t length,
                             const uint8_t *signature);

// Encodes a signal of `length` samples by the code called `code` (`delta`, `step-forward`,
// `moving-window`, …) with parameters as in `threshold=0.5,off_spike=true`, both ended by a zero
// byte: each of `spikes` becomes 1, -1 or 0. `scratch` has room for twice the window of the code
// `bsa`; for other codes it may be null.
//
// `spikes` has room for `length`.
int32_t sensilla_encode_signal(const char *code,
                               const char *parameters,
                               const double *signal,
                               size_t length,
                               double *scratch,
                               size_t scratch_length,
                               int8_t *spikes);

// Gives a signal back from its spikes; see `sensilla_encode_signal`.
//
// `signal` has room for `length`.
int32_t sensilla_decode_signal(const char *code,
                               const char *parameters,
                               const int8_t *spikes,
                               size_t length,
                               double *scratch,
                               size_t scratch_length,
                               double *signal);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SENSILLA_H */
