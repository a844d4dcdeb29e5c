#pragma once
#include "gan/program.hpp"
#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include <gantry/core/random.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gantry::test {

/// What a program came to.
struct Result {
    int code = 0;
    std::string output;  ///< standard output and error output
};

/// Runs a command as a user would.
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

/// Calls a program's main function with these arguments, and keeps what it prints.
inline Result call(const std::function<int(int, const char* const*)>& main_function,
                   const std::vector<std::string>& arguments) {
    std::vector<const char*> argv{"program"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    const TemporaryFolder folder;
    std::fflush(nullptr);
    const int out = dup(1), err = dup(2);
    const int file = open((folder / "output").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    dup2(file, 1);
    dup2(file, 2);
    Result result;
    result.code = main_function(static_cast<int>(argv.size()), argv.data());
    std::fflush(nullptr);
    dup2(out, 1);
    dup2(err, 2);
    for (const int descriptor : {out, err, file}) close(descriptor);
    result.output = contents_of(folder / "output");
    return result;
}

/// One line, and no more than that.
inline bool is_error(const Result& result, std::initializer_list<std::string_view> parts) {
    INFO(result.output);
    const std::string& text = result.output;
    CHECK(result.code == 1);
    const bool good =
        text.ends_with('\n') && is_line_with(text.substr(0, text.size() - 1), parts) && text.starts_with('[');
    CHECK(good);
    return good && result.code == 1;
}

/// Reproducible bytes.
inline std::string random_bytes(std::size_t count) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i)
        bytes += static_cast<char>(philox({static_cast<std::uint32_t>(i), 0, 0, 0}, {})[0]);
    return bytes;
}

/// Writes pictures of 28x28 bytes, with labels from 0 to 9 in turn, as MNIST's files. `part`: "train" or
/// "t10k".
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

/// A folder in which an executable of examples/ is run as a user would, on the data in its folder data.
class ProgramFolder {
public:
    explicit ProgramFolder(std::string executable) : executable_(std::move(executable)) {}

    std::filesystem::path operator/(std::string_view name) const { return folder_ / name; }
    std::string file(const std::string& name) const { return contents_of(folder_ / name); }

    /// A command that runs the program with these arguments.
    std::string program(const std::string& arguments) const {
        return "cd '" + folder_.path().string() + "' && exec '" GANTRY_EXAMPLES "/" + executable_ +
               "' --data data " + arguments;
    }
    Result run(const std::string& arguments) const { return shell(program(arguments)); }
    /// Sends a run the signal when it has begun to train, which the first rows of its losses.csv show.
    Result interrupt(const std::string& arguments, const std::string& out, const std::string& signal) const {
        return shell("( " + program(arguments + " --out " + out) + " ) & cd '" + folder_.path().string() +
                     "'; while ! test -s " + out + "/losses.csv; do sleep 0.05; done; sleep 0.2; kill -" +
                     signal + " $!; wait $!");
    }

private:
    TemporaryFolder folder_;
    std::string executable_;
};

/// A folder for runs of gan_mnist_mlp on 100 random pictures.
struct MlpFolder : ProgramFolder {
    MlpFolder() : ProgramFolder("gan_mnist_mlp") {
        write_mnist(*this / "data", "train", random_bytes(100 * 784));
    }
};

}  // namespace gantry::test
