"""The look of the board: one style sheet for light and dark, wide and narrow, screen and print."""

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--page:#fff;--text:#1b1f24;--quiet:#57606a;--rule:#d8dee4;--soft:#f3f5f7;--link:#0550ae;
--bad:#b3261e;--warn:#8a5100;--good:#0b6e4f;--live:#0550ae;--none:#57606a}
@media (prefers-color-scheme:dark){:root{--page:#0f1419;--text:#dfe5ec;--quiet:#9aa6b2;--rule:#2b333c;--soft:#182028;
--link:#7cb8ff;--bad:#ff8a80;--warn:#f2b857;--good:#57d1a1;--live:#7cb8ff;--none:#9aa6b2}}
*{box-sizing:border-box}
body{font:15px/1.45 system-ui,sans-serif;color:var(--text);background:var(--page);margin:0 auto;padding:1rem 1.25rem
3rem;max-width:1500px}
a{color:var(--link)}a:focus-visible,input:focus-visible,select:focus-visible,button:focus-visible{outline:3px solid
var(--link);outline-offset:2px}
header{display:flex;flex-wrap:wrap;gap:.2rem 1.5rem;align-items:baseline;justify-content:space-between}
h1{font-size:1.35rem;margin:0}h2{font-size:1.05rem;margin:0 0 .4rem}
header p{margin:0;color:var(--quiet)}
small{font-size:.82em;color:var(--quiet)}
.states{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;margin:1rem 0;padding:0}
.states a{display:block;text-decoration:none;color:var(--text);border:1px solid var(--rule);border-left:4px solid
var(--mark,var(--none));border-radius:6px;padding:.35rem .8rem;background:var(--soft)}
.states a:hover{border-color:var(--mark,var(--none))}
.states a[aria-current]{outline:2px solid var(--mark,var(--link))}
.states b{font-size:1.15rem;font-variant-numeric:tabular-nums;margin-right:.4rem}
.states .zero{opacity:.65}
form{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end;margin:0 0 1rem}
label{display:grid;gap:.15rem;color:var(--quiet);font-size:.87rem}
input,select,button{font:inherit;color:var(--text);background:var(--page);border:1px solid var(--quiet);border-radius:
6px;padding:.35rem .6rem;min-width:9rem}
button{min-width:0;background:var(--soft);cursor:pointer}
.trouble{border:1px solid var(--bad);border-left:6px solid var(--bad);border-radius:6px;padding:.7rem 1rem;margin:1rem
0;background:var(--soft);overflow-wrap:anywhere}
.trouble p{margin:.3rem 0}
table{border-collapse:collapse;width:100%}
caption{text-align:left;color:var(--quiet);padding:.2rem 0 .5rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .8rem .5rem 0;border-bottom:1px solid var(--rule)}
thead th{position:sticky;top:0;background:var(--page);font-size:.82rem;color:var(--quiet);font-weight:600;z-index:1}
tbody th{font-weight:600;overflow-wrap:anywhere;min-width:9rem}tbody th small{display:block;font-weight:400}
tbody tr:hover{background:var(--soft)}
td time small,td .rung,td .by{display:block;color:var(--quiet);font-size:.82rem;white-space:nowrap}
td .by{white-space:normal;overflow-wrap:anywhere}
td.why{max-width:46rem;overflow-wrap:anywhere}td.why p{margin:0 0 .3rem}
td.weight{white-space:nowrap;font-variant-numeric:tabular-nums}
progress{display:block;width:6rem;height:.4rem;margin:.25rem 0;accent-color:var(--live)}
.badge{display:inline-block;border:1px solid;border-left-width:6px;border-radius:4px;padding:.05rem .5rem;color:
var(--mark,var(--none));font-weight:600;white-space:nowrap}
.waiting{--mark:var(--warn)}.expired,.unreadable,.failed{--mark:var(--bad)}.inconclusive{--mark:var(--warn)}
.running{--mark:var(--live)}.promoted{--mark:var(--good)}
.needed{background:var(--soft)}.needed th,.needed td{border-bottom-color:var(--quiet)}
.needed>:first-child{box-shadow:inset 4px 0 0 var(--mark);padding-left:.9rem}tr>:first-child{padding-left:.9rem}
code{font:13px/1.4 ui-monospace,monospace;background:var(--page);border:1px solid var(--rule);border-radius:4px;padding:
.1rem .35rem;user-select:all;overflow-wrap:anywhere}
td.why{width:45%}td.run{min-width:11rem}td.why time small{display:inline}
.type{margin:.2rem 0 0;color:var(--quiet);display:grid;grid-template-columns:6rem minmax(0,1fr);gap:.5rem}
.type code{color:var(--text);overflow-x:auto;white-space:nowrap}
.none{padding:2rem 0;color:var(--quiet)}
@media (max-width:820px){body{padding:.8rem}
table,caption,tbody,tr,th,td{display:block}td.why{width:auto}.type{grid-template-columns:minmax(0,1fr);gap:0}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody tr{border:1px solid var(--rule);border-radius:8px;margin:0 0 .7rem;padding:.5rem .8rem}
th,td,tr>:first-child,.needed>:first-child{border:0;padding:.15rem 0}td:empty{display:none}
.needed{border-left:5px solid var(--mark)}.needed>:first-child{box-shadow:none}
tbody th{font-size:1.05rem}td time small,td .rung,td .by{display:inline;margin-left:.5rem}progress{width:100%}
label,input,select{width:100%}form label{flex:1 1 9rem}}
@media print{form,.states,header p a{display:none}}
"""
