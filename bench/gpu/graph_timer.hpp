#pragma once
#include "times.hpp"
#include <gantry/cuda/device.hpp>

#include <algorithm>
#include <vector>

namespace gantry::bench {

// How GPU work is timed: as a graph, so that gaps between launches stay small, with events around replays of
// the graph, so that the host's clock has no part in it.

class Event {
public:
    Event() { cuda::check(cudaEventCreate(&event_), "cudaEventCreate"); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { cudaEventDestroy(event_); }
    void record(cudaStream_t stream) { cuda::check(cudaEventRecord(event_, stream), "cudaEventRecord"); }
    /// Waits for this event. Microseconds of the GPU since `begin`.
    double microseconds_since(const Event& begin) const {
        cuda::check(cudaEventSynchronize(event_), "cudaEventSynchronize");
        float milliseconds = 0;
        cuda::check(cudaEventElapsedTime(&milliseconds, begin.event_, event_), "cudaEventElapsedTime");
        return 1000.0 * static_cast<double>(milliseconds);
    }

private:
    cudaEvent_t event_ = nullptr;
};

/// The work that f puts into a stream, captured without running it. f must have run before, so that it
/// allocates nothing.
class CapturedGraph {
public:
    template <class F>
    CapturedGraph(cudaStream_t stream, const F& f) {
        cuda::check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal),
                    "cudaStreamBeginCapture");
        cudaGraph_t graph = nullptr;
        try {
            f();
        } catch (...) {
            if (cudaStreamEndCapture(stream, &graph) == cudaSuccess) cudaGraphDestroy(graph);
            cudaGetLastError();
            throw;
        }
        cuda::check(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
        const cudaError_t code = cudaGraphInstantiate(&executable_, graph, 0);
        cudaGraphDestroy(graph);
        cuda::check(code, "cudaGraphInstantiate");
    }
    CapturedGraph(const CapturedGraph&) = delete;
    CapturedGraph& operator=(const CapturedGraph&) = delete;
    ~CapturedGraph() { cudaGraphExecDestroy(executable_); }
    cudaGraphExec_t get() const { return executable_; }

private:
    cudaGraphExec_t executable_ = nullptr;
};

struct Sampling {
    int samples = 9;
    double seconds = 0.1;    ///< of all samples together; 3 samples are taken in any case
    double sample_us = 300;  ///< replays in a sample: enough for these microseconds
    int most_replays = 1000;
};

/// Microseconds of one replay of a graph. The stream is busy when a sample begins, so that the way from the
/// host to the GPU is not in it.
inline Times time_graph(cudaGraphExec_t graph, cudaStream_t stream, const Sampling& sampling = {}) {
    Event begin, end;
    const auto sample = [&](int replays) {
        const auto launch = [&] { cuda::check(cudaGraphLaunch(graph, stream), "cudaGraphLaunch"); };
        launch();
        begin.record(stream);
        for (int i = 0; i < replays; ++i) launch();
        end.record(stream);
        return end.microseconds_since(begin) / replays;
    };
    const double estimate = std::max(sample(1), 0.1);
    const int replays =
        static_cast<int>(std::clamp(sampling.sample_us / estimate, 1.0, double(sampling.most_replays)));
    const int samples = static_cast<int>(
        std::clamp(sampling.seconds * 1e6 / (estimate * (replays + 1)), 3.0, double(sampling.samples)));
    std::vector<double> times;
    for (int i = 0; i < samples; ++i) times.push_back(sample(replays));
    return Times(std::move(times));
}

}  // namespace gantry::bench
