import { converge } from '/work/main/bench/convergence.js';
import { virtualRouter } from '/work/main/bench/targets.js';
const flags = (process.env.FLAGS ?? '').split(' ').filter(Boolean);
const t = virtualRouter();
const rounds = Number(process.argv[2] ?? 3);
const target = { ...t, start: (lab: any, host: any) => { const p = lab.spawn(host, ['sh','-c', 'exec "$0" "$@" > /tmp/lead/router.out', process.execPath, ...flags, '/work/main/dist/cli.js', 'run', '--quiet', '/work/main/bench/router.yaml']); if (flags.length) { const d = lab.dispose.bind(lab); lab.dispose = () => { try { for (const pid of String(require('node:child_process').execSync("pgrep -f 'cli.js run --quiet'")).trim().split('\n')) process.kill(Number(pid), 'SIGTERM'); } catch (e) { console.log(String(e)); } Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000); d(); }; } return p; } };
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
for (let i = 0; i < rounds; i++) { const r = await converge(target as any, 1000000); console.log(JSON.stringify(r)); }
process.exit(0);
