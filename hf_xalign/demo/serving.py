"""Serving the page: to this machine alone unless another host is named, and without a request to any other."""

from __future__ import annotations

import socket
from importlib import resources
from typing import TYPE_CHECKING

from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    import gradio

LOCAL = "127.0.0.1"
_FIRST_PORT, _PORTS = 7860, 100


def require_gradio() -> None:
    """Refuse in one line where Gradio cannot be imported.

    Raises:
        XAlignError: as said.
    """
    try:
        import gradio  # noqa: F401
    except ImportError:
        raise XAlignError("the page needs gradio: pip install 'hf_xalign[demo]'") from None


def free_port(port: int | None = None, host: str = LOCAL) -> int:
    """The port asked for, or the first free one from 7860 on.

    Raises:
        XAlignError: the port is taken or cannot be had, or no free one is found.
    """
    if port is not None and not 1 <= port <= 65535:
        raise XAlignError(f"--port is {port}; ports are 1 to 65535")
    for tried in range(_FIRST_PORT, _FIRST_PORT + _PORTS) if port is None else [port]:
        with socket.socket() as probe:
            # What was served a moment ago may be served again.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, tried))
            except OSError as error:
                if port is not None:
                    raise XAlignError(
                        f"port {port} cannot be had ({error.strerror}): choose another with --port, or leave it out"
                    ) from None
            else:
                return tried
    raise XAlignError(f"no port from {_FIRST_PORT} to {_FIRST_PORT + _PORTS - 1} is free: choose one with --port")


def launch(page: gradio.Blocks, *, host: str = LOCAL, port: int | None = None, wait: bool = True) -> str:
    """Serve a page of [`~hf_xalign.demo.build_page`]: no public link, no telemetry, fonts of the reader's machine.

    Args:
        host: `"127.0.0.1"` is this machine alone, `"0.0.0.0"` whoever can reach it (a Space).
        port: None: the first free one from 7860 on.
        wait: until interrupted; else the server ends with the process, or with `page.close()`.

    Returns:
        The page's address.

    Raises:
        XAlignError: the port is taken.
    """
    import gradio as gr

    port = free_port(port, host)
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif"]
    mono = ["ui-monospace", "SF Mono", "Menlo", "Consolas", "Liberation Mono", "monospace"]
    _, address, _ = page.launch(
        server_name=host,
        server_port=port,
        share=False,
        inbrowser=False,
        prevent_thread_lock=True,
        quiet=True,
        # Pages made by Node and notes of what was typed are of no use here.
        ssr_mode=False,
        run_history=False,
        pwa=False,
        enable_monitoring=False,
        footer_links=[],
        theme=gr.themes.Base(primary_hue="blue", neutral_hue="slate", font=fonts, font_mono=mono),
        css=resources.files("hf_xalign.demo").joinpath("page.css").read_text(encoding="utf-8"),
    )
    if wait:
        print(f"the page is at {address} (Ctrl-C ends it)", flush=True)
        page.block_thread()
    return address
