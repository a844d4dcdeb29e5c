#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gantry::cuda {

/// Caches weights that were transposed to cuDNN's filter layout. A copy is valid while its weights cannot
/// change: until the step ends, whose memory holds it, or until parameters are reported to the tape as
/// overwritten.
class CudnnFilters {
public:
    /// Identifies an interval in which weights are constant: one step, and no overwrite since.
    struct Time {
        std::uint32_t step;
        std::uint64_t overwrites;
        bool operator==(const Time&) const = default;
    };

    /// The filter made from the weights at an address, or null.
    void* find(const void* weights, std::size_t bytes, const Time& now) {
        if (!(now == time_)) filters_.clear();
        time_ = now;
        for (const Filter& f : filters_)
            if (f.weights == weights && f.bytes == bytes) return f.data;
        return nullptr;
    }
    /// Adds a filter. Call it after `find` with the same time.
    void keep(const void* weights, std::size_t bytes, void* filter) {
        filters_.push_back({weights, bytes, filter});
    }
    /// Forgets all filters.
    void clear() { filters_.clear(); }

private:
    struct Filter {
        const void* weights;
        std::size_t bytes;
        void* data;
    };
    std::vector<Filter> filters_;  ///< a few dozen at most
    Time time_{};
};

}  // namespace gantry::cuda
