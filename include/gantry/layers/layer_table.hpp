#pragma once
#include <gantry/core/parameter.hpp>
#include <gantry/core/shape.hpp>

#include <cstddef>
#include <iomanip>
#include <locale>
#include <span>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

// What a network says about itself at run time: the names of its parameters, and a table of its layers. The
// templates of Sequential only fill constant tables, which the functions here read, so that this code is
// compiled once and not for each network.

namespace gantry {

namespace detail {
/// The parameters, or the states, of one layer of a Sequential.
struct LayerTensors {
    std::span<const core::ParameterConstants> own;  ///< of a layer that is no container
    /// Lists those of a container's layers; null for other layers.
    void (*inner)(std::vector<core::ParameterInfo>& list, const std::string& prefix, std::size_t offset,
                  std::size_t& leaf);
    std::size_t size;             ///< number of elements
    std::size_t pytorch_modules;  ///< by how much PyTorch's index of the next layer is larger
};

template <std::size_t tensors, std::size_t numbers>
struct Counts {
    static constexpr std::size_t count = tensors, size = numbers;
};

/// Appends the tensors of a layer to `list`. `prefix` is prepended to their names; `offset` is that of the
/// layer in the network's buffer; `leaf` counts the layers that are no containers.
inline void append_tensors(const LayerTensors& layer, std::vector<core::ParameterInfo>& list,
                           const std::string& prefix, std::size_t offset, std::size_t& leaf) {
    if (layer.inner) return layer.inner(list, prefix, offset, leaf);
    for (const core::ParameterConstants& p : layer.own) {
        // A LearnedTensor has the name of its member: "gamma", not "gamma.".
        const bool unnamed = *p.name == '\0';
        list.push_back({unnamed ? prefix.substr(0, prefix.size() - 1) : prefix + p.name, 0, leaf, p.role,
                        p.extents, p.fan_in, p.fan_out, p.file_order, offset});
        offset += p.extents.size();
    }
    ++leaf;
}
/// Appends those of a Sequential's layers, whose names begin with their indices.
inline void list_tensors(std::span<const LayerTensors> layers, std::vector<core::ParameterInfo>& list,
                         const std::string& prefix, std::size_t offset, std::size_t& leaf) {
    std::size_t pytorch_index = 0;
    for (std::size_t index = 0; index < layers.size(); ++index) {
        const LayerTensors& layer = layers[index];
        const std::size_t before = list.size();
        append_tensors(layer, list, prefix + std::to_string(pytorch_index) + ".", offset, leaf);
        for (std::size_t i = before; i < list.size(); ++i) list[i].layer = index;
        offset += layer.size;
        pytorch_index += layer.pytorch_modules;
    }
}
}  // namespace detail

namespace layers {
/// A row of summary(): a layer that is no container.
struct SummaryRow {
    std::string layer, output;  ///< "0  Dense 100 -> 1200", "(Batch, 1200)"; "any": unknown
    std::size_t parameters;     ///< learned values
    std::size_t flops = 0;      ///< floating-point operations of a forward pass, per sample
    std::size_t bytes = 0;      ///< memory of the activations that it makes, per sample
};
}  // namespace layers

namespace detail {
/// What summary() says about one layer of a Sequential.
struct LayerSummary {
    std::string (*name)();    ///< of a layer that is no container
    std::string (*output)();  ///< see shape_text
    std::size_t parameters;   ///< as in SummaryRow
    /// Lists the rows of a container's layers; null for other layers.
    void (*inner)(std::vector<layers::SummaryRow>& rows, const std::string& prefix);
};

/// Appends the rows of a Sequential. `prefix` is prepended to the indices of its layers.
inline void list_rows(std::span<const LayerSummary> layers, std::vector<layers::SummaryRow>& rows,
                      const std::string& prefix) {
    for (std::size_t index = 0; index < layers.size(); ++index) {
        const LayerSummary& layer = layers[index];
        const std::string number = prefix + std::to_string(index);
        if (layer.inner)
            layer.inner(rows, number + ".");
        else
            rows.push_back({number + "  " + layer.name(), layer.output(), layer.parameters});
    }
}

/// The rows as a table with a header and a line of totals.
inline std::string summary_text(const std::vector<layers::SummaryRow>& rows,
                                const layers::SummaryRow& total) {
    std::ostringstream out;
    out.imbue(std::locale::classic());
    const auto line = [&](const std::string& layer, const std::string& output, const auto& count,
                          const auto& operations, const auto& bytes) {
        out << std::left << std::setw(64) << layer << std::setw(24) << output << std::right << std::setw(14)
            << count << std::setw(18) << operations << std::setw(20) << bytes << '\n';
    };
    line("layer", "output", "parameters", "FLOPs per sample", "bytes per sample");
    for (const layers::SummaryRow& row : rows)
        line(row.layer, row.output, row.parameters, row.flops, row.bytes);
    line(total.layer, total.output, total.parameters, total.flops, total.bytes);
    return out.str();
}

/// "(Batch, 28, 28, 1)"
inline std::string extents_text(const core::Extents& extents) {
    std::ostringstream text;
    text.imbue(std::locale::classic());
    text << extents;
    return text.str();
}
/// The same for a shape; "any" for AnyShape.
template <class S>
std::string shape_text() {
    if constexpr (std::is_same_v<S, core::AnyShape>)
        return "any";
    else
        return extents_text(S::extents(Batch));
}
}  // namespace detail

}  // namespace gantry
