#pragma once
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/event.hpp>
#include <gantry/cuda/stream.hpp>

namespace gantry::cuda {

/// Measures the GPU time of the work that is put into a stream between two calls.
class Timer {
public:
    explicit Timer(Stream& stream) : stream_(stream) {}

    /// Marks the beginning.
    void start() { begin_.record(stream_.get()); }
    /// Waits for the GPU. Returns the microseconds since `start`.
    double stop() {
        end_.record(stream_.get());
        end_.synchronize();
        float milliseconds = 0;
        check(cudaEventElapsedTime(&milliseconds, begin_.get(), end_.get()), "cudaEventElapsedTime");
        return 1e3 * static_cast<double>(milliseconds);
    }

private:
    Stream& stream_;
    Event begin_{cudaEventDefault}, end_{cudaEventDefault};
};

}  // namespace gantry::cuda
