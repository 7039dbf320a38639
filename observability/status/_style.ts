/** How the page looks; its hash is in the policy of the page. */
export const style = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d0d7de;
--good:#1a7f37;--warn:#8a5300;--bad:#b42318}
@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;
--line:#3d444d;--good:#3fb950;--warn:#d29922;--bad:#ff7b72}}
*{box-sizing:border-box}
body{margin:0;padding:1rem;background:var(--bg);color:var(--fg);
font:15px/1.45 system-ui,sans-serif}
h1{font-size:1.25rem;margin:0}
p{margin:.25rem 0}
header span{margin-right:1rem}
pre{margin:.25rem 0;white-space:pre-wrap;overflow-wrap:anywhere;max-height:20rem;
overflow:auto;font-size:.85rem}
table{border-collapse:collapse;width:100%;margin-top:.75rem}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);
vertical-align:top;font-variant-numeric:tabular-nums}
thead th,small,#as-of{color:var(--dim);font-weight:400;font-size:.85rem}
tbody th{font-weight:600;overflow-wrap:anywhere;max-width:26rem}
td:first-child{white-space:nowrap}
.n{text-align:right}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
.calm,#as-of.cut{color:var(--dim)}
.none{display:none}
svg{display:block;stroke:var(--dim);stroke-width:1.5;fill:none}
.f{stroke:var(--bad);stroke-width:2}
details{max-width:28rem}
summary{cursor:pointer;overflow-wrap:anywhere}
summary:focus-visible{outline:2px solid currentColor;outline-offset:2px}
@media(max-width:60rem){thead{display:none}
table,tbody{display:block}
tr{display:flex;flex-wrap:wrap;gap:.1rem 1rem;padding:.6rem 0;
border-bottom:1px solid var(--line)}
tr>*{border:0;padding:0;max-width:100%}
tr>th{flex:1 1 60%}
tr>td:last-child{flex:1 1 100%}
td[data-l]:not(:empty)::before{content:attr(data-l) " ";color:var(--dim);
font-size:.85rem}
td[data-l]:empty,.void{display:none}
svg{display:inline-block;vertical-align:middle}}
`;
