"""A small Hub over real HTTP, on this machine alone: what `huggingface_hub` asks of one to push and to load.

It speaks no xet, as most Hubs but one do not. Faults are asked for: see `Hub.cut_after` and `Hub.token`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub.loopback.storage import StoredFile, StoredRepository, large_file, regular_file


TOKEN = "hf_LoopbackSecretOfTheTests"
LARGE = (".safetensors", ".parquet", ".bin", ".onnx", ".model")
_PREFIXES = {"model": "", "dataset": "datasets/", "space": "spaces/"}


class Hub:
    """The Hub and what is known of its visitors.

    Attributes:
        url: where it is; the value for `HF_ENDPOINT`.
        storage: where large files lie.
        repositories: by type and id.
        large: large files by their hash.
        requests: method and path of each request, in order.
        uploads: how often each large file has arrived whole.
        strayed_tokens: requests that brought the storage a token, which is none of its business.
        gone: repositories that have vanished though they were made.
        large_files: False stores every file in the commit.
        cut_after: large files that still arrive; the connection is cut in the next one, and from then on at once.
    """

    def __init__(self):
        self.repositories: dict[tuple[str, str], StoredRepository] = {}
        self.large: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.uploads: Counter[str] = Counter()
        self.gone: set[str] = set()
        self.large_files = True
        self.cut_after: int | None = None
        self.lock = threading.Lock()
        self.strayed_tokens = 0
        self._servers = []
        # Large files lie with somebody else, as they do on the real Hub.
        self.url, self.storage = self._serve(), self._serve()

    def _serve(self) -> str:
        server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self._servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def model(self, repo_id: str) -> StoredRepository:
        return self.repositories["model", repo_id]

    def content(self, file: StoredFile) -> bytes:
        return file.content if file.sha256 is None else self.large[file.sha256]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        # A visitor that has gone is no error.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Refused(Exception):
    def __init__(self, status: int, message: str, code: str | None = None):
        self.status, self.message, self.code = status, message, code


class _Cut(Exception):
    """The line is dead."""


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *args) -> None:
        pass

    def _serve(self) -> None:
        url = urlsplit(self.path)
        self.query = parse_qs(url.query)
        path = url.path
        with self.hub.lock:
            self.hub.requests.append((self.command, unquote(path)))
        length = int(self.headers.get("Content-Length") or 0)
        try:
            if self.hub.cut_after is not None and self.hub.cut_after < 0:
                raise _Cut
            if self.command == "PUT":
                self._check_line(length)
            self.body = self._chunked() if "chunked" in self.headers.get("Transfer-Encoding", "") else None
            if self.body is None:
                self.body = self.rfile.read(length) if length else b""
            if path.startswith("/storage/"):
                self.hub.strayed_tokens += self.given is not None
            for methods, pattern, answer in _ROUTES:
                match = re.fullmatch(pattern, path)
                if match and self.command in methods:
                    answer(self, **{name: unquote(value) for name, value in match.groupdict().items() if value})
                    return
            raise _Refused(404, "no such page")
        except _Refused as refused:
            headers = {"X-Error-Message": refused.message} | ({"X-Error-Code": refused.code} if refused.code else {})
            self.answer({"error": refused.message}, refused.status, headers)
        except (_Cut, ConnectionError):
            self.close_connection = True
            self.connection.close()

    do_GET = do_HEAD = do_POST = do_PUT = _serve

    def _chunked(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _check_line(self, length: int) -> None:
        with self.hub.lock:
            if self.hub.cut_after is None:
                return
            self.hub.cut_after -= 1
            dead = self.hub.cut_after < 0
        if dead:
            self.rfile.read(min(length // 2, 1000))
            raise _Cut

    def answer(self, content, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    # --- who may do what ---

    @property
    def given(self) -> str | None:
        return (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None

    def check_token(self) -> None:
        if self.given is None:
            raise _Refused(401, "Invalid username or password.")
        if self.given != TOKEN:
            raise _Refused(401, "Invalid credentials in Authorization header")

    def repository(self, type: str, id: str) -> StoredRepository:
        found = self.hub.repositories.get((type, id))
        if found is None or id in self.hub.gone or (found.private and self.given != TOKEN):
            raise _Refused(404 if self.given == TOKEN else 401, "Repository not found", "RepoNotFound")
        return found

    def tree(self, type: str, id: str, revision: str | None) -> tuple[str, dict[str, StoredFile]]:
        repository = self.repository(type, id)
        sha = repository.find(revision or "main")
        if sha is None:
            raise _Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return sha, repository.commits[sha]


def _whoami(self) -> None:
    self.check_token()
    self.answer({"type": "user", "name": "me", "fullname": "Me", "orgs": [], "auth": {"type": "access_token"}})


def _create(self) -> None:
    self.check_token()
    wanted = json.loads(self.body)
    owner = wanted.get("organization") or "me"
    if owner != "me":
        raise _Refused(403, f"You don't have the rights to create a model under the namespace {owner!r}")
    type = wanted.get("type") or "model"
    id = f"{owner}/{wanted['name']}"
    there = {"url": f"{self.hub.url}/{_PREFIXES[type]}{id}", "name": id}
    if (type, id) in self.hub.repositories:
        self.answer(there | {"error": "You already created this model repo"}, 409)
        return
    self.hub.repositories[type, id] = StoredRepository(id, type, private=wanted.get("visibility") == "private")
    self.answer(there)


def _branch(self, type: str, id: str, branch: str) -> None:
    self.check_token()
    repository = self.repository(type, id)
    if branch in repository.branches:
        raise _Refused(409, "Reference already exists")
    repository.branches[branch] = repository.branches["main"]
    self.answer({})


def _preupload(self, type: str, id: str, revision: str) -> None:
    self.check_token()
    _, tree = self.tree(type, id, revision)
    files = []
    for file in json.loads(self.body)["files"]:
        large = self.hub.large_files and file["path"].endswith(LARGE)
        there = tree.get(file["path"])
        files.append(
            {
                "path": file["path"],
                "uploadMode": "lfs" if large else "regular",
                "shouldIgnore": False,
                "oid": there and (there.sha256 or there.oid),
            }
        )
    self.answer({"files": files})


def _batch(self, type: str, id: str) -> None:
    self.check_token()
    self.repository(type, id)
    objects = []
    for wanted in json.loads(self.body)["objects"]:
        described = {"oid": wanted["oid"], "size": wanted["size"]}
        if wanted["oid"] not in self.hub.large:
            # As with real storage, whoever has the address may write: it must not be shown.
            href = f"{self.hub.storage}/storage/{wanted['oid']}?X-Signature=signed"
            described["actions"] = {"upload": {"href": href}}
        objects.append(described)
    self.answer({"transfer": "basic", "objects": objects})


def _store(self, oid: str) -> None:
    if self.query.get("X-Signature") != ["signed"] or hashlib.sha256(self.body).hexdigest() != oid:
        raise _Refused(400, "not signed, or not what was announced")
    with self.hub.lock:
        self.hub.large[oid] = self.body
        self.hub.uploads[oid] += 1
    self.answer({})


def _commit(self, type: str, id: str, revision: str) -> None:
    self.check_token()
    repository = self.repository(type, id)
    if revision not in repository.branches:
        raise _Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    lines = [json.loads(line) for line in self.body.splitlines()]
    tree = dict(repository.tree(revision))
    for line in lines[1:]:
        value = line["value"]
        match line["key"]:
            case "file":
                tree[value["path"]] = regular_file(base64.b64decode(value["content"]))
            case "lfsFile":
                if value["oid"] not in self.hub.large:
                    raise _Refused(400, f"{value['path']} has not been uploaded")
                tree[value["path"]] = large_file(value["oid"], value["size"])
            case "deletedFile":
                del tree[value["path"]]
    with self.hub.lock:
        sha = repository.commit(revision, tree, lines[0]["value"]["summary"])
    self.answer({"success": True, "commitOid": sha, "commitUrl": f"{self.hub.url}/{_PREFIXES[type]}{id}/commit/{sha}"})


def _validate(self) -> None:
    text = json.loads(self.body)["content"]
    front = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if front and "license: no such licence" in front[1]:
        self.answer({"errors": [{"message": '"license" must be one of [apache-2.0, ...]'}]}, 400)
    else:
        self.answer({"errors": [], "warnings": []})


def _info(self, type: str, id: str, revision: str | None = None) -> None:
    sha, tree = self.tree(type, id, revision)
    self.answer(
        {
            "id": id,
            "sha": sha,
            "private": self.repository(type, id).private,
            "tags": [],
            "siblings": [{"rfilename": name} for name in sorted(tree)],
        }
    )


def _described(name: str, file: StoredFile) -> dict:
    large = {"lfs": {"oid": file.sha256, "size": file.size, "pointerSize": 130}} if file.sha256 else {}
    return {"type": "file", "path": name, "size": file.size, "oid": file.oid} | large


def _list(self, type: str, id: str, revision: str, folder: str = "") -> None:
    _, tree = self.tree(type, id, revision)
    inside = {name: file for name, file in tree.items() if not folder or name.startswith(f"{folder}/")}
    if folder and not inside:
        raise _Refused(404, f"no folder {folder}", "EntryNotFound")
    entries, recursive = {}, self.query.get("recursive", ["False"])[0].lower() in ("true", "1")
    for name, file in inside.items():
        rest = name[len(folder) + 1 :] if folder else name
        if "/" in rest and not recursive:
            top = name[: len(name) - len(rest)] + rest.split("/")[0]
            entries[top] = {"type": "directory", "path": top, "oid": "0" * 40, "size": 0}
        else:
            entries[name] = _described(name, file)
    self.answer([entries[name] for name in sorted(entries)])


def _paths_info(self, type: str, id: str, revision: str) -> None:
    _, tree = self.tree(type, id, revision)
    form = self.body.decode()
    paths = json.loads(form)["paths"] if form.startswith("{") else parse_qs(form).get("paths", [])
    answers = []
    for path in paths:
        if path in tree:
            answers.append(_described(path, tree[path]))
        elif any(name.startswith(f"{path}/") for name in tree):
            answers.append({"type": "directory", "path": path, "oid": "0" * 40, "size": 0})
    self.answer(answers)


def _refs(self, type: str, id: str) -> None:
    branches = self.repository(type, id).branches.items()
    refs = [{"name": name, "ref": f"refs/heads/{name}", "targetCommit": sha} for name, sha in branches]
    self.answer({"branches": refs, "converts": [], "tags": []})


def _resolve(self, type: str, id: str, revision: str, name: str) -> None:
    sha, tree = self.tree(type, id, revision)
    if name not in tree:
        raise _Refused(404, "Entry not found", "EntryNotFound")
    file = tree[name]
    headers = {"X-Repo-Commit": sha, "Accept-Ranges": "bytes"}
    if file.sha256 is None:
        _send(self, file.content, headers | {"ETag": f'"{file.oid}"'})
        return
    linked = {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(file.size)}
    location = {"Location": f"{self.hub.storage}/storage/{file.sha256}"}
    self.answer(b"", 302, headers | linked | location)


def _stored(self, oid: str) -> None:
    if oid not in self.hub.large:
        raise _Refused(404, "no such file")
    _send(self, self.hub.large[oid], {"ETag": f'"{oid}"', "Accept-Ranges": "bytes"})


def _send(self, content: bytes, headers: dict[str, str]) -> None:
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
    headers = headers | {"Content-Type": "application/octet-stream"}
    if wanted is None:
        self.answer(content, 200, headers | {"Content-Length": str(len(content))})
        return
    first, last = int(wanted[1]), min(int(wanted[2] or len(content) - 1), len(content) - 1)
    part = content[first : last + 1]
    span = {"Content-Range": f"bytes {first}-{last}/{len(content)}", "Content-Length": str(len(part))}
    self.answer(part, 206, headers | span)


def _typed(answer: Callable) -> Callable:
    """Addresses say `models` or `datasets/`, or nothing for a model."""

    def call(self, type: str = "models", **rest) -> None:
        answer(self, type.strip("/").removesuffix("s"), **rest)

    return call


_API = r"/api/(?P<type>models|datasets|spaces)/(?P<id>[^/]+/[^/]+)"
_PAGE = r"/(?P<type>datasets/|spaces/)?(?P<id>[^/]+/[^/]+)"
_ROUTES: list[tuple[tuple[str, ...], str, Callable]] = [
    (("GET",), r"/api/whoami-v2", _whoami),
    (("POST",), r"/api/repos/create", _create),
    (("POST",), r"/api/validate-yaml", _validate),
    (("POST",), _API + r"/branch/(?P<branch>[^/]+)", _typed(_branch)),
    (("POST",), _API + r"/preupload/(?P<revision>[^/]+)", _typed(_preupload)),
    (("POST",), _API + r"/commit/(?P<revision>[^/]+)", _typed(_commit)),
    (("POST",), _API + r"/paths-info/(?P<revision>[^/]+)", _typed(_paths_info)),
    (("GET",), _API + r"/tree/(?P<revision>[^/]+)(/(?P<folder>.+))?", _typed(_list)),
    (("GET",), _API + r"/refs", _typed(_refs)),
    (("GET",), _API + r"(/revision/(?P<revision>[^/]+))?", _typed(_info)),
    (("POST",), _PAGE + r"\.git/info/lfs/objects/batch", _typed(_batch)),
    (("PUT",), r"/storage/(?P<oid>\w+)", _store),
    (("GET", "HEAD"), r"/storage/(?P<oid>\w+)", _stored),
    (("GET", "HEAD"), _PAGE + r"/resolve/(?P<revision>[^/]+)/(?P<name>.+)", _typed(_resolve)),
]
