"""What a Hub keeps: repositories with branches of commits, and large files by their hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class StoredFile:
    """A file of a commit. `oid` is what git calls it; `sha256` is set where it is a large file."""

    size: int
    oid: str
    sha256: str | None
    content: bytes | None


@dataclass
class StoredRepository:
    """One repository; `commits` are whole trees by their hash, `branches` names of commits."""

    id: str
    type: str
    private: bool = False
    commits: dict[str, dict[str, StoredFile]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.commit("main", {".gitattributes": regular_file(b"")}, "initial commit")

    def commit(self, branch: str, tree: dict[str, StoredFile], message: str) -> str:
        self.messages.append(message)
        files = sorted((name, file.oid) for name, file in tree.items())
        sha = hashlib.sha1(f"{self.id} {len(self.messages)} {files}".encode()).hexdigest()
        self.commits[sha] = tree
        self.branches[branch] = sha
        return sha

    def find(self, revision: str) -> str | None:
        """The commit that a branch or a hash stands for."""
        return self.branches.get(revision) or (revision if revision in self.commits else None)

    def tree(self, revision: str = "main") -> dict[str, StoredFile]:
        return self.commits[self.find(revision)]


def regular_file(content: bytes) -> StoredFile:
    oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return StoredFile(len(content), oid, None, content)


def large_file(sha256: str, size: int) -> StoredFile:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
    return StoredFile(size, regular_file(pointer).oid, sha256, None)
