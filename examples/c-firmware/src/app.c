// Remembers patterns, recalls the nearest, saves and opens what it remembers; recognises windows of a
// signal; keeps a log of signed events, and proves what is in it; makes spikes of a signal.

#include "app.h"

#include <sensilla.h>
#include <stdint.h>

#define DIMENSIONS 64
#define CAPACITY 64
#define CANDIDATES 16

#define CHANNELS 3
#define PATTERNS 16
#define SCORES 32
#define LOG_BYTES 8192

// Memory for structures is aligned to 64 bytes. How much a structure takes follows from its
// configuration: a macro or a function says it.
#define MEMORY(name, bytes) static uint8_t name[bytes] __attribute__((aligned(64)))
MEMORY(bank_memory, SENSILLA_SCAN_BANK_BYTES(DIMENSIONS, CAPACITY, SENSILLA_I8, SENSILLA_COSINE));
MEMORY(scratch_memory, SENSILLA_SCAN_SCRATCH_BYTES(DIMENSIONS, CAPACITY, SENSILLA_I8, CANDIDATES));
MEMORY(stream_memory, SENSILLA_STREAM_BYTES(CHANNELS, DIMENSIONS));
MEMORY(recogniser_memory, SENSILLA_RECOGNISER_BYTES(DIMENSIONS, 1, PATTERNS, SCORES));
MEMORY(patterns_memory, SENSILLA_SCAN_BANK_BYTES(DIMENSIONS, PATTERNS, SENSILLA_I8,
                                                 SENSILLA_SQUARED_EUCLIDEAN));
MEMORY(log_memory, LOG_BYTES);

static sensilla_bank bank;
static sensilla_scratch scratch;
static sensilla_stream stream;
static sensilla_recogniser recogniser;
static sensilla_bank patterns;
static sensilla_log history;

static void print_hex(print_line print, const char *name, const uint8_t *bytes, unsigned length) {
    static const char digits[] = "0123456789abcdef";
    char line[128];
    unsigned at = 0;
    while (*name != 0 && at < 32)
        line[at++] = *name++;
    line[at++] = ' ';
    for (unsigned i = 0; i < length && at + 3 < sizeof line; i++) {
        line[at++] = digits[bytes[i] >> 4];
        line[at++] = digits[bytes[i] & 15];
    }
    line[at] = 0;
    print(line);
}

// The next number of a simple generator, from -1 to 1.
static float next(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(int32_t)(*state >> 8) / 8388608.0f - 1.0f;
}

static int remember(print_line print) {
    const sensilla_bank_config config = {
        .dimensions = DIMENSIONS, .capacity = CAPACITY, .layout = SENSILLA_SCAN};
    if (sensilla_version() != SENSILLA_VERSION)
        return 1;
    if (sensilla_bank_bytes(&config) > sizeof bank_memory ||
        sensilla_scratch_bytes(&config, CANDIDATES) > sizeof scratch_memory)
        return 2;
    int32_t error = sensilla_bank_format(&bank, bank_memory, sizeof bank_memory, &config);
    if (error == 0)
        error = sensilla_scratch_format(&scratch, scratch_memory, sizeof scratch_memory, &config,
                                        CANDIDATES);
    if (error != 0) {
        print(sensilla_strerror(error));
        return 3;
    }

    float vector[DIMENSIONS];
    uint32_t state = 1;
    for (uint32_t label = 0; label < CAPACITY; label++) {
        for (unsigned i = 0; i < DIMENSIONS; i++)
            vector[i] = next(&state);
        const sensilla_pattern pattern = {.label = label, .confidence = 65535};
        if (sensilla_bank_insert(&bank, vector, DIMENSIONS, pattern, NULL) != 0)
            return 4;
    }

    // The last vector, a little changed, is nearest to itself.
    vector[0] += 0.125f;
    sensilla_hit hits[3];
    sensilla_found found;
    if (sensilla_bank_search(&bank, &scratch, vector, DIMENSIONS, 3, NULL, hits, &found) != 0)
        return 5;
    if (found.hits != 3 || found.method != SENSILLA_BY_SCAN || hits[0].label != CAPACITY - 1)
        return 6;
    const sensilla_goal exact = {.kind = SENSILLA_EXACT};
    sensilla_hit first;
    if (sensilla_bank_search(&bank, &scratch, vector, DIMENSIONS, 1, &exact, &first, &found) != 0 ||
        found.hits != 1 || first.id != hits[0].id)
        return 6;
    sensilla_health health;
    if (sensilla_bank_health(&bank, &health) != 0 || health.rows != CAPACITY ||
        health.reason != SENSILLA_NO_GRAPH)
        return 6;
    if (sensilla_bank_remove(&bank, hits[2].id) != 0)
        return 7;
    // A pattern that was removed is gone, and so is said.
    error = sensilla_bank_remove(&bank, hits[2].id);
    print(sensilla_strerror(error));

    uint8_t digest[32];
    if (sensilla_bank_digest(&bank, digest) != 0)
        return 8;
    print_hex(print, "bank", digest, sizeof digest);

    // What is sealed can be stored as it lies in memory, and opened again.
    if (sensilla_bank_seal(&bank, digest) != 0)
        return 9;
    print_hex(print, "image", digest, sizeof digest);
    if (sensilla_bank_open(&bank, bank_memory, sizeof bank_memory, true) != 0)
        return 10;
    if (sensilla_bank_len(&bank) != CAPACITY - 1)
        return 11;
    return 0;
}

// A window of forty samples: what moves, and how fast, is the label's.
static int window(uint32_t label, uint32_t *state, bool calibrates) {
    for (uint32_t at = 0; at < 40; at++) {
        float sample[CHANNELS];
        for (uint32_t channel = 0; channel < CHANNELS; channel++) {
            const uint32_t period = 4 + 3 * label + channel;
            const float saw = (float)(at % period) / (float)period;
            sample[channel] = saw + 0.125f * next(state);
        }
        if ((calibrates ? sensilla_stream_calibrate(&stream, sample, CHANNELS)
                        : sensilla_stream_push(&stream, sample, CHANNELS)) != 0)
            return 20;
    }
    return calibrates ? sensilla_stream_end_recording(&stream) : 0;
}

static int recognise(print_line print) {
    const sensilla_recogniser_config config = {
        .stream = {.channels = CHANNELS, .dimensions = DIMENSIONS}, .patterns = PATTERNS};
    sensilla_bank_config shape;
    if (sensilla_recogniser_bank(&config, &shape) != 0 ||
        sensilla_stream_format(&stream, stream_memory, sizeof stream_memory, &config.stream) != 0 ||
        sensilla_recogniser_format(&recogniser, recogniser_memory, sizeof recogniser_memory,
                                   &config) != 0 ||
        sensilla_bank_format(&patterns, patterns_memory, sizeof patterns_memory, &shape) != 0)
        return 21;
    uint32_t state = 7;
    for (uint32_t label = 0; label < 3; label++)
        if (window(label, &state, true) != 0)
            return 22;
    if (sensilla_stream_freeze(&stream) != 0)
        return 23;

    float vector[DIMENSIONS], work[DIMENSIONS];
    sensilla_recognised found = {0};
    unsigned right = 0;
    for (uint32_t turn = 0; turn < 24; turn++) {
        const uint32_t label = turn % 3;
        if (window(label, &state, false) != 0 ||
            sensilla_stream_finish(&stream, vector, DIMENSIONS) != 0)
            return 24;
        if (sensilla_recogniser_refresh(&recogniser, &patterns, work, DIMENSIONS) != 0 ||
            sensilla_recogniser_recall(&recogniser, &patterns, vector, DIMENSIONS, work, &scratch,
                                       &found) != 0)
            return 25;
        right += found.is_known && found.label == label;
        if (sensilla_recogniser_record(&recogniser, &found, label) != 0)
            return 26;
        const sensilla_pattern pattern = {.label = label, .confidence = 65535, .at = turn};
        if (sensilla_recogniser_learn(&recogniser, &patterns, vector, DIMENSIONS, pattern, work,
                                      NULL) != 0)
            return 27;
    }
    if (right < 12)
        return 28;
    const float told[4] = {found.distance, found.margin, found.novelty, found.confidence};
    uint8_t bytes[32];
    for (unsigned i = 0; i < 4; i++) {
        uint32_t bits;
        __builtin_memcpy(&bits, &told[i], sizeof bits);
        for (unsigned byte = 0; byte < 4; byte++)
            bytes[4 * i + byte] = (uint8_t)(bits >> 8 * byte);
    }
    print_hex(print, "recalled", bytes, 16);
    if (sensilla_recogniser_seal(&recogniser, bytes) != 0)
        return 29;
    print_hex(print, "recogniser", bytes, 32);
    return 0;
}

static int say(print_line print) {
    const sensilla_log_config config = {
        .entries = 16, .bytes = 2048, .authors = 4, .contexts = 4, .height = 16};
    if (sensilla_log_bytes(&config) > sizeof log_memory ||
        sensilla_log_format(&history, log_memory, sizeof log_memory, &config) != 0)
        return 30;
    // A device would draw its seed once, and keep it where nobody reads it.
    uint8_t seed[32], key[32], event[256];
    for (unsigned i = 0; i < 32; i++)
        seed[i] = (uint8_t)i;
    if (sensilla_ed25519_public_key(seed, key) != 0)
        return 31;
    sensilla_claim claim = {
        .context = "hall", .subject = "door", .predicate = "state", .confidence = 65535};
    size_t length = 0;
    uint64_t index = 0;
    for (uint64_t now = 0; now < 3; now++) {
        claim.value = now % 2 == 0 ? "open" : "shut";
        if (sensilla_log_append(&history, &claim, now, key, sensilla_ed25519_sign, seed, event,
                                sizeof event, &length, &index) != 0)
            return 32;
    }
    // Another's event is taken once its signature was found good; one that is there is not taken.
    const int32_t again = sensilla_log_ingest(&history, event, length, 3, sensilla_ed25519_verify,
                                              NULL, &index);
    print(sensilla_strerror(again));
    event[length - 1] ^= 1;
    if (sensilla_log_prune(&history, 3) != 0 || sensilla_log_size(&history) != 3)
        return 33;
    const int32_t forged = sensilla_log_ingest(&history, event, length, 3, sensilla_ed25519_verify,
                                               NULL, &index);
    print(sensilla_strerror(forged));
    claim.value = "broken";
    // The log has none of the author's events any more that its number could follow from.
    claim.sequence = 4;
    if (sensilla_log_append(&history, &claim, 4, key, sensilla_ed25519_sign, seed, event,
                            sizeof event, &length, &index) != 0)
        return 34;

    uint8_t root[32], proof[SENSILLA_MAX_PROOF][32], leaf[32];
    size_t hashes = 0;
    sensilla_entry entry;
    if (sensilla_log_root(&history, root) != 0 || sensilla_log_get(&history, index, &entry) != 0 ||
        sensilla_log_prove_inclusion(&history, index, index + 1, proof[0], SENSILLA_MAX_PROOF,
                                     &hashes) != 0)
        return 35;
    if (sensilla_leaf_hash(entry.bytes, entry.length, leaf) != 0 ||
        sensilla_verify_inclusion(leaf, index, index + 1, proof[0], hashes, root) != 0 ||
        sensilla_verify_inclusion(leaf, index - 1, index + 1, proof[0], hashes, root) == 0)
        return 36;
    print_hex(print, "root", root, sizeof root);

    static const char origin[] = "example.org/door";
    uint8_t note[512];
    sensilla_checkpoint checkpoint;
    if (sensilla_log_checkpoint(&history, (const uint8_t *)origin, sizeof origin - 1, key,
                                sensilla_ed25519_sign, seed, note, sizeof note - 1, &length) != 0)
        return 37;
    if (sensilla_verify_checkpoint(note, length, (const uint8_t *)origin, sizeof origin - 1, key,
                                   sensilla_ed25519_verify, NULL, &checkpoint) != 0 ||
        checkpoint.size != 4)
        return 38;
    note[length - 1] = 0;
    print((const char *)note);
    return 0;
}

static int make_spikes(print_line print) {
    const double signal[6] = {0.0, 0.0, 1.0, 1.0, 0.0, 2.0};
    int8_t spikes[6];
    if (sensilla_encode_signal("delta", "threshold=0.5,off_spike=true", signal, 6, NULL, 0,
                               spikes) != 0)
        return 40;
    uint8_t bytes[6];
    for (unsigned i = 0; i < 6; i++)
        bytes[i] = (uint8_t)spikes[i];
    print_hex(print, "spikes", bytes, sizeof bytes);
    return 0;
}

int app(print_line print) {
    int failed = remember(print);
    if (failed == 0)
        failed = recognise(print);
    if (failed == 0)
        failed = say(print);
    return failed != 0 ? failed : make_spikes(print);
}
