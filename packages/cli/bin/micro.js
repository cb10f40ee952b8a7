#!/usr/bin/env node
import { existsSync } from 'node:fs'
import module from 'node:module'

// Node keeps what it compiled, from 22.8 on: the second start of a command reads no source.
module.enableCompileCache?.()

// In a checkout the bundle is made when it is asked for, and again when a source has changed. A package has no sources.
if (existsSync(new URL('../src/main.ts', import.meta.url))) {
  const { ensureBundle } = await import('../../../scripts/bundle.mjs')
  await ensureBundle()
}

await import('../dist/main.js')
