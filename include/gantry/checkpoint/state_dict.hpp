#pragma once
#include <gantry/io/csv.hpp>
#include <gantry/io/safetensors.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

// Tensor names of a state_dict: "0.1.weight" is the tensor "weight" of the module "0.1".

namespace gantry::detail {

/// The batch counter of PyTorch's batch norm, which gantry does not use.
inline constexpr const char* batch_count = "num_batches_tracked";

/// "0.1." of "0.1.weight".
inline std::string module_of(const std::string& tensor) { return tensor.substr(0, tensor.rfind('.') + 1); }

/// The components of a module's name, ordered so that 2 sorts before 10, and numbers before text.
using ModulePath = std::vector<std::pair<std::uint64_t, std::string>>;
inline constexpr std::uint64_t no_number = std::numeric_limits<std::uint64_t>::max();

inline ModulePath module_path(const std::string& module_name) {
    ModulePath path;
    for (std::size_t begin = 0, end; begin < module_name.size(); begin = end + 1) {
        end = module_name.find('.', begin);
        const std::string part = module_name.substr(begin, end - begin);
        std::uint64_t number = 0;
        path.emplace_back(io::parse_number(part, number) ? number : no_number, part);
    }
    return path;
}

/// A module with the names of its tensors.
struct Module {
    std::string name;
    std::set<std::string> tensors;
};
/// The modules of these tensors, sorted by ModulePath.
inline std::vector<Module> modules_of(const std::vector<std::string>& tensors) {
    std::map<ModulePath, Module> modules;
    for (const std::string& tensor : tensors) {
        const std::string name = module_of(tensor);
        Module& found = modules[module_path(name)];
        found.name = name;
        found.tensors.insert(tensor.substr(name.size()));
    }
    std::vector<Module> list;
    for (auto& [path, found] : modules) list.push_back(std::move(found));
    return list;
}

/// True if the modules' names determine the order of their layers: adjacent names first differ in a number.
inline bool have_order(const std::vector<Module>& modules) {
    for (std::size_t i = 1; i < modules.size(); ++i) {
        const ModulePath a = module_path(modules[i - 1].name), b = module_path(modules[i].name);
        const auto [at_a, at_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
        if (at_a != a.end() && at_b != b.end() && (at_a->first == no_number || at_b->first == no_number))
            return false;
    }
    return true;
}

/// The names of a network's tensors in a file.
struct TensorNames {
    std::map<std::string, std::string> in_file;  ///< name in the network -> name in the file
    std::string difference;                      ///< the first mismatch, if any; in_file then ends before it
};

/// Finds a network's tensors in a file; both lists are without the network's name, `prefix`, which messages
/// use. If a name is missing, modules with parameters or states are matched by their order, since layers
/// without them may have other positions in PyTorch, and Sequentials may be nested differently.
inline TensorNames find_tensors(const std::vector<std::string>& network, const std::vector<std::string>& file,
                                const std::string& prefix) {
    TensorNames names;
    const auto has_no = [&](const std::string& tensor) {
        names.difference = "has no tensor " + io::quoted(prefix + tensor);
        return names;
    };
    const std::set<std::string> known(file.begin(), file.end());
    const auto missing = std::find_if(network.begin(), network.end(),
                                      [&](const std::string& tensor) { return !known.contains(tensor); });
    if (missing == network.end()) {
        for (const std::string& tensor : network) names.in_file[tensor] = tensor;
        return names;
    }
    const std::vector<Module> wanted = modules_of(network);
    const std::vector<Module> found = modules_of(file);
    if (!have_order(found)) return has_no(*missing);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (i == found.size()) return has_no(wanted[i].name + *wanted[i].tensors.begin());
        for (const std::string& tensor : wanted[i].tensors) {
            const std::string name = found[i].name + tensor;
            if (!found[i].tensors.contains(tensor)) {
                has_no(name);
                if (found[i].name != wanted[i].name)
                    names.difference += " for this network's " + io::quoted(wanted[i].name + tensor);
                return names;
            }
            names.in_file[wanted[i].name + tensor] = name;
        }
    }
    return names;
}

}  // namespace gantry::detail
