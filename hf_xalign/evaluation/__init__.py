"""What an encoder knows of two languages: retrieval, similarities, lexical overlap, each figure with its interval.

Everything public is imported on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from hf_xalign.lazy import lazy_names


_WHERE = {
    "alignment_by_layer": "hf_xalign.evaluation.alignment_layers",
    "audit_alignments": "hf_xalign.evaluation.audit",
    "build_audit_page": "hf_xalign.evaluation.audit_report",
    "write_audit_report": "hf_xalign.evaluation.audit_report",
    "format_audit": "hf_xalign.evaluation.audit_table",
    "read_audit": "hf_xalign.evaluation.audit_results",
    "validate_audit": "hf_xalign.evaluation.audit_results",
    "write_audit": "hf_xalign.evaluation.audit_results",
    "Estimate": "hf_xalign.evaluation.bootstrap",
    "bootstrap_interval": "hf_xalign.evaluation.bootstrap",
    "share_interval": "hf_xalign.evaluation.bootstrap",
    "sentence_embeddings": "hf_xalign.evaluation.embeddings",
    "evaluate_model": "hf_xalign.evaluation.model_evaluation",
    "LexicalOverlap": "hf_xalign.evaluation.overlap",
    "lexical_overlap": "hf_xalign.evaluation.overlap",
    "ParallelText": "hf_xalign.evaluation.parallel_text",
    "read_language_pairs": "hf_xalign.evaluation.parallel_text",
    "read_parallel": "hf_xalign.evaluation.parallel_text",
    "read_long_form": "hf_xalign.evaluation.long_form",
    "evaluate_languages": "hf_xalign.evaluation.many_languages",
    "format_languages": "hf_xalign.evaluation.languages_table",
    "languages_markdown": "hf_xalign.evaluation.languages_table",
    "MinedPairs": "hf_xalign.evaluation.mining",
    "mine_bitext": "hf_xalign.evaluation.mining",
    "mining_scores": "hf_xalign.evaluation.mining_quality",
    "tune_threshold": "hf_xalign.evaluation.mining_quality",
    "mining_tasks": "hf_xalign.evaluation.mining_task",
    "evaluate_mining": "hf_xalign.evaluation.mining_evaluation",
    "read_mining": "hf_xalign.evaluation.mining_results",
    "write_mining": "hf_xalign.evaluation.mining_results",
    "sts_correlation": "hf_xalign.evaluation.sts",
    "read_sts": "hf_xalign.evaluation.sts_data",
    "evaluate_sts": "hf_xalign.evaluation.sts_evaluation",
    "read_sts_results": "hf_xalign.evaluation.sts_results",
    "write_sts": "hf_xalign.evaluation.sts_results",
    "read_languages": "hf_xalign.evaluation.languages_results",
    "validate_languages": "hf_xalign.evaluation.languages_results",
    "write_languages": "hf_xalign.evaluation.languages_results",
    "read_results": "hf_xalign.evaluation.results",
    "build_report": "hf_xalign.evaluation.report",
    "write_report": "hf_xalign.evaluation.report",
    "markdown_tables": "hf_xalign.evaluation.report_markdown",
    "validate_results": "hf_xalign.evaluation.results",
    "write_results": "hf_xalign.evaluation.results",
    "RetrievalResult": "hf_xalign.evaluation.retrieval",
    "retrieval_accuracy": "hf_xalign.evaluation.retrieval",
    "text_groups": "hf_xalign.evaluation.retrieval",
    "RetrievalEvaluator": "hf_xalign.evaluation.retrieval_evaluator",
    "Similarity": "hf_xalign.evaluation.similarity",
    "auroc_interval": "hf_xalign.evaluation.similarity",
    "auroc": "hf_xalign.evaluation.similarity",
    "derangement": "hf_xalign.evaluation.similarity",
    "matched_and_random": "hf_xalign.evaluation.similarity",
    "sentence_similarities": "hf_xalign.evaluation.similarity",
    "similarity_estimates": "hf_xalign.evaluation.similarity",
    "alignment_error_rate": "hf_xalign.evaluation.word_alignment",
    "alignment_f1": "hf_xalign.evaluation.word_alignment",
    "alignment_precision": "hf_xalign.evaluation.word_alignment",
    "alignment_recall": "hf_xalign.evaluation.word_alignment",
    "alignment_scores": "hf_xalign.evaluation.word_alignment",
}

__all__ = list(_WHERE)

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
