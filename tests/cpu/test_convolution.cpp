#include <gantry/cpu/convolution/convolution.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

#include <support/catch.hpp>
#include <support/convolution_geometries.hpp>
#include <support/numbers.hpp>

using gantry::Cpu;
using gantry::contracts::Activation;
using gantry::contracts::ActivationKind;
using gantry::contracts::ConvolutionAxis;
using gantry::contracts::ConvolutionGeometry;
using gantry::test::Direction;
using gantry::test::directions;
using gantry::test::RandomGeometries;
using gantry::test::window;

namespace {

/// Values between two guard zones; without guards they end at the end of an allocation.
template <class T>
class Guarded {
public:
    Guarded(std::vector<T> numbers, std::size_t guard)
        : size_(numbers.size()), guard_(guard), memory_(new T[size_ + 2 * guard]) {
        std::fill_n(memory_.get(), size_ + 2 * guard_, mark);
        std::copy(numbers.begin(), numbers.end(), data());
    }
    T* data() { return memory_.get() + guard_; }
    std::vector<T> numbers() { return {data(), data() + size_}; }
    bool guards_are_whole() const {
        const T* const begin = memory_.get();
        const T* const end = begin + size_ + 2 * guard_;
        return std::all_of(begin, begin + guard_, [](T x) { return x == mark; }) &&
               std::all_of(end - guard_, end, [](T x) { return x == mark; });
    }

private:
    static constexpr T mark = 12345;
    std::size_t size_, guard_;
    std::unique_ptr<T[]> memory_;
};

/// A convolution with random operands in one of its directions, compared with plain loops in double.
template <class T>
struct Convolution {
    ConvolutionGeometry geometry;
    Direction direction;
    bool with_bias = false, accumulate = false;
    Activation activation = {};
    std::vector<T> x, y, w, bias;

    Convolution(ConvolutionGeometry g, Direction d) : geometry(g), direction(d) {
        x = gantry::test::random_numbers<T>(g.x_size(), "x");
        y = gantry::test::random_numbers<T>(g.y_size(), "y");
        w = gantry::test::random_numbers<T>(g.w_size(), "w");
        bias = gantry::test::random_numbers<T>(static_cast<std::size_t>(channels()), "bias");
    }

    /// Channels of the result.
    int channels() const {
        return direction == Direction::transposed ? geometry.in_channels : geometry.out_channels;
    }
    const std::vector<T>& result_before() const {
        return direction == Direction::forward ? y : direction == Direction::transposed ? x : w;
    }
    void launch_into(Cpu& device, T* result, const T* x_at, const T* y_at, const T* w_at) const {
        const T* const b = with_bias ? bias.data() : nullptr;
        if (direction == Direction::forward)
            launch(device,
                   gantry::contracts::ConvolutionParameters<T>{geometry, x_at, w_at, result, b, activation});
        else if (direction == Direction::transposed)
            launch(device, gantry::contracts::ConvolutionTransposedParameters<T>{geometry, y_at, w_at, result,
                                                                                 b, activation});
        else
            launch(device, gantry::contracts::ConvolutionWeightGradientParameters<T>{geometry, x_at, y_at,
                                                                                     result, accumulate});
    }
    std::vector<T> run(int threads) const {
        // A kernel that overwrites its result must not read the old contents.
        const T nan = std::numeric_limits<T>::quiet_NaN();
        Guarded<T> result(accumulate ? result_before() : std::vector<T>(result_before().size(), nan), 64);
        Guarded<T> x_at(x, 0), y_at(y, 0), w_at(w, 0);
        Cpu device{{.threads = threads}};
        launch_into(device, result.data(), x_at.data(), y_at.data(), w_at.data());
        CHECK(result.guards_are_whole());
        return result.numbers();
    }
    /// The largest error of `result`, relative to the rounding error bound.
    double error(const std::vector<T>& result) const {
        std::vector<double> sums(result.size()), sizes(result.size(), 1);
        for (std::size_t i = 0; i < sums.size(); ++i)
            sums[i] = accumulate ? result_before()[i] : with_bias ? bias[i % bias.size()] : T(0);
        const auto add = [&](std::size_t at, double term) {
            sums[at] += term;
            sizes[at] += std::abs(term);
        };
        const ConvolutionAxis &v = geometry.vertical, &h = geometry.horizontal;
        const auto pixel = [](int n, int rows, int columns, int r, int c) {
            return static_cast<std::size_t>((n * rows + r) * columns + c);
        };
        const auto in = static_cast<std::size_t>(geometry.in_channels);
        const auto out = static_cast<std::size_t>(geometry.out_channels);
        const auto group_in = static_cast<std::size_t>(geometry.group_in());
        const auto group_out = static_cast<std::size_t>(geometry.group_out());
        for (int n = 0; n < geometry.batch; ++n)
            for (int oy = 0; oy < v.out; ++oy)
                for (int ox = 0; ox < h.out; ++ox)
                    for (int ky = 0; ky < v.size; ++ky)
                        for (int kx = 0; kx < h.size; ++kx) {
                            const int iy = oy * v.stride - v.padding + ky * v.dilation;
                            const int ix = ox * h.stride - h.padding + kx * h.dilation;
                            if (iy < 0 || iy >= v.in || ix < 0 || ix >= h.in) continue;
                            const std::size_t to_x = pixel(n, v.in, h.in, iy, ix) * in;
                            const std::size_t to_y = pixel(n, v.out, h.out, oy, ox) * out;
                            const std::size_t to_w =
                                static_cast<std::size_t>(ky * h.size + kx) * group_in * out;
                            for (std::size_t i = 0; i < group_in; ++i)
                                for (std::size_t o = 0; o < out; ++o) {
                                    const std::size_t at_x = to_x + o / group_out * group_in + i;
                                    const double xi = x[at_x], yo = y[to_y + o], wio = w[to_w + i * out + o];
                                    if (direction == Direction::forward)
                                        add(to_y + o, xi * wio);
                                    else if (direction == Direction::transposed)
                                        add(at_x, yo * wio);
                                    else
                                        add(to_w + i * out + o, xi * yo);
                                }
                        }
        double largest = 0;
        for (std::size_t i = 0; i < result.size(); ++i) {
            double expected = sums[i];
            if (activation.kind == ActivationKind::leaky_relu)
                expected = expected > 0 ? expected : expected * activation.parameter;
            if (activation.kind == ActivationKind::tanh) expected = std::tanh(expected);
            const double bound = 30 * sizes[i] * std::numeric_limits<T>::epsilon();
            const double error = std::abs(static_cast<double>(result[i]) - expected) / bound;
            if (!(error <= largest)) largest = error;  // keeps a NaN
        }
        return largest;
    }
};

/// Tests one direction of a geometry with several thread counts, without and with bias, activation or
/// accumulation.
template <class T>
void check(const ConvolutionGeometry& geometry, Direction direction, bool more = true) {
    const ConvolutionAxis &v = geometry.vertical, &h = geometry.horizontal;
    CAPTURE(static_cast<int>(direction), geometry.batch, geometry.in_channels, geometry.out_channels);
    CAPTURE(geometry.groups);
    CAPTURE(v.in, v.out, v.size, v.stride, v.padding, v.dilation);
    CAPTURE(h.in, h.out, h.size, h.stride, h.padding, h.dilation);
    Convolution<T> c(geometry, direction);
    const auto check_once = [&] {
        const std::vector<T> one_thread = c.run(1);
        REQUIRE(c.error(one_thread) <= 1);
        for (const int threads : {2, 3}) REQUIRE(gantry::test::same_bits(c.run(threads), one_thread));
    };
    check_once();
    if (!more) return;
    if (direction == Direction::weights) {
        c.accumulate = true;
        check_once();
        return;
    }
    c.with_bias = true;
    c.activation = {ActivationKind::leaky_relu, 0.2};
    check_once();
    c.activation = {ActivationKind::tanh};
    check_once();
}

template <class T>
void check_all(const ConvolutionGeometry& geometry) {
    for (const Direction d : directions) check<T>(geometry, d);
}

/// The parameters that select the convolution's variant.
template <class T>
gantry::cpu::ConvolutionSum<T> sum_of(const ConvolutionGeometry& g, Direction direction) {
    const bool transposed = direction == Direction::transposed;
    const auto in = static_cast<std::size_t>(g.in_channels), out = static_cast<std::size_t>(g.out_channels);
    return {.vertical_axis = g.vertical,
            .horizontal_axis = g.horizontal,
            .transposed = transposed,
            .batch = static_cast<std::size_t>(g.batch),
            .source_channels = transposed ? out : in,
            .target_channels = transposed ? in : out};
}

}  // namespace

TEMPLATE_TEST_CASE("A convolution is correct in all directions", "[convolution][threads]", float, double) {
    for (const ConvolutionGeometry& geometry : gantry::test::convolution_geometries)
        check_all<TestType>(geometry);
}

TEMPLATE_TEST_CASE("Hundreds of random convolutions are correct", "[convolution][threads]", float, double) {
    RandomGeometries random;
    for (int i = 0; i < 200; ++i) {
        const int images = random.number(0, 2) ? random.number(1, 9) : random.number(10, 70);
        const ConvolutionGeometry geometry = random.next(images);
        const double work = 1.0 * static_cast<double>(geometry.y_size()) * geometry.vertical.size *
                            geometry.horizontal.size * geometry.group_in();
        if (work > 2e6) continue;
        const bool more = random.number(0, 3) == 0;
        check<TestType>(geometry, directions[random.number(0, 2)], more);
    }
}

TEMPLATE_TEST_CASE("A convolution that reads its source in place is correct", "[convolution][threads]", float,
                   double) {
    using T = TestType;
    constexpr int panel = gantry::cpu::tile_width * gantry::cpu::lanes<T>;
    const auto check_direct = [](const ConvolutionGeometry& geometry, Direction direction) {
        REQUIRE(gantry::cpu::InPlaceConvolution<T>::suits(sum_of<T>(geometry, direction)));
        check<T>(geometry, direction);
    };
    for (const ConvolutionGeometry& geometry : {
             ConvolutionGeometry{12, window(8, 4, 2, 1), window(6, 4, 2, 1), 16, panel},  // a DCGAN's
             {4, window(7, 4, 2, 1), window(9, 4, 2, 1), 3, 2 * panel},  // one group of images
             {20, window(5, 3, 1, 1), window(9, 3, 1, 1), 5, panel},     //
             {28, window(6, 3, 2, 1), window(5, 3, 2, 1), 31, panel},    //
             {8, window(7, 3, 3, 2, 2), window(4, 4, 3, 5), 4, panel},   // outputs that see only padding
             {16, window(4, 2), window(1, 1), 9, panel},                 // one column
         })
        check_direct(geometry, Direction::forward);
    for (const ConvolutionGeometry& geometry : {
             ConvolutionGeometry{8, window(8, 4, 2, 1), window(6, 4, 2, 1), panel, 32},
             {4, window(9, 3, 1, 1), window(7, 3, 1, 1), 2 * panel, 7},
             {20, window(5, 3, 2, 1), window(8, 3, 2, 1), panel, 11},
             {24, window(7, 1, 3), window(7, 2, 4), panel, 37},
             {8, window(7, 3, 2, 1), window(9, 3, 2, 2, 2), panel, 9},  // pixels that no tap reads
             {28, window(9, 4, 3, 2), window(9, 6, 2, 3), panel, 3},
             {16, window(6, 4, 2, 2), {6, 4, 4, 2, 7, 1}, panel, 8},  // taps outside the image
         })
        check_direct(geometry, Direction::transposed);
}

TEMPLATE_TEST_CASE("A transposed convolution to few channels is correct", "[convolution][threads]", float,
                   double) {
    using T = TestType;
    for (const ConvolutionGeometry& geometry : {
             ConvolutionGeometry{7, window(8, 4, 2, 1), window(8, 4, 2, 1), 3, 16},  // to an image
             {1, window(14, 4, 2, 1), window(12, 4, 2, 1), 1, 9},
             {2, window(9, 8, 1, 4), window(9, 8, 1, 4), 3, 20},
             {3, window(7, 3, 2, 1), window(11, 3, 2, 1), 6, 5},   // a partial last part
             {4, window(16, 5, 4, 2), window(21, 7, 5, 3), 5, 4},  // blocks longer than a vector
             {2, window(11, 2, 3), window(13, 1, 3), 2, 7},        // pixels that no tap reads
             {3, {13, 3, 3, 2, 1, 1}, {20, 5, 4, 2, 0, 1}, 3, 3},  // more pixels than taps reach
             {2, {4, 9, 2, 1, 5, 1}, {2, 8, 3, 1, 4, 1}, 4, 1},    // taps outside the image
             {1, window(1, 1, 1), window(4, 1, 1, 0), 1, 1},       //
         }) {
        // The threshold depends on the machine's vector width.
        const bool few = !gantry::cpu::fills_columns<T>(static_cast<std::size_t>(geometry.in_channels));
        REQUIRE(gantry::cpu::Col2imConvolution<T>::suits(sum_of<T>(geometry, Direction::transposed)) == few);
        check<T>(geometry, Direction::transposed);
    }
}

TEST_CASE("A convolution split into blocks and bands is correct", "[convolution][threads]") {
    for (const ConvolutionGeometry& geometry :
         {ConvolutionGeometry{14, window(40, 4, 2, 1), window(20, 4, 2, 1), 24, 33},
          ConvolutionGeometry{33, window(20, 4, 2, 1), window(24, 4, 2, 1), 3, 40}})
        for (const Direction d : directions) check<float>(geometry, d, false);
}

TEST_CASE("Groups and images in several blocks are correct", "[convolution][threads]") {
    check_all<float>({14, window(12, 3, 1, 1), window(12, 3, 1, 1), 264, 264, 33});
    check_all<float>({3, window(6, 3, 1, 1), window(6, 3, 1, 1), 600, 900, 2});  // fewer groups than threads
    check_all<float>({40, window(20, 3, 1, 1), window(20, 3, 1, 1), 40, 40, 40});  // in parts of rows
}

TEST_CASE("An empty convolution gives zeros or nothing", "[convolution]") {
    check_all<float>({0, window(4, 2), window(4, 2), 3, 5});
    check_all<float>({0, window(4, 2), window(4, 2), 6, 4, 2});
    check_all<float>({0, window(4, 2), window(4, 2), 3, 3, 3});
    check_all<float>({2, window(4, 2), window(4, 2), 0, 5});
    check_all<float>({2, window(4, 2), window(4, 2), 3, 0});
    check_all<float>({2, window(4, 2), window(8, 2), 3, 0});
}

TEST_CASE("An image of a batch gives the same bits as alone", "[convolution]") {
    struct Case {
        int batch, in_channels, out_channels;
    };
    for (const auto [images, in, out] :
         {Case{29, 3, 20}, Case{29, 20, 20}, Case{28, 3, 32}, Case{28, 32, 32}, Case{28, 16, 32}}) {
        Convolution<float> batch({images, window(8, 4, 2, 1), window(8, 4, 2, 1), in, out},
                                 Direction::forward);
        for (const Direction d : {Direction::forward, Direction::transposed}) {
            batch.direction = d;
            const std::vector<float> all = batch.run(1);
            Convolution<float> single = batch;
            single.geometry.batch = 1;
            for (std::size_t i = 0; i < static_cast<std::size_t>(images); ++i) {
                const auto item = [&](const std::vector<float>& v) {
                    const std::size_t size = v.size() / static_cast<std::size_t>(images);
                    return std::vector<float>(v.begin() + static_cast<long>(i * size),
                                              v.begin() + static_cast<long>((i + 1) * size));
                };
                single.x = item(batch.x);
                single.y = item(batch.y);
                CAPTURE(images, in, out, i, static_cast<int>(d));
                REQUIRE(gantry::test::same_bits(single.run(1), item(all)));
            }
        }
    }
}
