#pragma once
#include <gantry/core/buffer.hpp>
#include <gantry/core/parameter.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gantry::layers {

/// One parameter, or one running statistic, of a network: network.parameter("3.weight"). T is const for a
/// const network. The network must outlive the view, and must not be moved.
template <class T, class D>
class [[nodiscard]] ParameterView {
    using BufferType = std::conditional_t<std::is_const_v<T>, const core::Buffer<std::remove_const_t<T>, D>,
                                          core::Buffer<T, D>>;

public:
    /// The elements of `buffer` that `info` describes; `network` watches the owner. See Network::parameter.
    ParameterView(BufferType& buffer, core::ParameterInfo info, core::Lifetime::Watch network)
        : buffer_(&buffer), info_(std::move(info)), network_(network) {}

    /// "3.weight"
    const std::string& name() const { return info_.name; }
    /// As in memory, which is row-major: Dense weights are (in, out), Conv2d weights (height, width, in,
    /// out).
    const core::Extents& extents() const { return info_.extents; }
    /// Number of elements.
    std::size_t size() const { return info_.extents.size(); }
    /// Device pointer to the elements. Call overwritten() after writing to it. Errors: the network was
    /// destroyed or moved.
    T* data() const { return buffer().data() + info_.offset; }

    /// Copies the elements to the host. Waits for the device.
    std::vector<std::remove_const_t<T>> to_host() const {
        std::vector<std::remove_const_t<T>> host(size());
        const auto turn = buffer().device().turn();
        if (!host.empty())
            buffer().device().memory().copy_to_host(host.data(), data(), host.size() * sizeof(T));
        return host;
    }
    /// Overwrites the elements and calls `overwritten`. Errors: host.size() != size().
    void from_host(std::span<const T> host) const
        requires(!std::is_const_v<T>)
    {
        if (host.size() != size())
            fail("Network", name() + " needs one value per element", host.size(), " for ", size());
        if (host.empty()) return;
        const auto turn = buffer().device().turn();
        buffer().device().memory().copy_from_host(data(), host.data(), host.size() * sizeof(T));
        overwritten();
    }
    /// Call this after writing to data() directly: it invalidates recorded passes and cached transforms.
    void overwritten() const
        requires(!std::is_const_v<T>)
    {
        buffer().device().tape().overwritten(data(), data() + size());
    }

private:
    BufferType& buffer() const {
        if (network_.over()) fail("Network", "the network of " + name() + " was destroyed or moved");
        return *buffer_;
    }

    BufferType* buffer_;
    core::ParameterInfo info_;
    core::Lifetime::Watch network_;
};

}  // namespace gantry::layers
