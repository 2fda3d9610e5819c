// Remembers patterns, recalls the nearest, saves and opens what it remembers, and checks a proof.

#include "app.h"

#include <sensilla.h>
#include <stdint.h>

#define DIMENSIONS 64
#define CAPACITY 64
#define CANDIDATES 16

// Memory for structures is aligned to 64 bytes. How much a structure takes follows from its
// configuration: `sensilla_bank_bytes` says it.
#define BANK_BYTES 8192
#define SCRATCH_BYTES 4096
static uint8_t bank_memory[BANK_BYTES] __attribute__((aligned(64)));
static uint8_t scratch_memory[SCRATCH_BYTES] __attribute__((aligned(64)));

static sensilla_bank bank;
static sensilla_scratch scratch;

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

int app(print_line print) {
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
    size_t found = 0;
    if (sensilla_bank_search(&bank, &scratch, vector, DIMENSIONS, 3, false, hits, &found) != 0)
        return 5;
    if (found != 3 || hits[0].label != CAPACITY - 1)
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

    // A log of one entry has that entry's hash as its root.
    if (sensilla_verify_inclusion(digest, 0, 1, NULL, 0, digest) != 0)
        return 12;
    if (sensilla_verify_inclusion(digest, 1, 1, NULL, 0, digest) == 0)
        return 13;

    const double signal[6] = {0.0, 0.0, 1.0, 1.0, 0.0, 2.0};
    int8_t spikes[6];
    error = sensilla_encode_signal("delta", "threshold=0.5,off_spike=true", signal, 6, NULL, 0,
                                   spikes);
    if (error != 0)
        return 14;
    uint8_t bytes[6];
    for (unsigned i = 0; i < 6; i++)
        bytes[i] = (uint8_t)spikes[i];
    print_hex(print, "spikes", bytes, sizeof bytes);
    return 0;
}
