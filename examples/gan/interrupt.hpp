#pragma once
#include <csignal>

#include <signal.h>

namespace gantry::gan {

/// While it lives, Ctrl-C and SIGTERM no longer end the program: they are noted, so that a training loop can
/// finish its step and save. The second Ctrl-C ends the program as usual.
class Interrupt {
public:
    Interrupt() {
        requested_ = 0;
        struct sigaction action {};
        action.sa_handler = [](int) { requested_ = 1; };
        action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
        sigaction(SIGINT, &action, &before_int_);
        sigaction(SIGTERM, &action, &before_term_);
    }
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    ~Interrupt() {
        sigaction(SIGINT, &before_int_, nullptr);
        sigaction(SIGTERM, &before_term_, nullptr);
    }
    bool requested() const { return requested_ != 0; }

private:
    inline static volatile std::sig_atomic_t requested_ = 0;
    struct sigaction before_int_ {};
    struct sigaction before_term_ {};
};

}  // namespace gantry::gan
