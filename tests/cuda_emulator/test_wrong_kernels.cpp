// Every wrong kernel is detected by the builds that must detect it, and no correct one is reported. Each runs
// in a separate process, since sanitizers end the process.
#include "counts.hpp"
#include "options.hpp"
#include "support/catch.hpp"
#include "wrong_kernels.hpp"

#include <csignal>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

using namespace cuda_emulator;
using gantry::test::contains;

namespace {

/// The output of a process that runs `function`: the text of its exception, and the report of a sanitizer or
/// signal.
std::string said_by(void (*function)(), Order order = Order::forward) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        std::signal(SIGSEGV, SIG_DFL);  // instead of Catch2's handler
        set_order(order, 7);
        std::string text;
        try {
            function();
        } catch (const std::exception& error) {
            text = error.what();
        }
        [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
        _exit(0);
    }
    close(ends[1]);
    std::string said;
    char part[4096];
    for (ssize_t count; (count = read(ends[0], part, sizeof part)) > 0;)
        said.append(part, static_cast<std::size_t>(count));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (said.find("runtime error: ") != std::string::npos) said += " says UndefinedBehaviorSanitizer";
    if (WIFSIGNALED(status)) said += " ended by signal " + std::to_string(WTERMSIG(status));
    return said;
}

}  // namespace

TEST_CASE("wrong kernels are detected") {
    for (const auto& wrong : test::wrong_kernels()) {
        CAPTURE(wrong.name);
        // Every case must be detected by some build.
        CHECK((wrong.plain || wrong.address || wrong.race));
        const char* expected = test::compiled_with_address_sanitizer() ? wrong.address
                               : test::compiled_for_race_checks()      ? wrong.race
                                                                       : wrong.plain;
        const std::string said = said_by(wrong.run);
        if (expected != nullptr) CHECK_THAT(said, contains(expected));
    }
}

TEST_CASE("correct kernels are not reported in any order of threads") {
    for (const auto& right : test::right_kernels())
        for (const Order order : {Order::forward, Order::reverse, Order::shuffled}) {
            CAPTURE(right.name, static_cast<int>(order));
            CHECK(said_by(right.run, order).empty());
        }
}

TEST_CASE("the README lists which build detects which error") {
    const std::string file = __FILE__;
    std::ifstream readme(file.substr(0, file.rfind('/') + 1) + "README.md");
    REQUIRE(readme);
    const std::string text{std::istreambuf_iterator<char>(readme), {}};
    for (const auto& wrong : test::wrong_kernels()) {
        const auto cell = [](const char* expected) { return expected ? " yes |" : " - |"; };
        CHECK_THAT(text, contains("| " + std::string(wrong.name) + " |" + cell(wrong.plain) +
                                  cell(wrong.address) + cell(wrong.race) + "\n"));
    }
}

TEST_CASE("the bytes that a kernel moves are counted") {
    if (!test::compiled_for_race_checks()) return;
    for (const auto& right : test::right_kernels())
        if (std::string(right.name) == "16 bytes at a time") {
            reset();
            right.run();
            const KernelBytes& bytes = counts().kernel_bytes.at("kernel");
            CHECK(bytes.issued_reads == 1024);
            CHECK(bytes.issued_writes == 1024);
            CHECK(bytes.reads == 1024);
            CHECK(bytes.writes == 1024);
        }
}
