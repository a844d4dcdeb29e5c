#pragma once
#include <gantry/cuda/memory.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cuda {

/// GPU memory for temporary use within a single call. Grows to the largest request and never shrinks.
class Workspace {
public:
    explicit Workspace(Memory& memory) : memory_(memory) {}
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace() { release(); }

    /// The memory, valid until it grows; null if empty.
    void* data() const { return data_; }
    /// Its current size.
    std::size_t bytes() const { return bytes_; }
    /// Grows to at least `bytes`. Launches captured work and waits for it, since it may use the memory that
    /// is freed. Errors: the GPU's memory is full; the workspace is then empty.
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
