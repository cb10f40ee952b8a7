/**
 * `node scripts/links.mjs`: what our Markdown says exists. Relative links and their anchors resolve; a code block whose first line
 * names a file (```ts file=docs/examples/store.ts) is a part of that file, word for word, so that what is printed is what is tested.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { filesBelow, root } from './files.mjs'

/** @param {string} [folder] absolute @returns {Promise<{ ok: boolean, lines: string[] }>} */
export async function checkLinks(folder = root) {
  const files = filesBelow(folder, (path) => path.endsWith('.md') && !path.startsWith('tests/vectors/'), folder)
  const anchors = anchorsIn()
  const problems = files.flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8')
    return [...linkProblems(folder, file, text, anchors), ...blockProblems(folder, file, text)]
  })
  return { ok: problems.length === 0, lines: [...problems, `${files.length} Markdown files`] }
}

/** Code, where `[a](b)` is not a link, replaced by as many lines. */
const withoutCode = (text) =>
  text.replaceAll(/^( *)(```+|~~~+).*\n[\s\S]*?^\1\2 *$/gm, (block) => block.replaceAll(/[^\n]/g, '')).replaceAll(/`[^`\n]*`/g, '')

function linkProblems(folder, file, text, anchors) {
  const prose = withoutCode(text)
  const targets = [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)|^\[[^\]]+\]:\s*(\S+)/gm)]
  return targets.flatMap((match) => {
    const target = match[1] ?? match[2] ?? ''
    if (/^[a-z][a-z+.-]*:/i.test(target)) return []
    const at = `${file}:${prose.slice(0, match.index).split('\n').length}`
    const [path, anchor] = target.split('#')
    const linked =
      path === '' ? join(folder, file) : resolve(folder, path.startsWith('/') ? `.${path}` : join(dirname(file), decodeURIComponent(path)))
    if (relative(folder, linked).startsWith('..')) return [`${at}: "${target}" leaves the repository`]
    if (!existsSync(linked)) return [`${at}: "${target}" does not exist`]
    if (anchor === undefined || anchor === '' || !linked.endsWith('.md')) return []
    return anchors(linked).has(anchor.toLowerCase()) ? [] : [`${at}: "${target}": that page has no such heading`]
  })
}

function anchorsIn() {
  const known = new Map()
  return (path) => {
    if (!known.has(path)) {
      const text = statSync(path).isDirectory() ? '' : readFileSync(path, 'utf8')
      const ids = [...text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)].map(([, id = '']) => id.toLowerCase())
      known.set(path, new Set([...headingsOf(text).map(({ anchor }) => anchor), ...ids]))
    }
    return known.get(path)
  }
}

/**
 * The headings of a page with their anchors as GitHub makes them: in lower case, without punctuation, a number for the second of a name.
 *
 * @param {string} text
 * @returns {{ heading: string, anchor: string }[]}
 */
export function headingsOf(text) {
  const used = new Set()
  return [...text.replaceAll(/^( *)(```+|~~~+).*\n[\s\S]*?^\1\2 *$/gm, '').matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)].map(([, heading = '']) => {
    const slug = slugOf(heading)
    let anchor = slug
    for (let number = 1; used.has(anchor); number += 1) anchor = `${slug}-${number}`
    used.add(anchor)
    return { heading, anchor }
  })
}

function slugOf(heading) {
  const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/<[^>]+>/g, '')
  return plain
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{Pc} -]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

function blockProblems(folder, file, text) {
  return [...text.matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm)].flatMap(([, path, code]) => {
    const at = `${file}: the block of ${path}`
    if (!existsSync(join(folder, path))) return [`${at}: there is no such file`]
    return readFileSync(join(folder, path), 'utf8').includes(code) ? [] : [`${at}: the file does not say that (any more)`]
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ok, lines } = await checkLinks()
  console.log(lines.join('\n'))
  process.exitCode = ok ? 0 : 1
}
