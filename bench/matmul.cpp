// The matrix products of a GAN's training step, compared with Eigen and OpenBLAS. Per size and thread count,
// one benchmark times all of them in turn; its counters give each one's shortest time and its percentage of
// the FMA peak measured in the same run.
#include "peak.hpp"
#include <gantry/cpu/gemm/matmul.hpp>

#include <Eigen/Dense>
#include <benchmark/benchmark.h>
#ifdef GANTRY_BENCH_OPENBLAS
#include <cblas.h>
#endif

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

namespace {

struct Product {
    const char* role;
    int rows, columns, inner;
    bool transpose_a, transpose_b;
};

// y = x w, x' = y' wT, w' = xT y' for each dense layer of batch size `rows`.
constexpr Product products[] = {
    {"100-1200 forward", 128, 1200, 100, false, false},   {"100-1200 weights", 100, 1200, 128, true, false},
    {"1200-1200 forward", 128, 1200, 1200, false, false}, {"1200-1200 data", 128, 1200, 1200, false, true},
    {"1200-1200 weights", 1200, 1200, 128, true, false},  {"1200-784 forward", 128, 784, 1200, false, false},
    {"1200-784 data", 128, 1200, 784, false, true},       {"1200-784 weights", 1200, 784, 128, true, false},
    {"784-240 forward", 128, 240, 784, false, false},     {"784-240 data", 128, 784, 240, false, true},
    {"784-240 weights", 784, 240, 128, true, false},      {"240-240 forward", 128, 240, 240, false, false},
    {"240-240 data", 128, 240, 240, false, true},         {"240-240 weights", 240, 240, 128, true, false},
    {"240-1 forward", 128, 1, 240, false, false},         {"240-1 data", 128, 240, 1, false, true},
    {"240-1 weights", 240, 1, 128, true, false},          {"100-128 forward", 64, 128, 100, false, false},
    {"100-128 weights", 100, 128, 64, true, false},       {"128-256 forward", 64, 256, 128, false, false},
    {"128-256 data", 64, 128, 256, false, true},          {"128-256 weights", 128, 256, 64, true, false},
    {"256-784 forward", 64, 784, 256, false, false},      {"256-784 data", 64, 256, 784, false, true},
    {"256-784 weights", 256, 784, 64, true, false},       {"784-256 forward", 64, 256, 784, false, false},
    {"784-256 data", 64, 784, 256, false, true},          {"784-256 weights", 784, 256, 64, true, false},
    {"128-1 forward", 64, 1, 128, false, false},          {"1200-1200 one item", 1, 1200, 1200, false, false},
};

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

#ifdef GANTRY_BENCH_OPENBLAS
template <class T>
void gemm(const gantry::contracts::MatmulParameters<T>& p) {
    const auto transpose_a = p.transpose_a ? CblasTrans : CblasNoTrans;
    const auto transpose_b = p.transpose_b ? CblasTrans : CblasNoTrans;
    const int a_stride = p.transpose_a ? p.rows : p.inner, b_stride = p.transpose_b ? p.inner : p.columns;
    if constexpr (std::is_same_v<T, float>) {
        cblas_sgemm(CblasRowMajor, transpose_a, transpose_b, p.rows, p.columns, p.inner, 1, p.a, a_stride,
                    p.b, b_stride, 0, p.c, p.columns);
    } else {
        cblas_dgemm(CblasRowMajor, transpose_a, transpose_b, p.rows, p.columns, p.inner, 1, p.a, a_stride,
                    p.b, b_stride, 0, p.c, p.columns);
    }
}
#endif

template <class T>
void eigen(const gantry::contracts::MatmulParameters<T>& p) {
    using In = Eigen::Map<const Matrix<T>>;
    Eigen::Map<Matrix<T>> c(p.c, p.rows, p.columns);
    const In a(p.a, p.transpose_a ? p.inner : p.rows, p.transpose_a ? p.rows : p.inner);
    const In b(p.b, p.transpose_b ? p.columns : p.inner, p.transpose_b ? p.inner : p.columns);
    if (p.transpose_a)
        c.noalias() = a.transpose() * b;
    else if (p.transpose_b)
        c.noalias() = a * b.transpose();
    else
        c.noalias() = a * b;
}

template <class T>
void matmul(benchmark::State& state, const Product& product, int threads) {
    const Matrix<T> a = Matrix<T>::Random(product.rows, product.inner);
    const Matrix<T> b = Matrix<T>::Random(product.inner, product.columns);
    Matrix<T> c(product.rows, product.columns);
    gantry::contracts::MatmulParameters<T> p;
    p.rows = product.rows;
    p.columns = product.columns;
    p.inner = product.inner;
    p.transpose_a = product.transpose_a;
    p.transpose_b = product.transpose_b;
    p.a = a.data();
    p.b = b.data();
    p.c = c.data();

    gantry::Cpu device{{.threads = threads}};
    Eigen::setNbThreads(threads);
    const double work = 2.0 * p.rows * p.columns * p.inner;
    gantry::bench::RoundRobin<T> contest(threads);
    const std::size_t ours = contest.add(work, [&] { launch(device, p); });
    const std::size_t eigens = contest.add(work, [&] { eigen(p); });
#ifdef GANTRY_BENCH_OPENBLAS
    openblas_set_num_threads(threads);
    const std::size_t openblas = contest.add(work, [&] { gemm(p); });
#endif
    for (auto _ : state) {
        contest.round();
        state.SetIterationTime(contest.last(ours));
    }
    const auto report = [&](const std::string& name, std::size_t contender) {
        state.counters[name + "_us"] = 1e6 * contest.shortest(contender);
        state.counters[name + "_median_us"] = 1e6 * contest.median(contender);
        state.counters[name + "_%"] = contest.percent_of_peak(contender);
    };
    report("gantry", ours);
    report("Eigen", eigens);
#ifdef GANTRY_BENCH_OPENBLAS
    report("OpenBLAS", openblas);
#endif
    state.counters["peak_GFLOP/s"] = 1e-9 * contest.flops(0);
}

template <class T>
void register_all(const std::string& scalar) {
    for (const Product& product : products)
        for (const int threads : {1, 2})
            benchmark::RegisterBenchmark(
                (scalar + "/" + product.role + "/" + std::to_string(product.rows) + "x" +
                 std::to_string(product.columns) + "x" + std::to_string(product.inner) +
                 "/threads:" + std::to_string(threads))
                    .c_str(),
                [&product, threads](benchmark::State& state) { matmul<T>(state, product, threads); })
                ->UseManualTime()
                ->MinTime(0.1)
                ->Unit(benchmark::kMicrosecond);
}

const bool registered = (register_all<float>("float"), register_all<double>("double"), true);

}  // namespace
