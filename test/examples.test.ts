import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Whether a process may have a network namespace of its own, and a device there. */
const apart = process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['-n', 'ip', 'link']).status === 0;

/** What each example must have printed by the time it ends; `minimal` runs until it is told to stop. */
const PRINTS: Readonly<Record<string, readonly RegExp[]>> = {
  'quickstart.ts': [
    /10\.0\.1\.100\/32 {2}web-a -> web-b/,
    /web-b may not have 10\.0\.1\.101\/32: not-granted/,
    /10\.0\.1\.100\/32 {2}web-b -> web-a/,
    /decided by preference/,
  ],
  'minimal.ts': [/listening on 127\.0\.0\.1:\d+/],
  'http-service.ts': [/"after":\[\{"type":"node","node":"web-b"\}\]/, /node: 'web-b'/],
  'forwarding-table.ts': [/refused, and tried again by itself/, /change 3: 10\.0\.1\.2\/32, and the switch has a/],
  'follow.ts': [/changes: 49 prefixes known/, /snapshot: 249 prefixes known/],
  'mrt-table.ts': [/198\.51\.100\.0\/24 from 192\.0\.2\.1, AS 64500, path 64500 64510/, /3 routes of 2 origins/, /AS 64510 {2}2/],
  'cable.ts': [/10\.0\.1\.1 is at 02:56:0a:00:00:01/, /10\.0\.1\.100 is at web-b now/],
  'tunnel.ts': [
    /VNI 42: the router answered 10\.0\.1\.10 with 42 octets/,
    /VNI 43: the router answered 10\.0\.1\.11 with 42 octets/,
    /b may not have 10\.0\.1\.10\/32: /,
  ],
  'virtual-machine.ts': [/answered 42 octets over stream/, /answered 42 octets over dgram/, /vm\.pcapng has 2 frames/],
  'tap.ts': [apart ? /the kernel heard an OPEN of AS 65000 over vr-example/ : /^skipped: |the kernel heard an OPEN/],
  'lab.ts': [/86401\.000 s {2}a day later: a/, /10\.0\.9\.9\/32 -> b {2}\(session-down\)/],
};

let folder = '';
beforeAll(async () => {
  // All at once, as they share the library; inside the project, where its packages are found.
  mkdirSync('.tmp', { recursive: true });
  folder = mkdtempSync('.tmp/examples-');
  const entryPoints = Object.keys(PRINTS).map((file) => `examples/${file}`);
  await build({
    entryPoints,
    outdir: folder,
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(file: string, env: NodeJS.ProcessEnv = { NO_COLOR: '1' }): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve) => {
    const script = join(folder, file.replace(/ts$/, 'js'));
    // What makes a device does so where nobody is disturbed by it.
    const [program = '', ...args] = [...(file === 'tap.ts' && apart ? ['unshare', '-n'] : []), process.execPath, script];
    const child = spawn(program, args, { env: { ...process.env, PORT: '0', ...env } });
    let output = '';
    // A second signal would be its end.
    let told = file !== 'minimal.ts';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      if (told || !output.includes('listening')) return;
      told = true;
      child.kill('SIGTERM');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** Runs as a test itself. */
const TESTS = ['recorded-peer.test.ts'];

describe.concurrent('the examples', () => {
  test('are all here, each under 80 lines', () => {
    const all = [...Object.keys(PRINTS), ...TESTS].sort();
    expect(readdirSync('examples').sort()).toEqual(all);
    for (const file of all) expect(readFileSync(`examples/${file}`, 'utf8').split('\n').length, file).toBeLessThan(80);
  });

  test.each(Object.keys(PRINTS))('%s runs, does what it says, and ends by itself', async (file) => {
    const { code, output } = await run(file);
    expect(code, output).toBe(0);
    for (const pattern of PRINTS[file] ?? []) expect(output).toMatch(pattern);
    expect(output).not.toContain('\u001b');
  });

  test('the quickstart is in colour where that is wanted', async () => {
    const { code, output } = await run('quickstart.ts', { NO_COLOR: '', FORCE_COLOR: '1' });
    expect(code, output).toBe(0);
    expect(output).toContain('\u001b[1m10.0.1.100/32\u001b[0m  web-a -> \u001b[32mweb-b\u001b[0m');
    expect(output).toContain('\u001b[36mweb-b\u001b[0m speaks BGP to the router');
  });

  test('none imports what Node 20.0 has not', () => {
    // Later than 20.0: node:util's styleText (20.12), parseEnv (20.12), import.meta.dirname and filename (20.11), Promise.withResolvers (22).
    for (const file of readdirSync('examples'))
      expect(readFileSync(`examples/${file}`, 'utf8'), file).not.toMatch(
        /styleText|parseEnv|import\.meta\.(dirname|filename)|withResolvers/,
      );
  });
});
