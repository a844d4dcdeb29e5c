"""The networks of examples/networks in PyTorch, with the same names."""
import torch
from torch import nn
from torch.nn import functional as F


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
