#pragma once
#include <cstdint>
#include <vector>

namespace cuda_emulator::race {

/// The time of an event: the barrier interval (Clock::interval), and the thread.
struct Moment {
    std::uint32_t interval = 0;
    unsigned thread = 0;
};

/// Tracks the order of blocks in a launch. A thread publishes what its block has done by __threadfence
/// followed by an atomic operation. A thread of another block sees it after an atomic operation on the same
/// address followed by __threadfence. With a barrier before the first and after the last step this holds for
/// all threads of both blocks, as in CUDA's cooperative groups.
class BlockOrder {
public:
    void begin_launch();
    void begin_block(std::uint32_t interval);

    void fence(Moment now);
    void atomic_operation(std::uintptr_t address, Moment now);
    /// A plain write, which an earlier fence does not publish.
    void write(unsigned thread) {
        if (!fences_.empty()) forget_fence(thread);
    }
    /// True if `before`, in an earlier block, happens before `after`, in the running block.
    bool ordered(Moment before, Moment after) const;

private:
    struct Published {
        std::uintptr_t address;     ///< of the atomic operation
        std::uint32_t block_begin;  ///< publishes from here ...
        Moment fence;               ///< ... to here
    };
    struct Met {
        Published what;
        Moment since;
    };
    void forget_fence(unsigned thread);

    std::vector<Published> published_;  ///< by the blocks of this launch
    std::uint32_t block_begin_ = 0;
    // Of the running block:
    std::vector<Moment> fences_;  ///< the last one of each thread
    std::vector<Met> met_;        ///< by an atomic operation, not yet followed by a fence
    std::vector<Met> seen_;
};

}  // namespace cuda_emulator::race
