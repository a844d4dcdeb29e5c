#pragma once
#include <gantry/cuda/check.hpp>

namespace gantry::cuda {

/// A point in the work of a stream, which other streams and the host can wait for. `flags`: those of
/// cudaEventCreateWithFlags; by default the host sleeps while it waits, and no time is taken.
class Event {
public:
    explicit Event(unsigned flags = cudaEventBlockingSync | cudaEventDisableTiming) {
        check(cudaEventCreateWithFlags(&event_, flags), "cudaEventCreateWithFlags");
    }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { cudaEventDestroy(event_); }
    cudaEvent_t get() const { return event_; }

    void record(cudaStream_t stream) { check(cudaEventRecord(event_, stream), "cudaEventRecord"); }
    /// Work that is put into the stream from now on waits for the event.
    void make_wait(cudaStream_t stream) {
        check(cudaStreamWaitEvent(stream, event_, 0), "cudaStreamWaitEvent");
    }
    /// The host waits.
    void synchronize() { check(cudaEventSynchronize(event_), "cudaEventSynchronize"); }

private:
    cudaEvent_t event_ = nullptr;
};

}  // namespace gantry::cuda
