#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/copy.hpp>

#include <string_view>

namespace gantry::ops {

/// y = x, in other memory.
struct CopyOp {
    static constexpr std::string_view name = "copy";

    template <class V>
    void forward(const V& y, bool, const V& x) const {
        launch(*y.device, contracts::CopyBlockParameters<typename V::scalar>{1, x.size(), x.data, x.size(),
                                                                             y.data, x.size()});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return upstream; });
    }
};

}  // namespace gantry::ops
