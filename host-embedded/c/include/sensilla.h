// Sensilla for C. Written by `cargo xtask package c` from host-embedded/c; change it there.

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

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the library: major, minor and patch, each in a byte of its own, as
// `SENSILLA_VERSION` has it for the header.
uint32_t sensilla_version(void);

// Bytes of memory for a bank, or zero if the configuration is none.
//
// # Safety
// See the [crate](crate).
size_t sensilla_bank_bytes(const struct sensilla_bank_config *of);

// Bytes of working memory for searches of a bank with up to `ef` candidates, or zero if the
// configuration is none.
//
// # Safety
// See the [crate](crate).
size_t sensilla_scratch_bytes(const struct sensilla_bank_config *of, uint32_t ef);

// Makes an empty bank in `size` bytes of memory and opens it.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_bank_format(struct sensilla_bank *bank,
                             uint8_t *memory,
                             size_t size,
                             const struct sensilla_bank_config *of);

// Opens a bank that lies in `size` bytes of memory, with all of it checked, and with `verified` the
// seal too.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_bank_open(struct sensilla_bank *bank, uint8_t *memory, size_t size, bool verified);

// Makes working memory for searches of a bank with up to `ef` candidates.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_scratch_format(struct sensilla_scratch *scratch,
                                uint8_t *memory,
                                size_t size,
                                const struct sensilla_bank_config *of,
                                uint32_t ef);

// How many patterns the bank holds; zero if the handle is not open.
//
// # Safety
// See the [crate](crate).
uint32_t sensilla_bank_len(struct sensilla_bank *bank);

// Inserts a vector of `length` components and gives its id, which may be null.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_bank_insert(struct sensilla_bank *bank,
                             const float *vector,
                             size_t length,
                             struct sensilla_pattern pattern,
                             uint64_t *id);

// Replaces the vector of a pattern, and what is said of it.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_bank_update(struct sensilla_bank *bank,
                             uint64_t id,
                             const float *vector,
                             size_t length,
                             struct sensilla_pattern pattern);

// Removes a pattern.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_bank_remove(struct sensilla_bank *bank, uint64_t id);

// The vector of a pattern, as it is kept.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_bank_vector(struct sensilla_bank *bank, uint64_t id, float *vector, size_t length);

// The `k` patterns most similar to a vector, the most similar first: as many as `found` is set to.
// With `exact` all patterns are compared.
//
// # Safety
// See the [crate](crate); `hits` has room for `k`.
int32_t sensilla_bank_search(struct sensilla_bank *bank,
                             struct sensilla_scratch *scratch,
                             const float *vector,
                             size_t length,
                             size_t k,
                             bool exact,
                             struct sensilla_hit *hits,
                             size_t *found);

// Seals the bank, so that it can be opened verified, and gives the digest of its bytes, which may be
// null.
//
// # Safety
// See the [crate](crate); `digest` has room for 32 bytes.
int32_t sensilla_bank_seal(struct sensilla_bank *bank,
                           uint8_t *digest);

// The digest of what the bank holds, the same on every machine.
//
// # Safety
// See the [crate](crate); `digest` has room for 32 bytes.
int32_t sensilla_bank_digest(struct sensilla_bank *bank, uint8_t *digest);

// Checks the kernels of this machine against the reference, on inputs drawn from `seed`.
int32_t sensilla_check_kernels(uint64_t seed);

// Whether the entry whose leaf has the hash `leaf` is the one at `index` of a log of `size` entries
// and root `root`, each hash of 32 bytes: zero, if `proof`, of `hashes` times 32 bytes, shows it (RFC 6962, section 2.1.1).
//
// # Safety
// See the [crate](crate).
int32_t sensilla_verify_inclusion(const uint8_t *leaf,
                                  uint64_t index,
                                  uint64_t size,
                                  const uint8_t *proof,
                                  size_t hashes,
                                  const uint8_t *root);

// Whether a log of `old_size` entries and root `old_root` became one of `new_size` and `new_root` by
// appending alone: zero, if `proof` shows it (RFC 6962, section 2.1.2).
//
// # Safety
// See the [crate](crate).
int32_t sensilla_verify_consistency(uint64_t old_size,
                                    uint64_t new_size,
                                    const uint8_t *proof,
                                    size_t hashes,
                                    const uint8_t *old_root,
                                    const uint8_t *new_root);

// Reads a signed checkpoint and checks its signature by the key that goes by `name`.
//
// # Safety
// See the [crate](crate); `verify` may be called with `context` while this runs.
int32_t sensilla_verify_checkpoint(const uint8_t *note,
                                   size_t length,
                                   const uint8_t *name,
                                   size_t name_length,
                                   const uint8_t *key,
                                   sensilla_verify verify,
                                   void *context,
                                   struct sensilla_checkpoint *checkpoint);

// What a code means, as a sentence that ends with a zero byte; `{names}` stand for numbers that
// only Rust is told. Zero is "success"; a code that is not of this library, "unknown error".
const char *sensilla_strerror(int32_t code);

// Encodes a signal of `length` samples by the code called `code` (`delta`, `step-forward`,
// `moving-window`, …) with parameters as in `threshold=0.5,off_spike=true`, both ended by a zero
// byte: each of `spikes` becomes 1, -1 or 0. `scratch` has room for twice the window of the code
// `bsa`; for other codes it may be null.
//
// # Safety
// See the [crate](crate); `spikes` has room for `length`.
int32_t sensilla_encode_signal(const char *code,
                               const char *parameters,
                               const double *signal,
                               size_t length,
                               double *scratch,
                               size_t scratch_length,
                               int8_t *spikes);

// Gives a signal back from its spikes; see `sensilla_encode_signal`.
//
// # Safety
// See the [crate](crate); `signal` has room for `length`.
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
//
// # Safety
// See the [crate](crate).
size_t sensilla_bank_bytes(const struct sensilla_bank_config *of);

// Bytes of working memory for searches of a bank with up to `ef` candidates, or zero if the
// configuration is none.
//
// # Safety
// See the [crate](crate).
size_t sensilla_scratch_bytes(const struct sensilla_bank_config *of, uint32_t ef);

// Makes an empty bank in `size` bytes of memory and opens it.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_bank_format(struct sensilla_bank *bank,
                             uint8_t *memory,
                             size_t size,
                             const struct sensilla_bank_config *of);

// Opens a bank that lies in `size` bytes of memory, with all of it checked, and with `verified` the
// seal too.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_bank_open(struct sensilla_bank *bank, uint8_t *memory, size_t size, bool verified);

// Makes working memory for searches of a bank with up to `ef` candidates.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_scratch_format(struct sensilla_scratch *scratch,
                                uint8_t *memory,
                                size_t size,
                                const struct sensilla_bank_config *of,
                                uint32_t ef);

// How many patterns the bank holds; zero if the handle is not open.
//
// # Safety
// See the [crate](crate).
uint32_t sensilla_bank_len(struct sensilla_bank *bank);

// Inserts a vector of `length` components and gives its id, which may be null.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_bank_insert(struct sensilla_bank *bank,
                             const float *vector,
                             size_t length,
                             struct sensilla_pattern pattern,
                             uint64_t *id);

// Replaces the vector of a pattern, and what is said of it.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_bank_update(struct sensilla_bank *bank,
                             uint64_t id,
                             const float *vector,
                             size_t length,
                             struct sensilla_pattern pattern);

// Removes a pattern.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_bank_remove(struct sensilla_bank *bank, uint64_t id);

// The vector of a pattern, as it is kept.
//
// # Safety
// See the [crate](crate).
int32_t sensilla_bank_vector(struct sensilla_bank *bank, uint64_t id, float *vector, size_t length);

// The `k` patterns most similar to a vector, the most similar first: as many as `found` is set to.
// With `exact` all patterns are compared.
//
// # Safety
// See the [crate](crate); `hits` has room for `k`.
int32_t sensilla_bank_search(struct sensilla_bank *bank,
                             struct sensilla_scratch *scratch,
                             const float *vector,
                             size_t length,
                             size_t k,
                             bool exact,
                             struct sensilla_hit *hits,
                             size_t *found);

// Seals the bank, so that it can be opened verified, and gives the digest of its bytes, which may be
// null.
//
// # Safety
// See the [crate](crate); `digest` has room for 32 bytes.
int32_t sensilla_bank_seal(struct sensilla_bank *bank,
                           uint8_t *digest);

// The digest of what the bank holds, the same on every machine.
//
// # Safety
// See the [crate](crate); `digest` has room for 32 bytes.
int32_t sensilla_bank_digest(struct sensilla_bank *bank, uint8_t *digest);

// Checks the kernels of this machine against the reference, on inputs drawn from `seed`.
int32_t sensilla_check_kernels(uint64_t seed);

// Whether the entry whose leaf has the hash `leaf` is the one at `index` of a log of `size` entries
// and root `root`, each hash of 32 bytes: zero, if `proof`, of `hashes` times 32 bytes, shows it (RFC 6962, section 2.1.1).
//
// # Safety
// See the [crate](crate).
int32_t sensilla_verify_inclusion(const uint8_t *leaf,
                                  uint64_t index,
                                  uint64_t size,
                                  const uint8_t *proof,
                                  size_t hashes,
                                  const uint8_t *root);

// Whether a log of `old_size` entries and root `old_root` became one of `new_size` and `new_root` by
// appending alone: zero, if `proof` shows it (RFC 6962, section 2.1.2).
//
// # Safety
// See the [crate](crate).
int32_t sensilla_verify_consistency(uint64_t old_size,
                                    uint64_t new_size,
                                    const uint8_t *proof,
                                    size_t hashes,
                                    const uint8_t *old_root,
                                    const uint8_t *new_root);

// Reads a signed checkpoint and checks its signature by the key that goes by `name`.
//
// # Safety
// See the [crate](crate); `verify` may be called with `context` while this runs.
int32_t sensilla_verify_checkpoint(const uint8_t *note,
                                   size_t length,
                                   const uint8_t *name,
                                   size_t name_length,
                                   const uint8_t *key,
                                   sensilla_verify verify,
                                   void *context,
                                   struct sensilla_checkpoint *checkpoint);

// Encodes a signal of `length` samples by the code called `code` (`delta`, `step-forward`,
// `moving-window`, …) with parameters as in `threshold=0.5,off_spike=true`, both ended by a zero
// byte: each of `spikes` becomes 1, -1 or 0. `scratch` has room for twice the window of the code
// `bsa`; for other codes it may be null.
//
// # Safety
// See the [crate](crate); `spikes` has room for `length`.
int32_t sensilla_encode_signal(const char *code,
                               const char *parameters,
                               const double *signal,
                               size_t length,
                               double *scratch,
                               size_t scratch_length,
                               int8_t *spikes);

// Gives a signal back from its spikes; see `sensilla_encode_signal`.
//
// # Safety
// See the [crate](crate); `signal` has room for `length`.
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
