
/// Bytes of structures as constants, for memory that is declared. `dimensions`, `capacity` and the
/// others are as in the configuration; `element` and `metric` are `SENSILLA_I8` and its like, not
/// zero. Of what has a graph, a function says the bytes: `sensilla_bank_bytes`.
#define SENSILLA_ROUND(bytes, to) (((size_t)(bytes) + (to) - 1) / (to) * (to))
#define SENSILLA_LINES(bytes) SENSILLA_ROUND(bytes, 64)
#define SENSILLA_MOST(a, b) ((size_t)(a) > (size_t)(b) ? (size_t)(a) : (size_t)(b))
#define SENSILLA_LEAST(a, b) ((size_t)(a) < (size_t)(b) ? (size_t)(a) : (size_t)(b))
#define SENSILLA_HAS_CODES(element) ((element) == SENSILLA_I8 || (element) == SENSILLA_I8_F32)
#define SENSILLA_HAS_FLOATS(element) ((element) == SENSILLA_F32 || (element) == SENSILLA_I8_F32)
#define SENSILLA_PADDED(dimensions, element) \
    SENSILLA_ROUND(dimensions, (element) == SENSILLA_BITS ? 128 : 16)

/// A bank that is scanned.
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

/// Working memory for searches of a bank that is scanned, with up to `ef` neighbours.
#define SENSILLA_SCAN_SCRATCH_BYTES(dimensions, capacity, element, ef) \
    (128 + SENSILLA_LINES(4 * SENSILLA_PADDED(dimensions, element)) + \
     SENSILLA_LINES(4 * SENSILLA_ROUND(SENSILLA_PADDED(dimensions, element) / 2, 32)) + \
     SENSILLA_LINES(2 * SENSILLA_PADDED(dimensions, element)) + \
     SENSILLA_LINES(8 * SENSILLA_ROUND(SENSILLA_MOST(ef, 16), 8)) + \
     SENSILLA_LINES(32 * (size_t)(ef)) + \
     64 * SENSILLA_LEAST(SENSILLA_ROUND(SENSILLA_ROUND(capacity, 16) / 16, 4), 64) + \
     SENSILLA_LINES(8 * SENSILLA_LEAST(capacity, 256)))

/// A stream with the library's seed.
#define SENSILLA_STREAM_BYTES(channels, dimensions) \
    (192 + SENSILLA_LINES(16 * (size_t)(channels)) + SENSILLA_LINES(8 * (size_t)(channels)) + \
     SENSILLA_LINES(32 * (size_t)(channels)) + 512 * (size_t)(channels) + \
     SENSILLA_LINES(4 * (size_t)(dimensions)))

/// A recogniser whose bank is scanned, beside its stream and its bank; that one is
/// `SENSILLA_SCAN_BANK_BYTES(dimensions, patterns, SENSILLA_I8, SENSILLA_SQUARED_EUCLIDEAN)`.
#define SENSILLA_RECOGNISER_BYTES(dimensions, sketches, patterns, scores) \
    (256 + \
     SENSILLA_LINES(2 * (size_t)(sketches) * ((dimensions) / (sketches)) * \
                    ((dimensions) / (sketches) + 1)) + \
     SENSILLA_LINES(4 * (size_t)(dimensions)) + SENSILLA_LINES(4 * (size_t)(patterns)) + \
     SENSILLA_LINES(2 * (size_t)(patterns) * (dimensions)) + SENSILLA_LINES(4 * (size_t)(scores)))
