// The kernels that are run under compute-sanitizer on a GPU are all kernels of kernels/.
#include "cuda/every_kernel.hpp"
#include "cuda_emulator/counts.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace gantry::test {
namespace {

/// The names under which a file launches its kernels, as `pattern` captures them outside of comments.
std::set<std::string> names_of_kernels(const std::filesystem::path& file, const std::string& pattern) {
    std::ifstream in(file);
    std::ostringstream text;
    text << in.rdbuf();
    const std::string code = std::regex_replace(text.str(), std::regex("//[^\n]*"), "");
    std::set<std::string> names;
    const std::regex literal(pattern);
    for (auto i = std::sregex_iterator(code.begin(), code.end(), literal); i != std::sregex_iterator(); ++i)
        names.insert((*i)[1]);
    return names;
}

}  // namespace

TEST_CASE("cuda: the subset for sanitizers launches every kernel of every file", "[cuda]") {
    Cuda device;
    cuda_emulator::reset_counts();
    {
        const Step<Cuda> step{device};
        elementwise_kernels<float>(device, 0);
        sums_and_copies<float>(device, 0);
        batch_norms<float>(device, 0);
        softmax_and_maxout<float>(device, 0);
        poolings<float>(device, 0);
        random_and_optimizers<float>(device, 0);
    }
    product_kernels(device, [](const auto&, const auto&) {});
    const std::map<std::string, std::size_t> launches = cuda_emulator::counts().launches;

    std::size_t files = 0, kernels = 0;
    const auto check = [&](const std::filesystem::path& folder, const std::string& ending,
                           const std::string& pattern) {
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            if (entry.path().extension() != ending) continue;
            const std::string file = entry.path().filename().string();
            const std::set<std::string> names = names_of_kernels(entry.path(), pattern);
            CAPTURE(file);
            files += !names.empty();
            for (const std::string& name : names) {
                CAPTURE(name);
                CHECK(launches.count(name) > 0);
                ++kernels;
            }
        }
    };
    const std::filesystem::path folder = GANTRY_KERNELS;
    check(folder, ".cuh", "\"([a-z][a-z_0-9]*)\"");
    // One kernel runs all optimizers, under the names of their formulas.
    check(folder.parent_path() / "include/gantry/optim", ".hpp", "const char\\* name = \"([a-z_]+)\"");
    CHECK(files >= 22);
    CHECK(kernels >= 40);
}

}  // namespace gantry::test
