#pragma once
#include <gantry/cuda/check.hpp>

namespace gantry::cuda {

/// A point in the work of a stream that other streams and the host can wait for. `flags` are those of
/// cudaEventCreateWithFlags; by default the host sleeps while it waits, and timing is disabled.
class Event {
public:
    explicit Event(unsigned flags = cudaEventBlockingSync | cudaEventDisableTiming) {
        check(cudaEventCreateWithFlags(&event_, flags), "cudaEventCreateWithFlags");
    }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { cudaEventDestroy(event_); }
    cudaEvent_t get() const { return event_; }

    /// Marks the current end of the stream's work.
    void record(cudaStream_t stream) { check(cudaEventRecord(event_, stream), "cudaEventRecord"); }
    /// Makes later work of the stream wait for the event.
    void make_wait(cudaStream_t stream) {
        check(cudaStreamWaitEvent(stream, event_, 0), "cudaStreamWaitEvent");
    }
    /// Blocks the host until the event is reached.
    void synchronize() { check(cudaEventSynchronize(event_), "cudaEventSynchronize"); }

private:
    cudaEvent_t event_ = nullptr;
};

}  // namespace gantry::cuda
