#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace gantry::gan {

/// Interpolation between latent points.
enum class LatentPath {
    spherical,  ///< along a great circle: points keep about the norm that the generator was trained with.
                ///< Source: White, "Sampling generative networks" (2016), section 2
    linear,
};

/// Interpolates between a (t = 0) and b (t = 1).
inline std::vector<float> between(std::span<const float> a, std::span<const float> b, double t,
                                  LatentPath path) {
    double aa = 0, ab = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = a[i], y = b[i];
        aa += x * x, ab += x * y, bb += y * y;
    }
    const double angle = std::acos(std::clamp(ab / std::sqrt(aa * bb), -1.0, 1.0)), sine = std::sin(angle);
    double of_a = 1 - t, of_b = t;
    // Parallel or opposite vectors, and the zero vector, define no great circle.
    if (path == LatentPath::spherical && sine > 1e-6) {
        of_a = std::sin((1 - t) * angle) / sine;
        of_b = std::sin(t * angle) / sine;
    }
    std::vector<float> point(a.size());
    for (std::size_t i = 0; i < a.size(); ++i)
        point[i] = static_cast<float>(of_a * static_cast<double>(a[i]) + of_b * static_cast<double>(b[i]));
    return point;
}

/// Interpolates between consecutive points (count, size), `steps` points each, both ends included. Returns
/// (count - 1, steps, size).
inline std::vector<float> latent_path(std::span<const float> points, std::size_t size, std::size_t steps,
                                      LatentPath path) {
    std::vector<float> all;
    for (std::size_t i = 0; i + size < points.size(); i += size)
        for (std::size_t step = 0; step < steps; ++step) {
            const double t = static_cast<double>(step) / static_cast<double>(steps - 1);
            const auto point = between(points.subspan(i, size), points.subspan(i + size, size), t, path);
            all.insert(all.end(), point.begin(), point.end());
        }
    return all;
}

}  // namespace gantry::gan
