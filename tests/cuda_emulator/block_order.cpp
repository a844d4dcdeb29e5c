#include "block_order.hpp"

#include <algorithm>

namespace cuda_emulator::race {

void BlockOrder::begin_launch() { published_.clear(); }

void BlockOrder::begin_block(std::uint32_t interval) {
    block_begin_ = interval;
    fences_.clear();
    met_.clear();
    seen_.clear();
}

void BlockOrder::forget_fence(unsigned thread) {
    std::erase_if(fences_, [=](const Moment& fence) { return fence.thread == thread; });
}

void BlockOrder::fence(Moment now) {
    forget_fence(now.thread);
    fences_.push_back(now);
    std::erase_if(met_, [&](const Met& met) {
        if (met.since.thread != now.thread) return false;
        seen_.push_back({met.what, now});
        return true;
    });
}

void BlockOrder::atomic_operation(std::uintptr_t address, Moment now) {
    for (const Published& p : published_)
        if (p.address == address && p.block_begin != block_begin_) met_.push_back({p, now});
    for (const Moment& fence : fences_)
        if (fence.thread == now.thread) published_.push_back({address, block_begin_, fence});
}

bool BlockOrder::ordered(Moment before, Moment after) const {
    return std::any_of(seen_.begin(), seen_.end(), [&](const Met& met) {
        const Moment& end = met.what.fence;
        const bool published = before.interval >= met.what.block_begin &&
                               (before.interval < end.interval ||
                                (before.interval == end.interval && before.thread == end.thread));
        return published && (met.since.interval < after.interval || met.since.thread == after.thread);
    });
}

}  // namespace cuda_emulator::race
