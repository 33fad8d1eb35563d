/// The style of every report. Colours are Okabe and Ito's, which the colour-blind tell apart (jfly.uni-koeln.de/color),
/// lightened on dark ground; lines differ in dashes and markers too.
enum ReportStyle {
  static let sheet: HTML = """
    :root {
      color-scheme: light dark;
      --ground: #fdfcf9; --panel: #f5f3ec; --ink: #1d1c1a; --soft: #66635c; --rule: #d9d5ca; --grid: #e9e6dd;
      --warn: #a63d00; --warn-ground: #fdf0e4; --good: #00694d;
      --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b9568f; --c4: #b97d00; --c5: #3a98d0; --c6: #55524b;
      --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "Source Serif 4", "Noto Serif",
        Georgia, serif;
      --sans: "Helvetica Neue", Helvetica, "Inter", "Segoe UI", Roboto, Arial, "Noto Sans", sans-serif;
      --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #16171a; --panel: #1f2125; --ink: #e9e6df; --soft: #a19d94; --rule: #3b3d42; --grid: #2a2c31;
        --warn: #ffb077; --warn-ground: #2e2219; --good: #5fd3ae;
        --c0: #56b4e9; --c1: #f08a45; --c2: #33c79f; --c3: #e39cc4; --c4: #e6b800; --c5: #8fb8ff; --c6: #b8b4aa;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body { margin: 0; background: var(--ground); color: var(--ink); font: 1.0625rem/1.55 var(--serif); }
    main { max-width: 57rem; margin: 0 auto; padding: 3.5rem 1.5rem 4rem; }
    header { border-bottom: 1px solid var(--ink); padding-bottom: .7rem; margin-bottom: 1.6rem; }
    h1 { font-size: 2.3rem; line-height: 1.12; font-weight: 600; margin: 0; letter-spacing: -.012em;
      overflow-wrap: anywhere; }
    h2 { font-size: 1.32rem; line-height: 1.25; font-weight: 600; margin: 0 0 .45rem; }
    h3 { font-size: 1.02rem; font-weight: 600; margin: 0 0 .15rem; }
    p { margin: 0 0 .8rem; max-width: 42rem; overflow-wrap: anywhere; }
    a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: .15em; }
    section { margin: 2.6rem 0 0; }
    .kicker { font: 600 .74rem/1.4 var(--sans); letter-spacing: .09em; text-transform: uppercase; color: var(--soft);
      margin: 0 0 .5rem; max-width: none; }
    .answer { font-size: 1.34rem; line-height: 1.42; margin: 0 0 1.3rem; max-width: 48rem; }
    .answer strong { font-weight: 600; white-space: nowrap; font-variant-numeric: lining-nums; }
    .better { color: var(--good); } .worse { color: var(--warn); }
    .lead, .note { color: var(--soft); } .note { font-size: .92rem; }
    code, .hash { font: .84em/1.4 var(--mono); overflow-wrap: anywhere; }
    .scroll { overflow-x: auto; margin: 0 0 1rem; }
    table { border-collapse: collapse; width: 100%; font: .86rem/1.4 var(--sans);
      font-variant-numeric: tabular-nums lining-nums; }
    th { text-align: left; font-weight: 600; color: var(--soft); font-size: .78rem; vertical-align: bottom;
      border-bottom: 1px solid var(--ink); padding: .3rem .85rem .3rem 0; }
    td { padding: .34rem .85rem .34rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
    th:last-child, td:last-child { padding-right: 0; }
    .r { text-align: right; } td.r { white-space: nowrap; }
    td.name { font-weight: 600; overflow-wrap: anywhere; min-width: 5.5rem; }
    td.word { overflow-wrap: anywhere; min-width: 11rem; } table.cards td.word { min-width: 4.5rem; }
    caption { caption-side: bottom; text-align: left; color: var(--soft); padding: .5rem 0 0; font-size: .8rem; }
    dl.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(12.5rem, 1fr)); gap: 1rem 1.6rem;
      margin: 1.3rem 0 0; padding: 1rem 0 0; border-top: 1px solid var(--rule); }
    dl.facts div { min-width: 0; }
    dt { font: 600 .74rem/1.3 var(--sans); color: var(--soft); margin: 0 0 .12rem; }
    dd { margin: 0; line-height: 1.36; overflow-wrap: anywhere; font-variant-numeric: lining-nums; }
    dd small { display: block; color: var(--soft); font-size: .84rem; }
    .distrust { background: var(--warn-ground); border-left: 4px solid var(--warn); padding: 1rem 1.2rem .6rem;
      margin-top: 2rem; }
    .distrust h2 { color: var(--warn); }
    .trusted { border-left-color: var(--good); background: var(--panel); } .trusted h2 { color: var(--good); }
    .distrust ul { margin: .3rem 0 .6rem; padding-left: 1.15rem; } .distrust li { margin: 0 0 .5rem; max-width: 44rem; }
    details { margin: .3rem 0 .7rem; } .distrust details { margin-top: .2rem; }
    summary { cursor: pointer; font: .82rem/1.5 var(--sans); color: var(--soft); }
    summary:hover { color: var(--ink); }
    details .scroll { max-height: 22rem; overflow-y: auto; margin-top: .4rem; }
    details table { font-size: .78rem; }
    .csv { font: .8rem/1.5 var(--sans); color: var(--soft); margin: .3rem 0 0; }
    .plots { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.9rem 2.2rem; margin-top: 1.5rem; }
    figure { margin: 0; min-width: 0; } figure.lead-plot { color: inherit; margin: .6rem 0 0; }
    figcaption { font: .82rem/1.45 var(--sans); color: var(--soft); margin: 0 0 .35rem; }
    figcaption b { display: block; font: 600 1.02rem/1.3 var(--serif); color: var(--ink); }
    .legend { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; list-style: none; margin: .1rem 0 .3rem; padding: 0;
      font: .8rem/1.5 var(--sans); }
    .legend li { display: flex; align-items: center; gap: .4rem; min-width: 0; overflow-wrap: anywhere; }
    .legend svg { flex: none; width: 30px; height: 12px; overflow: visible; }
    svg { display: block; width: 100%; height: auto; overflow: visible; }
    svg text { font-family: var(--sans); fill: var(--soft); font-variant-numeric: tabular-nums; }
    .axis { stroke: var(--soft); stroke-width: 1; fill: none; } .gridline { stroke: var(--grid); stroke-width: 1; }
    .line { fill: none; stroke-width: 1.9; stroke-linejoin: round; stroke-linecap: round; }
    .thin { stroke-width: 1.25; } .band { stroke: none; fill-opacity: .18; }
    .reference { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 2 3; fill: none; }
    svg text.reference-label { fill: var(--ink); }
    .mark { stroke: var(--warn); stroke-width: 1; stroke-dasharray: 3 2.5; }
    .mark-head { fill: var(--ground); stroke: var(--warn); stroke-width: 1.1; }
    svg text.mark-number { fill: var(--warn); font-weight: 600; }
    .mark.calm, .mark-head.calm { stroke: var(--soft); } svg text.mark-number.calm { fill: var(--soft); }
    .s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); } .s3 { stroke: var(--c3); }
    .s4 { stroke: var(--c4); } .s5 { stroke: var(--c5); } .s6 { stroke: var(--c6); }
    .f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); } .f3 { fill: var(--c3); }
    .f4 { fill: var(--c4); } .f5 { fill: var(--c5); } .f6 { fill: var(--c6); }
    .hollow { fill: var(--ground); stroke-width: 1.5; } .solid { stroke: none; }
    .number { display: inline-block; min-width: 1.35em; text-align: center; border: 1px solid var(--warn);
      color: var(--warn); border-radius: 1em; font: 600 .72rem/1.3em var(--sans); padding: .02em .3em; }
    .number.calm { border-color: var(--soft); color: var(--soft); }
    .tile { stroke: var(--ground); stroke-width: 1.4; } .tile.stopped { stroke-dasharray: 2.5 2; }
    .legend .tile { fill: var(--soft); } svg text.on-dark { fill: #fff; } svg text.on-light { fill: #14130f; }
    .casing { fill: none; stroke: #14130f; stroke-width: 4.4; stroke-linejoin: round; stroke-linecap: round; }
    .ridge { fill: none; stroke: #fff; stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; }
    .limit { fill: none; stroke: #ff9d5c; stroke-width: 2.2; stroke-dasharray: 5 3; stroke-linecap: butt; }
    .hatch { fill: none; stroke: #fff; stroke-opacity: .5; stroke-width: .8; }
    .error-bar { fill: none; stroke: #ff7a2e; stroke-width: 1.9; }
    .choice { fill: #ff7a2e; stroke: #fff; stroke-width: 1.6; paint-order: stroke; }
    .cross { fill: none; stroke: var(--warn); stroke-width: 2; }
    .cross-casing { fill: none; stroke: var(--ground); stroke-width: 4.5; }
    .front { fill: none; stroke: var(--ink); stroke-width: 1.4; } .rate-band { fill: var(--c5); fill-opacity: .2; }
    .interval { fill: none; stroke: var(--soft); stroke-width: 1.5; } svg text.row-name { fill: var(--ink); }
    .ramp svg { width: 10rem; height: 10px; }
    .verdict { display: inline-block; font: 600 .86rem/1.3 var(--sans); padding: .1rem .5rem; border-radius: .25rem;
      border: 1.5px solid currentColor; }
    pre { font: .82rem/1.5 var(--mono); background: var(--panel); padding: .9rem 1rem; overflow-x: auto;
      margin: 0 0 1rem; border-left: 3px solid var(--rule); white-space: pre; }
    .choice-row { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .9rem 2.2rem;
      margin: 0 0 1.2rem; }
    .big { margin: 0; max-width: none; font: .8rem/1.35 var(--sans); color: var(--soft); }
    .big b { display: block; font: 600 2.3rem/1.15 var(--serif); color: var(--ink); letter-spacing: -.012em;
      font-variant-numeric: lining-nums; white-space: nowrap; }
    .narrow { display: none; }
    footer { margin-top: 3.2rem; border-top: 1px solid var(--rule); padding-top: .8rem; color: var(--soft);
      font: .8rem/1.5 var(--sans); overflow-wrap: anywhere; }
    @media (max-width: 46rem) {
      body { font-size: 1rem; } main { padding: 1.6rem 1rem 3rem; } h1 { font-size: 1.7rem; }
      .answer { font-size: 1.14rem; } .big b { font-size: 1.8rem; } .plots { grid-template-columns: minmax(0, 1fr); }
      .wide { display: none; } .narrow { display: block; }
      dl.facts { grid-template-columns: minmax(0, 1fr); gap: .7rem; }
      .distrust { padding: .8rem .9rem .4rem; margin-left: -.3rem; margin-right: -.3rem; }
      section { margin-top: 2.1rem; }
      table.cards thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
      table.cards { display: flex; flex-direction: column; } table.cards caption { display: block; order: 2; }
      table.cards tbody { display: block; }
      table.cards tr { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1rem; padding: .45rem 0 .6rem;
        border-bottom: 1px solid var(--rule); }
      table.cards td { display: flex; justify-content: space-between; gap: .6rem; border: 0; padding: .08rem 0;
        text-align: right; min-width: 0; }
      table.cards td::before { content: attr(data-label); color: var(--soft); font-size: .76rem; text-align: left; }
      table.cards td.name { grid-column: 1 / -1; font-size: .95rem; text-align: left; }
      table.cards td.name::before { content: none; } table.cards td:empty { display: none; }
      table.cards td.word { grid-column: 1 / -1; text-align: left; }
      table.cards td.word::before { content: none; }
    }
    @media print {
      :root { --ground: #fff; --panel: #fff; --ink: #000; --soft: #444; --rule: #bbb; --grid: #ddd; --warn: #8a3300;
        --warn-ground: #fff; --good: #00553e; --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b9568f;
        --c4: #b97d00; --c5: #3a98d0; --c6: #55524b; }
      body { font-size: 10.5pt; } main { max-width: none; padding: 0; } @page { margin: 17mm; }
      figure, .distrust, tr, dl.facts div { break-inside: avoid; } h2 { break-after: avoid; }
      section { margin-top: 1.5rem; } .csv, details:not([open]) { display: none; }
    }
    """
}
