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

/// Prepares the process for training, however it was started. Call it before anything is opened or printed.
/// Opens standard input, output and error if they are closed: otherwise a file of the run would get one of
/// their descriptors, and printed text would end up in it. A write to a closed pipe (`| head`) or beyond the
/// file-size limit becomes an error of that write and does not end the process: the run continues without its
/// reader.
inline void prepare_process() {
    for (int descriptor = 0; descriptor < 3; ++descriptor)
        if (::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
            static_cast<void>(::open("/dev/null", O_RDWR));  // uses the lowest free descriptor
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

/// The body of a main(): returns f's exit code, or 1 after printing one line on standard error if f throws.
/// `smaller` is the advice that is printed if memory runs out.
template <class F>
int run_process(std::string_view smaller, const F& f) {
    prepare_process();
    try {
        return f();
    } catch (const std::bad_alloc&) {
        print_line("[memory] out of memory: " + std::string(smaller), stderr);
    } catch (const std::exception& error) {
        print_line(error.what(), stderr);
    }
    return 1;
}

}  // namespace gantry::program
