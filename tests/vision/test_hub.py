"""Downloading weights, against a stand-in for the hub on this machine."""

import hashlib
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from safetensors.torch import save

from albumnet.errors import WeightsError
from albumnet.vision.backbones import load_backbone

MODEL = "test_resnet.r160_in1k"


@pytest.fixture(scope="module")
def weights():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import timm

        torch.manual_seed(0)
        return timm.create_model(MODEL, pretrained=False).state_dict()


@pytest.fixture
def hub(weights, monkeypatch, tmp_path):
    """Serves timm/test_resnet as the hub does, and counts downloads."""
    content = save({name: tensor.contiguous() for name, tensor in weights.items()})
    downloads = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self._answer(is_body_wanted=False)

        def do_GET(self):
            self._answer(is_body_wanted=True)

        def _answer(self, *, is_body_wanted):
            if self.path != f"/timm/{MODEL}/resolve/main/model.safetensors":
                self.send_response(404)
                self.send_header("X-Error-Code", "RepoNotFound")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if is_body_wanted:
                downloads.append(self.path)
                self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    yield downloads
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.filterwarnings("ignore")  # other people's libraries, while they are imported and connect
def test_weights_come_from_the_hub_once_and_then_from_its_cache(hub, weights):
    first = load_backbone(f"timm:{MODEL}")
    second = load_backbone(f"timm:{MODEL}")
    assert len(hub) == 1
    assert first.weights_digest == second.weights_digest
    name = next(iter(first.module.state_dict()))
    torch.testing.assert_close(first.module.state_dict()[name], weights[name])


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_the_hub_lacks_is_one_line(hub):
    with pytest.raises(WeightsError, match="cannot get timm/test_vit") as caught:
        load_backbone("timm:test_vit.r160_in1k")
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore")
def test_a_hub_out_of_reach_says_to_give_a_file(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(WeightsError, match="--weights"):
        load_backbone("vgg16")


@pytest.mark.filterwarnings("ignore")
def test_an_unknown_timm_model_is_named():
    with pytest.raises(WeightsError, match="no_such_network"):
        load_backbone("timm:no_such_network")
