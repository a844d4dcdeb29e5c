#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace cuda_emulator {

/// The order in which blocks, and the threads of each block, start. A correct kernel gives the same result in
/// any.
enum class Order { forward, reverse, shuffled };
void set_order(Order order, std::uint32_t seed = 0);

/// Sets the number of GPUs, 1 by default. A removed GPU must not own anything; threads for which it was
/// current switch to GPU 0.
void set_gpu_count(int count);

/// Report of the last kernel failure: "[name] what, thread, block, place". Empty if there was none.
const std::string& last_report();

/// Sets the GPU's memory, at most and by default 4 GiB. Allocations stay valid.
void set_memory(std::size_t bytes);

/// Replaces everything by one new GPU, as at the start of the program: clears failures, memory, streams and
/// counts. No object of the old GPU may be in use.
void reset();

}  // namespace cuda_emulator
