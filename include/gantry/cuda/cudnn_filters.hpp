#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gantry::cuda {

/// Weights in the layout of cuDNN's filters, each made once for as long as it can't have changed: until the
/// step ends, whose memory it lies in, or the tape is told that parameters were overwritten.
class CudnnFilters {
public:
    /// When weights are the same as before: in one step, with as many overwritten parameters.
    struct Time {
        std::uint32_t step;
        std::uint64_t overwrites;
        bool operator==(const Time&) const = default;
    };

    /// The filter of the weights at an address, or null.
    void* find(const void* weights, std::size_t bytes, const Time& now) {
        if (!(now == time_)) filters_.clear();
        time_ = now;
        for (const Filter& f : filters_)
            if (f.weights == weights && f.bytes == bytes) return f.data;
        return nullptr;
    }
    /// To be called after `find`, at the same time.
    void keep(const void* weights, std::size_t bytes, void* filter) {
        filters_.push_back({weights, bytes, filter});
    }
    void clear() { filters_.clear(); }

private:
    struct Filter {
        const void* weights;
        std::size_t bytes;
        void* data;
    };
    std::vector<Filter> filters_;  ///< some dozens at most
    Time time_{};
};

}  // namespace gantry::cuda
