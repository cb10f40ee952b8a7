// dist/index.js: one module that imports nothing but Node's own, so that it runs wherever it lies. What it uses of @microts/core is inside.
import { writeFile } from 'node:fs/promises'
import { build } from 'esbuild'

const { metafile } = await build({
  entryPoints: ['src/index.ts'],
  outfile: 'dist/index.js',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  legalComments: 'none',
  metafile: true,
})
const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
const foreign = imported.filter((path) => !path.startsWith('node:'))
if (foreign.length > 0) throw new Error(`dist/index.js imports ${foreign.join(', ')}: only node: is there when it is loaded`)

await writeFile('dist/index.d.ts', 'declare const plugin: unknown\nexport default plugin\n')
