"""Services of KServe's version 2 (the Open Inference Protocol) over HTTP: ``http://host/v2/models/NAME``.

Tensors go there as JSON, or as bytes where the service says that it takes them (``binary_tensor_data``, as Triton does).
``heatcam serve`` has no tensors in its protocol: it is sent pictures (``heatcam_service``).
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import numpy as np

from heatcam.blackbox.heatcam_service import PLATFORM, heatcam_service
from heatcam.blackbox.http import HttpAnswer, HttpService
from heatcam.blackbox.network import AnyArray, size_of
from heatcam.blackbox.runtimes.runtime import BoxRuntime, PictureService, as_given
from heatcam.errors import ModelError, UsageError
from heatcam.geometry import Float32Array

_PATH = re.compile(r"^(?P<before>/.*)?/v2/models/(?P<name>[^/]+)(?P<version>/versions/[^/]+)?(/infer)?/?$")
_TYPES: dict[str, Any] = {
    **{f"FP{bits}": getattr(np, f"float{bits}") for bits in (16, 32, 64)},
    **{f"INT{bits}": getattr(np, f"int{bits}") for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": getattr(np, f"uint{bits}") for bits in (8, 16, 32, 64)},
    "BOOL": np.bool_,
}
_HEADER = "inference-header-content-length"
_MOST_OUTPUTS, _MOST_VALUES = 16, 100_000_000


@dataclass(frozen=True)
class Endpoint:
    """A model of a service.

    Attributes:
        service: who is asked.
        path: of the model, from the root on.
        name: of the model.
    """

    service: HttpService
    path: str
    name: str


def endpoint_of(url: str) -> Endpoint:
    """Return the model that an address means.

    Raises:
        UsageError: it is no address of that form.
    """
    try:
        found = _PATH.match(urlsplit(url).path)
        service = HttpService.at(url)
    except ValueError:
        found = None
    if found is None:
        raise UsageError(
            "a model's address has the form of KServe's version 2",
            "for example http://host:8000/v2/models/NAME",
        )
    name = unquote(found["name"])
    path = f"{found['before'] or ''}/v2/models/{quote(name, safe='')}{found['version'] or ''}"
    return Endpoint(service, path, name)


class KServeNetwork:
    """See ``TensorNetwork``.

    Args:
        endpoint: the model.
        about: its metadata, as the service tells it.
        texts: ultralytics' metadata, if the service has it.
        is_binary: True if tensors may be sent and asked for as bytes.

    Raises:
        ModelError: it has other inputs than one picture.
    """

    def __init__(
        self, endpoint: Endpoint, about: dict[str, Any], texts: dict[str, str], is_binary: bool
    ) -> None:
        self._endpoint, self._is_binary = endpoint, is_binary
        self.name, self.title = f"service {endpoint.service.shown}", endpoint.name
        try:
            (given,) = about["inputs"]
            self._input, self._kind = str(given["name"]), str(given["datatype"])
            sides = [side if side > 0 else None for side in map(int, given["shape"])]
            if not self._kind.startswith("FP"):
                raise ValueError(f"an input of type {self._kind}")
            bare = size_of(sides if len(sides) != 3 or sides[0] in (1, 3, None) else [None, *sides])
            self._outputs = [str(one["name"]) for one in about.get("outputs", [])]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"{endpoint.service.shown} takes {json.dumps(about.get('inputs'))[:300]}",
                "give a detector whose only input is a picture as FP32",
            ) from error
        self.signature = replace(bare, texts=texts)

    def run(self, images: Float32Array) -> list[AnyArray]:
        """See ``TensorNetwork``.

        Raises:
            ModelError: the service fails, or its answer is none of the protocol.
        """
        given = as_given(images, self.signature.rank, _TYPES[self._kind])
        body, headers = self._request(given)
        answer = self._endpoint.service.post(f"{self._endpoint.path}/infer", body, headers)
        try:
            return tensors_in(answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"{self._endpoint.service.shown} answers no tensors", "give a model of KServe's version 2"
            ) from error

    def _request(self, given: np.ndarray) -> tuple[bytes, dict[str, str]]:
        """Return a request's body and headers."""
        about: dict[str, Any] = {"name": self._input, "shape": list(given.shape), "datatype": self._kind}
        wanted: list[dict[str, Any]] = [{"name": name} for name in self._outputs]
        if not self._is_binary:
            about["data"] = given.ravel().tolist()
            return json.dumps({"inputs": [about], "outputs": wanted}).encode(), {
                "Content-Type": "application/json"
            }
        about["parameters"] = {"binary_data_size": given.nbytes}
        wanted = [one | {"parameters": {"binary_data": True}} for one in wanted]
        head = json.dumps({"inputs": [about], "outputs": wanted}).encode()
        length = {
            "Inference-Header-Content-Length": str(len(head)),
            "Content-Type": "application/octet-stream",
        }
        return head + given.tobytes(), length


def tensors_in(answer: HttpAnswer) -> list[AnyArray]:
    """Read the outputs of an answer, in JSON or with bytes behind it.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is none of the protocol.
    """
    cut = int(answer.headers.get(_HEADER, len(answer.body)))
    outputs = json.loads(answer.body[:cut])["outputs"]
    found, start = [], cut
    for one in outputs[:_MOST_OUTPUTS]:
        kind, shape = np.dtype(_TYPES[one["datatype"]]), [int(side) for side in one["shape"]]
        if min(shape, default=0) < 0 or np.prod(shape, dtype=np.float64) > _MOST_VALUES:
            raise ValueError("a shape out of range")
        size = one.get("parameters", {}).get("binary_data_size")
        if size is None:
            values = np.array(one["data"], kind)
        else:
            values = np.frombuffer(answer.body[start : start + int(size)], kind)
            start += int(size)
        found.append(values.reshape(shape))
    return found


def load(spec: str) -> KServeNetwork | PictureService:
    """Ask a service about its model."""
    endpoint = endpoint_of(spec)
    about = _document(endpoint, endpoint.path)
    if about.get("platform") == PLATFORM:
        return heatcam_service(endpoint.service, endpoint.path, endpoint.name, about)
    extensions = _optional(endpoint, f"{endpoint.path.rpartition('/models/')[0]}").get("extensions")
    is_binary = isinstance(extensions, list) and "binary_tensor_data" in extensions
    return KServeNetwork(endpoint, about, _texts(endpoint), is_binary)


def _document(endpoint: Endpoint, path: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ModelError: it is none.
    """
    try:
        found = json.loads(endpoint.service.get(path).body)
    except (ValueError, RecursionError) as error:
        raise ModelError(
            f"{endpoint.service.shown} answers no JSON", "give the address of a model of KServe's version 2"
        ) from error
    if not isinstance(found, dict):
        raise ModelError(
            f"{endpoint.service.shown} answers no metadata",
            "give the address of a model of KServe's version 2",
        )
    return found


def _optional(endpoint: Endpoint, path: str) -> dict[str, Any]:
    """Return a JSON object that not every service has; empty for those."""
    try:
        return _document(endpoint, path)
    except ModelError:
        return {}


def _texts(endpoint: Endpoint) -> dict[str, str]:
    """Return ultralytics' metadata, which its exports for Triton have in the model's configuration; empty without."""
    parameters = _optional(endpoint, f"{endpoint.path}/config").get("parameters")
    held = parameters.get("metadata") if isinstance(parameters, dict) else None
    text = held.get("string_value") if isinstance(held, dict) else None
    if not isinstance(text, str):
        return {}
    try:
        known = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return {}
    return {str(key): str(value) for key, value in known.items()} if isinstance(known, dict) else {}


def _is_address(spec: str) -> bool:
    return spec.casefold().startswith(("http://", "https://"))


RUNTIME = BoxRuntime("KServe", "json", "", _is_address, load)
