#pragma once
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/gpu.hpp>

#include <utility>

namespace gantry::cuda {

/// A queue of work on the GPU that was current when it was made, which runs in its order; and the collecting
/// of work into a graph, which starts with one call. Every member function makes that GPU current.
class Stream {
public:
    Stream() {
        check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    /// Waits for its work.
    ~Stream() {
        gpu_.try_make_current();
        abandon();
        cudaStreamSynchronize(stream_);
        if (collected_) cudaGraphExecDestroy(collected_);
        cudaStreamDestroy(stream_);
    }

    cudaStream_t get() const {
        gpu_.make_current();
        return stream_;
    }
    const Gpu& gpu() const { return gpu_; }

    /// The host waits until everything in the stream is done. Errors: those of the kernels in it.
    void synchronize() {
        flush();
        check(cudaStreamSynchronize(get()), "cudaStreamSynchronize");
    }

    /// From now on what is put into the stream is collected, not started.
    void collect() {
        check(cudaStreamBeginCapture(get(), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
        collecting_ = true;
    }
    /// Starts what was collected, as one graph. A graph like the last one (a training step like the one
    /// before) takes its place, with new arguments: sizes of launches, pointers and numbers may change from
    /// step to step.
    void start_collected() {
        if (!collecting_) return;
        gpu_.make_current();
        const Graph graph{end_capture()};
        cudaGraphExecUpdateResultInfo info{};
        if (!collected_ || cudaGraphExecUpdate(collected_, graph.get, &info) != cudaSuccess) {
            cudaGetLastError();  // a graph of another form is no error
            if (collected_)
                check(cudaGraphExecDestroy(std::exchange(collected_, nullptr)), "cudaGraphExecDestroy");
            check(cudaGraphInstantiate(&collected_, graph.get, 0), "cudaGraphInstantiate");
        }
        check(cudaGraphLaunch(collected_, stream_), "cudaGraphLaunch");
    }
    /// For calls that a capture does not allow (allocation, waiting): starts what was collected so far. What
    /// follows is started at once.
    void flush() {
        if (!collecting_) return;
        gpu_.make_current();
        const Graph graph{end_capture()};
        cudaGraphExec_t once = nullptr;
        check(cudaGraphInstantiate(&once, graph.get, 0), "cudaGraphInstantiate");
        const cudaError_t launched = cudaGraphLaunch(once, stream_);
        cudaStreamSynchronize(stream_);
        cudaGraphExecDestroy(once);
        check(launched, "cudaGraphLaunch");
    }
    /// Forgets what was collected.
    void abandon() {
        if (!std::exchange(collecting_, false)) return;
        gpu_.try_make_current();
        cudaGraph_t graph = nullptr;
        if (cudaStreamEndCapture(stream_, &graph) == cudaSuccess) cudaGraphDestroy(graph);
        cudaGetLastError();
    }

private:
    struct Graph {
        cudaGraph_t get;
        ~Graph() { cudaGraphDestroy(get); }
    };
    cudaGraph_t end_capture() {
        collecting_ = false;
        cudaGraph_t graph = nullptr;
        check(cudaStreamEndCapture(stream_, &graph), "cudaStreamEndCapture");
        return graph;
    }

    Gpu gpu_;
    cudaStream_t stream_ = nullptr;
    cudaGraphExec_t collected_ = nullptr;
    bool collecting_ = false;
};

}  // namespace gantry::cuda
