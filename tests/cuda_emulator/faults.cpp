#include "faults.hpp"

#include "gpu.hpp"

namespace cuda_emulator {
namespace {
struct Fault {
    Call call;
    std::size_t calls_left;
    std::optional<int> code;
    bool happened = false;
};
std::optional<Fault> fault;
}  // namespace

void inject_fault(Call call, std::size_t n, std::optional<int> code) {
    const std::lock_guard lock(gpu().mutex);
    fault = Fault{call, n, code};
}
void clear_fault() {
    const std::lock_guard lock(gpu().mutex);
    fault.reset();
}
bool fault_happened() {
    const std::lock_guard lock(gpu().mutex);
    return fault && fault->happened;
}

cudaError_t injected_fault(Call call, cudaError_t usual) {
    if (!fault || fault->calls_left == 0 || (fault->call != Call::any && fault->call != call))
        return cudaSuccess;
    if (--fault->calls_left > 0) return cudaSuccess;
    fault->happened = true;
    return fault->code ? static_cast<cudaError_t>(*fault->code) : usual;
}

}  // namespace cuda_emulator
