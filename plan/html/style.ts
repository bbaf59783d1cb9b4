/** Everything is drawn with these few colours; a dark screen gets the same ones, lighter. */
const LIGHT = `
  --paper: #faf9f7; --surface: #ffffff; --ink: #1e2329; --soft: #5d6670; --line: #e3e0da; --faint: #f1efeb;
  --control-plane: #3a57a5; --worker: #23766a; --pods: #b0711a; --services: #97407a; --peers: #6c7480; --warn: #b3331f;`;
const DARK = `
  --paper: #14171b; --surface: #1b1f24; --ink: #e7e5e1; --soft: #9ba3ac; --line: #30363d; --faint: #232830;
  --control-plane: #8ba6f0; --worker: #5fc2b0; --pods: #e0a552; --services: #d58bbb; --peers: #98a1ad; --warn: #f08a72;`;

export const STYLE = `
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main, header { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 44px; }
.eyebrow { margin: 0; color: var(--soft); font-size: 13px; letter-spacing: .04em; }
h1 { margin: 2px 0 18px; font-size: clamp(30px, 6vw, 42px); line-height: 1.15; font-weight: 650; letter-spacing: -.02em; }
h2 { margin: 60px 0 14px; font-size: 22px; line-height: 1.25; font-weight: 620; letter-spacing: -.01em; }
h3 { margin: 28px 0 8px; font-size: 15px; font-weight: 620; }
p { margin: 0 0 12px; max-width: 68ch; }
.soft { color: var(--soft); }
.lead { color: var(--soft); }
code, pre, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .875em; }
pre { margin: 6px 0 0; padding: 8px 12px; background: var(--faint); border-radius: 6px; overflow-x: auto; }
a { color: inherit; text-decoration-color: var(--line); text-underline-offset: 3px; }
a:hover { text-decoration-color: currentColor; }
nav { margin: 26px 0 0; padding: 10px 0; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line);
  display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: 14px; }
nav a { text-decoration: none; color: var(--soft); }
nav a:hover { color: var(--ink); }
.facts { display: grid; grid-template-columns: repeat(2, 1fr); gap: 14px 24px; margin: 0; }
@media (min-width: 720px) { .facts { grid-template-columns: repeat(4, 1fr); } }
.facts dt { color: var(--soft); font-size: 13px; }
.facts dd { margin: 0; font-weight: 550; }
.facts .wide { grid-column: span 2; }
figure { margin: 0; }
.picture { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 18px; }
.picture svg { display: block; width: 100%; height: auto; }
.picture .narrow { display: none; }
@media (max-width: 719px) {
  .picture { padding: 10px; }
  .picture .wide { display: none; }
  .picture .narrow { display: block; }
}
svg text { fill: var(--ink); font-family: inherit; }
svg .muted { fill: var(--soft); }
svg .strong { font-weight: 620; }
svg .frame { fill: var(--faint); stroke: var(--line); }
svg .box { fill: var(--surface); stroke: var(--line); }
svg .wire { fill: none; stroke: var(--soft); stroke-width: 1.25; }
svg .tip { fill: var(--soft); }
.control-plane { --tone: var(--control-plane); } .worker { --tone: var(--worker); } .pods { --tone: var(--pods); }
.services { --tone: var(--services); } .peers { --tone: var(--peers); } .balancer { --tone: var(--soft); }
svg .tone { stroke: var(--tone); }
svg .edge { fill: var(--tone); }
svg .wash { fill: var(--tone); fill-opacity: .1; stroke: var(--tone); stroke-opacity: .55; }
.vpc { border: 1px solid var(--line); border-radius: 8px; padding: 4px 16px 16px; margin-bottom: 18px; }
.vpc p { margin: 8px 0 6px; font-size: 14px; }
.zones { display: grid; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)); gap: 14px; }
.zone { border: 1px dashed var(--line); border-radius: 8px; padding: 0 12px 12px; }
.subnet { background: var(--faint); border-left: 3px solid var(--line); border-radius: 5px; padding: 2px 12px 8px; margin-bottom: 8px; }
.subnet.public { border-left-color: var(--pods); }
.subnet ul { list-style: none; margin: 0; padding: 0; font-size: 14px; }
.scroll { overflow-x: auto; margin: 0 -20px; padding: 0 20px; }
table { border-collapse: collapse; width: 100%; font-size: 14.5px; overflow-wrap: normal; }
th { text-align: left; font-weight: 550; color: var(--soft); font-size: 13px; }
th, td { padding: 7px 18px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.keep, td.mono { white-space: nowrap; }
td.reason { min-width: 220px; }
tbody.group tr:not(:last-child) td:not(.reason) { border-bottom-color: transparent; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 3px; background: var(--tone); margin-right: 8px; }
.block { margin: 0 0 22px; }
.ruler { position: relative; height: 26px; background: var(--faint); border: 1px solid var(--line); border-radius: 5px; overflow: hidden; }
.ruler i { position: absolute; top: 0; bottom: 0; min-width: 4px; background: var(--tone); }
.ruler i.tick { min-width: 2px; width: 2px; top: 6px; bottom: 6px; }
.ends { display: flex; justify-content: space-between; color: var(--soft); font-size: 12.5px; }
.zoom { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 28px 36px; }
.zoom svg { display: block; width: 100%; height: auto; }
.cell { fill: var(--faint); stroke: var(--surface); stroke-width: .12; }
.cell.spare { fill: var(--line); }
.cell.used { fill: var(--pods); }
.meter { height: 8px; border-radius: 4px; background: var(--faint); border: 1px solid var(--line); overflow: hidden; margin: 6px 0; }
.meter i { display: block; height: 100%; background: var(--tone); min-width: 3px; }
.watch { list-style: none; margin: 0; padding: 0; }
.watch li { padding: 10px 0 10px 14px; border-bottom: 1px solid var(--line); border-left: 3px solid var(--line); padding-left: 14px; margin-bottom: 2px; }
.watch li.todo, .watch li.blocked { border-left-color: var(--warn); }
.watch li.advisory { border-left-color: var(--pods); }
.watch li.todo, .watch li.blocked, .watch li.advisory { background: var(--faint); font-weight: 550; }
.watch li.todo .kind, .watch li.blocked .kind { color: var(--warn); font-weight: 620; }
.watch li.advisory .kind { color: var(--pods); font-weight: 620; }
.banner { margin: 18px 0 0; max-width: none; padding: 10px 14px; background: var(--faint); border-left: 3px solid var(--pods); border-radius: 5px; font-weight: 550; }
.watch .kind { display: block; color: var(--soft); font-size: 12.5px; }
.watch .names { display: block; color: var(--soft); font-size: 14px; }
details > summary { cursor: pointer; }
.tree, .tree ul { list-style: none; margin: 0; padding: 0; }
.tree ul { padding-left: 16px; border-left: 1px solid var(--line); margin-left: 5px; }
.tree summary { padding: 3px 0; }
.tree summary .type { color: var(--soft); font-size: 13.5px; margin-left: 8px; }
.tree .about { margin: 2px 0 10px 16px; font-size: 14px; }
.tree .about dt { color: var(--soft); font-size: 12.5px; }
.tree .about dd { margin: 0 0 4px; }
@media (min-width: 720px) { .tree .about { display: grid; grid-template-columns: 150px 1fr; column-gap: 16px; } .tree .about dt { padding-top: 1px; } }
.tag { display: inline-block; padding: 0 7px; margin-left: 6px; border: 1px solid var(--line); border-radius: 9px; font-size: 12px; color: var(--soft); }
main { padding-bottom: 60px; }
.files { list-style: none; margin: 4px 0 12px; padding: 0; columns: 260px; font-size: 14px; }
@media print { details { display: block; } nav { display: none; } }
`;
