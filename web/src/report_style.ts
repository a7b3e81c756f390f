/** The style of saved and printed outputs: dark on white, for paper. Like that of the server's own reports. */

export const REPORT_STYLE = `
.report { margin: 0 auto; max-width: 960px; padding: 24px; background: #fff; color: #222;
  font: 15px/1.5 "DejaVu Sans", Verdana, Arial, sans-serif; color-scheme: light }
.report h1 { font-size: 1.6em; line-height: 1.25; margin: 0 0 .3em; overflow-wrap: anywhere }
.report p.note { color: #666; font-size: 13px; margin: .4em 0 1em }
.report p.failure { color: #b3261e; font-weight: bold; white-space: pre-wrap; overflow-wrap: anywhere }
.report pre { margin: 1em 0; font: 13px/1.5 "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere }
.report figure { margin: 1em 0; break-inside: avoid }
.report figure svg { max-width: 100%; height: auto }
.report div.table { overflow-x: auto; margin: 1em 0 0 }
.report table { border-collapse: collapse; font-size: 13px }
.report th, .report td { border-bottom: 1px solid #ddd; padding: 4px 10px; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; min-width: 2em }
.report th { border-bottom: 2px solid #888; background: #f4f5f8 }
.report td.n, .report th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.report thead { display: table-header-group }
.report tr { break-inside: avoid }
@page { size: A4; margin: 15mm }
@media print {
  .report { max-width: none; padding: 0; font-size: 10.5pt }
  .report div.table { overflow: visible }
  .report table { font-size: 9pt }
}
`;
