"""A gRPC server on the loopback whose methods take and give the client library's own messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]

Method = tuple[type[Any], Callable[[Any], Any]]  # the class of the request; what answers it with a message


class Refused(Exception):
    """What a method raises to answer with a status."""

    def __init__(self, status: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class _Methods(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, methods: Mapping[str, Method]) -> None:
        self._methods = methods

    def service(self, call: Any) -> Any:
        found = self._methods.get(call.method)
        if found is None:
            return None  # UNIMPLEMENTED
        request, answer = found

        def handle(message: Any, context: Any) -> Any:
            try:
                return answer(message)
            except Refused as refused:
                return context.abort(refused.status, refused.text)

        return grpc.unary_unary_rpc_method_handler(
            handle, request_deserializer=_reader(request), response_serializer=_written
        )


def _reader(kind: type[Any]) -> Callable[[bytes], Any]:
    found: Callable[[bytes], Any] = getattr(kind, "deserialize", None) or kind.FromString  # proto-plus, or protobuf
    return found


def _written(message: Any) -> bytes:
    kind = type(message)
    return bytes(kind.serialize(message) if hasattr(kind, "serialize") else message.SerializeToString())


@contextmanager
def listening(methods: Mapping[str, Method]) -> Iterator[str]:
    """The address, host:port, of a server of `methods`, by full name: /google.cloud.tasks.v2.CloudTasks/GetTask."""
    server = grpc.server(ThreadPoolExecutor(16))
    server.add_generic_rpc_handlers((_Methods(methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@contextmanager
def serving(methods: Mapping[str, Method]) -> Iterator[grpc.Channel]:
    """A channel to such a server."""
    with listening(methods) as address, grpc.insecure_channel(address) as channel:
        yield channel
