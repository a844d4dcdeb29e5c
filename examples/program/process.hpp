#pragma once
#include "print.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include <fcntl.h>

namespace gantry::program {

/// Makes the process one that can train, whoever started it and however; to be called before it opens or
/// prints anything. Standard input, output and error output are open: without them a file of the run would
/// get one of their numbers, and printed text would end up in it. A write to a pipe that nobody reads (`|
/// head`) or beyond the limit of a file's size is an error of that write, not the end of the process: a run
/// whose reader has gone trains on, without a word.
inline void prepare_process() {
    for (int descriptor = 0; descriptor < 3; ++descriptor)
        if (::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
            static_cast<void>(::open("/dev/null", O_RDWR));  // gets the lowest number that is free
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

/// The whole of a main(): f's exit code, or 1 with one line on error output if f throws. `smaller` is what to
/// do where memory lacks.
template <class F>
int run_process(std::string_view smaller, const F& f) {
    prepare_process();
    try {
        return f();
    } catch (const std::bad_alloc&) {
        print_line("[memory] there is not enough memory: " + std::string(smaller), stderr);
    } catch (const std::exception& error) {
        print_line(error.what(), stderr);
    }
    return 1;
}

}  // namespace gantry::program
