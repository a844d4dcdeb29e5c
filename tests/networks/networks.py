"""The networks of examples/networks in PyTorch, with the same names."""
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import spectral_norm


def conv(inputs, outputs, size=4, stride=2, padding=1, bias=True):
    return nn.Conv2d(inputs, outputs, size, stride, padding, bias=bias)


def up(inputs, outputs, bias=True):
    return nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=bias)


class UnetBottom(nn.Module):
    def __init__(self, outer, inner):
        super().__init__()
        self.down = conv(outer, inner, bias=False)
        self.up = up(inner, outer, bias=False)
        self.norm = nn.BatchNorm2d(outer)

    def forward(self, x):
        return torch.cat([x, self.norm(self.up(F.relu(self.down(F.leaky_relu(x, 0.2)))))], 1)


class UnetLevel(nn.Module):
    def __init__(self, outer, inner, submodule):
        super().__init__()
        self.down = conv(outer, inner, bias=False)
        self.down_norm = nn.BatchNorm2d(inner)
        self.submodule = submodule
        self.up = up(2 * inner, outer, bias=False)
        self.up_norm = nn.BatchNorm2d(outer)

    def forward(self, x):
        y = self.submodule(self.down_norm(self.down(F.leaky_relu(x, 0.2))))
        return torch.cat([x, self.up_norm(self.up(F.relu(y)))], 1)


class SmallUnet(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.down = conv(3, c, bias=False)
        self.submodule = UnetLevel(c, 2 * c, UnetBottom(2 * c, 4 * c))
        self.up = up(2 * c, 3)

    def forward(self, x):
        return torch.tanh(self.up(F.relu(self.submodule(self.down(x)))))


class PatchDiscriminator(nn.Module):
    def __init__(self, inputs, c):
        super().__init__()
        self.conv1 = conv(inputs, c)
        self.conv2, self.norm2 = conv(c, 2 * c, bias=False), nn.BatchNorm2d(2 * c)
        self.conv3, self.norm3 = conv(2 * c, 4 * c, bias=False), nn.BatchNorm2d(4 * c)
        self.conv4, self.norm4 = conv(4 * c, 8 * c, stride=1, bias=False), nn.BatchNorm2d(8 * c)
        self.conv5 = conv(8 * c, 1, stride=1)

    def forward(self, image, translation):
        x = F.leaky_relu(self.conv1(torch.cat([image, translation], 1)), 0.2)
        x = F.leaky_relu(self.norm2(self.conv2(x)), 0.2)
        x = F.leaky_relu(self.norm3(self.conv3(x)), 0.2)
        return self.conv5(F.leaky_relu(self.norm4(self.conv4(x)), 0.2))


class ConditionalBatchNorm(nn.Module):
    def __init__(self, classes, channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale, self.shift = nn.Embedding(classes, channels), nn.Embedding(classes, channels)

    def forward(self, x, label):
        return self.norm(x) * (1 + self.scale(label))[:, :, None, None] + self.shift(label)[:, :, None, None]


class ConditionalGenerator(nn.Module):
    def __init__(self, noise, classes, c, colours):
        super().__init__()
        self.dense = nn.Linear(noise, 16 * 2 * c)
        self.norm1, self.conv1 = ConditionalBatchNorm(classes, 2 * c), up(2 * c, c)
        self.norm2, self.conv2 = ConditionalBatchNorm(classes, c), up(c, colours)

    def forward(self, z, label):
        x = self.dense(z).unflatten(1, (-1, 4, 4))
        return torch.tanh(self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x, label))), label))))


class ProjectionDiscriminator(nn.Module):
    def __init__(self, classes, c, colours):
        super().__init__()
        self.conv1, self.conv2 = conv(colours, c), conv(c, 2 * c)
        self.head, self.embed = nn.Linear(2 * c, 1), nn.Embedding(classes, 2 * c)

    def forward(self, image, label):
        features = F.leaky_relu(self.conv2(F.leaky_relu(self.conv1(image), 0.2)), 0.2).sum((2, 3))
        return self.head(features) + (features * self.embed(label)).sum(1, keepdim=True)


class MappingNetwork(nn.Module):
    def __init__(self, noise, style):
        super().__init__()
        self.first = nn.Linear(noise, style)
        self.layers = nn.ModuleList(nn.Linear(style, style) for _ in range(3))

    def forward(self, z):
        w = F.leaky_relu(self.first(z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)), 0.2)
        for layer in self.layers:
            w = F.leaky_relu(layer(w), 0.2)
        return w


class AdaIn(nn.Module):
    def __init__(self, style, channels):
        super().__init__()
        self.scale, self.shift = nn.Linear(style, channels), nn.Linear(style, channels)

    def forward(self, x, w):
        return F.instance_norm(x) * (1 + self.scale(w))[:, :, None, None] + self.shift(w)[:, :, None, None]


class StyleBlock(nn.Module):
    def __init__(self, style, inputs, outputs):
        super().__init__()
        self.conv, self.norm = conv(inputs, outputs, 3, 1), AdaIn(style, outputs)

    def forward(self, x, w):
        return self.norm(F.leaky_relu(self.conv(F.interpolate(x, scale_factor=2)), 0.2), w)


class StyleGenerator(nn.Module):
    def __init__(self, noise, style, c):
        super().__init__()
        self.mapping = MappingNetwork(noise, style)
        self.constant = nn.Parameter(torch.randn(4, 4, 2 * c))
        self.norm = AdaIn(style, 2 * c)
        self.block1, self.block2 = StyleBlock(style, 2 * c, c), StyleBlock(style, c, c)
        self.to_rgb = conv(c, 3, 1, 1, 0)

    def forward(self, z):
        w = self.mapping(z)
        x = self.constant.permute(2, 0, 1).expand(len(z), -1, -1, -1)
        return self.to_rgb(self.block2(self.block1(self.norm(x, w), w), w))


class SelfAttention(nn.Module):
    def __init__(self, channels, reduced):
        super().__init__()
        self.query, self.key = (conv(channels, reduced, 1, 1, 0, bias=False) for _ in range(2))
        self.value = conv(channels, channels, 1, 1, 0, bias=False)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        scores = self.query(x).flatten(2).transpose(1, 2) @ self.key(x).flatten(2)
        attended = scores.softmax(2) @ self.value(x).flatten(2).transpose(1, 2)
        return x + self.gamma * attended.transpose(1, 2).unflatten(2, x.shape[2:])


class AttentiveDiscriminator(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.attention, self.conv2 = conv(3, c), SelfAttention(c, c // 8), conv(c, 2 * c)
        self.head = nn.Linear(2 * c, 1)

    def forward(self, image):
        x = self.attention(F.leaky_relu(self.conv1(image), 0.2))
        return self.head(F.leaky_relu(self.conv2(x), 0.2).mean((2, 3)))


class FeatureDiscriminator(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.body = nn.Sequential(conv(3, c), nn.LeakyReLU(0.2), conv(c, 2 * c), nn.BatchNorm2d(2 * c),
                                  nn.LeakyReLU(0.2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(2 * c, 1)

    def forward(self, image):
        features = self.body(image)
        return features, self.head(features)


class Convolution(nn.Module):
    def __init__(self, inputs, outputs, size, groups=1):
        super().__init__()
        self.Layer = nn.Conv2d(inputs, outputs, size, padding=size // 2, groups=groups, bias=False)

    def forward(self, x):
        return self.Layer(x)


class BiasedActivation(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.Bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return F.leaky_relu(x + self.Bias[:, None, None], 0.2)


class ResidualBlock(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.LinearLayer1 = Convolution(channels, 2 * channels, 1)
        self.LinearLayer2 = Convolution(2 * channels, 2 * channels, 3, groups)
        self.LinearLayer3 = Convolution(2 * channels, channels, 1)
        self.NonLinearity1, self.NonLinearity2 = BiasedActivation(2 * channels), BiasedActivation(2 * channels)

    def forward(self, x):
        y = self.LinearLayer2(self.NonLinearity1(self.LinearLayer1(x)))
        return x + self.LinearLayer3(self.NonLinearity2(y))


class Resample(nn.Module):
    """By 2 with the filter [1, 2, 1], made interpolating by a convolution with [1, 1]."""

    def __init__(self, upwards):
        super().__init__()
        self.upwards = upwards

    def forward(self, x):
        taps = torch.tensor([1, 3, 3, 1], dtype=x.dtype)
        kernel = (torch.outer(taps, taps) / 64).expand(x.shape[1], 1, 4, 4)
        if self.upwards:
            return F.conv_transpose2d(x, 4 * kernel, stride=2, padding=1, groups=x.shape[1])
        return F.conv2d(x, kernel, stride=2, padding=1, groups=x.shape[1])


class GenerativeBasis(nn.Module):
    def __init__(self, inputs, channels):
        super().__init__()
        self.Basis = nn.Parameter(torch.randn(channels, 4, 4))
        self.LinearLayer = nn.Linear(inputs, channels, bias=False)

    def forward(self, z):
        return self.Basis * self.LinearLayer(z)[:, :, None, None]


class DiscriminativeBasis(nn.Module):
    def __init__(self, channels, outputs):
        super().__init__()
        self.Basis = nn.Conv2d(channels, channels, 4, groups=channels, bias=False)
        self.LinearLayer = nn.Linear(channels, outputs, bias=False)

    def forward(self, x):
        return self.LinearLayer(self.Basis(x).flatten(1))


class Stage(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.Layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.Layers(x)


class R3Generator(nn.Module):
    def __init__(self, width, blocks, groups, noise, embedding, classes):
        super().__init__()
        transitions = [GenerativeBasis(noise + embedding, width), *(Resample(True) for _ in range(3))]
        self.MainLayers = nn.Sequential(
            *(Stage(t, *(ResidualBlock(width, groups) for _ in range(blocks))) for t in transitions))
        self.AggregationLayer = Convolution(width, 3, 1)
        self.EmbeddingLayer = nn.Linear(classes, embedding, bias=False)

    def forward(self, z, label):
        y = self.EmbeddingLayer(F.one_hot(label, self.EmbeddingLayer.in_features).to(z.dtype))
        return self.AggregationLayer(self.MainLayers(torch.cat([z, y], 1)))


class R3Discriminator(nn.Module):
    def __init__(self, width, blocks, groups, embedding, classes):
        super().__init__()
        transitions = [*(Resample(False) for _ in range(3)), DiscriminativeBasis(width, embedding)]
        self.ExtractionLayer = Convolution(3, width, 1)
        self.MainLayers = nn.Sequential(
            *(Stage(*(ResidualBlock(width, groups) for _ in range(blocks)), t) for t in transitions))
        self.EmbeddingLayer = nn.Linear(classes, embedding, bias=False)

    def forward(self, image, label):
        y = self.EmbeddingLayer(F.one_hot(label, self.EmbeddingLayer.in_features).to(image.dtype))
        return (self.MainLayers(self.ExtractionLayer(image)) * y).sum(1)


class SnganUpBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.b1, self.b2 = nn.BatchNorm2d(c), nn.BatchNorm2d(c)
        self.c1, self.c2 = (nn.Conv2d(c, c, 3, padding=1) for _ in range(2))
        self.c_sc = nn.Conv2d(c, c, 1)

    def forward(self, x):
        h = self.c1(F.interpolate(F.relu(self.b1(x)), scale_factor=2))
        return self.c2(F.relu(self.b2(h))) + self.c_sc(F.interpolate(x, scale_factor=2))


class SnganGenerator(nn.Module):
    def __init__(self, noise, width):
        super().__init__()
        self.l1 = nn.Linear(noise, 16 * width)
        self.block2, self.block3, self.block4 = (SnganUpBlock(width) for _ in range(3))
        self.b5, self.c5 = nn.BatchNorm2d(width), nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, z):
        x = self.block4(self.block3(self.block2(self.l1(z).unflatten(1, (-1, 4, 4)))))
        return torch.tanh(self.c5(F.relu(self.b5(x))))


class SnganBlock(nn.Module):
    def __init__(self, inputs, outputs, down=False, first=False):
        super().__init__()
        self.down, self.first = down, first
        self.c1 = spectral_norm(nn.Conv2d(inputs, outputs if first else inputs, 3, padding=1))
        self.c2 = spectral_norm(nn.Conv2d(outputs if first else inputs, outputs, 3, padding=1))
        if down:
            self.c_sc = spectral_norm(nn.Conv2d(inputs, outputs, 1))

    def forward(self, x):
        y = self.c2(F.relu(self.c1(x if self.first else F.relu(x))))
        return F.avg_pool2d(y, 2) + F.avg_pool2d(self.c_sc(x), 2) if self.down else y + x


class SnganDiscriminator(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.block1 = SnganBlock(3, width, down=True, first=True)
        self.block2 = SnganBlock(width, width, down=True)
        self.block3, self.block4 = SnganBlock(width, width), SnganBlock(width, width)
        self.l5 = spectral_norm(nn.Linear(width, 1))

    def forward(self, image):
        x = self.block4(self.block3(self.block2(self.block1(image))))
        return self.l5(F.relu(x).sum((2, 3)))


class SpectralLayers(nn.Module):
    """Not a network of a paper: each layer that has a spectral norm. The last one has two iterations."""

    def __init__(self):
        super().__init__()
        self.conv = spectral_norm(nn.Conv2d(3, 4, (3, 2), 2, 1))
        self.groups = spectral_norm(nn.Conv2d(4, 6, 3, padding=1, groups=2, bias=False))
        self.up = spectral_norm(nn.ConvTranspose2d(6, 4, (2, 3), 2, groups=2))
        self.embed = spectral_norm(nn.Embedding(5, 4))
        self.head = spectral_norm(nn.Linear(4, 3), n_power_iterations=2)

    def forward(self, image, label):
        x = F.softplus(self.up(F.softplus(self.groups(F.softplus(self.conv(image)))))).mean((2, 3))
        return self.head(x * (1 + self.embed(label)))
