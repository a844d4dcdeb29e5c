// Convolutions by cuDNN's graph API: the choice of engine, and the emulated cuDNN's response to wrong calls.
#include "cuda/kernels.hpp"
#include "cuda/placed.hpp"
#include "cuda_emulator/counts.hpp"
#include "cuda_emulator/faults.hpp"
#include "cuda_emulator/library_objects.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <cudnn.h>

namespace gantry::test {
namespace {

using cuda::ConvolutionDirection;
using cuda::CudnnDescriptor;

constexpr contracts::ConvolutionGeometry library_geometry{3, {8, 4, 4, 2, 1}, {6, 3, 4, 2, 1}, 5, 7};
constexpr std::size_t filter_bytes = 4 * 4 * 5 * 7 * sizeof(float);
constexpr ConvolutionDirection all_directions[] = {ConvolutionDirection::forward,
                                                   ConvolutionDirection::backward_data,
                                                   ConvolutionDirection::backward_filter};

/// A convolution by cuDNN, with memory for its tensors.
struct LibraryConvolution {
    Cuda device;
    Placed<float, Cuda> x{device, random_numbers<float>(library_geometry.x_size(), "x")},
        y{device, random_numbers<float>(library_geometry.y_size(), "y")},
        w{device, random_numbers<float>(library_geometry.w_size(), "w")};

    explicit LibraryConvolution(const CudaOptions& options) : device(options) {}

    bool run(ConvolutionDirection direction, std::size_t offset = 0) {
        const Step<Cuda> step{device};
        if (direction == ConvolutionDirection::forward)
            return cuda::convolution_cudnn(
                device, contracts::ConvolutionParameters<float>{library_geometry, x.data(), w.data(),
                                                                y.data() + offset});
        if (direction == ConvolutionDirection::backward_data)
            return cuda::convolution_cudnn(
                device, contracts::ConvolutionTransposedParameters<float>{library_geometry, y.data() + offset,
                                                                          w.data(), x.data()});
        return cuda::convolution_cudnn(device, contracts::ConvolutionWeightGradientParameters<float>{
                                                   library_geometry, x.data(), y.data() + offset, w.data()});
    }
};

/// Index of the engine that is chosen for a direction, or -1.
std::int64_t chosen_engine(CudaOptions options, ConvolutionDirection direction) {
    std::string line;
    options.log = [&](const std::string& text) { line = text; };
    LibraryConvolution convolution(options);
    const bool ran = convolution.run(direction);
    const std::string before = "cuDNN engine ";
    const std::size_t at = line.find(before);
    CHECK(ran == (at != std::string::npos));
    return ran ? std::stoi(line.substr(at + before.size())) : -1;
}

/// A tensor's attributes, which a test may corrupt.
struct TensorAttributes {
    std::int64_t id = 1, alignment = 16;
    cudnnDataType_t type = CUDNN_DATA_FLOAT;
    std::array<std::int64_t, 4> extents{2, 3, 6, 5};

    CudnnDescriptor finalized() const {
        const auto [n, c, h, w] = extents;
        const std::array<std::int64_t, 4> strides{c * h * w, 1, c * w, c};
        CudnnDescriptor tensor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
        tensor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, id);
        tensor.set(CUDNN_ATTR_TENSOR_DATA_TYPE, type);
        tensor.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, alignment);
        tensor.set(CUDNN_ATTR_TENSOR_DIMENSIONS, std::span<const std::int64_t>(extents));
        tensor.set(CUDNN_ATTR_TENSOR_STRIDES, std::span<const std::int64_t>(strides));
        tensor.finalize();
        return tensor;
    }
};
/// A forward convolution's attributes: x (2, 6, 5, 3), 4 filters of 3x3, stride 2, padding 1.
struct OperationAttributes {
    TensorAttributes x{}, y{.id = 2, .extents = {2, 4, 3, 3}}, w{.id = 3, .extents = {4, 3, 3, 3}};
    cudnnDataType_t type = CUDNN_DATA_FLOAT;
    cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    std::int64_t padding = 1, stride = 2, dilation = 1;

    CudnnDescriptor convolution() const {
        CudnnDescriptor d(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
        const auto pair = [&](cudnnBackendAttributeName_t name, std::int64_t value) {
            const std::array<std::int64_t, 2> both{value, value};
            d.set(name, std::span<const std::int64_t>(both));
        };
        d.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, std::int64_t{2});
        d.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, type);
        d.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, mode);
        pair(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, padding);
        pair(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, padding);
        pair(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, stride);
        pair(CUDNN_ATTR_CONVOLUTION_DILATIONS, dilation);
        d.finalize();
        return d;
    }
    cudnnStatus_t status() const {
        CudnnDescriptor operation(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
        operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x.finalized());
        operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y.finalized());
        operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w.finalized());
        operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution());
        operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1.f);
        operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0.f);
        return operation.try_finalize();
    }
};
cudnnStatus_t status_of(const std::function<void(OperationAttributes&)>& spoil) {
    OperationAttributes attributes;
    spoil(attributes);
    return attributes.status();
}

}  // namespace

TEST_CASE("cuda: without measurement, the first recommended engine that qualifies is used", "[cuda]") {
    for (const ConvolutionDirection d : all_directions) {
        CAPTURE(static_cast<int>(d));
        CHECK(chosen_engine({.measure = false}, d) == 14);
        CHECK(chosen_engine({.tf32 = true, .measure = false}, d) == 10);
        CHECK(chosen_engine({.deterministic = false, .measure = false}, d) == 11);
        CHECK(chosen_engine({.measure = false, .workspace = 2 * filter_bytes}, d) == 14);
        CHECK(chosen_engine({.measure = false, .workspace = 2 * filter_bytes - 1}, d) == 15);
    }
    const CudaOptions narrow{.measure = false, .workspace = filter_bytes - 1};
    CHECK(chosen_engine(narrow, ConvolutionDirection::forward) == 0);  // the fallback
    CHECK(chosen_engine(narrow, ConvolutionDirection::backward_data) == -1);
    CHECK(chosen_engine(narrow, ConvolutionDirection::backward_filter) == -1);
}

TEST_CASE("cuda: the fastest engine on this GPU is used", "[cuda]") {
    for (const ConvolutionDirection d : all_directions) {
        CAPTURE(static_cast<int>(d));
        CHECK(chosen_engine({}, d) == 15);
        CHECK(chosen_engine({.deterministic = false}, d) == 11);
        CHECK(chosen_engine({.tf32 = true}, d) == 10);
    }
}

TEST_CASE("cuda: an engine is chosen once for each shape", "[cuda]") {
    LibraryConvolution convolution({});
    const auto run = [&] {
        convolution.device.run_as_graph([&] {
            for (const ConvolutionDirection d : all_directions) REQUIRE(convolution.run(d));
        });
        convolution.device.synchronize();
    };
    run();
    cuda_emulator::reset_counts();
    run();
    const cuda_emulator::Counts& counts = cuda_emulator::counts();
    CHECK(counts.graph_launches == 1);
    CHECK(counts.allocations == 0);
    for (const char* name : {"cudnn forward", "cudnn backward data", "cudnn backward filter"})
        CHECK(counts.library_calls.at(name) == 1);
    CHECK(counts.library_calls.at("cudnnBackendFinalize") == 3);  // the variant packs
}

TEST_CASE("cuda: a plan is for one direction, geometry and type", "[cuda]") {
    cuda::CudnnPlans plans;
    contracts::ConvolutionGeometry other = library_geometry;
    ++other.batch;
    int choices = 0;
    for (int time = 0; time < 2; ++time) {
        for (const ConvolutionDirection direction : all_directions)
            for (const cudnnDataType_t type : {CUDNN_DATA_FLOAT, CUDNN_DATA_DOUBLE})
                for (const auto& geometry : {library_geometry, other})
                    plans.find(direction, geometry, type, [&] {
                        ++choices;
                        return std::optional<cuda::CudnnPlan>();
                    });
        CHECK(choices == 12);
    }
}

TEST_CASE("cuda: the workspace is that of the chosen engine, not of all measured ones", "[cuda]") {
    LibraryConvolution convolution({});
    const std::size_t before = cuda_emulator::counts().live_bytes;
    REQUIRE(convolution.run(ConvolutionDirection::backward_data));
    convolution.device.synchronize();
    const std::size_t filter = (filter_bytes + 63) / 64 * 64, arena = std::size_t{1} << 16;
    CHECK(filter < arena);
    CHECK(cuda_emulator::counts().live_bytes == before + arena + filter_bytes);
}

TEST_CASE("cuda: the workspace grows to what a filter gradient requires", "[cuda]") {
    // Needs a workspace of 32 MiB, formerly the fixed size.
    const contracts::ConvolutionGeometry large{1, {4, 2, 4, 2, 1}, {4, 2, 4, 2, 1}, 512, 1024};
    Cuda device{{.measure = false}};
    core::Buffer<float, Cuda> x(device, large.x_size()), y(device, large.y_size()), w(device, large.w_size());
    const Step<Cuda> step{device};
    CHECK(cuda::convolution_cudnn(
        device, contracts::ConvolutionWeightGradientParameters<float>{large, x.data(), y.data(), w.data()}));
}

TEST_CASE("cuda: misaligned tensors use the tiled kernels", "[cuda]") {
    for (const ConvolutionDirection d : all_directions) {
        LibraryConvolution convolution({});
        CHECK_FALSE(convolution.run(d, 1));
    }
}

TEST_CASE("cuda: a wide convolution uses cuDNN", "[cuda]") {
    const contracts::ConvolutionGeometry wide{17, {64, 32, 4, 2, 1}, {64, 32, 4, 2, 1}, 32, 64};
    REQUIRE(cuda::wide(wide));
    std::string line;
    Cuda device{{.measure = false, .log = [&](const std::string& text) { line = text; }}};
    core::Buffer<float, Cuda> x(device, wide.x_size()), y(device, wide.y_size()), w(device, wide.w_size());
    const Step<Cuda> step{device};
    cuda_emulator::reset_counts();
    launch(device, contracts::ConvolutionParameters<float>{wide, x.data(), w.data(), y.data()});
    device.synchronize();
    CHECK(cuda_emulator::counts().library_calls.at("cudnn forward") == 1);
    CHECK_THAT(line, contains("forward: cuDNN engine 14"));
}

TEST_CASE("cuda: the log names the kernel of each product and convolution once", "[cuda]") {
    std::vector<std::string> lines;
    CudaOptions options{.measure = false};
    options.log = [&](const std::string& line) { lines.push_back(line); };
    LibraryConvolution convolution(options);
    Cuda& device = convolution.device;
    convolution.run(ConvolutionDirection::forward);
    convolution.run(ConvolutionDirection::forward);
    const contracts::ConvolutionParameters<float> p{library_geometry, convolution.x.data(),
                                                    convolution.w.data(), convolution.y.data()};
    launch(device, p);
    launch(device, contracts::MatmulParameters<float>{2, 3, 4, false, true, p.x, p.w, p.y});
    launch(device, contracts::MatmulParameters<float>{2, 3, 4, false, true, p.x, p.w, p.y});
    const std::string shape =
        "convolution 3 x 8x6x5 -> 4x3x7, window 4x4, stride 2x2, padding 1x1, dilation 1x1, forward: ";
    CHECK(lines == std::vector<std::string>{
                       shape + "cuDNN engine 14, workspace " + std::to_string(2 * filter_bytes) + " bytes",
                       shape + "tiled", "product (2, 4) x (4, 3), B^T: tiled"});
}

TEST_CASE("cuda: cuDNN's descriptors check their arguments", "[cuda]") {
    CHECK(cudnnCreate(nullptr) == CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
    CHECK(cudnnDestroy(nullptr) == CUDNN_STATUS_SUCCESS);
    CHECK(cudnnSetStream(nullptr, nullptr) == CUDNN_STATUS_BAD_PARAM);
    CHECK(std::string(cudnnGetErrorString(CUDNN_STATUS_BAD_PARAM)) == "CUDNN_STATUS_BAD_PARAM");
    CHECK(cudnnBackendCreateDescriptor(CUDNN_BACKEND_TENSOR_DESCRIPTOR, nullptr) ==
          CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
    CHECK(cudnnBackendDestroyDescriptor(nullptr) == CUDNN_STATUS_BAD_PARAM);

    const CudnnDescriptor tensor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    const std::int64_t numbers[4] = {1, 2, 3, 4};
    std::int64_t count = 0, result = 0;
    const auto set = [&](cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                         std::int64_t size) {
        return cudnnBackendSetAttribute(tensor.get(), name, type, size, numbers);
    };
    CHECK(set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1) == CUDNN_STATUS_SUCCESS);
    CHECK(set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 2) == CUDNN_STATUS_BAD_PARAM);
    CHECK(set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_FLOAT, 1) == CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE);
    CHECK(set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1) == CUDNN_STATUS_BAD_PARAM);
    CHECK(cudnnBackendSetAttribute(tensor.get(), CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, nullptr) ==
          CUDNN_STATUS_BAD_PARAM);
    CHECK(cudnnBackendGetAttribute(tensor.get(), CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &count,
                                   &result) == CUDNN_STATUS_NOT_INITIALIZED);
    CHECK(cudnnBackendFinalize(tensor.get()) == CUDNN_STATUS_BAD_PARAM);  // most attributes are missing

    const CudnnDescriptor whole = TensorAttributes{}.finalized();
    CHECK(whole.get<std::int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT) == 16);
    CHECK(whole.get_all<std::int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS, 9) ==
          std::vector<std::int64_t>{2, 3, 6, 5});
    CHECK(cudnnBackendFinalize(whole.get()) == CUDNN_STATUS_BAD_PARAM);
    CHECK(cudnnBackendSetAttribute(whole.get(), CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, numbers) ==
          CUDNN_STATUS_BAD_PARAM);
    CHECK_THROWS_WITH((TensorAttributes{.extents = {2, 0, 6, 5}}.finalized()), contains("BAD_PARAM"));
    CHECK_THROWS_WITH((TensorAttributes{.type = CUDNN_DATA_HALF}.finalized()), contains("NOT_SUPPORTED"));

    CudnnDescriptor operation(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
    CHECK_THROWS(operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, tensor));  // not finalized
    CHECK_THROWS(operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, whole));
}

TEST_CASE("cuda: cuDNN rejects convolutions with mismatched descriptors", "[cuda]") {
    using O = OperationAttributes;
    CHECK(status_of([](O&) {}) == CUDNN_STATUS_SUCCESS);
    const std::vector<std::function<void(O&)>> mismatched = {
        [](O& o) { o.x.extents[1] = 4; },  // filters have 3 channels
        [](O& o) { o.x.extents[2] = 7; },  // y would have 4 rows
        [](O& o) { o.y.extents[0] = 3; },  // another batch
        [](O& o) { o.y.extents[1] = 5; },  // 4 filters
        [](O& o) { o.x.type = CUDNN_DATA_DOUBLE; },
        [](O& o) { o.w.type = CUDNN_DATA_DOUBLE; },
        [](O& o) { o.padding = 0; },
    };
    for (const auto& spoil : mismatched) CHECK(status_of(spoil) == CUDNN_STATUS_BAD_PARAM);
    CHECK(status_of([](O& o) { o.mode = CUDNN_CONVOLUTION; }) == CUDNN_STATUS_NOT_SUPPORTED);
    CHECK(status_of([](O& o) { o.type = CUDNN_DATA_DOUBLE; }) == CUDNN_STATUS_NOT_SUPPORTED);
    for (const auto& spoil : std::vector<std::function<void(O&)>>{
             [](O& o) { o.padding = -1; }, [](O& o) { o.stride = 0; }, [](O& o) { o.dilation = 0; }})
        CHECK_THROWS_WITH(status_of(spoil), contains("BAD_PARAM"));
}

TEST_CASE("cuda: cuDNN rejects null and misaligned tensors, and a missing workspace", "[cuda]") {
    LibraryConvolution c({});
    Cuda& device = c.device;
    const auto plans =
        cuda::cudnn_plans(device.cudnn_plans().gpu(device.cudnn()), ConvolutionDirection::forward,
                          library_geometry, CUDNN_DATA_FLOAT, {.workspace = 1 << 20}, 1);
    REQUIRE(plans.size() == 1);
    void* const workspace = device.workspace(plans[0].workspace);
    const auto run = [&](const float* x, const float* y, const float* w, void* scratch) {
        cuda::cudnn_execute(device.cudnn(), plans[0], x, y, w, scratch);
        device.synchronize();
    };
    run(c.x.data(), c.y.data(), c.w.data(), workspace);
    cuda_emulator::reset_counts();
    CHECK_THROWS_WITH(run(nullptr, c.y.data(), c.w.data(), workspace), contains("cudnnBackendExecute"));
    CHECK_THROWS_WITH(run(c.x.data(), c.y.data() + 1, c.w.data(), workspace),
                      contains("cudnnBackendExecute"));
    CHECK_THROWS_WITH(run(c.x.data(), c.y.data(), c.w.data(), nullptr), contains("cudnnBackendExecute"));
    CHECK(cuda_emulator::counts().library_calls.count("cudnn forward") == 0);
}

TEST_CASE("cuda: a failing library call leaks nothing", "[cuda]") {
    const std::size_t cublas_objects = cuda_emulator::living_cublas_objects(),
                      cudnn_objects = cuda_emulator::living_cudnn_objects();
    std::size_t failures = 0;
    for (std::size_t n = 1;; ++n) {
        cuda_emulator::inject_fault(cuda_emulator::Call::library, n);
        try {
            LibraryConvolution convolution({});
            convolution.run(ConvolutionDirection::forward);
        } catch (const Error&) {
            ++failures;
        }
        CHECK(cuda_emulator::living_cublas_objects() == cublas_objects);
        CHECK(cuda_emulator::living_cudnn_objects() == cudnn_objects);
        if (!cuda_emulator::fault_happened()) break;
    }
    cuda_emulator::clear_fault();
    CHECK(failures >= 40);  // handles, descriptors, plans, and timing
}

}  // namespace gantry::test
