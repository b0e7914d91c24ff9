"""The page's style: light and dark as the reader has it, from a phone's width on, and printed. Nothing is loaded by it.

No `<` and no `&` in it: the page is well-formed as XML too.
"""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--back:#fff;--card:#f6f7f9;--ink:#1b1f24;--dim:#5b6470;--line:#d9dee4;
--good:#1a7f4b;--bad:#c0312b;--c0:#7a8594;--c1:#2563c9;--c2:#8b4fc4;--c3:#0f8a8a;--c4:#c2700c;--c5:#a8347a}
@media (prefers-color-scheme:dark){:root{--back:#14171b;--card:#1d2127;--ink:#e7eaee;--dim:#9da7b3;--line:#363d47;
--good:#4cc38a;--bad:#ff7a70;--c0:#98a3b3;--c1:#6ea8ff;--c2:#c094f0;--c3:#45c4c4;--c4:#f0a24a;--c5:#ec7fc0}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:68rem;background:var(--back);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
h1{font-size:1.5rem;line-height:1.2;margin:0;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2.2rem 0 .6rem}
h3{font-size:.95rem;margin:0 0 .5rem}
p{margin:.3rem 0;overflow-wrap:anywhere}
.dim,.note{color:var(--dim)}
.note{font-size:.87rem}
figure .note{margin:.4rem 0 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:.7rem;margin-top:1.2rem}
.tile{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.7rem .9rem}
.tile b{display:block;font-size:1.4rem;line-height:1.3;font-variant-numeric:tabular-nums}
.met{color:var(--good);font-weight:600}
.missed,.bad{color:var(--bad);font-weight:600}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:1rem}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.8rem;
break-inside:avoid}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--dim);font-weight:500;font-size:.87rem;white-space:nowrap}
td{overflow-wrap:break-word;max-width:24rem}
.n{text-align:right;white-space:nowrap}
.n+td:not(.n),.n+th:not(.n){padding-left:1rem}
.name{min-width:9rem;overflow-wrap:anywhere}
.nowrap{white-space:nowrap}
.legend{display:flex;flex-wrap:wrap;gap:.1rem .9rem;margin:.4rem 0 0;padding:0;list-style:none;font-size:.85rem}
.legend span{display:inline-block;width:.75em;height:.75em;margin-right:.35em}
.chart{display:block;width:100%;height:auto;overflow:visible}
.chart text{font-size:11px;fill:var(--dim)}
.chart .grid{stroke:var(--line);stroke-width:1}
.chart line.goal{stroke:var(--ink);stroke-width:1;stroke-dasharray:5 3}
.chart text.goal{fill:var(--ink);stroke:var(--card);stroke-width:3;paint-order:stroke}
.sample{width:.85em;height:.85em;margin-right:.35em;vertical-align:-.05em}
.m{fill-opacity:.75}
.c0{fill:var(--c0)}.c1{fill:var(--c1)}.c2{fill:var(--c2)}.c3{fill:var(--c3)}.c4{fill:var(--c4)}.c5{fill:var(--c5)}
.x{stroke:var(--bad);stroke-width:2;fill:none}
.built{fill:var(--c1);background:var(--c1)}.kept{fill:var(--c0);fill-opacity:.45;background:var(--c0)}
span.kept{opacity:.45}
.failed{fill:var(--bad);background:var(--bad)}
.p0{fill:var(--c4);background:var(--c4)}.p1{fill:var(--c2);background:var(--c2)}
.p2{fill:var(--c1);background:var(--c1)}.p3{fill:var(--c3);background:var(--c3)}
.p4{fill:var(--c0);fill-opacity:.55;background:var(--c0)}span.p4{opacity:.55}
.median{fill:var(--c1);fill-opacity:.7}
.p95{stroke:var(--ink);stroke-width:1.5}
.bar{display:block;width:100%;min-width:4rem;height:.7em;margin-top:.42em;fill:var(--c1);background:var(--line)}
@media (max-width:34rem){.share{display:none}}
@media print{:root{--back:#fff;--card:#fff;--ink:#000;--dim:#444;--line:#bbb;--good:#1a7f4b;--bad:#c0312b;
--c0:#7a8594;--c1:#2563c9;--c2:#8b4fc4;--c3:#0f8a8a;--c4:#c2700c;--c5:#a8347a}
body{max-width:none;padding:0;font-size:10pt}.wide{overflow:visible}h2{break-after:avoid}tr{break-inside:avoid}
.charts{grid-template-columns:1fr 1fr}*{print-color-adjust:exact}}
"""
