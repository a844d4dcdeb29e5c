#pragma once
#include <cerrno>
#include <csignal>

#include <fcntl.h>

namespace gantry::gan {

/// Makes the process one that can train, whoever started it and however; to be called before it opens or
/// prints anything. Standard input, output and error output are open: without them a file of the run would
/// get the number of one, and what is printed would go into it. A write to a pipe that nobody reads (`|
/// head`) or beyond the limit of a file's size is an error of that write, not the end of the process: a run
/// whose reader has gone trains on, without a word.
inline void prepare_process() {
    for (int descriptor = 0; descriptor < 3; ++descriptor)
        if (::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
            static_cast<void>(::open("/dev/null", O_RDWR));  // gets the lowest number that is free
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace gantry::gan
