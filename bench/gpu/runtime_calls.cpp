#include "runtime_calls.hpp"

#include <chrono>

namespace gantry::bench {

RuntimeCalls& runtime_calls() {
    static RuntimeCalls calls;
    return calls;
}

namespace {
/// Returns f() and adds its duration to `total`.
template <class F>
cudaError_t timed(double& total, const F& f) {
    const auto begin = std::chrono::steady_clock::now();
    const cudaError_t result = f();
    total += std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
    return result;
}
}  // namespace

}  // namespace gantry::bench

using gantry::bench::runtime_calls;
using gantry::bench::timed;

extern "C" {

cudaError_t __real_cudaStreamEndCapture(cudaStream_t, cudaGraph_t*);
cudaError_t __wrap_cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    const cudaError_t result =
        timed(runtime_calls().end_capture, [&] { return __real_cudaStreamEndCapture(stream, graph); });
    if (result == cudaSuccess && *graph) cudaGraphGetNodes(*graph, nullptr, &runtime_calls().nodes);
    return result;
}

cudaError_t __real_cudaGraphInstantiate(cudaGraphExec_t*, cudaGraph_t, unsigned long long);
cudaError_t __wrap_cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                        unsigned long long flags) {
    ++runtime_calls().instantiations;
    return __real_cudaGraphInstantiate(executable, graph, flags);
}

cudaError_t __real_cudaGraphExecUpdate(cudaGraphExec_t, cudaGraph_t, cudaGraphExecUpdateResultInfo*);
cudaError_t __wrap_cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph,
                                       cudaGraphExecUpdateResultInfo* info) {
    return timed(runtime_calls().update, [&] { return __real_cudaGraphExecUpdate(executable, graph, info); });
}

cudaError_t __real_cudaGraphLaunch(cudaGraphExec_t, cudaStream_t);
cudaError_t __wrap_cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
    runtime_calls().graph = executable;
    return timed(runtime_calls().launch, [&] { return __real_cudaGraphLaunch(executable, stream); });
}
}
