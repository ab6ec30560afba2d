"""Adam over rounded copies of weights: the steps that autocast and plain Adam take, bit for bit."""

import pytest
import torch
from torch import nn

from albumnet.models.heads import Dense
from albumnet.training import optimizer
from albumnet.training.optimizer import RoundingAdam

B, D, H, M = 16, 48, 32, 5


def make_network():
    torch.manual_seed(0)
    return nn.Sequential(Dense(D, H), nn.ReLU(), nn.BatchNorm1d(H), Dense(H, M))


def take_steps(network, adam, *, penalty, n_steps):
    generator = torch.Generator().manual_seed(1)
    for _ in range(n_steps):
        x, y = torch.randn(B, D, generator=generator), torch.rand(B, M, generator=generator)
        with torch.autocast("cpu", torch.bfloat16):
            raw = network(x)
        loss = nn.functional.binary_cross_entropy_with_logits(raw.float(), y)
        if penalty:
            loss = loss + penalty * sum(p.square().sum() for p in network.parameters() if p.ndim > 1)
        adam.zero_grad()
        loss.backward()
        adam.step()


@pytest.mark.parametrize("penalty", [0.0, 0.1])
@pytest.mark.parametrize("part", [64, 2**20])
def test_steps_are_those_of_autocast_and_adam(part, penalty, monkeypatch):
    monkeypatch.setattr(optimizer, "PART", part)
    plain, ours = make_network(), make_network()
    adam = torch.optim.Adam(plain.parameters(), lr=1e-2, fused=True)
    rounding = RoundingAdam([{"params": list(ours.parameters())}], [ours[0], ours[3]], lr=1e-2)

    take_steps(plain, adam, penalty=penalty, n_steps=12)
    take_steps(ours, rounding, penalty=penalty, n_steps=12)

    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), ours.parameters(), strict=True))
    wanted, found = adam.state_dict()["state"], rounding.state_dict()["state"]
    assert wanted.keys() == found.keys()
    assert all(torch.equal(wanted[n][slot], found[n][slot]) for n in wanted for slot in wanted[n])


def test_layers_have_their_own_weights_back():
    network = make_network()
    rounding = RoundingAdam([{"params": list(network.parameters())}], [network[0], network[3]], lr=1e-2)
    take_steps(network, rounding, penalty=0, n_steps=2)

    rounding.leave()

    assert network.eval()(torch.randn(3, D)).dtype == torch.float32


def test_weights_that_were_put_back_are_rounded_again():
    network = make_network()
    rounding = RoundingAdam([{"params": list(network.parameters())}], [network[0], network[3]], lr=1e-2)
    with torch.no_grad():
        network[0].weight.fill_(1 / 3)

    rounding.round_again()

    assert torch.equal(network[0].product.weights, network[0].weight.detach().bfloat16())


def test_gradients_of_two_passes_add_up():
    networks = make_network(), make_network()
    plain, ours = networks
    rounding = RoundingAdam([{"params": list(ours.parameters())}], [ours[0], ours[3]], lr=1e-2)
    generator = torch.Generator().manual_seed(1)
    rounding.zero_grad()
    for _ in range(2):
        x = torch.randn(B, D, generator=generator)
        for network in networks:
            with torch.autocast("cpu", torch.bfloat16):
                raw = network(x)
            raw.float().square().mean().backward()

    assert ours[0].weight.grad is None
    torch.testing.assert_close(ours[0].product.gradient.float(), plain[0].weight.grad, rtol=0.02, atol=1e-4)
