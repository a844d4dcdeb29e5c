#pragma once
#include "gan/call.hpp"
#include "io/temporary_folder.hpp"
#include "program/program.hpp"
#include <gantry/core/random.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/wait.h>

namespace gantry::test {

/// Runs a shell command.
inline Result shell(const std::string& command) {
    Result result;
    FILE* const pipe = popen(("exec 2>&1; " + command).c_str(), "r");
    std::array<char, 4096> buffer{};
    for (std::size_t got; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
        result.output.append(buffer.data(), got);
    const int status = pclose(pipe);
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

/// Reproducible bytes.
inline std::string random_bytes(std::size_t count) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i)
        bytes += static_cast<char>(core::philox({static_cast<std::uint32_t>(i), 0, 0, 0}, {})[0]);
    return bytes;
}

/// Writes 28x28 images with labels 0 to 9 in turn, in MNIST's file format. `part`: "train" or "t10k".
inline void write_mnist(const std::filesystem::path& folder, const std::string& part,
                        const std::string& pixels) {
    std::filesystem::create_directories(folder);
    const char count = static_cast<char>(pixels.size() / 784);
    std::string labels;
    for (std::size_t i = 0; i < pixels.size() / 784; ++i) labels += static_cast<char>(i % 10);
    put_file(folder / (part + "-images-idx3-ubyte"),
             std::string{0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28} + pixels);
    put_file(folder / (part + "-labels-idx1-ubyte"), std::string{0, 0, 8, 1, 0, 0, 0, count} + labels);
}

/// A folder in which an executable of examples/ is run, on the data in its subfolder data.
class ProgramFolder {
public:
    explicit ProgramFolder(std::string executable) : executable_(std::move(executable)) {}

    std::filesystem::path operator/(std::string_view name) const { return folder_ / name; }
    std::string file(const std::string& name) const { return contents_of(folder_ / name); }

    /// The command that runs the program with these arguments.
    std::string program(const std::string& arguments) const {
        return "cd '" + folder_.path().string() + "' && exec '" GANTRY_EXAMPLES "/" + executable_ +
               "' --data data " + arguments;
    }
    Result run(const std::string& arguments) const { return shell(program(arguments)); }
    /// Sends a run the signal once it is training, as shown by the first rows of its losses.csv.
    Result interrupt(const std::string& arguments, const std::string& out, const std::string& signal) const {
        return shell("( " + program(arguments + " --out " + out) + " ) & cd '" + folder_.path().string() +
                     "'; while ! test -s " + out + "/losses.csv; do sleep 0.05; done; sleep 0.2; kill -" +
                     signal + " $!; wait $!");
    }

private:
    TemporaryFolder folder_;
    std::string executable_;
};

/// A folder for runs of gan_mnist_mlp on 100 random images.
struct MlpFolder : ProgramFolder {
    MlpFolder() : ProgramFolder("gan_mnist_mlp") {
        write_mnist(*this / "data", "train", random_bytes(100 * 784));
    }
};

}  // namespace gantry::test
