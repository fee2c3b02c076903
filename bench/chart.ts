import type { Convergence } from './convergence.js';

const WIDTH = 860;
const LEFT = 150;
const BAR = 18;
const GAP = 10;

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly value: (result: Convergence) => number;
}

const PANELS: readonly Panel[] = [
  { title: 'Converged: first UPDATE byte to last prefix at a second peer', unit: 's', value: (result) => result.convergedSeconds },
  { title: 'Withdrawn: sender gone to last withdrawal at a second peer', unit: 's', value: (result) => result.withdrawnSeconds },
  { title: 'Peak memory', unit: 'MB', value: (result) => result.peakMb },
];

/** The figures as bars on logarithmic scales, for light and dark pages. */
export function chart(results: readonly Convergence[], prefixes: number): string {
  const height = PANELS.length * (results.length * (BAR + GAP) + 62) + 50;
  const parts: string[] = [];
  let y = 40;
  parts.push(
    `<text class="head" x="20" y="26">${prefixes.toLocaleString('en')} IPv4 prefixes through one router (log scale, less is better)</text>`,
  );
  for (const { title, unit, value } of PANELS) {
    y += 28;
    parts.push(`<text class="title" x="20" y="${y}">${title}</text>`);
    y += 12;
    const values = results.map(value);
    const low = Math.min(...values) / 2;
    const high = Math.max(...values);
    for (const result of results) {
      const length = Math.max(4, ((Math.log(value(result)) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (WIDTH - LEFT - 120));
      const own = result.name === 'virtual-router';
      parts.push(`<text class="name${own ? ' own' : ''}" x="${LEFT - 10}" y="${y + BAR - 4}">${result.name}</text>`);
      parts.push(`<rect class="${own ? 'bar own' : 'bar'}" x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>`);
      const shown = value(result) < 10 ? value(result).toFixed(2) : value(result).toFixed(0);
      parts.push(`<text class="value" x="${(LEFT + length + 8).toFixed(1)}" y="${y + BAR - 4}">${shown} ${unit}</text>`);
      y += BAR + GAP;
    }
    y += 12;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.head { font-size: 15px; font-weight: 600; } .title { font-weight: 600; } .name { text-anchor: end; } .name.own { font-weight: 600; }
.bar { fill: #8c959f; } .bar.own { fill: #0969da; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .bar { fill: #6e7681; } .bar.own { fill: #58a6ff; } }
</style>
${parts.join('\n')}
</svg>
`;
}
