#pragma once
#include <gantry/core/compiler.hpp>

#include <csignal>
#include <initializer_list>

#include <pthread.h>

namespace gantry::core {

/// Scope in which the calling thread, and threads that it starts, leave signals to the program's other
/// threads or to the end of the scope. Faults are still delivered.
class [[nodiscard]] AsynchronousSignalsBlocked {
public:
    AsynchronousSignalsBlocked() {
        sigset_t asynchronous;
        sigfillset(&asynchronous);
        for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF})
            sigdelset(&asynchronous, fault);
        pthread_sigmask(SIG_SETMASK, &asynchronous, &before_);
    }
    AsynchronousSignalsBlocked(const AsynchronousSignalsBlocked&) = delete;
    AsynchronousSignalsBlocked& operator=(const AsynchronousSignalsBlocked&) = delete;
    ~AsynchronousSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

}  // namespace gantry::core
