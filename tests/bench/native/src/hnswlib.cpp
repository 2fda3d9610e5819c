// A C interface to hnswlib: inner product over vectors that are already normalised.
#include "hnswlib/hnswlib.h"
#include <cstdint>
#include <cstring>

struct Index {
    hnswlib::InnerProductSpace space;
    hnswlib::HierarchicalNSW<float> graph;
    Index(size_t dimensions, size_t capacity, size_t m, size_t ef)
        : space(dimensions), graph(&space, capacity, m, ef, 100, true) {}
};

extern "C" {
Index *hnswlib_new(size_t dimensions, size_t capacity, size_t m, size_t ef) {
    return new Index(dimensions, capacity, m, ef);
}
void hnswlib_free(Index *index) { delete index; }
void hnswlib_add(Index *index, const float *vector, uint64_t label, int replace) {
    index->graph.addPoint(vector, label, replace != 0);
}
void hnswlib_remove(Index *index, uint64_t label) { index->graph.markDelete(label); }
void hnswlib_ef(Index *index, size_t ef) { index->graph.setEf(ef); }
size_t hnswlib_search(Index *index, const float *query, size_t k, uint64_t *out) {
    auto found = index->graph.searchKnn(query, k);
    size_t n = found.size();
    for (size_t i = n; i-- > 0; found.pop()) out[i] = found.top().second;
    return n;
}
size_t hnswlib_bytes(Index *index) { return index->graph.indexFileSize(); }
}
