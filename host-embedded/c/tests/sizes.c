// The macros for sizes say what the functions say.

#include <sensilla.h>
#include <stdio.h>

static unsigned long wrong;

static void same(const char *what, size_t macro, size_t function, uint32_t a, uint32_t b, uint32_t c) {
    if (macro != function && wrong++ < 10)
        printf("%s of %u, %u, %u: the macro says %zu, the function %zu\n", what, a, b, c, macro,
               function);
}

int main(void) {
    unsigned long checked = 0;
    for (uint32_t capacity = 1; capacity <= 4000; capacity += 1 + capacity / 3) {
        for (uint32_t dimensions = 1; dimensions <= 2000; dimensions += 1 + dimensions / 2) {
            for (uint32_t element = SENSILLA_I8; element <= SENSILLA_BITS; element++) {
                for (uint32_t metric = SENSILLA_COSINE; metric <= SENSILLA_SQUARED_EUCLIDEAN; metric++) {
                    const sensilla_bank_config config = {.dimensions = dimensions,
                                                         .capacity = capacity,
                                                         .element = element,
                                                         .metric = metric,
                                                         .layout = SENSILLA_SCAN};
                    const uint32_t ef = 1 + (capacity + dimensions) % 40;
                    same("a bank", SENSILLA_SCAN_BANK_BYTES(dimensions, capacity, element, metric),
                         sensilla_bank_bytes(&config), dimensions, capacity, element);
                    same("scratch memory",
                         SENSILLA_SCAN_SCRATCH_BYTES(dimensions, capacity, element, ef),
                         sensilla_scratch_bytes(&config, ef), dimensions, capacity, element);
                    checked += 2;
                }
            }
        }
    }
    for (uint32_t channels = 1; channels <= 256; channels += 1 + channels / 4) {
        for (uint32_t sketches = 1; sketches <= 4; sketches++) {
            for (uint32_t dimensions = 16 * sketches; dimensions <= 512; dimensions += 16 * sketches) {
                const uint32_t patterns = 1 + (channels * dimensions) % 1000;
                const uint32_t scores = 8 + dimensions % 90;
                const sensilla_recogniser_config config = {.stream = {.channels = channels,
                                                                      .dimensions = dimensions,
                                                                      .sketches = sketches},
                                                           .patterns = patterns,
                                                           .scores = scores};
                sensilla_bank_config bank;
                same("a stream", SENSILLA_STREAM_BYTES(channels, dimensions),
                     sensilla_stream_bytes(&config.stream), channels, dimensions, sketches);
                same("a recogniser",
                     SENSILLA_RECOGNISER_BYTES(dimensions, sketches, patterns, scores),
                     sensilla_recogniser_bytes(&config), dimensions, sketches, patterns);
                if (sensilla_recogniser_bank(&config, &bank) != 0)
                    return 2;
                same("a recogniser's bank",
                     SENSILLA_SCAN_BANK_BYTES(dimensions, patterns, SENSILLA_I8,
                                              SENSILLA_SQUARED_EUCLIDEAN),
                     sensilla_bank_bytes(&bank), dimensions, patterns, 0);
                checked += 3;
            }
        }
    }
    printf("%lu sizes, %lu wrong\n", checked, wrong);
    return wrong != 0 || checked < 1000;
}
