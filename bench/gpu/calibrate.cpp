// Times each product and each convolution in the training steps of the bundled networks by each
// implementation: the tiled kernel, and cuBLAS or cuDNN. Prints the rows where the rules
// (gantry/cuda/matmul_rule.hpp, convolution_rule.hpp) choose the slower one, the time that a step of each
// network loses by it, and the thresholds that would minimise the total time. Also compares the results of
// the implementations.
//
// The tiled kernels fuse the backward pass of an activation; cuDNN needs a separate pass. The gradients by
// data and by weights share that pass, so half of it is charged to each. A weight is used by about two
// products between updates, so transformed copies of weights are invalidated at every second launch.
#include "graph_timer.hpp"
#include "no_gpu.hpp"
#include "recorded_step.hpp"
#include <gantry/cuda.hpp>
#include <gantry/cuda/matmul_rule.hpp>
#include <gantry/cuda/product_variants.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

using namespace gantry;
using bench::Product;

namespace {

using Matmul = contracts::MatmulParameters<float>;
using Forward = contracts::ConvolutionParameters<float>;
using Data = contracts::ConvolutionTransposedParameters<float>;
using Weights = contracts::ConvolutionWeightGradientParameters<float>;

constexpr double tolerable_loss = 1.1;  ///< of the chosen implementation against the faster one

struct Options {
    std::vector<std::string> networks;
    int batch = 0, launches = 20;
    double seconds = 0.03;
    double limit = std::numeric_limits<double>::infinity();
    bool heuristics = false;
    std::string csv;
};

// -- descriptions ------------------------------------------------------------------------------------------

std::string name_of(contracts::ActivationKind kind) {
    std::string name;
    ops::visit_activation(kind, [&](auto k) { name = ops::ActivationFormula<k.value>::name; });
    return name;
}
std::string both(int vertical, int horizontal) {
    const std::string text = std::to_string(vertical);
    return vertical == horizontal ? text : text + 'x' + std::to_string(horizontal);
}
std::string epilogue(const float* bias, contracts::Activation a) {
    return std::string(bias ? " bias" : "") +
           (a.kind == contracts::ActivationKind::identity ? "" : std::string(" ") + name_of(a.kind));
}
std::string behind(const contracts::ActivationBackward<float>& b) {
    return b.outputs ? std::string(" behind ") + name_of(b.activation.kind) : "";
}

std::string describe(const contracts::ConvolutionGeometry& g) {
    const contracts::ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    return 'n' + std::to_string(g.batch) + ' ' + std::to_string(v.in) + 'x' + std::to_string(h.in) + 'x' +
           std::to_string(g.in_channels) + " - " + std::to_string(v.out) + 'x' + std::to_string(h.out) + 'x' +
           std::to_string(g.out_channels) + " k" + both(v.size, h.size) + " s" + both(v.stride, h.stride) +
           " p" + both(v.padding, h.padding) +
           (v.dilation == 1 && h.dilation == 1 ? "" : " d" + both(v.dilation, h.dilation));
}
std::string describe(const Matmul& p) {
    return std::to_string(p.rows) + 'x' + std::to_string(p.columns) + 'x' + std::to_string(p.inner) + ' ' +
           (p.transpose_a ? 't' : 'n') + (p.transpose_b ? 't' : 'n') + epilogue(p.bias, p.activation);
}
std::string describe(const Forward& p) {
    return describe(p.geometry) + epilogue(p.bias, p.activation) + behind(p.x_activation);
}
std::string describe(const Data& p) {
    return describe(p.geometry) + epilogue(p.bias, p.activation) + behind(p.y_activation);
}
std::string describe(const Weights& p) {
    return describe(p.geometry) + behind(p.x_activation) + behind(p.y_activation);
}

const char* direction(const Matmul&) { return "product"; }
const char* direction(const Forward&) { return "forward"; }
const char* direction(const Data&) { return "data"; }
const char* direction(const Weights&) { return "weights"; }

double operations(const Matmul& p) { return cuda::operations(p); }
template <class P>
double operations(const P& p) {
    return cuda::operations(p.geometry);
}

/// The rules depend on this and on the number of operations.
int width(const Matmul& p) { return p.columns; }
template <class P>
int width(const P& p) {
    return std::min(p.geometry.in_channels, p.geometry.out_channels);
}
bool rule_takes_library(const Matmul& p) { return cuda::prefers_cublas(p); }
template <class P>
bool rule_takes_library(const P& p) {
    return cuda::wide(p.geometry);
}

// -- operands ----------------------------------------------------------------------------------------------

struct Extents3 {
    std::size_t first, second, result;
};
Extents3 sizes(const Matmul& p) {
    const auto m = static_cast<std::size_t>(p.rows), n = static_cast<std::size_t>(p.columns),
               k = static_cast<std::size_t>(p.inner);
    return {m * k, k * n, m * n};
}
Extents3 sizes(const Forward& p) { return {p.geometry.x_size(), p.geometry.w_size(), p.geometry.y_size()}; }
Extents3 sizes(const Data& p) { return {p.geometry.y_size(), p.geometry.w_size(), p.geometry.x_size()}; }
Extents3 sizes(const Weights& p) { return {p.geometry.x_size(), p.geometry.y_size(), p.geometry.w_size()}; }

/// Memory for the largest of the products.
struct Operands {
    core::Buffer<float, Cuda> first, second, outputs, bias;  ///< random; outputs: of activations
    core::Buffer<float, Cuda> inner;                         ///< the result of a separate activation pass
    core::Buffer<float, Cuda> tiled, library;                ///< results
    core::Buffer<float, Cuda> norms;  ///< of the difference of results, and of one of them

    Operands(Cuda& device, std::size_t size)
        : first(device, size),
          second(device, size),
          outputs(device, size),
          bias(device, size),
          inner(device, size),
          tiled(device, size),
          library(device, size),
          norms(device, 2) {
        RandomStream stream(Seed{1}, "operands");
        for (core::Buffer<float, Cuda>* b : {&first, &second, &outputs, &bias})
            launch(device, contracts::UniformParameters<float>{size, b->data(), -1, 1, stream.take(size)});
        device.synchronize();
    }
};

void place(Matmul& p, Operands& o, float* result) {
    p.a = o.first.data();
    p.b = o.second.data();
    p.c = result;
    if (p.bias) p.bias = o.bias.data();
}
void place(Forward& p, Operands& o, float* result) {
    p.x = o.first.data();
    p.w = o.second.data();
    p.y = result;
    if (p.bias) p.bias = o.bias.data();
    if (p.x_activation.outputs) p.x_activation.outputs = o.outputs.data();
}
void place(Data& p, Operands& o, float* result) {
    p.y = o.first.data();
    p.w = o.second.data();
    p.x = result;
    if (p.bias) p.bias = o.bias.data();
    if (p.y_activation.outputs) p.y_activation.outputs = o.outputs.data();
}
void place(Weights& p, Operands& o, float* result) {
    p.x = o.first.data();
    p.y = o.second.data();
    p.w = result;
    if (p.x_activation.outputs) p.x_activation.outputs = o.outputs.data();
    if (p.y_activation.outputs) p.y_activation.outputs = o.outputs.data();
}

/// The operand whose activation backward is fused, if there is one.
struct Pass {
    const float** operand = nullptr;
    std::size_t size = 0;
    contracts::ActivationBackward<float>* behind = nullptr;
};
Pass pass_of(Matmul&) { return {}; }
Pass pass_of(Forward& p) {
    return p.x_activation.outputs ? Pass{&p.x, p.geometry.x_size(), &p.x_activation} : Pass{};
}
Pass pass_of(Data& p) {
    return p.y_activation.outputs ? Pass{&p.y, p.geometry.y_size(), &p.y_activation} : Pass{};
}
Pass pass_of(Weights& p) {
    if (p.x_activation.outputs) return {&p.x, p.geometry.x_size(), &p.x_activation};
    return p.y_activation.outputs ? Pass{&p.y, p.geometry.y_size(), &p.y_activation} : Pass{};
}
void launch_pass(Cuda& device, const Pass& pass, const float* upstream, float* result) {
    const contracts::Activation activation = pass.behind->activation;
    if (!ops::fuses_into_backward(activation.kind))
        fail("calibrate", "no tiled kernel differentiates this activation", name_of(activation.kind));
    ops::visit_activation(activation.kind, [&](auto kind) {
        using F = ops::ActivationGradient<kind.value>;
        launch(device, contracts::ElementwiseParameters<F, float, 2>{
                           F{activation.parameter}, pass.size, result, {upstream, pass.behind->outputs}, {}});
    });
}

// -- measurement -------------------------------------------------------------------------------------------

void run_tiled(Cuda& device, const Matmul& p) { cuda::matmul_tiled(device, p); }
template <class P>
void run_tiled(Cuda& device, const P& p) {
    cuda::convolution_tiled(device, p);
}
bool run_library(Cuda& device, const Matmul& p) {
    cuda::matmul_cublas(device, p);
    return true;
}
template <class P>
bool run_library(Cuda& device, const P& p) {
    return cuda::convolution_cudnn(device, p);
}

struct Measurement {
    double tiled = 0, library = 0;  ///< microseconds; library: NaN if cuDNN has no engine
    double error = 0;               ///< relative difference of the results
    bool rule_takes_library = false;

    bool has_library() const { return !std::isnan(library); }
    double chosen() const { return rule_takes_library && has_library() ? library : tiled; }
    double best() const { return has_library() ? std::min(tiled, library) : tiled; }
    bool wrong() const { return chosen() > tolerable_loss * best(); }
};

/// Microseconds of one call of f, which launches work.
template <class F>
double time_us(Cuda& device, Operands& o, const Options& options, const F& f) {
    const auto launches = [&] {
        for (int i = 0; i < options.launches; ++i) {
            if (i % 2 == 0) device.tape().overwritten(o.second.data(), o.second.data() + 1);
            f();
        }
    };
    {
        const Step step{device};  // afterwards the arena is large enough
        launches();
        device.synchronize();
    }
    const Step step{device};
    const bench::CapturedGraph graph(device.stream(), launches);
    const bench::Sampling sampling{.seconds = options.seconds, .sample_us = 200};
    const double us = bench::time_graph(graph.get(), device, sampling).median;
    device.synchronize();
    return us / options.launches;
}

double relative_error(Cuda& device, Operands& o, std::size_t size) {
    const Step step{device};
    float* const difference = o.inner.data();
    launch(device, contracts::ElementwiseParameters<ops::Subtract, float, 2>{
                       {}, size, difference, {o.tiled.data(), o.library.data()}, {}});
    launch(device, contracts::TransformReduceParameters<ops::Square, float, 1>{
                       {}, size, o.norms.data(), {difference}, {}, 1});
    launch(device, contracts::TransformReduceParameters<ops::Square, float, 1>{
                       {}, size, o.norms.data() + 1, {o.library.data()}, {}, 1});
    const std::vector<float> squares = o.norms.to_host();
    return std::sqrt(static_cast<double>(squares[0]) / static_cast<double>(squares[1]));
}

template <class P>
Measurement measure(Cuda& device, Operands& o, const Options& options, const P& product) {
    P tiled = product, library = product;
    place(tiled, o, o.tiled.data());
    place(library, o, o.library.data());
    const std::size_t result = sizes(product).result;
    for (auto* b : {&o.tiled, &o.library})  // unwritten elements are NaN
        device.memory().fill(b->data(), std::byte{0xFF}, result * sizeof(float));

    Pass pass = pass_of(library);
    const float* const upstream = pass.operand ? *pass.operand : nullptr;
    const auto activation_pass = [&] { launch_pass(device, pass, upstream, o.inner.data()); };
    double pass_us = 0;
    if (pass.operand) {
        pass_us = time_us(device, o, options, activation_pass);
        *pass.operand = o.inner.data();
    }
    contracts::ActivationBackward<float> none;
    if (pass.behind) std::swap(*pass.behind, none);

    Measurement m;
    m.rule_takes_library = rule_takes_library(product);
    m.tiled = time_us(device, o, options, [&] { run_tiled(device, tiled); });
    bool can = false;
    {
        const Step step{device};
        can = run_library(device, library);
        device.synchronize();
    }
    if (can) {
        m.library = pass_us / 2 + time_us(device, o, options, [&] { run_library(device, library); });
        m.error = relative_error(device, o, result);
    } else {
        m.library = std::numeric_limits<double>::quiet_NaN();
    }
    return m;
}

// -- rows --------------------------------------------------------------------------------------------------

struct Row {
    Product product;
    std::string direction, shape;
    double operations = 0;
    int width = 0;
    std::map<std::string, int> uses;  ///< launches per step of each network
    std::size_t first_network = 0;    ///< the first that uses it
    Measurement measured;

    int all_uses() const {
        int sum = 0;
        for (const auto& [network, count] : uses) sum += count;
        return sum;
    }
    const char* library_name() const { return direction == "product" ? "cublas" : "cudnn"; }
};

/// Each product once, ordered by network, direction and size.
std::vector<Row> rows_of(const std::vector<bench::RecordedStep>& steps) {
    std::map<std::pair<std::string, std::string>, Row> rows;
    for (std::size_t i = 0; i < steps.size(); ++i)
        for (const Product& product : steps[i].products)
            std::visit(
                [&](const auto& p) {
                    const auto [place, is_new] = rows.try_emplace({direction(p), describe(p)});
                    if (is_new)
                        place->second = {product,  direction(p), describe(p), operations(p),
                                         width(p), {},           i,           {}};
                    ++place->second.uses[steps[i].network];
                },
                product);
    std::vector<Row> result;
    for (auto& [key, row] : rows) result.push_back(std::move(row));
    std::sort(result.begin(), result.end(), [](const Row& a, const Row& b) {
        return std::tie(a.first_network, a.direction, a.operations) <
               std::tie(b.first_network, b.direction, b.operations);
    });
    return result;
}

void print_header() {
    std::printf("%-8s%-62s%-5s%7s |%10s%7s |%10s%7s | %-7s%9s\n", "", "shape", "", "ops", "tiled us",
                "TFLOPs", "library us", "TFLOPs", "rule", "error");
}
void print(const Row& row, const char* precision, double tolerance) {
    const Measurement& m = row.measured;
    std::printf("%-8s%-62s%-5s  2^%4.1f |%10.2f%7.1f |%10.2f%7.1f | %-7s%9.1e%s%s\n", row.direction.c_str(),
                row.shape.c_str(), precision, std::log2(row.operations), m.tiled,
                row.operations / m.tiled * 1e-6, m.library, row.operations / m.library * 1e-6,
                m.rule_takes_library ? row.library_name() : "tiled", m.error, m.wrong() ? "  WRONG" : "",
                m.error <= tolerance ? "" : "  RESULTS DIFFER");
    std::fflush(stdout);
}
void write(std::ostream& csv, const Row& row, const char* precision) {
    const Measurement& m = row.measured;
    csv << row.direction << ',' << row.shape << ',' << precision << ',' << row.operations << ',' << row.width
        << ',' << m.tiled << ',' << m.library << ',' << (m.rule_takes_library ? row.library_name() : "tiled")
        << ',' << m.wrong() << ',' << m.error << ',';
    for (const auto& [network, count] : row.uses) csv << network << ':' << count << ' ';
    csv << std::endl;
}

// -- summary -----------------------------------------------------------------------------------------------

/// Rows with a common threshold.
struct Group {
    const char* name;
    const char* width_name;
    int rule_width;  ///< minimum width for the library
    double rule_threshold;
    std::vector<int> widths;
    std::vector<const Row*> rows;
};

std::vector<Group> groups_of(const std::vector<Row>& rows) {
    constexpr int narrow = cuda::narrow_columns + 1;
    Group groups[] = {
        {"products with bias or activation",
         "columns",
         narrow,
         cuda::tiled_operations_with_pass,
         {1, narrow, 17, 33, 65},
         {}},
        {"products without", "columns", narrow, cuda::tiled_operations, {1, narrow, 17, 33, 65}, {}},
        {"convolutions",
         "channels",
         cuda::wide_channels,
         cuda::wide_operations,
         {1, 8, 16, cuda::wide_channels, 64},
         {}}};
    for (const Row& row : rows) {
        const auto* product = std::get_if<Matmul>(&row.product);
        groups[product ? (cuda::needs_second_pass(*product) ? 0 : 1) : 2].rows.push_back(&row);
    }
    return {std::begin(groups), std::end(groups)};
}

/// The number of operations from which the library should be used, and the resulting total time of all rows,
/// weighted by their uses.
struct Threshold {
    double below = 0, above = 0;  ///< any number of operations between these
    double total = 0;
};
Threshold best_threshold(std::vector<const Row*> rows, int least_width) {
    std::sort(rows.begin(), rows.end(),
              [](const Row* a, const Row* b) { return a->operations < b->operations; });
    const auto library = [&](const Row& row) {
        const bool may = row.width >= least_width && row.measured.has_library();
        return row.all_uses() * (may ? row.measured.library : row.measured.tiled);
    };
    double total = 0;
    for (const Row* row : rows) total += library(*row);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    Threshold best{0, rows.empty() ? infinity : rows.front()->operations, total};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        total += rows[i]->all_uses() * rows[i]->measured.tiled - library(*rows[i]);
        const double next = i + 1 < rows.size() ? rows[i + 1]->operations : infinity;
        if (next > rows[i]->operations && total < best.total) best = {rows[i]->operations, next, total};
    }
    return best;
}

std::string power(double operations) {
    char text[32];
    std::snprintf(text, sizeof text, "2^%.1f", std::log2(operations));
    return text;
}

/// `rows` were measured; they cover all networks before `unmeasured`.
void print_summary(const std::vector<Row>& rows, const std::vector<bench::RecordedStep>& steps,
                   std::size_t unmeasured, const char* precision) {
    const auto wrong =
        std::count_if(rows.begin(), rows.end(), [](const Row& r) { return r.measured.wrong(); });
    std::printf("\n%s: the rules choose the slower one, by more than %.0f %%, in %td of %zu rows\n",
                precision, 100 * (tolerable_loss - 1), wrong, rows.size());
    std::printf("%-18s%10s%10s%10s%10s   us per step: as the rules choose, the faster one, lost\n", "network",
                "rules", "best", "lost", "%");
    for (const bench::RecordedStep& step : std::span(steps).first(unmeasured)) {
        double chosen = 0, best = 0;
        for (const Row& row : rows)
            if (const auto use = row.uses.find(step.network); use != row.uses.end()) {
                chosen += use->second * row.measured.chosen();
                best += use->second * row.measured.best();
            }
        std::printf("%-18s%10.1f%10.1f%10.1f%10.1f\n", step.network.c_str(), chosen, best, chosen - best,
                    100 * (chosen - best) / chosen);
    }
    std::printf("thresholds, and microseconds of all rows, each as often as in a step of each network:\n");
    for (const Group& group : groups_of(rows)) {
        if (group.rows.empty()) continue;
        double now = 0, least = 0;
        for (const Row* row : group.rows) {
            now += row->all_uses() * row->measured.chosen();
            least += row->all_uses() * row->measured.best();
        }
        std::printf("  %s: %zu rows; now 2^%.0f from %d %s on: %.1f us; always the faster one: %.1f us\n",
                    group.name, group.rows.size(), std::log2(group.rule_threshold), group.rule_width,
                    group.width_name, now, least);
        for (const int width : group.widths) {
            const Threshold t = best_threshold(group.rows, width);
            const std::string at = t.below == 0          ? "library for all"
                                   : std::isinf(t.above) ? "tiled for all"
                                                         : "best " + power(t.below) + " to " + power(t.above);
            std::printf("    from %2d %s on: %s, %.1f us%s\n", width, group.width_name, at.c_str(), t.total,
                        width == group.rule_width ? "  (the present limit)" : "");
        }
    }
    std::fflush(stdout);
}

int calibrate(const Options& options) {
    std::vector<bench::RecordedStep> steps = bench::recorded_steps(options.batch);
    if (!options.networks.empty())
        std::erase_if(steps, [&](const bench::RecordedStep& step) {
            return std::find(options.networks.begin(), options.networks.end(), step.network) ==
                   options.networks.end();
        });
    const std::vector<Row> rows = rows_of(steps);
    if (rows.empty()) {
        std::string names;
        for (const bench::RecordedStep& step : bench::recorded_steps(1)) names += ' ' + step.network;
        fail("calibrate", "no network has one of these names; there are" + names);
    }
    std::size_t largest = 0;
    for (const Row& row : rows)
        std::visit(
            [&](const auto& p) {
                const Extents3 size = sizes(p);
                largest = std::max({largest, size.first, size.second, size.result});
            },
            row.product);

    std::ofstream csv;
    if (!options.csv.empty()) {
        csv.open(options.csv);
        if (!csv) fail("--csv", "the file cannot be written", options.csv);
        csv << "direction,shape,precision,operations,width,tiled_us,library_us,rule,wrong,error,uses\n";
    }
    bench::print_gpu();
    const auto begin = std::chrono::steady_clock::now();
    const auto seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    bool good = true;
    for (const bool tf32 : {false, true}) {
        const char* precision = tf32 ? "tf32" : "fp32";
        const double tolerance = tf32 ? 1e-2 : 1e-3;
        Cuda device{{.tf32 = tf32, .measure = !options.heuristics}};
        Operands operands(device, largest);
        print_header();
        std::vector<Row> measured;
        std::size_t unmeasured = steps.size();
        for (const Row& row : rows) {
            if (seconds() > (tf32 ? 1 : 0.5) * options.limit) {
                unmeasured = row.first_network;
                std::printf("%s: no time left after %zu of %zu rows\n", precision, measured.size(),
                            rows.size());
                break;
            }
            Row& now = measured.emplace_back(row);
            now.measured =
                std::visit([&](const auto& p) { return measure(device, operands, options, p); }, row.product);
            good = good && now.measured.error <= tolerance;
            print(now, precision, tolerance);
            if (csv.is_open()) write(csv, now, precision);
        }
        print_summary(measured, steps, unmeasured, precision);
    }
    if (!good) std::fprintf(stderr, "calibrate: results of the implementations differ\n");
    return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"Times each product and convolution of the bundled networks by each implementation."};
    app.add_option("networks", options.networks, "names of networks; all by default");
    app.add_option("--batch", options.batch, "overrides the batch sizes of the programs");
    app.add_option("--launches", options.launches, "in a graph")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--seconds", options.seconds, "of each measurement")->capture_default_str();
    app.add_option("--limit", options.limit, "seconds in all; skips the remaining rows");
    app.add_flag("--heuristics", options.heuristics,
                 "take cuDNN's engines from its heuristics instead of measuring them");
    app.add_option("--csv", options.csv, "also write the rows to this file");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 1;  // 0: --help
    }
    return bench::run_on_gpu(argv[0], [&] { return calibrate(options); });
}
