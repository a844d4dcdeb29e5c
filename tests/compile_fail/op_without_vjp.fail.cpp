// expect: an op is trivially copyable and has a name, forward and vjp for its inputs
// max-errors: 2
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
};
auto copy(const TensorRef<float, Cpu>& x) { return ops::run_op(Copy{}, x.extents, {}, x); }
