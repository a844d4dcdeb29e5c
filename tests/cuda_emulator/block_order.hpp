#pragma once
#include <cstdint>
#include <vector>

namespace cuda_emulator::race {

/// When a thread did something: after which barrier of which block (Clock::interval).
struct Moment {
    std::uint32_t interval = 0;
    unsigned thread = 0;
};

/// What orders blocks of a launch. A thread publishes what its block did so far by __threadfence and then an
/// atomic operation; a thread of another block that meets this operation by one of its own at the same
/// address, and then calls __threadfence, sees it. With a barrier before the first and after the last step
/// this holds for all threads of both blocks: the way of CUDA's cooperative groups.
class BlockOrder {
public:
    void begin_launch();
    void begin_block(std::uint32_t interval);

    void fence(Moment now);
    void atomic_operation(std::uintptr_t address, Moment now);
    /// An ordinary write, which a fence before it does not publish.
    void write(unsigned thread) {
        if (!fences_.empty()) forget_fence(thread);
    }
    /// Whether `before`, of an earlier block, surely happened before `after`, of the running one.
    bool ordered(Moment before, Moment after) const;

private:
    struct Published {
        std::uintptr_t address;     ///< of the atomic operation
        std::uint32_t block_begin;  ///< from here on ...
        Moment fence;               ///< ... up to here
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
    std::vector<Met> met_;        ///< by an atomic operation, with no fence yet
    std::vector<Met> seen_;
};

}  // namespace cuda_emulator::race
