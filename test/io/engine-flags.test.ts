import { spawnSync } from 'node:child_process';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';

/** What is said to the engine, in a process of its own: it prints what it does not know, for everybody to see. */
const script = buildSync({
  stdin: {
    contents: `
      import { tuneEngine } from './src/cli/engine.js';
      import { nodeCompiler } from './src/io/node-compiler.js';
      tuneEngine();
      nodeCompiler.hasten()();
      console.log('told');
    `,
    resolveDir: `${import.meta.dirname}/../..`,
  },
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
}).outputFiles[0]?.text;

test('this engine knows every flag that it is given', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-'], { input: script, encoding: 'utf8' });
  expect({ stdout, stderr }).toEqual({ stdout: 'told\n', stderr: '' });
});
