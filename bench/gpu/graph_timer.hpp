#pragma once
#include "times.hpp"
#include <gantry/cuda/device.hpp>
#include <gantry/cuda/timer.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace gantry::bench {

// GPU work is timed as a CUDA graph, which keeps gaps between launches small, with events around its replays.

/// The work that f puts into a stream, captured without running it. f must not allocate: run it once before.
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
    double seconds = 0.1;    ///< of all samples together; at least 3 are taken
    double sample_us = 300;  ///< a sample is made of replays that take about this long
    int most_replays = 1000;
};

/// Microseconds per replay of a graph. The stream is busy when a sample begins, which hides launch latency.
inline Times time_graph(cudaGraphExec_t graph, Cuda& device, const Sampling& sampling = {}) {
    cuda::Timer timer(device.memory().stream());
    const auto sample = [&](int replays) {
        const auto launch = [&] { cuda::check(cudaGraphLaunch(graph, device.stream()), "cudaGraphLaunch"); };
        launch();
        timer.start();
        for (int i = 0; i < replays; ++i) launch();
        return timer.stop() / replays;
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
