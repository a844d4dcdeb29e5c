#pragma once
#include <gantry/cuda/memory.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cuda {

/// Memory of the GPU that a single call may work in. It grows to what the largest call needs, and stays so.
class Workspace {
public:
    explicit Workspace(Memory& memory) : memory_(memory) {}
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace() { release(); }

    void* data() const { return data_; }
    std::size_t bytes() const { return bytes_; }
    /// Makes it `bytes` large if it is smaller. Starts what is collected in the stream, and waits for it:
    /// it may be using the memory that is given back. Errors: the GPU's memory is full; then it is empty.
    void grow(std::size_t bytes) {
        if (bytes <= bytes_) return;
        memory_.stream().synchronize();
        release();
        data_ = memory_.allocate(bytes);
        bytes_ = bytes;
    }

private:
    void release() {
        if (data_) memory_.release(data_, bytes_);
        data_ = nullptr;
        bytes_ = 0;
    }

    Memory& memory_;
    void* data_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace gantry::cuda
