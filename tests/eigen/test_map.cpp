#include "support/catch.hpp"
#include "support/eigen_kernels.hpp"
#include "support/numbers.hpp"
#include <gantry/eigen.hpp>

#include <type_traits>
#include <utility>
#include <vector>

using namespace gantry;
using namespace gantry::test;

namespace {

template <class Map>
std::vector<float> elements(const Map& map) {
    std::vector<float> all;
    for (Eigen::Index r = 0; r < map.rows(); ++r)
        for (Eigen::Index c = 0; c < map.cols(); ++c) all.push_back(map(r, c));
    return all;
}

constexpr Conv2dOptions window{.size = {2, 3}};
using Net = Sequential<Conv2d<4, 5, window>, BatchNorm<5>, Flatten, Dense<10, 3>>;  // images of 2 x 4
using Image = Shape<Batch, 2, 4, 4>;

}  // namespace

TEMPLATE_TEST_CASE("A map shows a tensor's own elements: the last extent is its columns", "[eigen]", Cpu,
                   EigenCpu) {
    TestType device;
    const auto numbers = random_numbers<float>(64, "x");
    const auto images = from_host<Image>(device, 2, numbers);
    const auto map = gantry::map(images);
    CHECK(map.data() == images.data());
    CHECK(map.rows() == 16);
    CHECK(map.cols() == 4);
    CHECK(elements(map) == numbers);
    const auto vector = gantry::map(filled<Shape<7>>(device, 0, 2));
    CHECK((vector.rows() == 1 && vector.cols() == 7));
    CHECK(gantry::map(filled<Shape<>>(device, 0, 2))(0, 0) == 2);
    const Step step{device};
    CHECK(gantry::map(variable(images)).data() == images.data());
}

TEMPLATE_TEST_CASE("A map shows a parameter or a gradient by its name", "[eigen]", Cpu, EigenCpu) {
    TestType device;
    Network<Net, TestType> network{device, Seed{1}};
    const Network<Net, TestType>& unchanged = network;
    for (const char* name : {"0.weight", "0.bias", "1.running_var", "3.weight"}) {
        CAPTURE(name);
        CHECK(elements(map(network, name)) == network.parameter(name).to_host());
        CHECK(map(unchanged, name).data() == map(network, name).data());
    }
    CHECK(map(network, "0.weight").rows() == 24);
    CHECK(map(network, "0.weight").cols() == 5);
    CHECK_THROWS_WITH(map(network, "2.weight"), contains("no parameter \"2.weight\""));

    map(network, "3.weight").setConstant(0.5f);
    network.parameter("3.weight").overwritten();
    CHECK(network.parameter("3.weight").to_host() == std::vector<float>(30, 0.5f));

    const auto x = from_host<Image>(device, 2, random_numbers<float>(64, "x"));
    const Step step{device};
    const auto gradients = backward(sum(square(network(x))), network);
    const auto all = network.gradients().to_host();
    CHECK(elements(map(gradients)) == all);
    CHECK(elements(map(gradients, "3.bias")) == std::vector<float>(all.end() - 3, all.end()));
    CHECK((map(gradients, "3.weight").rows() == 10 && map(gradients, "3.weight").cols() == 3));
    CHECK_THROWS_WITH(map(gradients, "1.running_var"),
                      "[map] the network has no parameter \"1.running_var\"");
}

TEST_CASE("Maps of gradients and tensors that are no longer valid are errors", "[eigen]") {
    Cpu device;
    Network<Sequential<Dense<3, 2>>, Cpu> network{device, Seed{1}};
    const auto make = [&] {
        const Step step{device};
        const auto y = network(filled<Shape<Batch, 3>>(device, 4, 1));
        return std::pair(y, backward(sum(y), network));
    };
    const auto [y, gradients] = make();
    CHECK_THROWS_WITH(map(y), contains("valid until the end of the step"));
    CHECK_THROWS_WITH(map(gradients), contains("valid until the end of the step"));
    CHECK_THROWS_WITH(map(gradients, "0.bias"), contains("valid until the end of the step"));
}

TEMPLATE_TEST_CASE("An expression becomes a tensor", "[eigen]", Cpu, EigenCpu) {
    TestType device;
    const auto x = from_host<Image>(device, 2, random_numbers<float>(64, "x"));
    const auto y = from_eigen<Image>(device, 2 * map(x));
    CHECK(y.batch() == 2);
    CHECK(y.to_host() == (2 * x).to_host());
    CHECK(from_eigen<Image>(device, map(x).array().square()).to_host() == square(x).to_host());
    CHECK(from_eigen<Shape<4, 4>>(device, map(x).topRows(4).transpose()).size() == 16);
    const auto in_double = from_eigen<Image>(device, map(x).template cast<double>());
    CHECK(std::is_same_v<typename decltype(in_double)::scalar, double>);

    CHECK_THROWS_WITH(from_eigen<Image>(device, map(x).topRows(15)),
                      contains("those of the tensor's map; got 15 x 4 for (Batch, 2, 4, 4)"));
    CHECK_THROWS_WITH(from_eigen<Image>(device, map(x).transpose()), contains("got 4 x 16"));
    CHECK_THROWS_WITH(from_eigen<Image>(device, map(x).topRows(0)), contains("got 0 x 4"));
    CHECK_THROWS_WITH((from_eigen<Shape<4, 4>>(device, map(x))), contains("got 16 x 4 for (4, 4)"));
}
