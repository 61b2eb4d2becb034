"""Signed URLs (V4) to objects of a bucket: signed by the service account over IAM, as those of uploads are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from common.adapters.google.once import once
from common.adapters.google.storage import told
from common.ports.links import disposition
from common.ports.objects import check_key

LASTS = timedelta(minutes=15)


class BucketLinks:
    """`make` gives the storage client, `sign` credentials that can sign, both when first needed."""

    def __init__(self, make: Callable[[], Any], bucket: str, sign: Callable[[], Any]) -> None:
        self._client, self._name, self._credentials = once(make), bucket, once(sign)

    def link(self, key: str, *, name: str, kind: str) -> str:
        client = self._client()
        try:
            url: str = (
                client.bucket(self._name)
                .blob(check_key(key))
                .generate_signed_url(
                    version="v4",
                    method="GET",
                    expiration=LASTS,
                    response_disposition=disposition(name),
                    response_type=kind,
                    credentials=self._credentials(),
                    api_access_endpoint=client.api_endpoint,
                )
            )
        except Exception as error:
            raise told(error, key) from error
        return url
