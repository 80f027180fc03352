# SPDX-License-Identifier: Apache-2.0
"""A bundle may come from anywhere: whatever is not exactly right is refused, and said."""

import json
import os
import re
import shutil
import stat
from pathlib import Path

import pytest
from fake_kernel import MODEL_HASH, tiny_description, weights_of

from bundles import document, edit, finish
from firebrick.runtime import Bundle, BundleError
from firebrick.runtime.bundle_files import check_path
from firebrick.runtime.listed import Listed


def refused(folder: Path, message: str) -> None:
    with pytest.raises(BundleError, match=message) as caught:
        Bundle.open(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bundle_is_read(tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    assert bundle.description == tiny_description()
    assert (bundle.model, bundle.model_hash, bundle.logits_scale) == ("fake", MODEL_HASH, 0.5)
    assert bundle.labels == ("cat", "dog", "cup", "rocket")
    assert (bundle.board, bundle.sample, bundle.assumed_clock_mhz) == (None, None, None)
    assert (bundle.cycles_per_frame, bundle.latency_cycles) == (100, 120)
    assert bundle.preprocessing["resize"] == 8
    assert [dict(x) for x in bundle.engines] == [{"name": "conv1", "kind": "conv", "cycles": 90}]
    assert bundle.read("labels.txt") == b"cat\ndog\ncup\nrocket\n"
    assert bundle.read("firebrick.bit") == b"stand-in for firebrick.bit"
    assert bundle.weights() == b""


def test_weights_are_read(loaded_bundle: Path) -> None:
    assert Bundle.open(loaded_bundle).weights() == weights_of(tiny_description(weights_bytes=128))


def test_a_folder_behind_a_link_is_a_folder(tiny_bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tiny_bundle)
    assert Bundle.open(tmp_path / "link").model == "fake"


def test_no_folder(tmp_path: Path) -> None:
    refused(tmp_path / "none", "no such folder")
    (tmp_path / "file").write_text("{}")
    refused(tmp_path / "file", "no such folder")


def test_no_document(tmp_path: Path) -> None:
    refused(tmp_path, r"bundle\.json: cannot be read: No such file")


@pytest.mark.parametrize("name", ["firebrick.bit", "labels.txt"])
def test_a_changed_file(tiny_bundle: Path, name: str) -> None:
    data = bytearray((tiny_bundle / name).read_bytes())
    data[-1] ^= 1
    (tiny_bundle / name).write_bytes(data)
    refused(tiny_bundle, rf"{name}: SHA-256 [0-9a-f]{{64}} is not [0-9a-f]{{64}}, as listed")


def test_a_missing_file(tiny_bundle: Path) -> None:
    (tiny_bundle / "firebrick.bit").unlink()
    refused(tiny_bundle, "firebrick.bit: cannot be read: No such file")


def test_a_file_that_changes_later(tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    (tiny_bundle / "firebrick.bit").write_bytes(b"other")
    with pytest.raises(BundleError, match="has changed since the bundle was opened"):
        bundle.read("firebrick.bit")


@pytest.mark.parametrize("call", ["copies", "read"])
@pytest.mark.parametrize("name", ["bundle.json", "../secret", "/etc/passwd", "other.png", ""])
def test_only_listed_files_are_given(tiny_bundle: Path, call: str, name: str) -> None:
    (tiny_bundle / "other.png").write_text("not listed")
    bundle = Bundle.open(tiny_bundle)
    with pytest.raises(BundleError, match="is not in this bundle"):
        if call == "read":
            bundle.read(name)
        else:
            with bundle.copies("labels.txt", name):
                pass


def test_copies_are_private_and_alone(tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    with bundle.copies("firebrick.bit", "labels.txt") as folder:
        assert {x.name for x in folder.iterdir()} == {"firebrick.bit", "labels.txt"}
        assert (folder / "labels.txt").read_text() == "cat\ndog\ncup\nrocket\n"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_a_file_that_changes_while_it_is_copied(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No second look at the bundle: what is given out is what was hashed."""
    monkeypatch.setattr("firebrick.runtime.listed.CHUNK", 1 << 14)
    path = tiny_bundle / "firebrick.bit"
    path.write_bytes(bytes(1 << 16))
    finish(tiny_bundle, json.loads((tiny_bundle / "bundle.json").read_text()))
    bundle = Bundle.open(tiny_bundle)
    chunks = Listed(bundle.folder, bundle.files).chunks("firebrick.bit")
    next(chunks)
    path.write_bytes(b"evil" * (1 << 14))  # the open file sees it
    with pytest.raises(BundleError, match=r"firebrick\.bit: SHA-256 .* as listed"):
        list(chunks)
    copies = bundle.copies("labels.txt", "firebrick.bit")
    with pytest.raises(BundleError, match="has changed since the bundle was opened"), copies:
        pass


# --- what lies beside the listed files ------------------------------------------------------------

NOT_LISTED = [
    *("numpy.py", "numpy.so", "numpy.pyc", "numpy/__init__.py", "numpy/", "sitecustomize.py"),
    *("__pycache__/run.cpython-311.pyc", "firebrick.dtbo", "firebrick.xsa", "rtl/extra.sv"),
    *("inner/photo.jpg", "photo.jpg.py", "notes.txt", ".hidden", "photo.gif", "x\x1b[2Jy"),
]


@pytest.mark.parametrize("name", NOT_LISTED, ids=ascii)
def test_files_that_are_not_listed_are_refused(tiny_bundle: Path, name: str) -> None:
    path = tiny_bundle / name
    path.parent.mkdir(exist_ok=True)
    if name.endswith("/"):
        path.mkdir()
    else:
        path.write_text("raise SystemExit")
    refused(tiny_bundle, r"/\S+: is not one of the bundle's files: take it out")
    with pytest.raises(BundleError) as caught:
        Bundle.open(tiny_bundle)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("target", ["numpy.py", "rtl"])
def test_links_that_are_not_listed_are_refused(
    tiny_bundle: Path, tmp_path: Path, target: str
) -> None:
    (tiny_bundle / target).symlink_to(tmp_path)
    refused(tiny_bundle, f"/{target}: is not one of the bundle's files")


@pytest.mark.parametrize("name", ["photo.jpg", "IMG 0042.JPEG", "kätzchen.png", "a.webp"])
def test_photographs_may_lie_beside(tiny_bundle: Path, name: str) -> None:
    (tiny_bundle / name).write_bytes(b"of the user's")
    assert name not in Bundle.open(tiny_bundle).files


def test_traces_of_jupyter_and_desktops_may_lie_beside(tiny_bundle: Path) -> None:
    (tiny_bundle / ".ipynb_checkpoints").mkdir()
    (tiny_bundle / ".ipynb_checkpoints" / "classify-checkpoint.ipynb").write_text("{}")
    (tiny_bundle / ".DS_Store").write_bytes(b"\0")
    assert Bundle.open(tiny_bundle).model == "fake"


def test_photographs_do_not_lie_among_the_hardware(tiny_bundle: Path) -> None:
    (tiny_bundle / "rtl").mkdir()
    (tiny_bundle / "rtl" / "image.hex").write_text("0")
    finish(tiny_bundle, json.loads((tiny_bundle / "bundle.json").read_text()))
    assert Bundle.open(tiny_bundle)
    (tiny_bundle / "rtl" / "photo.png").write_bytes(b"")
    refused(tiny_bundle, "rtl/photo.png: is not one of the bundle's files")


def test_the_warning_stands_where_bundles_are_opened() -> None:
    page = (Path(__file__).parents[2] / "docs" / "driver.md").read_text()
    words, docstring = (" ".join(x.replace("`", "").split()) for x in (page, str(Bundle.__doc__)))
    (warning,) = re.findall(r"Checksums show damage,.*? you would run\.", words)
    assert warning in docstring


@pytest.mark.parametrize(
    "name",
    [
        *("../outside", "a/../../outside", "/etc/passwd", "./labels.txt", "a//b", "", ".", ".."),
        *("a/", "/", "C:\\x", "a\\b", "a\0b", "a\nb", "ä", "a b", "x" * 256, "*", "~/x", "$HOME"),
    ],
)
def test_paths_that_are_not_plain(tiny_bundle: Path, name: str) -> None:
    with pytest.raises(BundleError, match="is not a plain path inside the bundle"):
        check_path(name)
    edit(tiny_bundle, lambda x: x["files"].update({name: "0" * 64}))
    refused(tiny_bundle, "is not a plain path inside the bundle")


def test_links_are_not_followed(tiny_bundle: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    shutil.move(tiny_bundle / "firebrick.bit", target)
    (tiny_bundle / "firebrick.bit").symlink_to(target)
    refused(tiny_bundle, "firebrick.bit: cannot be read")


def test_linked_folders_are_not_followed(tiny_bundle: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("text")
    (tiny_bundle / "inner").symlink_to(outside)
    finish(tiny_bundle, json.loads((tiny_bundle / "bundle.json").read_text()))
    edit(tiny_bundle, lambda x: x["files"].update({"inner/file": "0" * 64}))
    refused(tiny_bundle, "inner/file: cannot be read")


def test_a_document_behind_a_link(tiny_bundle: Path, tmp_path: Path) -> None:
    shutil.move(tiny_bundle / "bundle.json", tmp_path / "document")
    (tiny_bundle / "bundle.json").symlink_to(tmp_path / "document")
    refused(tiny_bundle, "bundle.json: cannot be read")


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_only_files_are_files(tiny_bundle: Path, kind: str) -> None:
    path = tiny_bundle / "firebrick.bit"
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)  # opening it would wait for ever
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    refused(tiny_bundle, "firebrick.bit: (is not a file|cannot be read)")


def test_sizes_are_bounded(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firebrick.runtime.bundle_files.MAX_FILE_BYTES", 10)
    with (tiny_bundle / "firebrick.bit").open("wb") as stream:
        stream.truncate(11)
    refused(tiny_bundle, "bytes=[0-9]+ exceeds 10")


def test_the_sum_of_sizes_is_bounded(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firebrick.runtime.listed.MAX_TOTAL_BYTES", 40)
    refused(tiny_bundle, "files have more than 40 bytes")


def test_the_number_of_files_is_bounded(tiny_bundle: Path) -> None:
    edit(tiny_bundle, lambda x: x["files"].update({f"f{n}": "0" * 64 for n in range(20_001)}))
    refused(tiny_bundle, "more than 20000")


def test_the_document_is_bounded(tiny_bundle: Path) -> None:
    (tiny_bundle / "bundle.json").write_bytes(b" " * ((4 << 20) + 1))
    refused(tiny_bundle, "more than 4194304 bytes")


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "1", '"x"', "[" * 100_000, '{"a":' * 100_000, "\xff"),
        *('{"format": NaN}', '{"format": 1, "format": 1}', '{"format": ' + "9" * 5000 + "}"),
    ],
    ids=lambda x: x[:20] or "empty",
)
def test_a_document_that_is_none(tiny_bundle: Path, text: str) -> None:
    (tiny_bundle / "bundle.json").write_bytes(text.encode("latin-1"))
    refused(tiny_bundle, "bundle.json: not (valid JSON|a JSON object)")


@pytest.mark.parametrize("value", [0, 1, 3, "2", None, 2.5, [2]])
def test_other_formats(tiny_bundle: Path, value: object) -> None:
    edit(tiny_bundle, lambda x: x.update(format=value))
    refused(tiny_bundle, "format=.* is not 2: deploy the model again")


@pytest.mark.parametrize("name", sorted(document(tiny_description()).keys() - {"format"}))
def test_every_field_is_needed(tiny_bundle: Path, name: str) -> None:
    edit(tiny_bundle, lambda x: x.pop(name))
    refused(tiny_bundle, f"fields missing or unknown: {name}")


def test_unknown_fields(tiny_bundle: Path) -> None:
    edit(tiny_bundle, lambda x: x.update(surprise=1))
    refused(tiny_bundle, "fields missing or unknown: surprise")


WRONG = [None, 1, "x", [], {}, {"x": 1}, True, -1, 1.5, 1 << 70]


@pytest.mark.parametrize("value", WRONG, ids=str)
@pytest.mark.parametrize("name", sorted(document(tiny_description()).keys() - {"format"}))
def test_fields_of_any_kind_are_read_or_refused(
    tiny_bundle: Path, name: str, value: object
) -> None:
    edit(tiny_bundle, lambda x: x.update({name: value}))
    try:
        Bundle.open(tiny_bundle)
    except BundleError as error:
        unlisted = name == "files" and "is not one of the bundle's files" in str(error)
        assert unlisted or "bundle.json: " in str(error)


@pytest.mark.parametrize("value", [*WRONG, 1 << 40], ids=str)
@pytest.mark.parametrize("name", [x for x in document(tiny_description())["kernel"] if x != "top"])
def test_fields_of_the_kernel_of_any_kind_are_refused(
    tiny_bundle: Path, name: str, value: object
) -> None:
    edit(tiny_bundle, lambda x: x["kernel"].update({name: value}))
    if value is True or (name, value) not in [("classes", 1), ("logit_bits", 1)]:
        refused(tiny_bundle, "bundle.json: ")


@pytest.mark.parametrize("name", ["height", "width", "channels"])
def test_the_image_is_the_kernels(tiny_bundle: Path, name: str) -> None:
    edit(tiny_bundle, lambda x: x["image"].update({name: x["image"][name] + 1}))
    refused(tiny_bundle, rf"(image|kernel)\.{name}=\d+ contradicts the ")


@pytest.mark.parametrize("sha", ["", "0" * 63, "g" * 64, "A" * 64, 5, None, ["0" * 64]])
def test_checksums_that_are_none(tiny_bundle: Path, sha: object) -> None:
    edit(tiny_bundle, lambda x: x["files"].update({"labels.txt": sha}))
    refused(tiny_bundle, "'labels.txt' has no SHA-256")


def test_weights_must_be_there(loaded_bundle: Path) -> None:
    (loaded_bundle / "weights.bin").unlink()
    finish(loaded_bundle, json.loads((loaded_bundle / "bundle.json").read_text()))
    refused(loaded_bundle, "weights.bin: needed exactly when weights_bytes=128 is not 0")


def test_weights_must_be_whole(loaded_bundle: Path) -> None:
    (loaded_bundle / "weights.bin").write_bytes(bytes(127))
    finish(loaded_bundle, json.loads((loaded_bundle / "bundle.json").read_text()))
    refused(loaded_bundle, "weights.bin: has not weights_bytes=128 bytes")


def test_weights_that_nobody_needs(tiny_bundle: Path) -> None:
    (tiny_bundle / "weights.bin").write_bytes(bytes(64))
    finish(tiny_bundle, json.loads((tiny_bundle / "bundle.json").read_text()))
    refused(tiny_bundle, "weights.bin: needed exactly when weights_bytes=0 is not 0")


@pytest.mark.parametrize(
    ("text", "message"),
    [("a\nb\nc\n", "lines=3 is not 4"), ("a\nb\nc\nd\n\n", "lines=5 is not 4"), ("\xff", "UTF-8")],
)
def test_labels_must_fit(tiny_bundle: Path, text: str, message: str) -> None:
    (tiny_bundle / "labels.txt").write_bytes(text.encode("latin-1"))
    finish(tiny_bundle, json.loads((tiny_bundle / "bundle.json").read_text()))
    refused(tiny_bundle, message)


@pytest.mark.parametrize("name", ["labels", "sample"])
def test_named_files_must_be_listed(tiny_bundle: Path, name: str) -> None:
    edit(tiny_bundle, lambda x: x.update({name: "/etc/passwd"}))
    refused(tiny_bundle, f"{name}='/etc/passwd' is not one of the files")


@pytest.mark.parametrize(
    "change", [{"model_hash": "0" * 64}, {"model": "other"}, {"kernel": {}}], ids=str
)
def test_the_simulated_hardware_is_the_bundles(tiny_bundle: Path, change: dict) -> None:
    fields = json.loads((tiny_bundle / "bundle.json").read_text())
    manifest = {x: fields[x] for x in ("model", "model_hash", "kernel")}
    (tiny_bundle / "rtl").mkdir()
    (tiny_bundle / "rtl" / "manifest.json").write_text(json.dumps(manifest))
    assert "rtl/manifest.json" in Bundle.open(finish(tiny_bundle, fields)).files
    (tiny_bundle / "rtl" / "manifest.json").write_text(json.dumps(manifest | change))
    finish(tiny_bundle, fields)
    refused(tiny_bundle, rf"rtl/manifest\.json: {next(iter(change))} is not the bundle's")


@pytest.mark.parametrize("place", [0, 7, 8, 31, 63])
def test_checksums_are_compared_to_their_end(tiny_bundle: Path, place: int) -> None:
    def change(fields: dict) -> None:
        name = min(fields["files"])
        sha = fields["files"][name]
        digit = "0" if sha[place] != "0" else "1"
        fields["files"][name] = sha[:place] + digit + sha[place + 1 :]

    edit(tiny_bundle, change)
    with pytest.raises(BundleError, match="SHA-256"):
        Bundle.open(tiny_bundle)


@pytest.mark.parametrize("name", ["file\n", "folder\n/file", "file\r", "file\u2028"])
def test_paths_end_where_their_lines_do(tiny_bundle: Path, name: str) -> None:
    edit(tiny_bundle, lambda x: x["files"].update({name: "0" * 64}))
    with pytest.raises(BundleError, match="is not a plain path"):
        Bundle.open(tiny_bundle)
