"""The Gradio page: what is typed and chosen on it, and what happens then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hf_xalign.demo.comparison import METHODS, MOST_CHARACTERS, SentenceComparer
from hf_xalign.demo.corpus import Line, read_corpus
from hf_xalign.demo.drawing import header_html, message_html, result_html
from hf_xalign.demo.examples import Example, examples_for
from hf_xalign.demo.languages import NAMES, language_name
from hf_xalign.demo.serving import require_gradio
from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    import gradio

_GUESS = "guess by script"
_METHOD_NAMES = {
    "itermax": "itermax (recall)",
    "inter": "inter (precision)",
    "match": "match (one to one)",
}
# What is typed is shown in its own direction while it is typed; Gradio offers a direction that is fixed.
_DIRECTIONS = """() => {
  for (const area of document.querySelectorAll("#first textarea, #second textarea")) area.dir = "auto";
}"""


def build_page(model: str, corpus: str | Sequence[Line] | None = None, *, progress: bool = False) -> gradio.Blocks:
    """The page for a model, ready for [`~hf_xalign.demo.launch`].

    Args:
        model: a checkpoint folder or a Hub id, of any supported encoder; it is loaded once.
        corpus: the name of a file of UTF-8 lines, or lines; None: the synthetic mini corpus.
        progress: whether to show a bar while the corpus is read.

    Raises:
        XAlignError: Gradio is not installed, there is no such model or file, or they cannot be read.
    """
    require_gradio()
    import gradio as gr

    lines = read_corpus(corpus) if isinstance(corpus, str) else corpus
    comparer = SentenceComparer(model, lines, progress=progress)
    examples = examples_for(model)
    languages = [(_GUESS, ""), *((f"{name} ({code})", code) for code, name in NAMES.items())]

    def compare(first, first_language, second, second_language, method, layer) -> str:
        try:
            comparison = comparer.compare(
                first,
                second,
                first_language=_code(first_language),
                second_language=_code(second_language),
                method=method,
                layer=int(layer),
            )
        except XAlignError as error:
            return message_html(str(error))
        return result_html(comparison, comparer)

    def side(number: int, name: str) -> tuple[Any, Any]:
        with gr.Column(min_width=300):
            box = gr.Textbox(
                getattr(examples[0], name),
                label=f"{name.title()} sentence",
                lines=2,
                max_lines=6,
                max_length=MOST_CHARACTERS,
                placeholder="Type or paste a sentence",
                elem_id=name,
            )
            language = gr.Dropdown(
                languages,
                value=getattr(examples[0], f"{name}_language"),
                label=f"Language of the {name} sentence",
                info="By name, or a code such as som or som_Latn",
                allow_custom_value=True,
                elem_id=f"{name}-language",
            )
        return box, language

    with gr.Blocks(title=f"{comparer.name} · hf_xalign", analytics_enabled=False, fill_width=False) as page:
        gr.HTML(header_html(comparer), apply_default_css=False)
        with gr.Row(elem_id="sentences"):
            first, first_language = side(1, "first")
            second, second_language = side(2, "second")
        button = gr.Button("Compare", variant="primary", elem_id="compare")
        shown = gr.Dataset(
            components=[gr.Textbox(visible=False), *(gr.Textbox(visible=False) for _ in range(3))],
            samples=[[e.first, e.first_language, e.second, e.second_language] for e in examples],
            sample_labels=[_label(example) for example in examples],
            label="Examples",
            samples_per_page=len(examples),
            elem_id="examples",
        )
        with gr.Accordion("How words are linked", open=False, elem_id="settings"), gr.Row():
            method = gr.Radio([(_METHOD_NAMES[name], name) for name in METHODS], value=METHODS[0], label="Method")
            layer = gr.Slider(
                0, comparer.num_layers, value=comparer.word_layer, step=1, label="Layer of the words (0: embeddings)"
            )
        inputs = [first, first_language, second, second_language, method, layer]
        sentences = inputs[:4]
        result = gr.HTML(apply_default_css=False, elem_id="result")

        page.load(None, js=_DIRECTIONS)
        work = {"fn": compare, "inputs": inputs, "outputs": result, "show_progress": "minimal"}
        page.load(**work, api_visibility="private")
        gr.on([button.click, first.submit, second.submit, method.input, layer.release], **work, api_name="compare")
        shown.click(lambda sample: sample, shown, sentences, api_visibility="private", show_progress="hidden").then(
            **work, api_visibility="private"
        )
    return page


def _label(example: Example) -> str:
    names = f"{language_name(example.first_language)} – {language_name(example.second_language)}"
    return names if example.translations else f"{names}, no translation"


def _code(language: str | None) -> str | None:
    """A language as the page gives it; one that was typed may be the name."""
    language = (language or "").strip()
    named = {name.casefold(): code for code, name in NAMES.items()} | {_GUESS: ""}
    return named.get(language.casefold(), language) or None
