// Runs a test program on a GPU. Without one it prints a line and exits with the code that CTest counts as
// skipped. (It can list its cases without a GPU, which CMake does at build time.)
#include <gantry/cuda/device.hpp>

#include <algorithm>
#include <cstdio>
#include <string_view>

#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

int main(int argc, char** argv) {
    const bool lists = std::any_of(argv + 1, argv + argc, [](std::string_view argument) {
        return argument.starts_with("--list") || argument == "-l" || argument == "-h" || argument == "--help";
    });
    if (!lists) {
        const gantry::cuda::Availability available = gantry::cuda::availability();
        if (available.gpus == 0) {
            std::printf("%s: skipped, no GPU to run on: %s\n", argv[0], available.reason.c_str());
            return 77;
        }
    }
    return Catch::Session().run(argc, argv);
}
