#pragma once
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/gpu.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace gantry::cuda {

/// Work in another stream that work in this one depends on, and the other way round. A graph cannot contain
/// such a dependency (the other stream would become a part of the capture), so it is set around the launch.
class Companion {
public:
    /// Makes the stream wait for the other one.
    virtual void before_launch() = 0;
    /// Lets the other stream go on behind the launch. Also called if there was none because of an error.
    virtual void after_launch() noexcept = 0;

protected:
    ~Companion() = default;
};

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
        const Parting parting{companions_};
        const Graph graph{end_capture()};
        cudaGraphExecUpdateResultInfo info{};
        if (!collected_ || cudaGraphExecUpdate(collected_, graph.get, &info) != cudaSuccess) {
            cudaGetLastError();  // a graph of another form is no error
            if (collected_)
                check(cudaGraphExecDestroy(std::exchange(collected_, nullptr)), "cudaGraphExecDestroy");
            check(cudaGraphInstantiate(&collected_, graph.get, 0), "cudaGraphInstantiate");
        }
        launch(collected_);
    }
    /// For calls that a capture does not allow (allocation, waiting): starts what was collected so far. What
    /// follows is started at once.
    void flush() {
        if (!collecting_) return;
        gpu_.make_current();
        const Parting parting{companions_};
        const Graph graph{end_capture()};
        struct Once {
            cudaStream_t stream;
            cudaGraphExec_t get = nullptr;
            ~Once() {
                cudaStreamSynchronize(stream);
                if (get) cudaGraphExecDestroy(get);
            }
        } once{stream_};
        check(cudaGraphInstantiate(&once.get, graph.get, 0), "cudaGraphInstantiate");
        launch(once.get);
    }
    /// Forgets what was collected.
    void abandon() {
        if (!std::exchange(collecting_, false)) return;
        gpu_.try_make_current();
        const Parting parting{companions_};
        cudaGraph_t graph = nullptr;
        if (cudaStreamEndCapture(stream_, &graph) == cudaSuccess) cudaGraphDestroy(graph);
        cudaGetLastError();
    }

    /// Whether work is collected now.
    bool collecting() const { return collecting_; }
    /// What is collected now needs a companion, until it is started or forgotten.
    void accompany(Companion& companion) {
        if (std::ranges::find(companions_, &companion) == companions_.end())
            companions_.push_back(&companion);
    }

private:
    struct Parting {
        std::vector<Companion*>& companions;
        ~Parting() {
            for (Companion* companion : companions) companion->after_launch();
            companions.clear();
        }
    };
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
    void launch(cudaGraphExec_t graph) {
        for (Companion* companion : companions_) companion->before_launch();
        check(cudaGraphLaunch(graph, stream_), "cudaGraphLaunch");
    }

    Gpu gpu_;
    cudaStream_t stream_ = nullptr;
    cudaGraphExec_t collected_ = nullptr;
    bool collecting_ = false;
    std::vector<Companion*> companions_;  ///< of what is collected now
};

}  // namespace gantry::cuda
