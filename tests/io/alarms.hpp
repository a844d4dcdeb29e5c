#pragma once
#include <csignal>
#include <thread>

#include <pthread.h>
#include <sys/time.h>

namespace gantry::test {

/// Interrupts system calls of this thread every millisecond, by a handler without SA_RESTART.
class Alarms {
public:
    Alarms() {
        struct sigaction action{};
        action.sa_handler = [](int) {};
        sigaction(SIGALRM, &action, &before_);
        set_interval(1000);
    }
    Alarms(const Alarms&) = delete;
    Alarms& operator=(const Alarms&) = delete;
    ~Alarms() {
        set_interval(0);
        sigaction(SIGALRM, &before_, nullptr);
    }

private:
    static void set_interval(int microseconds) {
        const itimerval timer{{0, microseconds}, {0, microseconds}};
        setitimer(ITIMER_REAL, &timer, nullptr);
    }
    struct sigaction before_{};
};

/// A thread that Alarms do not interrupt.
template <class F>
std::thread thread_without_alarms(const F& f) {
    sigset_t alarm, before;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm, &before);
    std::thread thread(f);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace gantry::test
