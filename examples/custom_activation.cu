// A user-defined activation: Mish, x tanh(softplus(x)) (Misra 2019). One functor runs on every device and has
// derivatives of any order. gantry::cuda does not contain its kernel, so nvcc compiles it here from the
// headers in kernels/; a C++ compiler turns the same file into a program for the CPU.
#ifdef GANTRY_WITH_CUDA
#include <gantry/cuda.hpp>
#include <gantry/kernels/copy.cuh>
#include <gantry/kernels/elementwise.cuh>
#include <gantry/kernels/reduce.cuh>
using Processor = gantry::Cuda;
#else
#include <gantry/gantry.hpp>
using Processor = gantry::Cpu;
#endif

#include <cstdio>
#include <exception>
#include <string_view>
#include <vector>

using namespace gantry;

struct Mish {
    static constexpr std::string_view name = "mish";

    /// V is a scalar or a CPU vector.
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return x * math::tanh(math::softplus(x));
    }
    /// Composed of differentiable ops, so that derivatives of any order exist.
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] {
            const auto t = tanh(softplus(x));
            return upstream * (t + x * sigmoid(x) * (1.0 - square(t)));
        });
    }
};

template <AnyTensor X>
auto mish(const X& x) {
    return elementwise(Mish{}, x);
}

int main() try {
    const std::vector<float> points{-5, -2, -1, -0.5, 0, 0.5, 1, 2, 5};
    Processor device;
    Step step{device};
    const auto x = variable(from_host<Shape<Batch>>(device, static_cast<int>(points.size()), points));
    const auto y = mish(x);
    const auto slope = grad(sum(y), x, {.create_graph = true});
    const auto curvature = grad(sum(slope), x);

    const auto values = y.to_host(), slopes = slope.to_host(), curvatures = curvature.to_host();
    std::printf("    x     mish    mish'   mish''   mish of one value, without a device\n");
    for (std::size_t i = 0; i < points.size(); ++i)
        std::printf("%5.1f %8.4f %8.4f %8.4f %8.4f\n", points[i], values[i], slopes[i], curvatures[i],
                    Mish{}(points[i]));
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
