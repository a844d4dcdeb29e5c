#pragma once
// Common parts of cuBLAS and cuDNN: objects that the caller owns, and rounding to TF32.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <set>

namespace cuda_emulator {

/// The live handles or descriptors of one type. Detects the use of destroyed ones.
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

/// Numbers of live handles and descriptors: 0 at the end of a program without leaks.
std::size_t living_cublas_objects();
std::size_t living_cudnn_objects();

/// Rounds a float as tensor cores do: 10 bits of mantissa, ties away from zero.
inline double to_tf32(float x) {
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) + 0x1000u) & ~0x1fffu);
}
inline double to_tf32(double x) { return x; }

}  // namespace cuda_emulator
