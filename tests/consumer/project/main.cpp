// The first of two files that include all of gantry: a definition that is not inline would clash.
#include <gantry/gantry.hpp>

#include <iostream>

#if defined(ZLIB_H) || defined(PNG_H) || defined(_GIF_LIB_H_) || defined(INCLUDE_NLOHMANN_JSON_HPP_)
#error "gantry/gantry.hpp must not need the libraries of gantry::io"
#endif

int threads_in_other_file();

int main() {
    const gantry::Cpu device;
    std::cout << "gantry on " << device.threads() << " threads\n";
    return device.threads() == threads_in_other_file() ? 0 : 1;
}
