"""Formulas as MathML, which browsers draw themselves: no script from a network, no image."""

import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

# docutils puts the index of a letter with an accent below the letter, as it does for a sum.
INDEX_BELOW_ACCENT = re.compile(
    r"<munderover>\s*(<mi>[^<]*</mi>)((?:(?!munderover>).)*)"
    r'(<mo stretchy="false">[^<]*</mo>)\s*</munderover>',
    re.DOTALL,
)


def visit_inline_formula(translator: HTML5Translator, node: nodes.math) -> None:
    """A formula within a line."""
    translator.body.append(to_mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def visit_formula(translator: HTML5Translator, node: nodes.math_block) -> None:
    """A formula in a line of its own, which a narrow screen scrolls."""
    formula = to_mathml(node.astext(), as_block=True)
    translator.body.append(f'<div class="formula">{formula}</div>')
    raise nodes.SkipNode


def to_mathml(tex: str, as_block: bool) -> str:
    """A formula in LaTeX as a MathML element."""
    beside = r'<msub><mover accent="true">\1\3</mover>\2</msub>'
    return INDEX_BELOW_ACCENT.sub(beside, tex2mathml(tex, as_block))


def setup(app: Sphinx) -> dict[str, bool]:
    """Known to Sphinx as ``mathml``."""
    inline, block = (visit_inline_formula, None), (visit_formula, None)
    app.add_html_math_renderer("mathml", inline_renderers=inline, block_renderers=block)
    return {"parallel_read_safe": True}
