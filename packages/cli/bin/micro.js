#!/usr/bin/env node
import { existsSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

// From 22.8 on, Node keeps what it compiled, and the second start of a command reads no source. Not in its default place, the folder for
// temporary files: nothing of ours is left behind there.
const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE ?? join(cache, 'micro/compiled'))

// In a checkout the bundle is made when it is asked for, and again when a source has changed. A package has no sources.
if (existsSync(new URL('../src/main.ts', import.meta.url))) {
  const { ensureBundleOrExit } = await import('../../../scripts/bundle.mjs')
  await ensureBundleOrExit()
}

await import('../dist/main.js')
