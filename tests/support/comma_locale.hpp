#pragma once
#include "io/temporary_folder.hpp"

#include <cstdio>
#include <cstdlib>
#include <locale>
#include <stdexcept>
#include <string>

// LeakSanitizer's, if the program is linked with it: memory that is allocated in between may leak.
extern "C" __attribute__((weak)) void __lsan_disable();
extern "C" __attribute__((weak)) void __lsan_enable();

/// Until the end of the scope, C and C++ write 1234.5 as "1.234,5", as in a program that calls
/// setlocale(LC_ALL, "") on a German machine. The locale is built here, since a machine may have none.
class CommaLocale {
public:
    CommaLocale() {
        const TemporaryFolder folder;
        put_file(folder / "source",
                 "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3;3\nEND LC_NUMERIC\n");
        const std::string path = folder.path().string();
        // -c: although it has no other categories
        const int result = std::system(
            ("localedef -c -i " + path + "/source " + path + "/comma 2> " + path + "/errors").c_str());
        if (!std::filesystem::exists(folder / "comma"))
            throw std::runtime_error(
                "localedef failed with " + std::to_string(result) +
                " (is Debian's package locales installed?): " + contents_of(folder / "errors"));
        if (__lsan_disable) __lsan_disable();  // glibc keeps 40 bytes for each folder of LOCPATH
        setenv("LOCPATH", path.c_str(), 1);
        before_ = std::locale::global(std::locale("comma"));
        unsetenv("LOCPATH");
        if (__lsan_enable) __lsan_enable();
        char text[8];
        std::snprintf(text, sizeof text, "%.1f", 0.5);
        if (text != std::string("0,5")) throw std::runtime_error("the locale is not in use");
    }
    CommaLocale(const CommaLocale&) = delete;
    CommaLocale& operator=(const CommaLocale&) = delete;
    ~CommaLocale() { std::locale::global(before_); }

private:
    std::locale before_;
};
