#pragma once
// Every kernel of gantry, at sizes that a sanitizer handles in seconds: with one block per sum and, where
// sums can be split, with several.
#include "cuda/convolution.hpp"
#include "cuda/kernels.hpp"
#include "cuda/placed.hpp"
#include "cuda/product.hpp"
#include "support/eigen_kernels.hpp"
#include "support/pooling_geometries.hpp"
#include <gantry/optim/adam_w.hpp>
#include <gantry/optim/lion.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <type_traits>
#include <vector>

namespace gantry::test {

/// Arrays for kernels, at `offset`, and their final contents.
template <class T, class D>
class Arrays {
public:
    Arrays(D& device, std::size_t offset) : device_(device), offset_(offset) {}

    /// Random values that are the same in float and double.
    T* random(std::size_t size, const char* name, double low = -1, double high = 1) {
        const auto numbers = random_numbers<float>(size, name, low, high);
        return add({numbers.begin(), numbers.end()});
    }
    /// A result: NaN until written.
    T* unwritten(std::size_t size) { return add(std::vector<T>(size, T(NAN))); }
    std::vector<T> to_host() const {
        std::vector<std::vector<T>> parts;
        for (const auto& array : arrays_) parts.push_back(array.to_host());
        return joined(parts);
    }

private:
    T* add(const std::vector<T>& numbers) {
        arrays_.emplace_back(device_, numbers, offset_);
        return arrays_.back().data();
    }

    D& device_;
    std::size_t offset_;
    std::deque<Placed<T, D>> arrays_;
};

template <class T, class D>
std::vector<T> elementwise_kernels(D& device, std::size_t offset) {
    Arrays<T, D> arrays(device, offset);
    for (const std::size_t n : {77u, 17'000u}) {  // a sum by one block, and by several
        const T *x = arrays.random(n, "x"), *y = arrays.random(n, "y", 0, 1);
        launch(device, contracts::ElementwiseParameters<CustomMix, T, 3>{
                           {0.3}, n, arrays.unwritten(n), {x, y, x}, {}});
        launch(device, contracts::TransformReduceParameters<CustomProduct, T, 2>{
                           {}, n, arrays.unwritten(1), {x, y}, {}, 0.25});
        launch(device, contracts::LossParameters<ops::BceWithLogits, T, 2>{
                           {}, n, arrays.unwritten(1), arrays.unwritten(n), {x, y}, {}, 0.25});
        launch(device, contracts::FillParameters<T>{n, arrays.unwritten(n), T(0.25)});
    }
    return arrays.to_host();
}

template <class T, class D>
std::vector<T> sums_and_copies(D& device, std::size_t offset) {
    Arrays<T, D> arrays(device, offset);
    struct Matrix {
        std::size_t rows, columns;
    };
    // By warps and by blocks, in one part and in several.
    for (const auto [rows, columns] : {Matrix{9, 36}, {7, 5}, {3, 1030}, {2, 16'400}, {1100, 64}}) {
        const T* const x = arrays.random(rows * columns, "x");
        for (const contracts::Axis axis : {contracts::Axis::rows, contracts::Axis::columns}) {
            T* const sums = arrays.unwritten(axis == contracts::Axis::rows ? columns : rows);
            launch(device, contracts::SumParameters<T>{rows, columns, axis, x, sums, false, 0.25});
            launch(device, contracts::BroadcastParameters<T>{rows, columns, axis, sums,
                                                             arrays.unwritten(rows * columns), 0.25});
        }
        if (rows * columns < 1000) {
            const T* const matrices = arrays.random(3 * rows * columns, "matrices");
            T* const sums = arrays.unwritten(3 * columns);
            launch(device, contracts::SumParameters<T>{rows, columns, contracts::Axis::rows, matrices, sums,
                                                       false, 0.25, 3});
            launch(device, contracts::BroadcastParameters<T>{rows, columns, contracts::Axis::rows, sums,
                                                             arrays.unwritten(3 * rows * columns), 0.25, 3});
        }
        T* const y = arrays.random(rows * (columns + 4), "y");
        launch(device, contracts::CopyBlockParameters<T>{rows, columns, x, columns, y, columns + 4});
    }
    // Axes exchanged, reversed and padded; in packs and element by element.
    for (const int channels : {3, 8}) {
        contracts::IndexMapParameters<T> p;
        p.axes = 3;
        const auto c = static_cast<std::size_t>(channels);
        p.axis[0] = {7, 7, 6, -1, 5 * c};
        p.axis[1] = {8, 5, -2, 1, c};
        p.axis[2] = {channels, channels, 0, 1, 1};
        p.x = arrays.random(7 * 5 * c, "pixels");
        p.y = arrays.unwritten(p.size());
        launch(device, p);
        p.axis[2] = {5, 5, 0, 1, c};
        p.axis[1] = {channels, channels, 0, 1, 1};
        p.y = arrays.unwritten(p.size());
        launch(device, p);
    }
    for (const std::size_t size : {37u, 70'000u}) {
        T* const x = arrays.random(size, "x");
        auto* const norm =
            static_cast<contracts::ScaledNorm*>(device.arena().allocate(sizeof(contracts::ScaledNorm)));
        launch(device, contracts::NormParameters<T>{size, x, norm, arrays.unwritten(1)});
        launch(device, contracts::ClipToNormParameters<T>{size, x, norm, 0.5});
    }
    contracts::GatherScalarsParameters<T> numbers{3, {}, arrays.unwritten(3)};
    for (std::size_t i = 0; i < 3; ++i) numbers.from[i] = arrays.random(i + 1, "number") + i;
    launch(device, numbers);
    std::deque<Placed<std::uint8_t, D>> data_sets;
    for (const std::size_t sample_size : {5u, 16u}) {
        std::vector<std::uint8_t> bytes(10 * sample_size);
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 31);
        data_sets.emplace_back(device, bytes, offset);
        launch(device, contracts::GatherSamplesParameters<T>{3,
                                                             sample_size,
                                                             data_sets.back().data(),
                                                             arrays.unwritten(3 * sample_size),
                                                             PixelRange::minus_one_to_one,
                                                             {9, 0, 4}});
    }
    // Rows by index, in packs and one by one. Integers are compared as one-hot rows.
    std::deque<Placed<std::int32_t, D>> integers;
    const auto placed = [&](const std::vector<std::int32_t>& values) {
        integers.emplace_back(device, values, offset);
        return integers.back().data();
    };
    const auto one_hot = [&](std::size_t count, const std::int32_t* index) {
        launch(device, contracts::OneHotParameters<T>{count, 4, index, arrays.unwritten(4 * count)});
    };
    const std::int32_t* const index = placed({2, 0, 2, 1, 1, 0});
    for (const std::size_t columns : {5u, 8u}) {
        const std::size_t n = 2 * 3 * columns;
        launch(device, contracts::GatherRowsParameters<T>{2, 3, columns, 3, index, arrays.random(n, "rows"),
                                                          arrays.unwritten(n)});
        launch(device, contracts::ScatterRowsParameters<T>{2, 3, columns, 3, index, arrays.random(n, "rows"),
                                                           arrays.unwritten(n), false});
    }
    one_hot(6, index);
    std::int32_t* const largest = placed(std::vector<std::int32_t>(6));
    launch(device, contracts::ArgmaxParameters<T>{6, 4, arrays.random(24, "scores"), largest});
    one_hot(6, largest);
    std::int32_t* const written = placed(std::vector<std::int32_t>(3));
    launch(device, contracts::WriteIntegersParameters<std::int32_t>{3, written, {3, 0, 2}});
    one_hot(3, written);
    return arrays.to_host();
}

template <class T, class D>
std::vector<T> batch_norms(D& device, std::size_t offset) {
    Arrays<T, D> arrays(device, offset);
    for (const std::size_t columns : {5u, 64u})
        for (const std::size_t rows : {37u, 1100u}) {
            const std::size_t n = rows * columns;
            const contracts::Activation a{contracts::ActivationKind::leaky_relu, 0.2};
            const T *x = arrays.random(n, "x"), *scale = arrays.random(columns, "scale", 0.5, 2),
                    *shift = arrays.random(columns, "shift"), *upstream = arrays.random(n, "upstream");
            T *mean = arrays.unwritten(columns), *inverse = arrays.unwritten(columns),
              *running_mean = arrays.random(columns, "running mean", 0, 1),
              *running_variance = arrays.random(columns, "running variance", 0, 1);
            launch(device, contracts::BatchNormParameters<T>{rows, columns, x, scale, shift,
                                                             arrays.unwritten(n), mean, inverse, running_mean,
                                                             running_variance, 1e-2, 0.1, a});
            launch(device, contracts::BatchNormGradientParameters<T>{
                               rows, columns, upstream, x, scale, shift, mean, inverse, arrays.unwritten(n),
                               arrays.unwritten(columns), arrays.unwritten(columns), false, a});
            launch(device, contracts::BatchNormEvaluationParameters<T>{rows, columns, x, scale, shift,
                                                                       running_mean, running_variance,
                                                                       arrays.unwritten(n), 1e-2, a});
        }
    return arrays.to_host();
}

template <class T, class D>
std::vector<T> softmax_and_maxout(D& device, std::size_t offset) {
    Arrays<T, D> arrays(device, offset);
    for (const std::size_t columns : {1u, 10u, 37u, 1030u})
        for (const std::size_t rows : {3u, 500u}) {  // by one block, and by several
            if (rows * columns > 20'000) continue;
            const std::size_t n = rows * columns;
            const T *x = arrays.random(n, "x", -3, 3), *targets = arrays.random(n, "targets", 0, 1);
            launch(device, contracts::SoftmaxParameters<T>{rows, columns, x, arrays.unwritten(n)});
            launch(device, contracts::CrossEntropyParameters<T>{
                               rows, columns, x, targets, arrays.unwritten(1), arrays.unwritten(n), 0.25});
        }
    for (const std::size_t columns : {3u, 16u}) {
        const std::size_t rows = 7, pieces = 3, n = rows * pieces * columns;
        const T *x = arrays.random(n, "x"), *y = arrays.random(n, "y");
        launch(device, contracts::MaxoutSelectParameters<T>{rows, pieces, columns, x, y,
                                                            arrays.unwritten(n / pieces)});
        launch(device,
               contracts::MaxoutScatterParameters<T>{rows, pieces, columns, x, y, arrays.unwritten(n)});
    }
    return arrays.to_host();
}

template <class T, class D>
std::vector<T> poolings(D& device, std::size_t offset) {
    Arrays<T, D> arrays(device, offset);
    std::deque<Placed<std::int32_t, D>> all_switches;
    for (const std::size_t channels : {3u, 16u}) {
        const contracts::PoolingGeometry g{2, channels, 9, 8, 5, 4, {.size = 3, .stride = 2, .padding = 1}};
        const T *whole = arrays.random(whole_size(g), "whole"),
                *pooled = arrays.random(pooled_size(g), "pooled");
        const auto& switches =
            all_switches.emplace_back(device, std::vector<std::int32_t>(pooled_size(g), -1), offset);
        launch(device,
               contracts::MaxPoolParameters<T>{g, whole, arrays.unwritten(pooled_size(g)), switches.data()});
        const contracts::SwitchedImages images = switched(g, switches.data());
        launch(device, contracts::SwitchGatherParameters<T>{images, whole, arrays.unwritten(pooled_size(g))});
        launch(device,
               contracts::SwitchScatterParameters<T>{images, pooled, arrays.unwritten(whole_size(g))});
        launch(device, contracts::WindowSumParameters<T>{g, whole, arrays.unwritten(pooled_size(g)), 0.25});
        launch(device,
               contracts::WindowSpreadParameters<T>{g, pooled, arrays.unwritten(whole_size(g)), 0.25});
    }
    for (const bool up : {true, false}) {
        const contracts::FirFilter filter{3, {0.25, 0.5, 0.25}, 1, true};
        const std::size_t small = 2 * 3 * 4 * 8, large = 4 * small;
        launch(device, contracts::ResamplingParameters<T>{up, 2, 8, 3, 4, filter,
                                                          arrays.random(up ? small : large, "x"),
                                                          arrays.unwritten(up ? large : small)});
    }
    return arrays.to_host();
}

template <class T, class D>
std::vector<T> random_and_optimizers(D& device, std::size_t offset) {
    Arrays<T, D> arrays(device, offset);
    std::deque<Placed<std::int32_t, D>> integers;
    for (const std::size_t n : {15u, 1000u}) {
        const RandomStream stream(Seed{5}, "every kernel");
        launch(device, contracts::UniformParameters<T>{n, arrays.unwritten(n), 0, 4, stream});
        launch(device, contracts::NormalParameters<T>{n, arrays.unwritten(n), 0.5, 2, stream});
        integers.emplace_back(device, std::vector<std::int32_t>(n), offset);
        std::int32_t* const drawn = integers.back().data();
        launch(device, contracts::UniformIntegersParameters<std::int32_t>{n, drawn, 4, stream});
        launch(device, contracts::OneHotParameters<T>{n, 4, drawn, arrays.unwritten(4 * n)});
        const T* const g = arrays.random(n, "g");
        launch(device, contracts::DropoutParameters<T>{n, g, arrays.unwritten(n), 0.75, stream});
        const auto w = [&] { return arrays.random(n, "w"); };
        const auto update = [&](const auto& f, auto... moments) {
            launch(device,
                   contracts::UpdateParameters<std::decay_t<decltype(f)>>{f, n, w(), g, {moments...}});
        };
        const auto m = [&] { return arrays.random(n, "m"); };
        const auto v = [&] { return arrays.random(n, "v", 0.1, 1); };
        update(optim::SgdUpdate<T>({.momentum = 0.9}, 0.1, 0.9, false), m());
        update(optim::AdamUpdate<T>(AdamOptions{}, 1), m(), v());
        update(optim::AdamWUpdate<T>(AdamWOptions{}, 1), m(), v());
        update(optim::OptimisticAdamUpdate<T>(AdamOptions{}, 1), m(), v(), m());
        update(optim::RmsPropUpdate<T>({}), v());
        update(optim::LionUpdate<T>({}), m());
    }
    return arrays.to_host();
}

/// Every tile of gantry's matrix-product and convolution kernels. Libraries are omitted, since a sanitizer
/// does not instrument their kernels. Calls `check(result, expected)`.
template <class Check>
void product_kernels(Cuda& device, const Check& check) {
    const auto product = [&](const Product<float>& p) { check(p.on(device, tiled), p.on(device, plain)); };
    const auto convolution = [&](const Convolution<float>& c) {
        const auto expected = c.on(device, plain);
        check(c.on(device, tiled), expected);
        if (c.geometry.is_depthwise()) check(c.on(device, depthwise), expected);
    };
    for (const std::size_t offset : {0, 1})
        for (int transposes = 0; transposes < 4; ++transposes) {
            Product<float> p{{36, 40, 24}, (transposes & 1) != 0, (transposes & 2) != 0};
            p.offset = offset;
            p.with_bias = true;
            p.activation = {contracts::ActivationKind::leaky_relu, 0.2};
            product(p);
            p.extents = {20, 24, 800};  // split-K
            product(p);
            p.extents = {130, 8, 12};  // narrow
            product(p);
            p.extents = {580, 640, 4};  // 100 large tiles
            if (offset == 0) product(p);
        }
    const contracts::ConvolutionAxis v = window(9, 4, 2, 1), h = window(7, 4, 2, 1);
    for (const std::size_t offset : {0, 1})
        for (const Direction d : directions) {
            Convolution<float> c{{3, v, h, 8, 12}, d};
            c.with_bias = true;
            c.behind = {contracts::ActivationKind::sigmoid};
            c.offset = offset;
            convolution(c);
            c.geometry = {3, v, h, 3, 5};  // narrow
            convolution(c);
        }
    // Split-K.
    convolution({{2, v, h, 49, 12}, Direction::forward});
    convolution({{2, v, h, 12, 200}, Direction::transposed});
    convolution({{70, v, h, 9, 12}, Direction::weights});
    for (const Direction d : directions)
        for (const int groups : {4, 12}) convolution({{3, v, h, 12, 12, groups}, d});  // of 3 channels, of 1
    convolution({{90, v, h, 3, 3, 3}, Direction::weights});                            // depthwise: parts
    // Large tiles.
    convolution({{2, window(58, 3), window(56, 1), 4, 40}, Direction::forward});
    convolution({{2, window(58, 3), window(56, 1), 40, 4}, Direction::transposed});

    const std::size_t rows = 37, columns = 45;
    const auto numbers = random_numbers<float>(rows * columns, "numbers"),
               bias = random_numbers<float>(columns, "bias");
    const Placed from(device, numbers), to(device, std::vector<float>(rows * columns, NAN)),
        of_columns(device, bias);
    transpose(device, from.data(), to.data(), static_cast<int>(rows), static_cast<int>(columns));
    cuda::add_bias_and_activate(device, from.data(), rows, columns, of_columns.data(), {});
    std::vector<float> transposed(rows * columns), added(rows * columns);
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c) {
            transposed[c * rows + r] = numbers[r * columns + c];
            added[r * columns + c] = numbers[r * columns + c] + bias[c];
        }
    check(to.to_host(), transposed);
    check(from.to_host(), added);
}

}  // namespace gantry::test
