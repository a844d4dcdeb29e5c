#include "race.hpp"

#include "block_order.hpp"
#include "code_place.hpp"
#include "gpu.hpp"
#include "pages.hpp"
#include "run_block.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include <link.h>

namespace cuda_emulator::race {

constinit thread_local bool listening = false;
bool program_is_instrumented = false;
Clock clock;

namespace {

/// The thread and time of an access to a word. Interval 0: none.
struct Stamp {
    std::uint32_t interval = 0;
    std::uint16_t thread : 15 = 0, atomic : 1 = 0;
    std::uint16_t warp_meetings = 0;

    bool operator==(const Stamp&) const = default;
};

/// Access history of four bytes. Sets of them are masks of four bits. A word stores the last write and two
/// reads by different threads. This is enough: every write is checked against earlier reads, every read
/// against the write.
struct Word {
    Stamp write, read, other_read;
    std::uint32_t era =
        0;  ///< the block (shared memory) or launch (global memory) that the record belongs to
    std::uint8_t bytes_written : 4 = 0, bytes_read : 4 = 0, bytes_read_by_other : 4 = 0;
    std::uint8_t counted_reads : 4 = 0, counted_writes : 4 = 0;
};
static_assert(sizeof(Word) <= 32);

/// The words of a range of memory.
struct Shadow {
    std::uintptr_t begin = 0;
    std::size_t bytes = 0;
    Word* words = nullptr;
    std::uint8_t* live = nullptr;     ///< mask per word: bytes that may be accessed
    std::uint8_t* written = nullptr;  ///< mask per word: initialised bytes

    void cover(const void* memory, std::size_t size) {
        begin = reinterpret_cast<std::uintptr_t>(memory) & ~std::uintptr_t{3};
        bytes = size + 4;
        words = static_cast<Word*>(reserve_pages(bytes / 4 * sizeof(Word)));
        live = static_cast<std::uint8_t*>(reserve_pages(bytes / 4));
        written = static_cast<std::uint8_t*>(reserve_pages(bytes / 4));
    }
    bool owns(std::uintptr_t address) const { return address - begin < bytes; }

    /// Calls visit(first, end, mask) for each run of words with the same byte mask in a range of memory.
    template <class Visit>
    void for_each_run(const void* memory, std::size_t size, Visit visit) const {
        if (size == 0) return;
        std::size_t at = reinterpret_cast<std::uintptr_t>(memory) - begin;
        const std::size_t end = at + size;
        while (at < end) {
            const std::size_t word = at / 4, from = at % 4;
            if (from == 0 && end - at >= 4) {
                visit(word, end / 4, std::uint8_t{15});
                at = end / 4 * 4;
            } else {
                const std::size_t to = std::min(end - 4 * word, std::size_t{4});
                visit(word, word + 1, static_cast<std::uint8_t>((1u << to) - (1u << from)));
                at = 4 * word + to;
            }
        }
    }
};

struct BlockBegin {
    std::uint32_t interval;
    uint3 index;
};

Shadow global_memory, static_shared, dynamic_shared;
std::uintptr_t constants_begin = 0, constants_end = 0;  ///< the program's image
const KernelLaunch* kernel = nullptr;
KernelBytes* bytes = nullptr;
std::size_t dynamic_shared_bytes = 0;
std::vector<BlockBegin> block_begins;  ///< of this launch
BlockOrder block_order;

/// Finds the program's static variables, which include __shared__ ones; constants are stored before or after
/// them.
void find_static_variables() {
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void*) {
            std::uintptr_t relocated_end = 0;
            for (int i = 0; i < info->dlpi_phnum; ++i) {
                const auto& part = info->dlpi_phdr[i];
                const std::uintptr_t begin = info->dlpi_addr + part.p_vaddr, end = begin + part.p_memsz;
                if (part.p_type == PT_GNU_RELRO) relocated_end = end;
                if (part.p_type != PT_LOAD) continue;
                constants_begin = constants_begin == 0 ? begin : std::min(constants_begin, begin);
                constants_end = std::max(constants_end, end);
                if (part.p_flags & PF_W)
                    static_shared.cover(reinterpret_cast<const void*>(begin), part.p_memsz);
            }
            // Relocated tables are read-only once the program has started.
            if (static_shared.owns(relocated_end)) {
                static_shared.bytes -= relocated_end - static_shared.begin;
                static_shared.begin = relocated_end;
            }
            return 1;  // the program comes first; libraries do not matter
        },
        nullptr);
}

Stamp now(bool atomic) {
    const unsigned thread = coordinates.number;
    Stamp stamp;
    stamp.interval = clock.interval;
    stamp.thread = static_cast<std::uint16_t>(thread & 0x7fff);
    stamp.atomic = atomic;
    stamp.warp_meetings = clock.warp_meetings[thread / 32];
    return stamp;
}

Moment moment(const Stamp& stamp) { return {stamp.interval, stamp.thread}; }

/// True if `before` happens before `after` or cannot conflict with it. Both are from the same launch.
[[gnu::always_inline]] inline bool ordered(const Stamp& before, const Stamp& after) {
    if (before.interval == 0 || (before.atomic && after.atomic)) return true;
    if (before.interval < clock.block_begin) return block_order.ordered(moment(before), moment(after));
    if (before.interval != after.interval) return true;  // separated by a barrier
    if (before.thread == after.thread) return true;
    return before.thread / 32 == after.thread / 32 && before.warp_meetings != after.warp_meetings;
}

std::string name_of(const Stamp& stamp) {
    const auto begin = std::prev(std::upper_bound(
        block_begins.begin(), block_begins.end(), stamp.interval,
        [](std::uint32_t interval, const BlockBegin& block) { return interval < block.interval; }));
    const uint3 here = std::exchange(coordinates.block, begin->index);
    std::string name = thread_name(stamp.thread);
    coordinates.block = here;
    return name;
}

/// `what()` completes the sentence "thread ... reads" or "writes".
template <class What>
[[noreturn, gnu::noinline]] void fail(const Access& access, cudaError_t code, const What& what) {
    fail_block(code, [&] {
        return running_thread() + (access.writes ? " writes " : " reads ") + what() + " (" +
               code_place(access.code) + ")";
    });
}

std::string what_memory(const Access& access) {
    const void* address = reinterpret_cast<const void*>(access.address);
    if (global_memory.owns(access.address)) return gpu().memory.describe(address);
    if (!static_shared.owns(access.address))
        return "byte " + std::to_string(access.address - dynamic_shared.begin) + " of dynamic shared memory";
    return "shared memory";
}

[[noreturn, gnu::noinline]] void fail_race(const Access& access, const Stamp& before, const char* did) {
    const bool same_block = before.interval >= clock.block_begin;
    fail(access, cudaErrorLaunchFailure, [&] {
        return what_memory(access) + ", which " + name_of(before) + did +
               (same_block ? " with no barrier between them: a race" : "; nothing orders the blocks: a race");
    });
}

void check_word(const Shadow& shadow, std::size_t index, std::uint8_t mask, const Access& access,
                const Stamp& me) {
    Word& word = shadow.words[index];
    const bool global = &shadow == &global_memory;
    if (word.era != (global ? clock.launch_begin : clock.block_begin)) {
        word = {};
        word.era = global ? clock.launch_begin : clock.block_begin;
        if (!global) shadow.written[index] = 0;
    }
    const bool reads = !access.writes || access.atomic;
    if (global && (shadow.live[index] & mask) != mask)
        fail(access, cudaErrorIllegalAddress, [&] { return what_memory(access); });
    if (reads && (shadow.written[index] & mask) != mask)
        fail(access, cudaErrorLaunchFailure, [&] {
            return what_memory(access) + ", which was never written" + (global ? "" : " by this block");
        });
    if ((word.bytes_written & mask) && !ordered(word.write, me)) fail_race(access, word.write, " wrote");
    if (access.writes) {
        if ((word.bytes_read & mask) && !ordered(word.read, me)) fail_race(access, word.read, " read");
        if ((word.bytes_read_by_other & mask) && !ordered(word.other_read, me))
            fail_race(access, word.other_read, " read");
        word.bytes_written = ((word.write == me ? word.bytes_written : 0) | mask) & 15;
        word.write = me;
        word.bytes_read = word.bytes_read_by_other = 0;
        shadow.written[index] |= mask;
    } else if (word.bytes_read == 0 || word.read.thread == me.thread || ordered(word.read, me)) {
        word.bytes_read = ((word.read == me ? word.bytes_read : 0) | mask) & 15;
        word.read = me;
    } else {
        word.bytes_read_by_other = ((word.other_read == me ? word.bytes_read_by_other : 0) | mask) & 15;
        word.other_read = me;
    }
    if (!global) return;
    if (reads) {
        bytes->reads +=
            static_cast<std::size_t>(std::popcount(static_cast<unsigned>(mask & ~word.counted_reads)));
        word.counted_reads = (word.counted_reads | mask) & 15;
    }
    if (access.writes) {
        bytes->writes +=
            static_cast<std::size_t>(std::popcount(static_cast<unsigned>(mask & ~word.counted_writes)));
        word.counted_writes = (word.counted_writes | mask) & 15;
    }
}

}  // namespace

void check(const Access& access) {
    const Pause pause;  // standard-library functions may be linked from an instrumented file
    const void* address = reinterpret_cast<const void*>(access.address);
    const auto alignment = std::min<std::size_t>(access.size, 8);  // a power of two
    if (access.aligned && (access.address & (alignment - 1)) != 0)
        fail(access, cudaErrorMisalignedAddress,
             [&] { return std::to_string(access.size) + " bytes at an address that is no multiple of it"; });
    const Shadow* shadow = nullptr;
    if (global_memory.owns(access.address)) {
        shadow = &global_memory;
        if (!access.writes || access.atomic) bytes->issued_reads += access.size;
        if (access.writes) bytes->issued_writes += access.size;
    } else if (static_shared.owns(access.address)) {
        shadow = &static_shared;
    } else if (access.address - dynamic_shared.begin < dynamic_shared_bytes + 64) {
        shadow = &dynamic_shared;
        if (access.address - dynamic_shared.begin + access.size > dynamic_shared_bytes)
            fail(access, cudaErrorIllegalAddress,
                 [&] { return what_memory(access) + ", of " + std::to_string(dynamic_shared_bytes); });
    } else if (within(access.address, kernel->arguments.get(), kernel->arguments_bytes) ||
               gpu().is_pinned(address, access.size) ||
               (!access.writes && access.address - constants_begin < constants_end - constants_begin)) {
        return;
    } else {
        fail(access, cudaErrorIllegalAddress, [&] { return gpu().memory.describe(address); });
    }
    const Stamp me = now(access.atomic);
    if (access.size == 4 && access.address % 4 == 0)
        check_word(*shadow, (access.address - shadow->begin) / 4, 15, access, me);
    else
        shadow->for_each_run(address, access.size, [&](std::size_t word, std::size_t end, std::uint8_t mask) {
            for (; word < end; ++word) check_word(*shadow, word, mask, access, me);
        });
    if (shadow != &global_memory || !access.writes) return;
    if (access.atomic)
        block_order.atomic_operation(access.address, moment(me));
    else
        block_order.write(coordinates.number);
}

void begin_launch(const KernelLaunch& started) {
    if (!program_is_instrumented) return;
    if (static_shared.words == nullptr) find_static_variables();
    kernel = &started;
    bytes = started.accesses_are_told ? &gpu().counts.kernel_bytes[started.name] : nullptr;
    clock.launch_begin = ++clock.interval;
    block_begins.clear();
    block_order.begin_launch();
}

void begin_block(const void* shared, std::size_t size) {
    if (!program_is_instrumented) return;
    clock.block_begin = ++clock.interval;
    clock.warp_meetings = {};
    block_begins.push_back({clock.interval, coordinates.block});
    block_order.begin_block(clock.interval);
    if (dynamic_shared.words == nullptr) dynamic_shared.cover(shared, limits::shared_on_request);
    dynamic_shared.begin = reinterpret_cast<std::uintptr_t>(shared);
    dynamic_shared_bytes = size;
}

void watch(const void* memory, std::size_t size) {
    if (program_is_instrumented) global_memory.cover(memory, size);
}

void allocated(const void* memory, std::size_t size) {
    if (!program_is_instrumented) return;
    global_memory.for_each_run(memory, size, [](std::size_t word, std::size_t end, std::uint8_t mask) {
        std::memset(global_memory.live + word, mask, end - word);
        std::memset(global_memory.written + word, 0, end - word);
    });
}

void freed(const void* memory, std::size_t size) {
    if (!program_is_instrumented) return;
    global_memory.for_each_run(memory, size, [](std::size_t word, std::size_t end, std::uint8_t) {
        std::memset(global_memory.live + word, 0, end - word);
    });
    const std::size_t word = (reinterpret_cast<std::uintptr_t>(memory) - global_memory.begin) / 4;
    give_back_pages(global_memory.words + word, size / 4 * sizeof(Word));
}

void written(const void* memory, std::size_t size) {
    if (!program_is_instrumented || !gpu().memory.owns(memory)) return;
    global_memory.for_each_run(memory, size, [](std::size_t word, std::size_t end, std::uint8_t mask) {
        if (mask == 15)
            std::memset(global_memory.written + word, mask, end - word);
        else
            global_memory.written[word] |= mask;
    });
}

void copied(const void* to, const void* from, std::size_t size) {
    if (unwritten(from, size) == nullptr) written(to, size);
}

const void* unwritten(const void* memory, std::size_t size) {
    if (!program_is_instrumented) return nullptr;
    const void* found = nullptr;
    global_memory.for_each_run(memory, size, [&](std::size_t word, std::size_t end, std::uint8_t mask) {
        for (; word < end && found == nullptr; ++word)
            if ((global_memory.written[word] & mask) != mask)
                found = reinterpret_cast<const void*>(global_memory.begin + 4 * word);
    });
    return found;
}

}  // namespace cuda_emulator::race

namespace cuda_emulator {

void fence() {
    if (race::listening) race::block_order.fence({race::clock.interval, coordinates.number});
}

AtomicAccess::AtomicAccess(const volatile void* memory, std::size_t bytes) : checking_(race::listening) {
    race::tell(
        {reinterpret_cast<std::uintptr_t>(memory), bytes, true, true, true, __builtin_return_address(0)});
    race::listening = false;
}
AtomicAccess::~AtomicAccess() { race::listening = checking_; }

}  // namespace cuda_emulator
