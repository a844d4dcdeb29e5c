#pragma once
// What cuBLAS and cuDNN have in common here: objects that the caller owns, and rounding to TF32.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <set>

namespace cuda_emulator {

/// Handles and descriptors of one type that were created and not yet destroyed. A destroyed one is known for
/// what it is.
template <class Object>
class Objects {
public:
    Object* create() { return *living_.insert(new Object{}).first; }
    bool has(const Object* object) const { return living_.count(const_cast<Object*>(object)) > 0; }
    void destroy(Object* object) {
        living_.erase(object);
        delete object;
    }
    std::size_t size() const { return living_.size(); }

private:
    std::set<Object*> living_;
};

/// Handles and descriptors of both libraries that live: 0 at the end of a program without a leak.
std::size_t living_cublas_objects();
std::size_t living_cudnn_objects();

/// A float as tensor cores take it: 10 bits of mantissa, ties away from zero.
inline double to_tf32(float x) {
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) + 0x1000u) & ~0x1fffu);
}
inline double to_tf32(double x) { return x; }

}  // namespace cuda_emulator
