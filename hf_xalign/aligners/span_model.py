"""Open a question-answering model, and say in one line what is wrong where it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from transformers import MODEL_FOR_QUESTION_ANSWERING_MAPPING, AutoModelForQuestionAnswering

from hf_xalign.errors import XAlignError
from hf_xalign.finite import check_finite
from hf_xalign.loading import load_config, quiet


if TYPE_CHECKING:
    from transformers import PreTrainedModel


def load_question_answering(name_or_path: str) -> PreTrainedModel:
    """A float32 model for extractive question answering in eval mode, on the GPU if there is one.

    Safetensors only, no remote code.

    Raises:
        XAlignError: there is no model there, it has no question-answering head, or its weights are not all there or
            are there as pickle only.
    """
    config = load_config(name_or_path)
    if type(config) not in MODEL_FOR_QUESTION_ANSWERING_MAPPING or config.is_encoder_decoder:
        raise XAlignError(
            f"{name_or_path}: a model of type {config.model_type!r} has no extractive question answering; "
            "wspalign needs one that has, such as qiyuw/WSPAlign-xlm-base"
        )
    try:
        with quiet():
            model, info = AutoModelForQuestionAnswering.from_pretrained(
                name_or_path,
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise XAlignError(_reason(name_or_path, " ".join(str(error).split()))) from error
    missing = sorted(key for key in info["missing_keys"] if "pooler" not in key)
    head = [key for key in missing if not key.startswith(f"{model.base_model_prefix}.")]
    if head:
        raise XAlignError(
            f"{name_or_path} has no question-answering head (no weights for {', '.join(head)}): wspalign needs a "
            "model trained on span prediction, such as qiyuw/WSPAlign-xlm-base"
        )
    if missing:
        raise XAlignError(f"{name_or_path} lacks {len(missing)} weights of its encoder, the first is {missing[0]}")
    check_finite(model.named_parameters(), name_or_path)
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def check_question_answering(model: PreTrainedModel) -> None:
    """Refuse a model object without a head for extractive question answering."""
    wanted = MODEL_FOR_QUESTION_ANSWERING_MAPPING.get(type(model.config), None)
    if wanted is None or not isinstance(model, wanted):
        raise XAlignError(f"wspalign needs a model with a question-answering head; {type(model).__name__} has none")


def _reason(name_or_path: str, said: str) -> str:
    """Why weights could not be read. What transformers says of a missing file names the wrong remedy."""
    folder = Path(name_or_path)
    pickled = sorted(path.name for path in folder.glob("*.bin")) if folder.is_dir() else []
    if pickled or (not folder.is_dir() and "safetensors" in said and "does not appear to have" in said):
        return (
            f"{name_or_path} has its weights as pickle only ({', '.join(pickled) or 'no model.safetensors'}), which "
            "is never read; where you trust it, convert it once: AutoModelForQuestionAnswering.from_pretrained(...)"
            ".save_pretrained(FOLDER), and give the folder"
        )
    if folder.is_dir() and not any(folder.glob("*.safetensors")):
        return f"{name_or_path} has no weights: there is no model.safetensors in the folder"
    return f"cannot open the model of {name_or_path}: {said[:300]}"
