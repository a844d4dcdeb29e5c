// The first of two files that include all of gantry: a definition that is not inline would clash.
#include <gantry/gantry.hpp>

#include <iostream>

#if defined(ZLIB_H) || defined(PNG_H) || defined(_GIF_LIB_H_) || defined(INCLUDE_NLOHMANN_JSON_HPP_)
#error "gantry/gantry.hpp must not need the libraries of gantry::io"
#endif

using namespace gantry;

float train_in_other_file(int steps);

int main() {
    Cpu device;
    Network<Sequential<Dense<3, 8>, LeakyReLU<0.2f>, Dense<8, 1>>, Cpu> network{device, Seed{1}};
    Step step{device};
    const auto loss = mse(network(filled<Shape<Batch, 3>>(device, 2, 1)), 0.0);
    backward(loss, network);
    const float first = train_in_other_file(1), last = train_in_other_file(100);
    std::cout << "loss " << loss.item() << " here; " << first << " falls to " << last
              << " in the other file\n";
    return last < first ? 0 : 1;
}
