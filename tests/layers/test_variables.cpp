#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <vector>

namespace gantry::test {
namespace {

struct SmallBlock {
    Dense<4, 4> dense;
    BatchNorm<4> norm;

    auto operator()(const auto& x) const { return x + norm(tanh(dense(x))); }
};
struct SmallNet {
    Dense<3, 4> first;
    std::array<SmallBlock, 2> blocks;
    Sequential<Dense<4, 4>, Tanh, SmallBlock, Dense<4, 1>> head;

    auto operator()(const auto& x) const {
        auto y = first(x);
        for (const auto& block : blocks) y = block(y);
        return head(y);
    }
};
/// y = x W / s(W), with s by one step of power iteration, as spectral norm has it (Miyato et al. 2018).
struct Spectral : layers::Part<Spectral> {
    using Parameters = core::ParameterList<core::Parameter<"weight", Shape<3, 2>, Role::weight, 3, 2>>;
    using State = core::ParameterList<core::Parameter<"u", Shape<3>, Role::running_mean>>;
    using Input = Shape<Batch, 3>;
    static constexpr int features = 3;
    template <class X>
    using Output = Shape<Batch, 2>;
    static std::string name() { return "Spectral"; }

    template <class P, AnyTensor X, AnyTensor W, AnyTensor U>
    static auto forward(const P&, const X& x, const W& weight, const U& state) {
        const auto unit = [](const auto& v) { return v * inverse_sqrt(sum(square(v))); };
        const auto w = detach(weight);
        const auto v = unit(matmul(reshape<Shape<1, 3>>(state), w));
        const auto u = unit(matmul(w, reshape<Shape<2, 1>>(v)));
        if constexpr (P::training) layers::write_state(state, reshape<Shape<3>>(u));
        const auto sigma = sum(u * matmul(weight, reshape<Shape<2, 1>>(v)));
        return matmul(x, weight) / sigma;
    }
};

template <class T, class D>
auto inputs(D& device) {
    return from_host<Shape<Batch, 3>>(device, 4, random_numbers<T>(12, "x"));
}

}  // namespace

TEMPLATE_TEST_CASE("parameters of a network as variables", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<SmallNet, TestType, double> net{device, Seed{1}};
    const auto infos = decltype(net)::Architecture::parameters();
    const auto all = net.parameters().to_host();
    const Step step{device};
    const auto variables = parameters(net);
    static_assert(std::tuple_size_v<decltype(variables)> == 18);
    static_assert(std::tuple_size_v<decltype(weights(net))> == 6);
    static_assert(std::is_same_v<std::tuple_element_t<4, decltype(weights(net))>,
                                 Variable<Shape<4, 4>, double, TestType>>);
    std::size_t i = 0;
    const auto check = [&](const auto& v) {
        CAPTURE(infos[i].name);
        CHECK(v.value().extents == infos[i].extents);
        const auto numbers = v.to_host();
        CHECK(std::equal(numbers.begin(), numbers.end(), all.begin() + std::ptrdiff_t(infos[i].offset)));
        ++i;
    };
    std::apply([&](const auto&... v) { (check(v), ...); }, variables);
    CHECK(i == infos.size());

    // L2 regularisation: its gradient is 2 w for weights and 0 for others.
    const auto decay = std::apply([](const auto&... w) { return (sum(square(w)) + ...); }, weights(net));
    backward(decay, net);
    const auto gradients = net.gradients().to_host();
    for (const auto& info : infos)
        for (std::size_t k = info.offset; k < info.offset + info.extents.size(); ++k)
            CHECK(gradients[k] == (info.role == Role::weight ? 2 * all[k] : 0));
}

TEMPLATE_TEST_CASE("second derivatives for parameters, and unrolled steps", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<SmallNet, TestType, double> net{device, Seed{1}};
    const auto start = net.parameters().to_host();
    // The consensus term |dL/dw|^2, and the loss after an unrolled step of gradient descent.
    const auto value = [&](bool unrolled) {
        const auto x = inputs<double>(device);
        const auto slopes = grad(mean(square(net(x))), parameters(net), {.create_graph = true});
        const auto after =
            zip_with([](const auto& w, const auto& g) { return w - 0.5 * g; }, parameters(net), slopes);
        const auto consensus = std::apply([](const auto&... g) { return (sum(square(g)) + ...); }, slopes);
        return unrolled ? mean(square(with_parameters(net, after)(x))) : consensus;
    };
    for (const bool unrolled : {false, true}) {
        std::vector<double> gradients;
        {
            const Step step{device};
            backward(value(unrolled), net);
            gradients = net.gradients().to_host();
        }
        for (std::size_t i = 0; i < start.size(); i += 7) {
            const auto at = [&](double change) {
                std::vector<double> moved = start;
                moved[i] += change;
                net.parameters().from_host(moved);
                const Step step{device};
                return value(unrolled).item();
            };
            CAPTURE(unrolled, i);
            const double slope = (8 * (at(1e-4) - at(-1e-4)) - (at(2e-4) - at(-2e-4))) / 12e-4;
            CHECK(std::abs(slope - gradients[i]) < 1e-5 * (1 + std::abs(slope)));
        }
        net.parameters().from_host(start);
    }
    // With its own parameters, the network returns the same.
    const Step step{device};
    const auto x = inputs<double>(device);
    CHECK(with_parameters(net, parameters(net))(x).to_host() == net(x).to_host());
}

TEMPLATE_TEST_CASE("gradients accumulate over parts of a batch", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Sequential<Dense<3, 4>, Tanh, Dense<4, 1>>, TestType, double> whole{device, Seed{1}},
        parts{device, Seed{1}};
    Adam of_whole{whole, {}}, of_parts{parts, {}};
    const auto numbers = random_numbers<double>(18, "x");
    for (int update = 0; update < 3; ++update) {
        {
            const Step step{device};
            of_whole.step(
                backward(mean(square(whole(from_host<Shape<Batch, 3>>(device, 6, numbers)))), whole));
        }
        for (int part = 0; part < 3; ++part) {
            const Step step{device};
            const std::vector<double> some(numbers.begin() + 6 * part, numbers.begin() + 6 * part + 6);
            const auto loss = mean(square(parts(from_host<Shape<Batch, 3>>(device, 2, some)))) / 3;
            const auto gradients = part == 0 ? backward(loss, parts) : accumulate(loss, parts);
            if (part == 2) of_parts.step(gradients);
        }
    }
    const auto a = whole.parameters().to_host(), b = parts.parameters().to_host();
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(std::abs(a[i] - b[i]) < 1e-12);
    const Step step{device};
    CHECK_THROWS_WITH(accumulate(mean(parts(inputs<double>(device))), parts),
                      contains("[accumulate] there are no gradients to add to"));
}

TEMPLATE_TEST_CASE("frozen parts get no gradients and are not updated", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<SmallNet, TestType, double> net{device, Seed{1}}, free{device, Seed{1}};
    const auto infos = decltype(net)::Architecture::parameters();
    AdamW adam{net, {.weight_decay = 0.1}};
    const auto train = [&] {
        const Step step{device};
        adam.step(backward(mean(square(net(inputs<double>(device)))), net));
    };
    train();  // so that the moments are not 0
    net.freeze("first");
    net.freeze("blocks.1");
    const auto before = net.parameters().to_host();
    train();
    const auto after = net.parameters().to_host(), gradients = net.gradients().to_host();
    for (const auto& info : infos) {
        CAPTURE(info.name);
        const bool frozen = info.name.starts_with("first.") || info.name.starts_with("blocks.1.");
        bool unchanged = true, zero = true;
        for (std::size_t i = info.offset; i < info.offset + info.extents.size(); ++i) {
            unchanged = unchanged && before[i] == after[i];
            zero = zero && gradients[i] == 0;
        }
        CHECK(unchanged == frozen);
        CHECK(zero == frozen);
    }
    // Gradients flow through frozen parts to the input.
    {
        const Step step{device};
        const auto x = variable(inputs<double>(device));
        CHECK(grad(sum(net(x)), x).to_host()[0] != 0);
        CHECK_THROWS_WITH(net.freeze("head"),
                          contains("come before the first call of the network in a Step"));
    }
    CHECK_THROWS_WITH(net.freeze("blocks.2"),
                      contains("there is no parameter in the part \"blocks.2\"; there are first.weight"));
    CHECK_THROWS_WITH(net.freeze("fir"), contains("there is no parameter in the part"));
    net.unfreeze("first");
    train();
    CHECK(net.parameters().to_host()[0] != after[0]);
}

TEMPLATE_TEST_CASE("a custom layer writes its state in training", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Spectral, TestType, double> net{device, Seed{1}};
    net.parameter("0.weight").from_host(std::vector<double>{3, 0, 0, 2, 0, 0});  // singular values 3 and 2
    net.states().from_host(std::vector<double>{1, 1, 1});
    const std::vector<double> numbers{1, 2, 3};
    const auto run = [&](auto&& mode) {
        const Step step{device};
        return mode(from_host<Shape<Batch, 3>>(device, 1, numbers)).to_host();
    };
    const auto before = net.states().to_host();
    run(evaluation(net));
    CHECK(net.states().to_host() == before);
    for (int i = 0; i < 60; ++i) run(net);
    CHECK(std::abs(std::abs(net.states().to_host()[0]) - 1) < 1e-9);
    const auto y = run(evaluation(net));
    CHECK(std::abs(y[0] - 1) < 1e-9);
    CHECK(std::abs(y[1] - 4.0 / 3) < 1e-9);
    // What has read the old state cannot be differentiated afterwards.
    const Step step{device};
    const auto v = variable(filled<Shape<3>, double>(device, 0, 2));
    const PersistentTensor state(filled<Shape<3>, double>(device, 0, 1));
    const auto product = sum(v * state.get());
    layers::write_state(state.get(), v);
    CHECK(state.get().to_host() == std::vector<double>(3, 2));
    CHECK_THROWS_WITH(grad(product, v), contains("must not be updated between"));
    const auto x = from_host<Shape<Batch, 3>>(device, 1, numbers);
    backward(sum(net(x)), net);
    CHECK(net.gradients().to_host()[3] != 0);
}

TEMPLATE_TEST_CASE("a moving average of a network", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<SmallNet, TestType> net{device, Seed{1}}, average{device, Seed{2}};
    const auto a = average.parameters().to_host(), b = net.parameters().to_host();
    {
        const Step step{device};
        static_cast<void>(net(inputs<float>(device)));  // moves the running statistics
    }
    update_average(average, net, 0.75);
    const auto moved = average.parameters().to_host();
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(std::abs(moved[i] - (0.75 * a[i] + 0.25 * b[i])) < 1e-6);
    CHECK(average.states().to_host() == net.states().to_host());
    update_average(average, net, 0);
    CHECK(average.parameters().to_host() == b);
    update_average(average, net, 0.9);
    CHECK(average.parameters().to_host() == b);  // equal numbers stay equal
    CHECK_THROWS_WITH(update_average(average, net, 1.1),
                      "[update_average] decay must be from 0 to 1; got 1.1");
    TestType another;
    Network<SmallNet, TestType> elsewhere{another, Seed{1}};
    CHECK_THROWS_WITH(update_average(average, elsewhere, 0.5), contains("the same device object"));
}

}  // namespace gantry::test
