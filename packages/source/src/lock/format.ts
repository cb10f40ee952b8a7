import type { Lock, LockedCommit, LockedPlugin } from './lock.js'

const header = '# Written by micro: which commit each plugin is, and what it contains. Commit this file; do not edit it.\nversion: 1\n'

/**
 * The text of a lock. The same lock gives the same bytes: everything is sorted, one thing stands on one line, and nothing depends on time or
 * machine, so that two branches that add two plugins differ in two places.
 */
export function formatLock({ plugins }: Lock): string {
  if (plugins.size === 0) return `${header}plugins: {}\n`
  return `${header}plugins:\n${sorted(plugins)
    .map(([key, plugin]) => formatPlugin(key, plugin))
    .join('')}`
}

function formatPlugin(key: string, { url, requested, commits }: LockedPlugin): string {
  const wanted = sorted(requested).map(([revision, commit]) => `      ${scalar(revision)}: ${scalar(commit)}\n`)
  const known = sorted(commits).map(([commit, locked]) => `      ${scalar(commit)}:\n${formatCommit(locked)}`)
  return `  ${scalar(key)}:\n    url: ${scalar(url)}\n    requested:\n${wanted.join('')}    commits:\n${known.join('')}`
}

function formatCommit({ ref, tagObject, h1, files, bytes, api, types, implementations }: LockedCommit): string {
  const lines = [
    ...(ref === undefined ? [] : [`ref: ${scalar(ref)}`]),
    ...(tagObject === undefined ? [] : [`tagObject: ${scalar(tagObject)}`]),
    `h1: ${scalar(h1)}`,
    `files: ${files}`,
    `bytes: ${bytes}`,
    ...(api === undefined ? [] : [`api: ${scalar(api)}`]),
    `types: [${types.map(scalar).join(', ')}]`,
    `implementations: [${implementations.map(scalar).join(', ')}]`,
  ]
  return lines.map((line) => `        ${line}\n`).join('')
}

/** Plain where no reader of YAML takes it for something else than text, else in quotes: a commit of digits only is no number. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z][A-Za-z0-9._/-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
  return isPlain ? text : JSON.stringify(text)
}

/** By the bytes of the keys, which no locale changes. */
function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}
