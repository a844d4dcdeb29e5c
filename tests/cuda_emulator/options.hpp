#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace cuda_emulator {

/// In which order blocks begin, and the threads of each block. A correct kernel gives the same result in any.
enum class Order { forward, reverse, shuffled };
void set_order(Order order, std::uint32_t seed = 0);

/// How many GPUs there are, 1 by default. Those that go must not hold anything; a thread whose current GPU
/// goes has GPU 0 then.
void set_gpu_count(int count);

/// What is known of the last failure of a kernel: "[name] what, thread, block, place". Empty where none
/// failed.
const std::string& last_report();

/// How much memory the GPU has, at most 4 GiB, which is the default. What is allocated stays.
void set_memory(std::size_t bytes);

/// One new GPU, as after the program's start: whatever failed is forgotten, memory is freed, streams are
/// gone, counts begin anew. Nobody may hold anything of the old one.
void reset();

}  // namespace cuda_emulator
