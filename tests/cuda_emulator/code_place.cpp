#include "code_place.hpp"

#include <cstdint>
#include <cstdio>

#include <dlfcn.h>
#include <unistd.h>

namespace cuda_emulator {

std::string code_place(const void* code) {
    Dl_info info{};
    if (dladdr(code, &info) == 0) return "unknown place";
    // A return address is the one after the call.
    const auto address = reinterpret_cast<std::uintptr_t>(code) - 1;
    const auto offset = address - reinterpret_cast<std::uintptr_t>(info.dli_fbase);
    char text[32];
    std::snprintf(text, sizeof text, "code at 0x%zx", static_cast<std::size_t>(offset));
    const std::string program = "/proc/" + std::to_string(getpid()) + "/exe";
    FILE* answer =
        popen(("addr2line -e " + program + " " + std::string(text + 8) + " 2>/dev/null").c_str(), "r");
    if (answer == nullptr) return text;
    char line[1024] = "";
    const bool answered = std::fgets(line, sizeof line, answer) != nullptr;
    pclose(answer);
    std::string place = line;
    if (!answered || place.starts_with("??")) return text;
    place = place.substr(place.rfind('/') + 1);
    return place.substr(0, place.find_first_of(" \n"));
}

}  // namespace cuda_emulator
