#include "block.hpp"

#include "fiber.hpp"
#include "race.hpp"
#include "run_block.hpp"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace cuda_emulator {

Coordinates coordinates;

struct Worker;

/// A warp's lanes in one synchronising call.
struct WarpMeeting::State {
    unsigned mask = 0, arrived = 0, left = 0;
    const char* call = nullptr;
    Location location;
    std::array<std::uint64_t, 32> values{};
    std::array<Worker*, 32> waiting{};
};

/// A fiber that runs threads, one after another as long as they do not wait.
struct Worker {
    explicit Worker(void (*function)()) : fiber(function) {}
    Fiber fiber;
    unsigned number = 0;  ///< index of its thread
    uint3 index{};
    const char* waits_at = nullptr;  ///< name of the call; null if the thread is running or there is none
    Location location;
};

namespace {

struct Warp {
    unsigned returned = 0;  ///< one bit per lane
    std::vector<WarpMeeting::State*> open;
};

/// The running block, and the resources that blocks reuse.
struct Block {
    const KernelLaunch* kernel = nullptr;
    std::span<const unsigned> order;
    unsigned size = 0, begun = 0, returned = 0;
    std::vector<uint3> indices;  ///< of the threads, by linear index
    Failure failure;

    Fiber host;
    Worker* running = nullptr;
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<Worker*> idle, ready;
    std::size_t next_ready = 0;

    std::vector<Worker*> at_barrier;
    int holds = 0, result = 0;  ///< of the barrier's predicate

    std::vector<Warp> warps;
    std::vector<std::unique_ptr<WarpMeeting::State>> meetings;
    std::vector<WarpMeeting::State*> unused_meetings;
};
Block block;

std::string name(uint3 v) {
    return "(" + std::to_string(v.x) + ", " + std::to_string(v.y) + ", " + std::to_string(v.z) + ")";
}

std::string place(const char* call, const Location& location) {
    const char* file = std::strrchr(location.file_name(), '/');
    return std::string(call) + " (" + (file ? file + 1 : location.file_name()) + ":" +
           std::to_string(location.line()) + ":" + std::to_string(location.column()) + ")";
}

/// "thread (0, 0, 0) of block (0, 0, 0) waits at __syncthreads (file.cuh:12:5)"
std::string waiting(const Worker& worker) {
    return thread_name(worker.number) + " waits at " + place(worker.waits_at, worker.location);
}

bool same_place(const Location& a, const Location& b) {
    return a.line() == b.line() && a.column() == b.column() &&
           (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

void work();

/// The fiber to resume when the running thread cannot continue: a new thread, else one whose wait is over,
/// else the host.
Fiber& next() {
    Worker* worker = nullptr;
    if (block.failure.code == cudaSuccess) {
        if (block.begun < block.size) {
            if (block.idle.empty()) {
                block.workers.push_back(std::make_unique<Worker>(work));
                block.idle.push_back(block.workers.back().get());
            }
            worker = block.idle.back();
            block.idle.pop_back();
        } else if (block.next_ready < block.ready.size()) {
            worker = block.ready[block.next_ready++];
            if (block.next_ready == block.ready.size()) {
                block.ready.clear();
                block.next_ready = 0;
            }
        }
    }
    block.running = worker;
    if (worker == nullptr) return block.host;
    coordinates.thread = worker->index;
    coordinates.number = worker->number;
    coordinates.stack = worker->fiber.stack();
    return worker->fiber;
}

void wait(const char* call, const Location& location) {
    Worker& self = *block.running;
    self.waits_at = call;
    self.location = location;
    Fiber::go(self.fiber, next());
    self.waits_at = nullptr;
}

void go_on(Worker* worker) { block.ready.push_back(worker); }

/// Reports a thread that returned while others wait for it.
void check_return(const Worker& worker) {
    if (!block.at_barrier.empty())
        fail_block(cudaErrorLaunchFailure, [&] {
            return "divergent barrier: " + thread_name(worker.number) + " returned, and " +
                   waiting(*block.at_barrier.front()) + " for it";
        });
    for (const WarpMeeting::State* meeting : block.warps[worker.number / 32].open)
        if (meeting->mask >> worker.number % 32 & 1)
            fail_block(cudaErrorLaunchFailure, [&] {
                return thread_name(worker.number) + " returned, and other lanes of its warp wait for it at " +
                       place(meeting->call, meeting->location);
            });
}

void set_extents(dim3 threads) {
    dim3& known = coordinates.threads;
    if (known.x == threads.x && known.y == threads.y && known.z == threads.z && !block.indices.empty())
        return;
    known = threads;
    block.indices.clear();
    for (unsigned z = 0; z < threads.z; ++z)
        for (unsigned y = 0; y < threads.y; ++y)
            for (unsigned x = 0; x < threads.x; ++x) block.indices.push_back({x, y, z});
}

void begin_thread(Worker& worker) {
    worker.number = coordinates.number = block.order[block.begun++];
    worker.index = coordinates.thread = block.indices[worker.number];
}

/// The function of a worker's fiber.
void work() {
    Worker& self = *block.running;
    Fiber::arrived(self.fiber);
    for (;;) {
        while (block.begun < block.size) {
            begin_thread(self);
            race::listening = block.kernel->accesses_are_told;
            block.kernel->run_thread(block.kernel->arguments.get());
            race::listening = false;
            ++block.returned;
            block.warps[self.number / 32].returned |= 1u << self.number % 32;
            check_return(self);
        }
        block.idle.push_back(&self);
        Fiber& other = next();
        Fiber::go(self.fiber, other);
    }
}

std::string deadlock() {
    std::string text =
        "deadlock: " + std::to_string(block.size - block.returned) + " threads wait for others;";
    std::set<std::string> places;
    for (const auto& worker : block.workers)
        if (worker->waits_at && places.insert(place(worker->waits_at, worker->location)).second)
            text += " " + waiting(*worker) + ";";
    return text;
}

}  // namespace

std::string thread_name(unsigned number) {
    return "thread " + name(block.indices[number]) + " of block " + name(coordinates.block);
}

std::string running_thread() { return thread_name(coordinates.number); }

Failure run_block(const KernelLaunch& kernel, uint3 index, std::span<const unsigned> order,
                  void* dynamic_shared) {
    coordinates.block = index;
    coordinates.blocks = kernel.blocks;
    set_extents(kernel.threads);
    coordinates.dynamic_shared = dynamic_shared;
    block.kernel = &kernel;
    block.order = order;
    block.size = static_cast<unsigned>(order.size());
    block.begun = block.returned = 0;
    block.holds = 0;
    block.warps.resize((block.size + 31) / 32);
    for (Warp& warp : block.warps) warp.returned = 0;

    Fiber::go(block.host, next());

    if (block.failure.code == cudaSuccess && block.returned == block.size) return {};
    if (block.failure.code == cudaSuccess) block.failure = {cudaErrorLaunchTimeout, deadlock()};
    // Suspended threads never finish: their fibers are restarted.
    block.idle.clear();
    for (const auto& worker : block.workers) {
        worker->fiber.restart();
        worker->waits_at = nullptr;
        block.idle.push_back(worker.get());
    }
    block.ready.clear();
    block.next_ready = 0;
    block.at_barrier.clear();
    block.unused_meetings.clear();
    for (const auto& meeting : block.meetings) block.unused_meetings.push_back(meeting.get());
    for (Warp& warp : block.warps) warp.open.clear();
    return std::exchange(block.failure, {});
}

void note_failure(Failure failure) {
    race::listening = false;
    block.failure = std::move(failure);
}

void leave_block() {
    Worker& self = *block.running;
    Fiber::go(self.fiber, next());
    std::abort();  // never resumed
}

int barrier(bool predicate, const char* call, const Location& location) {
    const race::Pause pause;
    if (!block.at_barrier.empty() && !same_place(block.at_barrier.front()->location, location))
        fail_block(cudaErrorLaunchFailure, [&] {
            return "divergent barrier: " + waiting(*block.at_barrier.front()) + ", and " + running_thread() +
                   " comes to " + place(call, location);
        });
    if (block.returned > 0)
        fail_block(cudaErrorLaunchFailure, [&] {
            return "divergent barrier: " + std::to_string(block.returned) +
                   " threads of the block returned before " + running_thread() + " comes to " +
                   place(call, location);
        });
    block.holds += predicate;
    if (block.at_barrier.size() + 1 < block.size) {
        block.at_barrier.push_back(block.running);
        wait(call, location);
        return block.result;
    }
    for (Worker* worker : block.at_barrier) go_on(worker);
    block.at_barrier.clear();
    block.result = std::exchange(block.holds, 0);
    ++race::clock.interval;
    return block.result;
}

WarpMeeting::WarpMeeting(unsigned mask, std::uint64_t value, const char* call, const Location& location)
    : checking_(std::exchange(race::listening, false)) {
    const unsigned lane = coordinates.number % 32, first = coordinates.number - lane;
    Warp& warp = block.warps[coordinates.number / 32];
    const auto fail = [&](const auto& what) {
        fail_block(cudaErrorLaunchFailure,
                   [&] { return place(call, location) + ": " + running_thread() + what(); });
    };
    if ((mask >> lane & 1) == 0) fail([] { return std::string(" is not in the mask it gives"); });
    if (block.size - first < 32) mask &= (1u << (block.size - first)) - 1;  // the block has no more lanes
    if (mask & warp.returned)
        fail([&] {
            return " waits for " +
                   thread_name(first + static_cast<unsigned>(std::countr_zero(mask & warp.returned))) +
                   ", which has returned";
        });

    State* state = nullptr;
    for (State* open : warp.open) {
        if (open->mask == mask) {
            state = open;
        } else if (open->mask & mask) {
            fail([&] {
                return " gives a mask that shares lanes with another one, of lanes that wait at " +
                       place(open->call, open->location);
            });
        }
    }
    if (state == nullptr) {
        if (block.unused_meetings.empty()) {
            block.meetings.push_back(std::make_unique<State>());
            block.unused_meetings.push_back(block.meetings.back().get());
        }
        state = block.unused_meetings.back();
        block.unused_meetings.pop_back();
        state->mask = mask;
        state->arrived = state->left = 0;
        state->call = call;
        state->location = location;
        warp.open.push_back(state);
    } else if (!same_place(state->location, location)) {
        fail([&] {
            return " is here, and lanes of its warp are at different calls: others wait at " +
                   place(state->call, state->location);
        });
    }

    state_ = state;
    state->values[lane] = value;
    state->arrived |= 1u << lane;
    if (state->arrived != mask) {
        state->waiting[lane] = block.running;
        wait(call, location);
        return;
    }
    std::erase(warp.open, state);
    ++race::clock.warp_meetings[coordinates.number / 32];
    for (unsigned other = 0; other < 32; ++other)
        if ((mask >> other & 1) && other != lane) go_on(state->waiting[other]);
}

WarpMeeting::~WarpMeeting() {
    state_->left |= 1u << coordinates.number % 32;
    if (state_->left == state_->mask) block.unused_meetings.push_back(state_);
    race::listening = checking_;
}

std::uint64_t WarpMeeting::value_of(unsigned lane) const {
    if ((state_->mask >> lane & 1) == 0)
        fail_block(cudaErrorLaunchFailure, [&] {
            return place(state_->call, state_->location) + ": " + running_thread() + " reads lane " +
                   std::to_string(lane) + ", which is not in the mask";
        });
    return state_->values[lane];
}

unsigned WarpMeeting::ballot() const {
    unsigned lanes = 0;
    for (unsigned lane = 0; lane < 32; ++lane)
        if ((state_->mask >> lane & 1) && state_->values[lane] != 0) lanes |= 1u << lane;
    return lanes;
}

}  // namespace cuda_emulator
