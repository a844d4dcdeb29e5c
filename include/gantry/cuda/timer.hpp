#pragma once
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/stream.hpp>

namespace gantry::cuda {

/// Measures how long a GPU works on what is put into a stream between two calls.
class Timer {
public:
    explicit Timer(Stream& stream) : stream_(stream) {}

    void start() { begin_.record(stream_); }
    /// Waits for the GPU. Microseconds since `start`.
    double stop() {
        end_.record(stream_);
        check(cudaEventSynchronize(end_.get()), "cudaEventSynchronize");
        float milliseconds = 0;
        check(cudaEventElapsedTime(&milliseconds, begin_.get(), end_.get()), "cudaEventElapsedTime");
        return 1e3 * static_cast<double>(milliseconds);
    }

private:
    class Event {
    public:
        Event() { check(cudaEventCreate(&event_), "cudaEventCreate"); }
        Event(const Event&) = delete;
        Event& operator=(const Event&) = delete;
        ~Event() { cudaEventDestroy(event_); }
        cudaEvent_t get() const { return event_; }
        void record(Stream& stream) { check(cudaEventRecord(event_, stream.get()), "cudaEventRecord"); }

    private:
        cudaEvent_t event_ = nullptr;
    };

    Stream& stream_;
    Event begin_, end_;
};

}  // namespace gantry::cuda
