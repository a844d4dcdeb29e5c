#pragma once
// For tests that need a separate process.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <support/catch.hpp>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gantry::test {

inline bool in_child = false;

/// What a forked child prints, followed by "exit N" with its exit code. SIGALRM ends a child that hangs.
template <class F>
std::string run_in_child(const F& f) {
    int ends[2] = {};
    REQUIRE(::pipe(ends) == 0);
    std::fflush(nullptr);  // or the child would print the buffer, too
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        in_child = true;
        ::alarm(20);
        ::dup2(ends[1], STDOUT_FILENO);
        ::dup2(ends[1], STDERR_FILENO);
        ::_exit(f() ? 0 : 1);
    }
    ::close(ends[1]);
    std::string text;
    char buffer[256];
    for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(n));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return text + (WIFEXITED(status) ? "exit " : "signal ") +
           std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/// From now on the system refuses to create threads in this process.
inline void allow_no_threads() {
    const rlimit none{0, 0};
    if (::geteuid() == 0 && ::setuid(65534) != 0) std::abort();  // the limit does not apply to root
    if (::setrlimit(RLIMIT_NPROC, &none) != 0) std::abort();
}

}  // namespace gantry::test

/// Called by LeakSanitizer, if present. A forked child has the memory of its parent's threads but not the
/// threads, which looks like leaks.
extern "C" [[gnu::used]] inline int __lsan_is_turned_off() { return gantry::test::in_child; }
