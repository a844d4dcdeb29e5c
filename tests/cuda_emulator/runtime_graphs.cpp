// CUDA's runtime: capturing streams, and graphs.
#include "runtime_call.hpp"

#include <algorithm>
#include <utility>

using namespace cuda_emulator;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (stream == nullptr) return cudaErrorStreamCaptureUnsupported;
        if (!g.streams.contains(stream)) return cudaErrorInvalidResourceHandle;
        if (stream->capture != cudaStreamCaptureStatusNone) return cudaErrorIllegalState;
        stream->capture = cudaStreamCaptureStatusActive;
        stream->capture_mode = mode;
        stream->capture_thread = std::this_thread::get_id();
        stream->graph = std::make_unique<CUgraph_st>();
        return cudaSuccess;
    });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    // A capture ends even if ending it fails.
    const cudaError_t ended = release_call([&](Gpu& g) {
        if (graph == nullptr) return invalid;
        *graph = nullptr;
        if (!g.streams.contains(stream)) return cudaErrorInvalidResourceHandle;
        if (stream->capture != cudaStreamCaptureStatusNone &&
            stream->capture_mode != cudaStreamCaptureModeRelaxed &&
            stream->capture_thread != std::this_thread::get_id())
            return cudaErrorStreamCaptureWrongThread;
        const auto status = std::exchange(stream->capture, cudaStreamCaptureStatusNone);
        auto captured = std::move(stream->graph);
        if (status == cudaStreamCaptureStatusNone) return cudaErrorIllegalState;
        if (status == cudaStreamCaptureStatusInvalidated) return cudaErrorStreamCaptureInvalidated;
        if (const cudaError_t failed = g.failure_of(stream); failed != cudaSuccess) return failed;
        const cudaError_t fault = injected_fault(Call::other, cudaErrorStreamCaptureInvalidated);
        if (fault != cudaSuccess) return fault;
        *graph = captured.release();
        g.graphs.insert(*graph);
        return cudaSuccess;
    });
    return ended;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
    return query_call([&](Gpu& g) {
        if (status == nullptr) return invalid;
        if (!g.knows(stream)) return cudaErrorInvalidResourceHandle;
        *status = g.get(stream).capture;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
    return runtime_call(Call::other, cudaErrorMemoryAllocation, [&](Gpu& g) {
        if (executable == nullptr || !g.graphs.contains(graph)) return invalid;
        *executable = new CUgraphExec_st;
        for (const auto& node : graph->nodes) (*executable)->nodes.push_back(*node);
        g.executables.insert(*executable);
        return cudaSuccess;
    });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
    return runtime_call(Call::launch, cudaErrorLaunchOutOfResources, [&](Gpu& g) {
        if (!g.executables.contains(executable)) return invalid;
        if (!g.knows(stream)) return cudaErrorInvalidResourceHandle;
        if (g.get(stream).capture != cudaStreamCaptureStatusNone)
            return cudaErrorNotSupported;  // child graphs
        for (const CUgraphNode_st& node : executable->nodes)
            if (const cudaError_t code = g.submit(stream, node); code != cudaSuccess) return code;
        ++g.counts.graph_launches;
        g.counts.graph_nodes += executable->nodes.size();
        return cudaSuccess;
    });
}

cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph,
                                cudaGraphExecUpdateResultInfo* result) {
    return runtime_call(Call::other, cudaErrorUnknown, [&](Gpu& g) {
        if (result == nullptr || !g.executables.contains(executable) || !g.graphs.contains(graph))
            return invalid;
        *result = {cudaGraphExecUpdateSuccess, nullptr, nullptr};
        const auto refuse = [&](cudaGraphExecUpdateResult reason, cudaGraphNode_t node) {
            *result = {reason, node, nullptr};
            return cudaErrorGraphExecUpdateFailure;
        };
        if (executable->nodes.size() != graph->nodes.size())
            return refuse(cudaGraphExecUpdateErrorTopologyChanged, nullptr);
        for (std::size_t i = 0; i < graph->nodes.size(); ++i)
            if (graph->nodes[i]->type != executable->nodes[i].type)
                return refuse(cudaGraphExecUpdateErrorNodeTypeChanged, graph->nodes[i].get());
        for (std::size_t i = 0; i < graph->nodes.size(); ++i) executable->nodes[i] = *graph->nodes[i];
        return cudaSuccess;
    });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
    return query_call([&](Gpu& g) {
        if (count == nullptr || !g.graphs.contains(graph)) return invalid;
        const std::size_t size = graph->nodes.size();
        if (nodes != nullptr) {
            for (std::size_t i = 0; i < *count; ++i) nodes[i] = i < size ? graph->nodes[i].get() : nullptr;
            *count = std::min(*count, size);
        } else {
            *count = size;
        }
        return cudaSuccess;
    });
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
    return query_call([&](Gpu&) {
        if (node == nullptr || type == nullptr) return invalid;
        *type = node->type;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    return release_call([&](Gpu& g) {
        if (g.graphs.erase(graph) == 0) return invalid;
        delete graph;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
    return release_call([&](Gpu& g) {
        if (g.executables.erase(executable) == 0) return invalid;
        delete executable;
        return cudaSuccess;
    });
}

}  // extern "C"
