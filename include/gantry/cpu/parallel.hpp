#pragma once
#include <algorithm>
#include <cstddef>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace gantry::cpu {

/// Calls f(thread, threads) on `threads` threads, 0 <= thread < threads. Without OpenMP, and for one thread,
/// it is a plain call. Kernels must give the same bits for any number of threads, so that no sum may be split
/// by it.
template <class F>
void parallel([[maybe_unused]] int threads, const F& f) {
#ifdef _OPENMP
    if (threads > 1) {
#pragma omp parallel num_threads(threads)
        f(omp_get_thread_num(), omp_get_num_threads());
        return;
    }
#endif
    f(0, 1);
}

/// In f of parallel: waits until all of its threads are here. All of them must come here equally often.
inline void barrier() {
#ifdef _OPENMP
#pragma omp barrier
#endif
}

/// Splits [0, size) into one range a thread, with borders at multiples of `unit`, and calls f(begin, end) for
/// each that is not empty. A thread is used only where there is at least `worthwhile` work for it, since to
/// wake one costs some microseconds.
template <class F>
void parallel_ranges(int threads, std::size_t size, std::size_t unit, std::size_t worthwhile, const F& f) {
    const std::size_t useful = std::max<std::size_t>(1, size / std::max<std::size_t>(1, worthwhile));
    const std::size_t units = (size + unit - 1) / unit;
    parallel(static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(threads), useful)),
             [&](int thread, int count) {
                 const auto border = [&](int t) {
                     return std::min(
                         size, units * static_cast<std::size_t>(t) / static_cast<std::size_t>(count) * unit);
                 };
                 if (border(thread) < border(thread + 1)) f(border(thread), border(thread + 1));
             });
}

}  // namespace gantry::cpu
