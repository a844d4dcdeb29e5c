#include "cuda/placed.hpp"
#include <gantry/optim/adam_w.hpp>
#include <gantry/optim/lion.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

using namespace gantry;
using namespace gantry::test;

namespace {

const std::size_t parameter_counts[] = {0, 1, 3, 15, 33, 5003};

/// Runs step(device, n, w, g, a, b, c) on buffers of random values, nonnegative for b. Compares w, a, b and c
/// afterwards.
template <class T, class Step>
void check_step(Cuda& device, const Step& step) {
    for (const std::size_t n : parameter_counts) {
        CAPTURE(n);
        check_kernel<T>(
            device,
            [&]<class U>(auto& d, std::size_t offset) {
                // Values that are the same in float and double.
                const auto buffer = [&](const char* name, double low, double high) {
                    const auto numbers = random_numbers<float>(n, name, low, high);
                    return Placed(d, std::vector<U>(numbers.begin(), numbers.end()), offset);
                };
                const auto w = buffer("w", -1, 1), g = buffer("g", -1, 1), a = buffer("a", -1, 1),
                           b = buffer("b", 1.1, 2), c = buffer("c", -1, 1);
                step(d, n, w.data(), g.data(), a.data(), b.data(), c.data());
                return joined<U>({w.to_host(), a.to_host(), b.to_host(), c.to_host()});
            },
            tolerance<T>);
    }
}

}  // namespace

TEMPLATE_TEST_CASE("cuda: sgd", "", float, double) {
    Cuda device;
    for (const bool momentum : {false, true})
        for (const bool nesterov : {false, true})
            for (const bool first : {false, true})
                check_step<TestType>(device, [&]<class T>(auto& d, std::size_t n, T* w, T* g, T* a, T*, T*) {
                    const optim::SgdUpdate<T> update({.momentum = momentum ? 0.9 : 0,
                                                      .dampening = 0.3,
                                                      .weight_decay = 0.01,
                                                      .nesterov = nesterov},
                                                     0.1, 0.9, first);
                    launch(d, contracts::UpdateParameters<optim::SgdUpdate<T>>{
                                  update, n, w, g, {momentum ? a : nullptr}});
                });
}

TEMPLATE_TEST_CASE("cuda: adam, adamw, optimistic adam", "", float, double) {
    Cuda device;
    const AdamOptions options{
        .learning_rate = 0.1, .beta1 = 0.5, .beta2 = 0.99, .epsilon = 1e-3, .weight_decay = 0.02};
    const AdamWOptions decoupled{
        .learning_rate = 0.1, .beta1 = 0.5, .beta2 = 0.99, .epsilon = 1e-3, .weight_decay = 0.02};
    check_step<TestType>(device, [&]<class T>(auto& d, std::size_t n, T* w, T* g, T* a, T* b, T* c) {
        launch(d, contracts::UpdateParameters<optim::AdamUpdate<T>>{
                      optim::AdamUpdate<T>(options, 2), n, w, g, {a, b}});
        launch(d, contracts::UpdateParameters<optim::AdamWUpdate<T>>{
                      optim::AdamWUpdate<T>(decoupled, 2), n, w, g, {a, b}});
        launch(d, contracts::UpdateParameters<optim::OptimisticAdamUpdate<T>>{
                      optim::OptimisticAdamUpdate<T>(options, 2), n, w, g, {a, b, c}});
    });
}

TEMPLATE_TEST_CASE("cuda: rmsprop", "", float, double) {
    Cuda device;
    for (const bool centered : {false, true})
        for (const bool momentum : {false, true})
            check_step<TestType>(device, [&]<class T>(auto& d, std::size_t n, T* w, T* g, T* a, T* b, T* c) {
                const optim::RmsPropUpdate<T> update({.learning_rate = 0.1,
                                                      .alpha = 0.9,
                                                      .epsilon = 1e-3,
                                                      .weight_decay = 0.02,
                                                      .momentum = momentum ? 0.8 : 0,
                                                      .centered = centered});
                launch(d, contracts::UpdateParameters<optim::RmsPropUpdate<T>>{
                              update, n, w, g, {b, centered ? a : nullptr, momentum ? c : nullptr}});
            });
}

TEMPLATE_TEST_CASE("cuda: lion", "", float, double) {
    Cuda device;
    check_step<TestType>(device, [&]<class T>(auto& d, std::size_t n, T* w, T* g, T* a, T*, T*) {
        const optim::LionUpdate<T> update(
            {.learning_rate = 0.1, .beta1 = 0.75, .beta2 = 0.5, .weight_decay = 0.02});
        launch(d, contracts::UpdateParameters<optim::LionUpdate<T>>{update, n, w, g, {a}});
    });
}
