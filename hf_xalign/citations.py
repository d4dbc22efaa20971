"""BibTeX of the papers that objectives, aligners and the romaniser come from."""

from __future__ import annotations


TRANSLITERATIONS = """\
@inproceedings{liu-etal-2025-transliterations,
    title = "How Transliterations Improve Crosslingual Alignment",
    author = {Liu, Yihong and Wang, Mingyang and Kargaran, Amir Hossein and Imani, Ayyoob and Xhelili, Orgest and
              Ye, Haotian and Ma, Chunlan and Yvon, Fran{\\c{c}}ois and Sch{\\"u}tze, Hinrich},
    booktitle = "Proceedings of the 31st International Conference on Computational Linguistics",
    year = "2025",
    eprint = "2409.17326",
    archivePrefix = "arXiv",
}"""

WACSE = """\
@inproceedings{miao-etal-2024-enhancing,
    title = "Enhancing Cross-lingual Sentence Embedding for Low-resource Languages with Word Alignment",
    author = "Miao, Zhongtao and Wu, Qiyu and Zhao, Kaiyan and Wu, Zilong and Tsuruoka, Yoshimasa",
    booktitle = "Findings of the Association for Computational Linguistics: NAACL 2024",
    year = "2024",
}"""

AWESOME = """\
@inproceedings{dou-neubig-2021-word,
    title = "Word Alignment by Fine-tuning Embeddings on Parallel Corpora",
    author = "Dou, Zi-Yi and Neubig, Graham",
    booktitle = "Proceedings of the 16th Conference of the European Chapter of the Association for Computational
                 Linguistics: Main Volume",
    year = "2021",
}"""

SIMALIGN = """\
@inproceedings{jalili-sabet-etal-2020-simalign,
    title = "{S}im{A}lign: High Quality Word Alignments Without Parallel Training Data Using Static and
             Contextualized Embeddings",
    author = {Jalili Sabet, Masoud and Dufter, Philipp and Yvon, Fran{\\c{c}}ois and Sch{\\"u}tze, Hinrich},
    booktitle = "Findings of the Association for Computational Linguistics: EMNLP 2020",
    year = "2020",
}"""

OPTIMAL_TRANSPORT = """\
@inproceedings{arase-etal-2023-unbalanced,
    title = "Unbalanced Optimal Transport for Unbalanced Word Alignment",
    author = "Arase, Yuki and Bao, Han and Yokoi, Sho",
    booktitle = "Proceedings of the 61st Annual Meeting of the Association for Computational Linguistics (Volume 1:
                 Long Papers)",
    year = "2023",
}"""

WSPALIGN = """\
@inproceedings{wu-etal-2023-wspalign,
    title = "{WSPA}lign: Word Alignment Pre-training via Large-Scale Weakly Supervised Span Prediction",
    author = "Wu, Qiyu and Nagata, Masaaki and Tsuruoka, Yoshimasa",
    booktitle = "Proceedings of the 61st Annual Meeting of the Association for Computational Linguistics (Volume 1:
                 Long Papers)",
    year = "2023",
}"""

EFLOMAL = """\
@article{ostling-tiedemann-2016-efficient,
    title = "Efficient Word Alignment with {M}arkov {C}hain {M}onte {C}arlo",
    author = {{\\"O}stling, Robert and Tiedemann, J{\\"o}rg},
    journal = "The Prague Bulletin of Mathematical Linguistics",
    volume = "106",
    year = "2016",
}"""

UROMAN = """\
@inproceedings{hermjakob-etal-2018-box,
    title = "Out-of-the-box Universal {R}omanization Tool {uroman}",
    author = "Hermjakob, Ulf and May, Jonathan and Knight, Kevin",
    booktitle = "Proceedings of ACL 2018, System Demonstrations",
    year = "2018",
}"""

# By the name that `load_aligner` knows.
ALIGNERS = {
    "simalign": SIMALIGN,
    "awesome": AWESOME,
    "ot": OPTIMAL_TRANSPORT,
    "wspalign": WSPALIGN,
    "eflomal": EFLOMAL,
}
