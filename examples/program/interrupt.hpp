#pragma once
#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <limits>

#include <signal.h>
#include <time.h>

namespace gantry::program {

/// During its lifetime, records signals that ask the program to end (Ctrl-C, SIGTERM, a closed terminal, a
/// limit on CPU time), so that a training loop can finish its step and save. A second Ctrl-C or SIGTERM ends
/// the program as usual if it arrives more than a second after the first signal: terminals and `timeout` send
/// two in short succession. SIGHUP stays ignored if it was ignored before, as under nohup.
class [[nodiscard]] Interrupt {
public:
    Interrupt() {
        first_ = 0;
        noted_at_ = std::numeric_limits<long long>::max();
        struct sigaction action{};
        action.sa_handler = note;
        action.sa_flags = SA_RESTART;
        sigfillset(&action.sa_mask);
        for (std::size_t i = 0; i < signals.size(); ++i) {
            sigaction(signals[i], nullptr, &before_[i]);
            const bool nohup = signals[i] == SIGHUP && before_[i].sa_handler == SIG_IGN;
            if (!nohup) sigaction(signals[i], &action, nullptr);
        }
    }
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    ~Interrupt() {
        for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &before_[i], nullptr);
    }

    /// The first recorded signal; 0: none.
    int signal() const { return first_; }

private:
    static constexpr std::array signals{SIGINT, SIGTERM, SIGHUP, SIGXCPU};

    static void note(int signal) {
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &now);
        const long long milliseconds = now.tv_sec * 1000LL + now.tv_nsec / 1'000'000;
        int none = 0;
        if (first_.compare_exchange_strong(none, signal))
            noted_at_ = milliseconds;
        else if ((signal == SIGINT || signal == SIGTERM) && milliseconds - noted_at_ > 1000) {
            std::signal(signal, SIG_DFL);
            std::raise(signal);
        }
    }

    inline static std::atomic<int> first_ = 0;
    inline static std::atomic<long long> noted_at_ = 0;
    static_assert(std::atomic<int>::is_always_lock_free && std::atomic<long long>::is_always_lock_free,
                  "a signal handler must not wait for a lock");
    std::array<struct sigaction, signals.size()> before_{};
};

}  // namespace gantry::program
