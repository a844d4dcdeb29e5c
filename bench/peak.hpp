#pragma once
#include <gantry/cpu/simd/simd.hpp>
#include <gantry/cpu/threads/parallel.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

#include <benchmark/benchmark.h>

namespace gantry::bench {

inline double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline constexpr std::size_t burst_chains = 12, burst_length = 20000;
/// Floating-point operations of one burst on one thread.
template <class T>
inline constexpr double burst_work = 2.0 * burst_chains * burst_length * cpu::lanes<T>;

/// Register-only FMAs in enough independent chains to hide their latency: the machine's peak, burst_work<T>
/// floating-point operations. The result is meaningless.
template <class T>
T fma_burst() {
    using cpu::Vector;
    constexpr std::size_t chains = burst_chains;
    Vector<T> sums[chains], factor = cpu::splat(T(0.999)), term = cpu::splat(T(0.001));
    cpu::keep_in_register(factor);
    cpu::keep_in_register(term);
    cpu::static_for<chains>([&](auto i) GANTRY_ALWAYS_INLINE { sums[i] = cpu::splat(T(i)); });
    for (std::size_t r = 0; r < burst_length; ++r) {
        cpu::static_for<chains>([&](auto i) GANTRY_ALWAYS_INLINE {
            sums[i] = sums[i] * factor + term;
            cpu::keep_in_register(sums[i]);  // or the compiler would simplify the computation
        });
    }
    Vector<T> sum = {};
    cpu::static_for<chains>(
        [&](auto i) GANTRY_ALWAYS_INLINE { sum += sums[i]; });  // a loop would spill them to memory
    return cpu::sum_lanes(sum);
}

/// Contenders that do the same work, timed in turn, round after round, so that disturbances of the machine
/// affect all of them alike. The first contender is the burst above: the peak is measured at the same time.
template <class T>
class RoundRobin {
public:
    explicit RoundRobin(int threads) {
        add(burst_work<T> * threads, [threads] {
            cpu::parallel(threads, [](int, int) { benchmark::DoNotOptimize(fma_burst<T>()); });
        });
    }
    /// `work`: floating-point operations per call of f. Returns the contender's index.
    std::size_t add(double work, std::function<void()> f) {
        contenders_.push_back({std::move(f), work, {}});
        return contenders_.size() - 1;
    }
    /// One round: each contender runs once to warm the caches, then once timed.
    void round() {
        for (Contender& contender : contenders_) {
            contender.run();
            const double begin = seconds();
            contender.run();
            contender.times.push_back(seconds() - begin);
        }
    }
    double last(std::size_t contender) const { return contenders_[contender].times.back(); }
    double shortest(std::size_t contender) const {
        const std::vector<double>& times = contenders_[contender].times;
        return *std::min_element(times.begin(), times.end());
    }
    double median(std::size_t contender) const {
        std::vector<double> times = contenders_[contender].times;
        std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                         times.end());
        return times[times.size() / 2];
    }
    double flops(std::size_t contender) const { return contenders_[contender].work / shortest(contender); }
    /// Percent of the burst's rate in the same run, comparing the shortest times.
    double percent_of_peak(std::size_t contender) const { return 100 * flops(contender) / flops(0); }

private:
    struct Contender {
        std::function<void()> run;
        double work;
        std::vector<double> times;
    };
    std::vector<Contender> contenders_;
};

}  // namespace gantry::bench
