#pragma once
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/gpu.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace gantry::cuda {

/// Work in another stream that depends on work in this one, and vice versa. A graph cannot contain such a
/// dependency, since the other stream would become part of the capture, so it is placed around the launch.
class Companion {
public:
    /// Makes the stream wait for the other one.
    virtual void before_launch() = 0;
    /// Lets the other stream continue after the launch. Also called if an error prevented the launch.
    virtual void after_launch() noexcept = 0;

protected:
    ~Companion() = default;
};

/// A CUDA stream of the GPU that was current at construction. It can capture work into a graph, which is then
/// launched with one call. Every member function makes that GPU current.
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

    /// The CUDA stream.
    cudaStream_t get() const {
        gpu_.make_current();
        return stream_;
    }
    /// The stream's GPU.
    const Gpu& gpu() const { return gpu_; }

    /// Blocks until all work in the stream is done. Errors: those of its kernels.
    void synchronize() {
        flush();
        check(cudaStreamSynchronize(get()), "cudaStreamSynchronize");
    }

    /// Begins a capture: from now on work that is put into the stream is recorded instead of started.
    void collect() {
        check(cudaStreamBeginCapture(get(), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
        collecting_ = true;
    }
    /// Ends the capture and launches its work as one graph. If the graph has the same topology as the last
    /// one (as successive training steps do), the instantiated graph is updated: launch sizes, pointers and
    /// scalars may change from step to step.
    void start_collected() {
        if (!collecting_) return;
        gpu_.make_current();
        const Parting parting{companions_};
        const Graph graph{end_capture()};
        cudaGraphExecUpdateResultInfo info{};
        if (!collected_ || cudaGraphExecUpdate(collected_, graph.get, &info) != cudaSuccess) {
            cudaGetLastError();  // another topology is not an error
            if (collected_)
                check(cudaGraphExecDestroy(std::exchange(collected_, nullptr)), "cudaGraphExecDestroy");
            check(cudaGraphInstantiate(&collected_, graph.get, 0), "cudaGraphInstantiate");
        }
        launch(collected_);
    }
    /// For calls that a capture does not allow (allocation, synchronisation): ends the capture and launches
    /// what it holds. Later work starts immediately.
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
    /// Discards the capture.
    void abandon() {
        if (!std::exchange(collecting_, false)) return;
        gpu_.try_make_current();
        const Parting parting{companions_};
        cudaGraph_t graph = nullptr;
        if (cudaStreamEndCapture(stream_, &graph) == cudaSuccess) cudaGraphDestroy(graph);
        cudaGetLastError();
    }

    /// True during a capture.
    bool collecting() const { return collecting_; }
    /// Attaches a companion to the current capture, until it is launched or discarded.
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
    std::vector<Companion*> companions_;  ///< of the current capture
};

}  // namespace gantry::cuda
