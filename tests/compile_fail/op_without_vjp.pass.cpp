#include <gantry/gantry.hpp>

#include <string_view>

using namespace gantry;
struct Copy {
    static constexpr std::string_view name = "copy";
    template <class V>
    void forward(const V& y, bool, const V& x) const {
        launch(*y.device,
               contracts::CopyBlockParameters<float>{1, x.size(), x.data, x.size(), y.data, y.size()});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return upstream; });
    }
};
auto copy(const TensorRef<float, Cpu>& x) { return ops::run_op(Copy{}, x.extents, {}, x); }
