import { defineConfig } from 'tsup';

const library = { index: 'src/index.ts', core: 'src/core.ts', wire: 'src/wire.ts', testing: 'src/testing.ts' };

// Split, or a class imported through two entries would be two classes. `npm run build` clears dist before: these run side by side.
const common = {
  splitting: true,
  sourcemap: true,
  target: 'node20',
  removeNodeProtocol: false,
  tsconfig: 'tsconfig/build.json',
  dts: { entry: library },
} as const;

export default defineConfig([
  { ...common, format: 'esm', entry: { ...library, cli: 'src/cli/index.ts', 'bfd-worker': 'src/io/bfd-worker.ts' } },
  // The worker finds its file by `import.meta.url`.
  { ...common, format: 'cjs', entry: library, shims: true },
]);
