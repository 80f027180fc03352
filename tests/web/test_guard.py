# SPDX-License-Identifier: Apache-2.0
"""Who may ask for the page, and what browsers may do with it, against a fake."""

from __future__ import annotations

import pytest
from pages import (
    PNG,
    FakeDevice,
    ask,
    classify,
    error_of,
    fake_app,
    picture,
)

from firebrick.web.guard import HEADERS, is_own, own_names


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


@pytest.mark.parametrize("path", ["/", "/api/model", "/static/page.js", "/none", "/sample.png"])
def test_every_answer_carries_the_headers(device: FakeDevice, path: str) -> None:
    answer = ask(fake_app(device), "GET", path)
    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value]
    policy = HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "localhost.evil.example:8000"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "testserver@evil"},
        {"host": ""},
        {"host": "[::1"},
        {"host": "x" * 1000},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://testserver:81"},
        {"origin": "http://testserver.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/classify"])
def test_other_sites_are_refused(device: FakeDevice, headers: dict[str, str], path: str) -> None:
    method = "POST" if "classify" in path else "GET"
    answer = ask(fake_app(device), method, path, content=picture(), headers=PNG | headers)
    assert answer.status_code == 403
    assert "evil" not in error_of(answer)
    assert set(HEADERS) <= set(answer.headers)
    assert len(device.frames) == 2


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *(("localhost", True), ("LOCALHOST:8000", True), ("127.0.0.1:1", True), ("[::1]:80", True)),
        *(("192.168.2.99", True), ("[fe80::1]", True), ("example.org", False), ("a:b", False)),
        *(("127.0.0.1:999999", False), ("::1", False), ("local host", False), ("[]", False)),
    ],
)
def test_addresses_and_own_names_are_served(host: str, expected: bool) -> None:
    assert is_own(host, frozenset({"localhost"})) is expected


def test_own_names_are_lower_case() -> None:
    assert "localhost" in own_names()
    assert all(x == x.lower() for x in own_names())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_same_origin_is_served(device: FakeDevice, scheme: str) -> None:
    headers = {"origin": f"{scheme}://testserver", "sec-fetch-site": "same-origin"}
    assert classify(fake_app(device), picture(), **headers).status_code == 200
