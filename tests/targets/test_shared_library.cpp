// A plugin: a shared library that trains, and that the program closes while its workers are still there.
#include "support/catch.hpp"

#include <chrono>
#include <thread>

#include <dlfcn.h>

TEST_CASE("a shared library that trains can be closed and opened again") {
    float first = 0;
    for (int i = 0; i < 10; ++i) {
        void* const library = dlopen(GANTRY_CLOSABLE, RTLD_NOW | RTLD_LOCAL);
        if (!library) FAIL(dlerror());
        const auto train = reinterpret_cast<float (*)()>(dlsym(library, "train_in_library"));
        REQUIRE(train != nullptr);
        float weight = 0;
        // The destructors of a thread's thread_local variables keep a library loaded until the thread ends.
        std::thread([&] { weight = train(); }).join();
        REQUIRE(dlclose(library) == 0);
        std::this_thread::sleep_for(std::chrono::microseconds(300));  // workers would run in unmapped code
        if (i == 0) first = weight;
        CHECK(weight == first);
    }
}
