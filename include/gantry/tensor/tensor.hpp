#pragma once
#include <gantry/contracts/copy.hpp>
#include <gantry/contracts/random.hpp>
#include <gantry/core/buffer.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/lifetime.hpp>
#include <gantry/core/random.hpp>
#include <gantry/core/shape.hpp>

#include <concepts>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

namespace gantry {

namespace core {
struct Node;
}  // namespace core

/// An untyped handle: a tensor on a device with a run-time shape. Tensor and Variable wrap it. Code that
/// works on TensorRefs (recording, derivatives, kernels) is compiled once for all shapes.
template <class T, class D>
struct TensorRef {
    using shape = core::DynamicShape;       ///< known at run time only: extents
    using scalar = T;                       ///< type of the elements
    using device_type = D;                  ///< type of the device
    static constexpr bool recorded = true;  ///< whether it is on the tape is known at run time only: node

    T* data = nullptr;                  ///< device pointer, row-major
    D* device = nullptr;                ///< the device that holds the data
    core::Extents extents;              ///< the shape
    std::uint32_t step = 0;             ///< the step that created it; 0: outlives steps
    core::Node* node = nullptr;         ///< its node on the tape; null: requires no gradient
    core::Lifetime::Watch memory = {};  ///< watches the owner of the memory, the device or a Buffer

    /// Number of elements.
    std::size_t size() const { return extents.size(); }
    /// Itself: ops call value() of all tensors.
    const TensorRef& value() const { return *this; }
    /// A tensor of the current step with the same extents but other data and node.
    TensorRef of_step(void* numbers, core::Node* place) const {
        return {static_cast<T*>(numbers), device, extents, device->step(), place, device->watch()};
    }
    /// Errors: the memory was released, or the step that created the tensor has ended.
    void check_alive() const {
        if (memory.over())
            fail("tensor",
                 "its memory was released: the Network, PersistentTensor or device that owns it must outlive "
                 "it");
        if (step != 0 && step != device->step())
            fail("tensor",
                 "a tensor is valid until the end of the step that created it; copy it to a PersistentTensor "
                 "to keep it longer",
                 "a tensor of step ", step, " in step ", device->step());
    }
    /// Returns the device. Errors: those of check_alive.
    D& live_device() const {
        check_alive();
        return *device;
    }
};

/// A tensor with compile-time shape S and elements T on device D; requires no gradient. It is a handle:
/// copies share the data. Valid until the end of the step, unless it belongs to a PersistentTensor or a
/// Network.
template <class S, class T, class D>
class [[nodiscard]] Tensor {
public:
    using shape = S;                         ///< compile-time shape
    using scalar = T;                        ///< type of the elements
    using device_type = D;                   ///< type of the device
    static constexpr bool recorded = false;  ///< not on the tape

    /// Wraps a TensorRef and takes it off the tape.
    explicit Tensor(const TensorRef<T, D>& value) : value_(value) { value_.node = nullptr; }

    /// The untyped handle that ops compute with.
    const TensorRef<T, D>& value() const { return value_; }
    /// The device. Errors: the tensor is no longer valid.
    D& device() const { return value_.live_device(); }
    /// Batch size; only for shapes with a Batch.
    int batch() const
        requires S::batched
    {
        return value_.extents.first();
    }
    /// Number of elements.
    std::size_t size() const { return value_.size(); }
    /// Device pointer to the elements: row-major, images channels-last (NHWC).
    T* data() const {
        value_.check_alive();
        return value_.data;
    }
    /// Copies the elements to the host. Waits for the device.
    std::vector<T> to_host() const {
        std::vector<T> host(size());
        copy_to(host.data());
        return host;
    }
    /// The value of a scalar. Waits for the device.
    T item() const
        requires(S::rank == 0)
    {
        T result;
        copy_to(&result);
        return result;
    }

private:
    void copy_to(T* host) const {
        D& from = device();
        const auto turn = from.turn();
        from.memory().copy_to_host(host, value_.data, size() * sizeof(T));
    }

    TensorRef<T, D> value_;
};

namespace detail {
/// Limit for tensors created outside of a Step: large enough to inspect some results, small enough to stop a
/// training loop without Steps.
inline constexpr std::size_t most_bytes_without_step = std::size_t{256} << 20;
}  // namespace detail

namespace core {
/// Allocates an uninitialised tensor in the memory of the step; outside of a Step, it is valid until the next
/// one ends. Errors: out of memory; more than 256 MiB in use outside of a Step.
template <class T, class D>
TensorRef<T, D> allocate(D& device, const Extents& extents) {
    const auto turn = device.turn();
    if (!device.tape().is_open() && device.arena().used() > detail::most_bytes_without_step)
        fail("tensor",
             "tensors created outside a Step are never freed: write `const Step step{device};` where an "
             "iteration begins",
             device.arena().used(), " bytes of such tensors");
    try {
        void* const numbers = device.arena().allocate(bytes_of<T>(extents.size()));
        if constexpr (!D::records) device.bytes += extents.size() * sizeof(T);
        return TensorRef<T, D>{nullptr, &device, extents}.of_step(numbers, nullptr);
    } catch (const std::bad_alloc&) {
        fail("tensor", "out of memory", "shape ", extents, " of ", sizeof(T), " bytes per element");
    }
}
}  // namespace core

namespace detail {
template <class S>
core::Extents checked_extents(int batch) {
    if (S::batched && batch < 1) fail("tensor", "the batch size must be at least 1", batch);
    return S::extents(batch);
}
}  // namespace detail

/// A tensor of shape S with all elements equal to `number`. `batch` is used only if S has a Batch.
template <class S, class T = float, class D>
Tensor<S, T, D> filled(D& device, int batch, double number) {
    const auto value = core::allocate<T>(device, detail::checked_extents<S>(batch));
    launch(device, contracts::FillParameters<T>{value.size(), value.data, static_cast<T>(number)});
    return Tensor<S, T, D>{value};
}

/// Copies `numbers`, row-major, to a new tensor of shape S and their type: float, double, or std::int32_t for
/// class labels and other integers. Errors: their count differs from the size of the shape.
template <class S, class T, class D>
Tensor<S, T, D> from_host(D& device, int batch, std::span<const T> numbers) {
    static_assert(!std::is_integral_v<T> || std::is_same_v<T, std::int32_t>,
                  "gantry: a tensor of integers, such as labels, has std::int32_t: from_host takes a "
                  "std::vector<std::int32_t> or a std::vector<float>");
    const auto value = core::allocate<T>(device, detail::checked_extents<S>(batch));
    if (numbers.size() != value.size())
        fail("from_host", "the number of values must match the shape", numbers.size(), " for ",
             value.extents);
    device.memory().copy_from_host(value.data, numbers.data(), numbers.size() * sizeof(T));
    return Tensor<S, T, D>{value};
}
/// The same for a std::vector.
template <class S, class T, class D>
Tensor<S, T, D> from_host(D& device, int batch, const std::vector<T>& numbers) {
    return from_host<S>(device, batch, std::span<const T>(numbers));
}

/// Standard normal numbers (mean 0, standard deviation 1), drawn from `stream`: -> S.
template <class S, class T = float, class D>
Tensor<S, T, D> normal(D& device, int batch, RandomStream& stream) {
    const auto value = core::allocate<T>(device, detail::checked_extents<S>(batch));
    launch(device, contracts::NormalParameters<T>{value.size(), value.data, 0, 1, stream.take(value.size())});
    return Tensor<S, T, D>{value};
}

/// Uniform numbers in [low, high), drawn from `stream`: -> S.
template <class S, class T = float, class D>
Tensor<S, T, D> uniform(D& device, int batch, RandomStream& stream, double low, double high) {
    const auto value = core::allocate<T>(device, detail::checked_extents<S>(batch));
    launch(device,
           contracts::UniformParameters<T>{value.size(), value.data, low, high, stream.take(value.size())});
    return Tensor<S, T, D>{value};
}

/// Random integers, uniform in [0, count), drawn from `stream`: -> integers S. Such as labels for generated
/// images. `batch` is used only if S has a Batch. Errors: count < 1.
///     auto labels = uniform_integers<Shape<Batch>>(device, 64, stream, 10);
template <class S, class D>
Tensor<S, std::int32_t, D> uniform_integers(D& device, int batch, RandomStream& stream, int count) {
    if (count < 1) fail("uniform_integers", "there must be at least one integer to draw from", count);
    const auto value = core::allocate<std::int32_t>(device, detail::checked_extents<S>(batch));
    launch(device,
           contracts::UniformIntegersParameters<std::int32_t>{
               value.size(), value.data, static_cast<std::uint32_t>(count), stream.take(value.size())});
    return Tensor<S, std::int32_t, D>{value};
}

/// A tensor that owns its memory and outlives steps, for example fixed latent vectors.
template <class S, class T, class D>
class PersistentTensor {
public:
    /// Copies `from`.
    explicit PersistentTensor(const Tensor<S, T, D>& from)
        : buffer_(from.device(), from.size()), extents_(from.value().extents) {
        *this = from;
    }
    /// Copies the elements. Ops recorded with the old values can no longer be differentiated. Errors: another
    /// device or batch size.
    PersistentTensor& operator=(const Tensor<S, T, D>& from) {
        D& device = buffer_.device();
        if (&from.device() != &device)
            fail("PersistentTensor", "the device of a PersistentTensor cannot change");
        if (from.value().extents != extents_)
            fail("PersistentTensor", "the size of a PersistentTensor cannot change", from.value().extents,
                 " for ", extents_);
        const auto turn = device.turn();
        launch(device, contracts::CopyBlockParameters<T>{1, from.size(), from.data(), from.size(),
                                                         buffer_.data(), from.size()});
        device.tape().overwritten(buffer_.data(), buffer_.data() + buffer_.size(), "a PersistentTensor");
        return *this;
    }
    /// The tensor; valid as long as the PersistentTensor.
    Tensor<S, T, D> get() const {
        T* const data = const_cast<T*>(buffer_.data());  // ops only read a Tensor
        return Tensor<S, T, D>{
            TensorRef<T, D>{data, &buffer_.device(), extents_, 0, nullptr, buffer_.watch()}};
    }
    /// The underlying buffer, for checkpoints.
    core::Buffer<T, D>& buffer() { return buffer_; }

private:
    core::Buffer<T, D> buffer_;
    core::Extents extents_;
};

}  // namespace gantry
